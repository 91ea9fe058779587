//! How attempts end, and how long they take.

use fastrand::Rng;
use lampboard_proto::v1::BuildConclusion;

use super::{
    chance::{Weighted, heavy_tailed, in_hundred},
    world::{Repository, Workflow},
};

/// What half of all runs to nine in ten, and to ninety-nine in a hundred, have
/// between them: 7, 17 and 32 minutes in a busy repository.
const SPREAD: f64 = 0.68;
/// When GitHub ends a run at the latest.
const LONGEST: f64 = 24.0 * 3600.0;
/// How many runs in a hundred are started again.
const RERUN: f64 = 6.9;
/// The most attempts of a run that were seen.
const MOST_ATTEMPTS: i32 = 5;

/// How runs end in repositories whose pushes overtake each other, and in others.
const BUSY: [(BuildConclusion, f64); 5] = [
    (BuildConclusion::Cancelled, 49.0),
    (BuildConclusion::Failure, 29.4),
    (BuildConclusion::Success, 20.0),
    (BuildConclusion::Skipped, 1.3),
    (BuildConclusion::StartupFailure, 0.3),
];
const USUAL: [(BuildConclusion, f64); 9] = [
    (BuildConclusion::Success, 78.0),
    (BuildConclusion::Failure, 14.0),
    (BuildConclusion::StartupFailure, 5.7),
    (BuildConclusion::Skipped, 0.9),
    (BuildConclusion::Cancelled, 0.6),
    (BuildConclusion::TimedOut, 0.4),
    (BuildConclusion::ActionRequired, 0.2),
    (BuildConclusion::Neutral, 0.15),
    (BuildConclusion::Stale, 0.05),
];

/// How attempts end.
pub(super) struct Fates {
    busy: Weighted,
    usual: Weighted,
}

/// How one attempt ends.
#[derive(Clone, Copy, Debug)]
pub(super) struct Fate {
    pub(super) conclusion: BuildConclusion,
    /// Seconds from its start until its first job's, and until its end.
    pub(super) queue: f64,
    pub(super) wall: f64,
    /// Whether a job of it ever ran.
    pub(super) ran: bool,
}

impl Fates {
    pub(super) fn new() -> Self {
        Self {
            busy: Weighted::new(BUSY.map(|(_, weight)| weight)),
            usual: Weighted::new(USUAL.map(|(_, weight)| weight)),
        }
    }

    /// Four in five attempts that follow a failure succeed.
    pub(super) fn draw(
        &self,
        rng: &mut Rng,
        repository: &Repository,
        workflow: &Workflow,
        attempt: i32,
    ) -> Fate {
        use BuildConclusion as End;
        let conclusion = if attempt > 1 {
            if in_hundred(rng, 80.0) {
                End::Success
            } else {
                End::Failure
            }
        } else if repository.busy {
            BUSY[self.busy.draw(rng)].0
        } else {
            USUAL[self.usual.draw(rng)].0
        };
        let ran = match conclusion {
            End::Success | End::Failure | End::TimedOut | End::Neutral => true,
            // Half of those that are cancelled were overtaken before they ran.
            End::Cancelled => rng.bool(),
            _ => false,
        };
        let queue = heavy_tailed(rng, 9.0, 1.0).min(1800.0);
        let run = match conclusion {
            End::TimedOut => 6.0 * 3600.0,
            End::Cancelled => rng.f64() * workflow.median,
            _ if !ran => 1.0,
            _ => heavy_tailed(rng, workflow.median, SPREAD),
        };
        Fate {
            conclusion,
            queue,
            wall: if ran { (queue + run).min(LONGEST) } else { run },
            ran,
        }
    }

    /// After how many seconds somebody starts an attempt again, if anybody does.
    pub(super) fn again(rng: &mut Rng, fate: &Fate, attempt: i32) -> Option<f64> {
        use BuildConclusion as End;
        if attempt >= MOST_ATTEMPTS {
            return None;
        }
        // What failed is started again more often, so that of all runs it is RERUN.
        let percent = match fate.conclusion {
            End::Success => 1.0,
            End::Failure | End::TimedOut | End::StartupFailure => 3.5 * RERUN,
            _ => RERUN,
        };
        // Half of them within 3.1 hours, a fifth after more than a day.
        in_hundred(rng, percent).then(|| heavy_tailed(rng, 3.1 * 3600.0, 2.4).min(30.0 * 86_400.0))
    }
}
