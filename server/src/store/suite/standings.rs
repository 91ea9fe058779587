//! How workflows stand on their default branch.

use super::{
    super::{
        StandingQuery,
        standings::{Standings, statement},
    },
    fixture::Fixture,
};
use crate::{
    fixtures::{at, build_id, facts, job, repository, status},
    model::{BuildFacts, Pattern, Report, Step, WorkflowId, WorkflowStanding},
};

/// A run is told by its number, its attempt and how it went.
async fn standing_after(runs: &[(i64, i32, &str)]) -> WorkflowStanding {
    let fixture = Fixture::open().await;
    for (update, (number, attempt, word)) in (1..).zip(runs) {
        report(&fixture, (*number, *attempt), facts(word, update)).await;
    }
    standing(&fixture).await
}

/// Run ids count like run numbers here, a thousand further.
async fn report(fixture: &Fixture, (number, attempt): (i64, i32), facts: BuildFacts) {
    let facts = BuildFacts {
        run_number: i32::try_from(number).unwrap(),
        ..facts
    };
    fixture
        .report_build(build_id(1000 + number, attempt), facts)
        .await;
}

async fn standing(fixture: &Fixture) -> WorkflowStanding {
    let mut standings = all(fixture, &[]).await;
    assert_eq!(standings.told.len(), 1, "there is one workflow");
    standings.told.remove(0)
}

async fn all(fixture: &Fixture, repositories: &[Pattern]) -> Standings {
    let query = StandingQuery {
        repositories,
        broken_only: false,
        limit: 100,
    };
    fixture.store.standings(query).await.unwrap()
}

/// Run number and attempt.
type Name = (i32, i32);

/// The decisive build, and the first failure.
fn told(standing: &WorkflowStanding) -> (Option<Name>, Option<Name>) {
    let name = |build: &crate::model::Build| {
        let record = &build.record;
        (record.facts.run_number, record.id.attempt)
    };
    (
        standing.decisive.as_ref().map(name),
        standing.first_failure.as_ref().map(name),
    )
}

#[tokio::test]
async fn the_highest_decisive_run_says_how_a_branch_stands() {
    let table = [
        (&[][..0], None),
        (&[(1, 1, "queued"), (2, 1, "cancelled")], None),
        (&[(1, 1, "success")], Some(((1, 1), None))),
        (&[(1, 1, "failure")], Some(((1, 1), Some((1, 1))))),
        // Broken since the first failure after the last success.
        (
            &[
                (1, 1, "failure"),
                (2, 1, "success"),
                (3, 1, "timed_out"),
                (4, 1, "skipped"),
                (5, 1, "startup_failure"),
                (6, 1, "in_progress"),
            ],
            Some(((5, 1), Some((3, 1)))),
        ),
        // In whatever order they end.
        (
            &[(3, 1, "success"), (2, 1, "failure")],
            Some(((3, 1), None)),
        ),
        (
            &[(3, 1, "failure"), (2, 1, "success"), (1, 1, "failure")],
            Some(((3, 1), Some((3, 1)))),
        ),
        // A re-run of the last run decides; of an older one it does not.
        (
            &[(1, 1, "failure"), (1, 2, "success")],
            Some(((1, 2), None)),
        ),
        (
            &[(1, 1, "success"), (2, 1, "success"), (1, 2, "failure")],
            Some(((2, 1), None)),
        ),
        (
            &[(1, 1, "failure"), (2, 1, "failure"), (1, 2, "success")],
            Some(((2, 1), Some((2, 1)))),
        ),
    ];
    for (runs, expected) in table {
        if runs.is_empty() {
            let fixture = Fixture::open().await;
            assert_eq!(all(&fixture, &[]).await, Standings::default());
            continue;
        }
        let found = told(&standing_after(runs).await);
        let expected = expected.map_or((None, None), |(decisive, first)| (Some(decisive), first));
        assert_eq!(found, expected, "{runs:?}");
    }
}

#[tokio::test]
async fn only_the_repositorys_own_default_branch_decides() {
    let fixture = Fixture::open().await;
    let of_fork = BuildFacts {
        head_repository: "eve/api".to_owned(),
        ..facts("failure", 2)
    };
    let of_branch = BuildFacts {
        branch: "next".to_owned(),
        ..facts("failure", 3)
    };
    report(&fixture, (1, 1), facts("success", 1)).await;
    report(&fixture, (2, 1), of_fork).await;
    report(&fixture, (3, 1), of_branch).await;
    assert_eq!(told(&standing(&fixture).await), (Some((1, 1)), None));

    let mut moved = repository();
    moved.facts.default_branch = "next".to_owned();
    moved.facts.update_time = at(9);
    fixture
        .record(Report {
            repositories: vec![moved],
            ..Report::default()
        })
        .await;
    let now = told(&standing(&fixture).await);
    assert_eq!(now, (Some((3, 1)), Some((3, 1))));
}

