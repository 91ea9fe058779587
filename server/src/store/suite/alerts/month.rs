//! A month of history: however it is heard of, nobody is told more than if it had come in its
//! order, and what is red in the end is the same.
//!
//! Its order is that of run numbers and attempts. What arrives below what has decided changes
//! nothing; so any other order tells of some of the builds that this one tells of, and leaves
//! out stretches of red, but makes none.

use std::collections::BTreeMap;

use proptest::{
    prelude::*,
    test_runner::{Config, TestRunner},
};

use super::{super::fixture::cases, CHANGE, Team, build, rule};
use crate::{
    fixtures::{at, build_id, repository},
    model::{
        AlertKind::{self, Failure, Recovery},
        AlertState, BuildFacts, BuildId, IncidentKey, Report, RuleFilter, Source, Trigger,
        WorkflowId,
    },
};

const WORDS: [&str; 7] = [
    "success",
    "success",
    "failure",
    "failure",
    "timed_out",
    "cancelled",
    "skipped",
];
/// Workflows on branches, one of them a fork's.
const BRANCHES: [(i64, &str, &str); 3] =
    [(3, "main", ""), (3, "main", "mona/api"), (4, "release", "")];
const HOUR: i64 = 3600;
const DAY: i64 = 24 * HOUR;

/// An attempt: how it ended, how long after what came before, and how late that is heard of.
type Attempt = (&'static str, i64, i64);

/// Something that GitHub says of a build.
#[derive(Clone, Debug)]
struct Told {
    id: BuildId,
    facts: BuildFacts,
    /// When it happened, and how much later it is heard of, in seconds.
    second: i64,
    delay: i64,
}

/// Months of all branches, in their order.
fn months() -> impl Strategy<Value = Vec<Told>> {
    let delay = prop_oneof![3 => Just(0), 1 => 0..12 * HOUR];
    let attempt = (prop::sample::select(WORDS.to_vec()), 600..2 * DAY, delay);
    // Some are run again, when newer ones are long over.
    let run = prop::collection::vec(attempt, 1..=2);
    let branch = prop::collection::vec(run, 8..=14);
    prop::array::uniform3(branch).prop_map(|branches| {
        let mut told: Vec<Told> = branches.iter().zip(0..).flat_map(of_branch).collect();
        told.sort_by_key(|it| (it.facts.run_number, it.id.attempt, it.facts.update_time));
        told
    })
}

fn of_branch((runs, branch): (&Vec<Vec<Attempt>>, usize)) -> Vec<Told> {
    let mut told = Vec::new();
    let mut start = 0;
    for (attempts, place) in runs.iter().zip(0..) {
        let run = place * 3 + i32::try_from(branch).unwrap() + 1;
        let mut end = start;
        for ((word, wait, delay), attempt) in attempts.iter().zip(1..) {
            // The first attempt ends soon: the next run does not wait for a re-run.
            end += if attempt == 1 { wait % HOUR } else { *wait };
            for (word, second) in [("in_progress", end - 300), (*word, end)] {
                told.push(Told {
                    id: build_id(i64::from(run), attempt),
                    facts: facts(branch, run, word, second),
                    second,
                    delay: *delay,
                });
            }
        }
        start += attempts.first().unwrap().1;
    }
    told
}

fn facts(branch: usize, run: i32, word: &str, second: i64) -> BuildFacts {
    let (workflow, branch, fork) = BRANCHES[branch];
    BuildFacts {
        workflow_id: WorkflowId(workflow),
        branch: branch.to_owned(),
        head_repository: fork.to_owned(),
        start_time: at(second - 600),
        update_time: at(second),
        ..build(run, 1, word)
    }
}

/// What became of a month.
struct Outcome {
    /// Messages, by channel.
    told: BTreeMap<(String, AlertKind), usize>,
    /// The last failure of what is red.
    red: BTreeMap<IncidentKey, BuildId>,
    incidents: usize,
}

impl Outcome {
    fn told(&self, channel: &str, kind: AlertKind) -> usize {
        let told = self.told.get(&(channel.to_owned(), kind));
        told.copied().unwrap_or_default()
    }

    fn all_told(&self) -> usize {
        self.told.values().sum()
    }
}

impl Team {
    /// One with a channel for each kind of rule, and one of two rules.
    async fn with_rules() -> Self {
        let team = Self::new().await;
        for (name, triggers) in [
            ("changes", &[CHANGE][..]),
            ("failures", &[Trigger::Failure]),
            ("both", &[CHANGE, Trigger::Failure]),
            ("third", &[Trigger::Change { failures: 3 }]),
        ] {
            let channel = team.channel(name).await;
            for trigger in triggers {
                let mut content = rule(*trigger, &[&channel]);
                content.filter = RuleFilter::default();
                team.rule_as(content).await;
            }
        }
        team
    }

    /// Hears all of this in one report.
    async fn hear(&self, told: &[Told], source: Source) {
        let builds = told.iter().map(|it| (it.id, it.facts.clone()));
        let report = Report {
            repositories: vec![repository()],
            builds: builds.collect(),
            source,
            ..Report::default()
        };
        self.fixture.record(report).await;
        self.tick();
    }

    async fn outcome(&self) -> Outcome {
        let mut told = BTreeMap::new();
        for alert in self.alerts().await {
            if !matches!(alert.state, AlertState::Skipped(_)) {
                *told
                    .entry((alert.channel.display_name, alert.kind))
                    .or_default() += 1;
            }
        }
        let incidents = self.incidents().await;
        let open = incidents.iter().filter(|it| it.resolve_time.is_none());
        let red = open.map(|it| (it.key.clone(), it.last_failure));
        Outcome {
            told,
            red: red.collect(),
            incidents: incidents.len(),
        }
    }

    /// All of it once more, as a webhook and as a backfill: nothing comes of that.
    async fn replay(&self, month: &[Told]) -> Result<(), TestCaseError> {
        let before = (self.alerts().await, self.incidents().await);
        for source in [Source::Webhook, Source::Backfill] {
            self.hear(month, source).await;
        }
        let after = (self.alerts().await, self.incidents().await);
        prop_assert_eq!(before, after);
        Ok(())
    }
}

/// In its order.
async fn in_order(month: &[Told]) -> Result<Outcome, TestCaseError> {
    let team = Team::with_rules().await;
    for told in month {
        team.hear(std::slice::from_ref(told), Source::Webhook).await;
    }
    team.replay(month).await?;
    Ok(team.outcome().await)
}

/// In any order, twice, some of it together. The clock stands: nothing is too old to be told.
async fn shuffled(month: &[Told], reports: &[Vec<Told>]) -> Result<Outcome, TestCaseError> {
    let team = Team::with_rules().await;
    for report in reports {
        team.hear(report, Source::Webhook).await;
    }
    team.replay(month).await?;
    Ok(team.outcome().await)
}

/// When it happens; what is heard of late is found by looking, and then delivered after all.
async fn delayed(month: &[Told]) -> Result<Outcome, TestCaseError> {
    let team = Team::with_rules().await;
    let mut arrivals = Vec::new();
    for told in month {
        let found = told.second + told.delay;
        let source = if told.delay == 0 {
            Source::Webhook
        } else {
            Source::Reconcile
        };
        arrivals.push((found, source, told));
        arrivals.push((found + told.delay, Source::Webhook, told));
    }
    arrivals.sort_by_key(|(second, ..)| *second);
    for (second, source, told) in arrivals {
        team.set_clock(second);
        team.hear(std::slice::from_ref(told), source).await;
    }
    team.replay(month).await?;
    Ok(team.outcome().await)
}

/// When it is over, at once.
async fn backfilled(month: &[Told], source: Source) -> Result<Outcome, TestCaseError> {
    let team = Team::with_rules().await;
    let end = month.iter().map(|told| told.second).max();
    team.set_clock(end.unwrap_or_default() + 7 * HOUR);
    for report in month.chunks(40) {
        team.hear(report, source).await;
    }
    team.replay(month).await?;
    Ok(team.outcome().await)
}

/// Twice as many reports, in any order, and some together.
fn reports(month: Vec<Told>) -> impl Strategy<Value = (Vec<Told>, Vec<Vec<Told>>)> {
    let twice: Vec<Told> = month.iter().chain(&month).cloned().collect();
    (Just(twice).prop_shuffle(), 1..8_usize).prop_map(move |(twice, together)| {
        let reports = twice.chunks(together).map(<[Told]>::to_vec);
        (month.clone(), reports.collect())
    })
}

#[test]
fn a_month_tells_nothing_more_than_in_its_order() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let mut runner = TestRunner::new(Config {
        cases: cases(4),
        max_shrink_iters: 20,
        failure_persistence: None,
        ..Config::default()
    });
    let outcome = runner.run(&months().prop_flat_map(reports), |(month, reports)| {
        let expected = runtime.block_on(in_order(&month))?;
        for (how, outcome) in [
            ("shuffled", runtime.block_on(shuffled(&month, &reports))?),
            ("delayed", runtime.block_on(delayed(&month))?),
        ] {
            no_more(&outcome, &expected, how)?;
            prop_assert_eq!(&outcome.red, &expected.red, "{}", how);
        }
        for source in [Source::Backfill, Source::Webhook] {
            let outcome = runtime.block_on(backfilled(&month, source))?;
            prop_assert_eq!(outcome.all_told(), 0, "all of it is old");
            prop_assert_eq!(&outcome.red, &expected.red);
        }
        Ok(())
    });
    outcome.unwrap();
}

