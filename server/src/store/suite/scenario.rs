//! What GitHub may say of some runs, in order of time, and an order in which it may arrive.

use std::ops::RangeInclusive;

use proptest::{
    collection::vec,
    option,
    prelude::{Just, Strategy, any},
    sample::select,
};

use crate::{
    fixtures::{at, build_id, facts, job, repository, status},
    model::{BuildFacts, Job, Report, Repository, RepositoryId, RunId, Status, Step},
};

/// What was said of one repository, and how it arrives.
#[derive(Clone, Debug)]
pub(super) struct Scenario {
    /// Everything that was said, in order of time.
    events: Vec<Event>,
    /// Which event arrives when: each at least once.
    arrivals: Vec<usize>,
    /// How many events each report holds, over and over.
    report_sizes: Vec<usize>,
    /// Whether the reports are sent without waiting for one another.
    pub(super) concurrent: bool,
}

/// One thing that was said.
#[derive(Clone, Debug)]
struct Event {
    second: i64,
    repository: Repository,
    what: What,
}

#[derive(Clone, Debug)]
enum What {
    Build(RunId, i32, Box<BuildFacts>),
    Job(Box<Job>),
    /// No other jobs are to come.
    Complete(RunId, i32),
}

/// Where a scenario takes place, so that many have room in one database.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place {
    pub(super) repository: RepositoryId,
    pub(super) first_run: i64,
}

impl Scenario {
    /// The reports of an app that misses nothing: each event as it happens.
    pub(super) fn in_order(&self, place: Place) -> Vec<Report> {
        let events = self.events.iter();
        events.map(|event| report(&[event], place)).collect()
    }

    /// The reports as they arrive.
    pub(super) fn shuffled(&self, place: Place) -> Vec<Report> {
        let mut arrivals = self.arrivals.iter().map(|i| &self.events[*i]).peekable();
        let mut sizes = self.report_sizes.iter().cycle();
        let mut reports = Vec::new();
        while arrivals.peek().is_some() {
            let size = sizes.next().copied().unwrap_or(1);
            let events: Vec<&Event> = arrivals.by_ref().take(size).collect();
            reports.push(report(&events, place));
        }
        reports
    }
}

fn report(events: &[&Event], place: Place) -> Report {
    let mut report = Report::default();
    for event in events {
        report.repositories.push(Repository {
            id: place.repository,
            ..event.repository.clone()
        });
        match &event.what {
            What::Build(run, attempt, facts) => {
                let mut id = build_id(place.first_run + run.0, *attempt);
                id.repository = place.repository;
                report.builds.push((id, (**facts).clone()));
            }
            What::Complete(run, attempt) => {
                let mut id = build_id(place.first_run + run.0, *attempt);
                id.repository = place.repository;
                report.complete_builds.push(id);
            }
            What::Job(job) => {
                let mut job = (**job).clone();
                job.build.run.0 += place.first_run;
                job.build.repository = place.repository;
                report.jobs.push(job);
            }
        }
    }
    report
}

/// Any scenario of one to three runs.
pub(super) fn scenario() -> impl Strategy<Value = Scenario> {
    history().prop_flat_map(|events| {
        let count = events.len();
        let arrivals = vec(0..count, 0..=count / 2)
            .prop_map(move |twice| (0..count).chain(twice).collect::<Vec<_>>())
            .prop_shuffle();
        let report_sizes = vec(1..=8usize, 1..4);
        (Just(events), arrivals, report_sizes, any::<bool>()).prop_map(
            |(events, arrivals, report_sizes, concurrent)| Scenario {
                events,
                arrivals,
                report_sizes,
                concurrent,
            },
        )
    })
}

fn history() -> impl Strategy<Value = Vec<Event>> {
    vec(vec(attempt(), 1..=3), 1..=3).prop_map(|runs| {
        let mut events = Vec::new();
        for (run, attempts) in (0..).zip(&runs) {
            for (attempt, story) in (1..).zip(attempts) {
                tell(&mut events, RunId(run), attempt, story);
            }
        }
        events.sort_by_key(|event| event.second);
        events
    })
}

/// What happens to one attempt.
#[derive(Clone, Debug)]
struct AttemptStory {
    start: i64,
    builds: Vec<Beat>,
    jobs: Vec<Vec<Beat>>,
    complete: bool,
}

/// One report of a build or a job: how much later, in which status, and which
/// of the other fields it has otherwise.
#[derive(Clone, Debug)]
struct Beat {
    gap: i64,
    status: Status,
    variant: u16,
}

fn attempt() -> impl Strategy<Value = AttemptStory> {
    let jobs = vec(beats(0..=1, 0..=1), 0..=2);
    (0..4i64, beats(0..=2, 0..=2), jobs, any::<bool>()).prop_map(
        |(start, builds, jobs, complete)| AttemptStory {
            start,
            builds,
            jobs,
            complete,
        },
    )
}