#[tokio::test]
async fn a_workflow_goes_by_its_latest_name() {
    let fixture = Fixture::open().await;
    for (number, update, name) in [(1, 5, "CI"), (2, 9, "Checks"), (3, 7, "Tests")] {
        let renamed = BuildFacts {
            workflow: name.to_owned(),
            ..facts("success", update)
        };
        report(&fixture, (number, 1), renamed).await;
    }
    let workflow = standing(&fixture).await.workflow;
    assert_eq!(workflow.name, "Checks");
    assert_eq!(workflow.repository, "acme/api");
}

#[tokio::test]
async fn only_the_repositories_asked_for_are_told_and_counted() {
    let fixture = Fixture::open().await;
    report(&fixture, (1, 1), facts("success", 1)).await;
    for (pattern, count) in [("ACME/*", 1), ("acme/api", 1), ("acme/web", 0)] {
        let standings = all(&fixture, &[Pattern::new(pattern)]).await;
        assert_eq!(standings.told.len(), count, "{pattern}");
        assert_eq!(
            standings.decided,
            i64::try_from(count).unwrap(),
            "{pattern}"
        );
    }
}

#[tokio::test]
async fn the_broken_come_first_and_only_so_many_are_told() {
    let fixture = Fixture::open().await;
    let runs = [
        (1, 1, "success"),
        (2, 2, "failure"),
        (3, 3, "timed_out"),
        (4, 4, "cancelled"),
        // The third broke first, the second is still broken.
        (5, 2, "failure"),
        (6, 5, "success"),
    ];
    for (number, workflow, word) in runs {
        let of_workflow = BuildFacts {
            workflow_id: WorkflowId(workflow),
            workflow: format!("workflow {}", 9 - workflow),
            start_time: at(if number == 3 { -5 } else { number }),
            ..facts(word, 1)
        };
        report(&fixture, (number, 1), of_workflow).await;
    }
    let told = async |broken_only, limit| {
        let query = StandingQuery {
            repositories: &[],
            broken_only,
            limit,
        };
        let standings = fixture.store.standings(query).await.unwrap();
        assert_eq!((standings.decided, standings.broken), (4, 2));
        let told = standings.told.iter().map(|standing| standing.workflow.id.0);
        told.collect::<Vec<_>>()
    };
    assert_eq!(told(true, 9).await, [3, 2]);
    assert_eq!(told(true, 1).await, [3]);
    assert_eq!(told(false, 9).await, [3, 2, 5, 4, 1]);
    assert_eq!(told(false, 3).await, [3, 2, 5]);
}

#[tokio::test]
async fn failed_jobs_are_told_with_the_first_step_that_failed() {
    let fixture = Fixture::open().await;
    let id = build_id(1, 1);
    fixture.report_build(id, facts("failure", 9)).await;
    let step = |number, name: &str, word: &str| Step {
        number,
        name: name.to_owned(),
        status: status(word),
        start_time: None,
        end_time: None,
    };
    let mut with_step = job(11, id, "failure", (Some(1), Some(5)));
    with_step.facts.steps = vec![
        step(1, "Check out", "success"),
        step(2, "Run tests", "failure"),
        step(3, "Upload", "failure"),
    ];
    fixture.report_job(with_step).await;
    fixture
        .report_job(job(12, id, "timed_out", (Some(1), Some(5))))
        .await;
    fixture
        .report_job(job(13, id, "cancelled", (Some(1), Some(5))))
        .await;
    fixture
        .report_job(job(14, id, "success", (Some(1), Some(5))))
        .await;
    let failed = standing(&fixture).await.failed_jobs;
    assert_eq!(failed, ["job 11 > Run tests", "job 12"]);

    for number in 20..40 {
        let failing = job(number, id, "failure", (Some(1), Some(5)));
        fixture.report_job(failing).await;
    }
    assert_eq!(standing(&fixture).await.failed_jobs.len(), 10);
}

#[tokio::test]
async fn how_all_stand_is_read_from_an_index_alone() {
    let fixture = Fixture::open_file().await;
    let plan = statement(true, false).explained();
    let plan = plan.fetch_all(&fixture.store.readers).await.unwrap();
    let steps = plan.iter().map(|row| row.try_get("detail").unwrap());
    let steps: Vec<String> = steps.collect();
    let covered = steps
        .iter()
        .filter(|step| step.contains("COVERING INDEX build_workflow_branch"));
    assert_eq!(covered.count(), 2, "failed and last_good: {steps:#?}");
}