fn no_more(outcome: &Outcome, most: &Outcome, how: &str) -> Result<(), TestCaseError> {
    prop_assert!(outcome.incidents <= most.incidents, "{} incidents", how);
    for channel in ["changes", "failures", "both"] {
        for kind in [Failure, Recovery] {
            let (told, most) = (outcome.told(channel, kind), most.told(channel, kind));
            prop_assert!(
                told <= most,
                "{how}: {told} {kind:?} of {most} to {channel}"
            );
        }
    }
    // How many failed in a row is only known of what was heard of.
    let (told, most) = (
        outcome.told("third", Failure),
        most.told("changes", Failure),
    );
    prop_assert!(told <= most, "{how}: {told} of {most} to third");
    for channel in ["changes", "third"] {
        let [failures, recoveries] = [Failure, Recovery].map(|kind| outcome.told(channel, kind));
        prop_assert!(recoveries <= failures, "{} in {}", how, channel);
    }
    Ok(())
}

/// The one thing that an order can add: a success that is heard of last could not part the
/// failures around it.
#[tokio::test]
async fn failures_in_a_row_are_those_that_were_heard_of() {
    for (order, told) in [([1, 2, 3], &[][..]), ([1, 3, 2], &[(Failure, 3)])] {
        let team = Team::new().await;
        let ci = team.channel("#ci").await;
        team.rule(Trigger::Change { failures: 2 }, &[&ci]).await;
        for run in order {
            let word = if run == 2 { "success" } else { "failure" };
            team.run(run, word).await;
        }
        assert_eq!(team.told().await, told);
    }
}
