//! The stories by name, for whoever plays them from outside.

use jiff::SignedDuration;

use super::crowd::{Crowd, busy_day, wide_organization};
use super::stage::Stage;
use super::{access, outages, runs};
use crate::double::Double;
use crate::faults::RetryAfter;

/// A story that can be played on a double without knowing more of it.
///
/// S17 and S18 are told by the pages of the double, and have no other story here than that
/// somebody revokes what they let the App do.
#[derive(Clone, Copy, Debug)]
pub struct Story {
    name: &'static str,
    play: fn(&Stage),
}

impl Story {
    /// All stories but the wide organisation, which is set before the App comes.
    pub const ALL: &[Self] = &[
        Self::new("s1-happy", |stage| {
            runs::happy(stage);
        }),
        Self::new("s2-rerun", |stage| {
            runs::recover_on_rerun(stage);
        }),
        Self::new("s3-disorder", |stage| {
            outages::disorder(stage, 20);
            runs::happy(stage);
        }),
        Self::new("s4-repeat", |stage| {
            outages::repeat(stage, 2);
            runs::happy(stage);
        }),
        Self::new("s5-receiver-down", |stage| {
            outages::deafen(stage, SignedDuration::from_mins(10));
            for _ in 0..5 {
                runs::happy(stage);
            }
        }),
        Self::new("s6-long-outage", long_outage),
        Self::new("s7-busy-day", |stage| busy_day(stage, 2_500)),
        Self::new("s8-short-tokens", |stage| outages::hurry_tokens(stage, 5)),
        Self::new("s9-primary-limit", |stage| {
            outages::exhaust(stage, stage.installation, SignedDuration::from_mins(20));
        }),
        Self::new("s10-secondary-limit", |stage| {
            outages::throttle(stage, 1, RetryAfter::Seconds(30));
            outages::throttle(stage, 1, RetryAfter::None);
        }),
        Self::new("s11-suspend", access::suspend),
        Self::new("s11-unsuspend", access::unsuspend),
        Self::new("s12-remove", access::remove),
        Self::new("s12-privatize", access::privatize),
        Self::new("s12-rename", |stage| access::rename(stage, "renamed")),
        Self::new("s12-transfer", |stage| {
            access::transfer(stage);
        }),
        Self::new("s12-delete", access::delete),
        Self::new("s13-take-access", |stage| {
            access::take_access(stage, &stage.ada);
        }),
        Self::new("s14-fork", |stage| {
            runs::fork_pull_request(stage);
        }),
        Self::new("s15-odd-runs", |stage| {
            runs::startup_failure(stage);
            runs::unknown_conclusion(stage);
            runs::null_branch(stage);
        }),
        Self::new("s16-drift", |stage| {
            runs::drift(stage);
        }),
        Self::new("s18-revoke", |stage| {
            access::revoke_authorization(stage, &stage.ada);
        }),
        Self::new("s19-hang", |stage| {
            let (run, job) = runs::hang(stage);
            outages::deafen(stage, SignedDuration::from_hours(7));
            runs::end(stage, run, job);
        }),
        Self::new("s21-disturbed", |stage| {
            outages::disturb(stage, 0.3, 0.2, 50);
            busy_day(stage, 200);
        }),
    ];

    const fn new(name: &'static str, play: fn(&Stage)) -> Self {
        Self { name, play }
    }

    /// The story of a name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|story| story.name == name)
    }

    /// Its name, such as `s1-happy`.
    pub fn name(self) -> &'static str {
        self.name
    }

    /// Plays it on a stage.
    pub fn play(self, stage: &Stage) {
        (self.play)(stage);
    }
}

/// S6: a run of long ago is re-run while nobody hears webhooks for four days.
fn long_outage(stage: &Stage) {
    let old = stage.whole_run(false);
    stage.wait(SignedDuration::from_hours(20 * 24));
    outages::deafen(stage, SignedDuration::from_hours(4 * 24));
    runs::rerun_later(stage, old, SignedDuration::from_hours(12));
    runs::happy(stage);
    stage.wait(SignedDuration::from_hours(3 * 24 + 12));
}

/// S20: 500 repositories, 30 days, 50,000 runs.
pub fn load(double: &Double, hook_url: Option<&str>) -> Stage {
    let crowd = Crowd {
        runs: 50_000,
        over: SignedDuration::from_hours(30 * 24),
        seed: double.options().seed,
    };
    wide_organization(double, hook_url, 500, crowd)
}