/// Statuses on the way, in any order, then the end, perhaps told again and
/// otherwise, and seldom a status on the way that claims to be later still.
fn beats(
    under_way: RangeInclusive<usize>,
    over: RangeInclusive<usize>,
) -> impl Strategy<Value = Vec<Beat>> {
    let open = select(&["requested", "queued", "pending", "waiting", "in_progress"][..]);
    let open = open.prop_map(status);
    let odd = Just(Status::Unknown("frozen".to_owned()));
    let open = proptest::prop_oneof![9 => open, 1 => odd];
    let ended = select(&["success", "failure", "cancelled", "timed_out", "exploded"][..]);
    let ended = ended.prop_map(status);
    let straggler = option::weighted(0.1, beat(open.clone()));
    let told = (
        vec(beat(open), under_way),
        vec(beat(ended), over),
        straggler,
    );
    told.prop_map(|(under_way, over, straggler)| {
        let straggler: Vec<Beat> = straggler.into_iter().collect();
        [under_way, over, straggler].concat()
    })
}

fn beat(status: impl Strategy<Value = Status>) -> impl Strategy<Value = Beat> {
    (0..=2i64, status, any::<u16>()).prop_map(|(gap, status, variant)| Beat {
        gap,
        status,
        variant,
    })
}

fn tell(events: &mut Vec<Event>, run: RunId, attempt: i32, story: &AttemptStory) {
    let mut second = story.start;
    for beat in &story.builds {
        second += beat.gap;
        let facts = Box::new(said_of_build(run, second, beat));
        events.push(Event {
            second,
            repository: said_of_repository(second, beat.variant),
            what: What::Build(run, attempt, facts),
        });
    }
    if story.complete {
        events.push(Event {
            second,
            repository: said_of_repository(second, 0),
            what: What::Complete(run, attempt),
        });
    }
    for (number, beats) in (1..).zip(&story.jobs) {
        let mut second = story.start;
        for beat in beats {
            second += beat.gap;
            let job = Box::new(said_of_job(run, attempt, number, second, beat));
            events.push(Event {
                second,
                repository: said_of_repository(second, beat.variant),
                what: What::Job(job),
            });
        }
    }
}

/// One of two, by a bit of a variant.
fn either<T>(variant: u16, bit: u32, usual: T, other: T) -> T {
    if variant >> bit & 1 == 0 {
        usual
    } else {
        other
    }
}

fn said_of_build(run: RunId, second: i64, beat: &Beat) -> BuildFacts {
    let mut facts = facts("queued", second);
    facts.status = beat.status.clone();
    facts.run_number = i32::try_from(run.0 + 1).expect("few runs");
    facts.workflow = either(beat.variant, 0, "CI", "Checks").to_owned();
    facts.title = either(beat.variant, 1, "Fix the parser", "Fix it").to_owned();
    facts.pull_requests = either(beat.variant, 2, vec![], vec![12, 15]);
    facts.start_time = at(either(beat.variant, 3, 0, second));
    facts.create_time = at(either(beat.variant, 5, 0, second));
    facts.url = either(beat.variant, 4, "https://github.com/a", "").to_owned();
    facts
}

fn said_of_job(run: RunId, attempt: i32, number: i64, second: i64, beat: &Beat) -> Job {
    let build = build_id(run.0, attempt);
    let id = run.0 * 100 + i64::from(attempt) * 10 + number;
    let mut job = job(id, build, "queued", (None, None));
    job.facts.status = beat.status.clone();
    job.facts.start_time = either(beat.variant, 0, None, Some(at(second - 1)));
    job.facts.end_time = beat.status.is_completed().then(|| at(second));
    job.facts.runner = either(beat.variant, 1, "", "runner-1").to_owned();
    let steps = either(beat.variant, 2, 0, 2);
    job.facts.steps = (1..=steps)
        .map(|number| Step {
            number,
            name: "Run cargo test".to_owned(),
            status: beat.status.clone(),
            start_time: Some(at(second)),
            end_time: either(beat.variant, 3, None, Some(at(second))),
        })
        .collect();
    job
}

/// Some events describe the repository in full, some by its name alone.
fn said_of_repository(second: i64, variant: u16) -> Repository {
    let mut said = repository();
    said.facts.update_time = at(second);
    said.facts.name = either(variant, 8, "acme/api", "acme/backend").to_owned();
    said.facts.private = either(variant, 9, false, true);
    said.facts.default_branch = either(variant, 10, "main", "").to_owned();
    said.installation.0 = either(variant, 11, 5, 0);
    said
}
