//! What follows from reports: which one wins, when a build ended, and which attempt counts.

use jiff::{SignedDuration, Timestamp};

use super::fixture::Fixture;
use crate::{
    fixtures::{REPOSITORY, at, build_id, facts, job, status},
    model::{Build, BuildFacts, BuildId, RepositoryId, RunId, Status},
};

fn seconds(seconds: i64) -> SignedDuration {
    SignedDuration::from_secs(seconds)
}

async fn after(reports: &[(&str, i64)]) -> Build {
    let fixture = Fixture::open().await;
    for (word, update) in reports {
        fixture
            .report_build(build_id(1, 1), facts(word, *update))
            .await;
    }
    fixture.build(build_id(1, 1)).await
}

#[tokio::test]
async fn the_later_report_wins_and_the_end_is_final() {
    let table = [
        // Approvals make a running build wait again.
        (&[("in_progress", 1), ("waiting", 2)][..], "waiting"),
        (&[("waiting", 2), ("in_progress", 1)], "waiting"),
        // In the same second the further one is the later one.
        (&[("in_progress", 1), ("queued", 1)], "in_progress"),
        (&[("queued", 1), ("in_progress", 1)], "in_progress"),
        (
            &[("pending", 1), ("queued", 1), ("requested", 1)],
            "pending",
        ),
        // What is over is over, whatever the clocks say.
        (&[("success", 1), ("in_progress", 9)], "success"),
        (&[("in_progress", 9), ("success", 1)], "success"),
        // GitHub may correct itself.
        (&[("success", 1), ("failure", 2)], "failure"),
        (&[("failure", 2), ("success", 1)], "failure"),
        (&[("failure", 1), ("success", 2)], "success"),
        (&[("failure", 1), ("success", 1)], "failure"),
        (&[("success", 1), ("failure", 1)], "failure"),
        (&[("exploded", 2), ("success", 1)], "exploded"),
    ];
    for (reports, expected) in table {
        let build = after(reports).await;
        assert_eq!(build.record.facts.status, status(expected), "{reports:?}");
    }
}

#[tokio::test]
async fn an_unknown_status_is_kept_as_it_came() {
    let fixture = Fixture::open().await;
    let odd = BuildFacts {
        status: Status::Unknown("frozen".to_owned()),
        ..facts("queued", 2)
    };
    fixture.report_build(build_id(1, 1), odd.clone()).await;
    assert_eq!(fixture.build(build_id(1, 1)).await.record.facts, odd);
    fixture
        .report_build(build_id(1, 1), facts("queued", 2))
        .await;
    let build = fixture.build(build_id(1, 1)).await;
    assert_eq!(build.record.facts.status, Status::Queued, "known words win");
}

#[tokio::test]
async fn reporting_again_changes_nothing() {
    let fixture = Fixture::open().await;
    let id = build_id(1, 1);
    let first = fixture.report_build(id, facts("in_progress", 2)).await;
    assert_eq!(first.changed, 2, "the build and its repository are new");
    assert_eq!(fixture.take_changes().len(), 1);
    for late in [facts("in_progress", 2), facts("queued", 1)] {
        assert_eq!(fixture.report_build(id, late).await.changed, 0);
    }
    assert!(fixture.take_changes().is_empty(), "nobody is told");
    let over = fixture.report_build(id, facts("success", 3)).await;
    assert_eq!(over.changed, 1);
    let changes = fixture.take_changes();
    let [change] = &changes[..] else {
        panic!("one change, not {changes:?}");
    };
    let before = change.before.as_ref().unwrap();
    assert_eq!(before.record.facts.status, Status::InProgress);
    assert_eq!(change.after.record.facts.status, status("success"));
    assert_eq!(change.after, fixture.build(id).await);
}

#[tokio::test]
async fn a_build_ends_with_its_last_job() {
    let fixture = Fixture::open().await;
    let id = build_id(1, 1);
    let quick = job(11, id, "success", (Some(10), Some(20)));
    let slow = job(12, id, "failure", (Some(15), Some(70)));
    let skipped = job(13, id, "skipped", (None, Some(5)));

    // Jobs may come before their build.
    fixture.report_job(quick).await;
    fixture.report_build(id, facts("in_progress", 5)).await;
    let running = fixture.build(id).await.record;
    assert_eq!(running.queue_time(), Some(seconds(10)));
    assert_eq!(running.end_time(), None, "a job's end is not the build's");
    assert_eq!(running.wall_time(), None);
    assert_eq!(running.run_time(), None);

    fixture.report_build(id, facts("failure", 95)).await;
    fixture.report_job(slow).await;
    fixture.report_job(skipped).await;
    let over = fixture.build(id).await.record;
    assert_eq!(over.end_time(), Some(at(70)));
    assert_eq!(over.wall_time(), Some(seconds(70)));
    assert_eq!(over.queue_time(), Some(seconds(10)));
    assert_eq!(over.run_time(), Some(seconds(60)));
    let ids: Vec<i64> = fixture
        .store
        .jobs(id)
        .await
        .unwrap()
        .iter()
        .map(|job| job.id.0)
        .collect();
    assert_eq!(ids, [11, 12, 13]);
}

#[tokio::test]
async fn without_jobs_a_build_ends_when_that_was_first_said() {
    let build = after(&[("success", 90), ("success", 60), ("failure", 500)]).await;
    assert_eq!(build.record.end_time(), Some(at(60)));
    assert_eq!(build.record.facts.update_time, at(500));
    assert_eq!(build.record.wall_time(), Some(seconds(60)));
    assert_eq!(build.record.queue_time(), None);
    assert_eq!(build.record.run_time(), None);
}

#[tokio::test]
async fn no_time_is_negative_whatever_the_clocks_say() {
    let fixture = Fixture::open().await;
    let id = build_id(1, 1);
    let early = BuildFacts {
        start_time: at(100),
        ..facts("success", 40)
    };
    fixture.report_build(id, early).await;
    let build = fixture.build(id).await.record;
    assert_eq!(build.wall_time(), Some(seconds(0)));
    assert!(build.is_clamped());

    let odd_job = job(11, id, "success", (Some(70), Some(50)));
    fixture.report_job(odd_job).await;
    let build = fixture.build(id).await.record;
    assert_eq!(build.end_time(), Some(at(50)));
    assert_eq!(build.queue_time(), Some(seconds(0)));
    assert_eq!(build.run_time(), Some(seconds(0)));
}

#[tokio::test]
async fn one_wrong_clock_does_not_make_a_mean_of_ages() {
    let fixture = Fixture::open().await;
    let longest = 400 * 24 * 3600;
    for (run, year, duration, is_clamped) in [
        (1, "0002", longest, true),
        (2, "2025", longest, true),
        (3, "2026", 90, false),
    ] {
        let start: Timestamp = format!("{year}-01-01T00:00:00Z").parse().unwrap();
        let start = if year == "2026" { at(0) } else { start };
        let ended = BuildFacts {
            start_time: start,
            ..facts("success", 90)
        };
        fixture.report_build(build_id(run, 1), ended).await;
        let build = fixture.build(build_id(run, 1)).await.record;
        assert_eq!(build.is_clamped(), is_clamped, "{run}");
        assert_eq!(build.wall_time(), Some(seconds(duration)), "{run}");
    }
}

#[tokio::test]
async fn the_highest_attempt_that_is_over_counts() {
    let fixture = Fixture::open().await;
    let marks = async |attempt| {
        let record = fixture.build(build_id(1, attempt)).await.record;
        (record.latest_attempt, record.counted)
    };
    fixture
        .report_build(build_id(1, 1), facts("failure", 10))
        .await;
    assert_eq!(marks(1).await, (true, true));

    fixture.take_changes();
    fixture
        .report_build(build_id(1, 2), facts("in_progress", 20))
        .await;
    assert_eq!(marks(1).await, (false, true), "it counts until 2 is over");
    assert_eq!(marks(2).await, (true, false));
    let told = fixture.take_changes();
    let told: Vec<i32> = told.iter().map(|c| c.after.record.id.attempt).collect();
    assert_eq!(told, [1, 2], "watchers learn that 1 is not the latest");

    fixture
        .report_build(build_id(1, 2), facts("success", 30))
        .await;
    assert_eq!(marks(1).await, (false, false));
    assert_eq!(marks(2).await, (true, true));

    // Attempt 3 is heard of before anything else of it, and attempt 2 again.
    fixture
        .report_build(build_id(1, 3), facts("queued", 40))
        .await;
    fixture
        .report_build(build_id(1, 2), facts("failure", 50))
        .await;
    assert_eq!(marks(2).await, (false, true));
    assert_eq!(marks(3).await, (true, false));
    let attempts = fixture.store.attempts(RunId(1), None).await.unwrap();
    let attempts: Vec<i32> = attempts.iter().map(|b| b.record.id.attempt).collect();
    assert_eq!(attempts, [1, 2, 3]);
}

#[tokio::test]
async fn the_same_run_of_another_repository_is_another_run() {
    let fixture = Fixture::open().await;
    fixture
        .report_build(build_id(1, 1), facts("success", 10))
        .await;
    let other = BuildId {
        repository: RepositoryId(8),
        ..build_id(1, 2)
    };
    let mut report = super::fixture::of_build(other, facts("failure", 20));
    report.repositories[0].id = other.repository;
    report.repositories[0].facts.name = "acme/web".to_owned();
    fixture.record(report).await;
    for (id, name) in [(build_id(1, 1), "acme/api"), (other, "acme/web")] {
        let build = fixture.build(id).await;
        assert!(build.record.latest_attempt && build.record.counted);
        assert_eq!(build.repository, name);
    }
    let of_first = fixture.store.attempts(RunId(1), Some(REPOSITORY)).await;
    assert_eq!(of_first.unwrap().len(), 1);
    assert_eq!(
        fixture.store.attempts(RunId(1), None).await.unwrap().len(),
        2
    );
}

#[tokio::test]
async fn a_cancelled_build_that_never_ran_is_superseded_by_a_newer_run() {
    let fixture = Fixture::open().await;
    let of_run = |number: i32, word: &str| BuildFacts {
        run_number: number,
        ..facts(word, 10)
    };
    let superseded = async |run| fixture.build(build_id(run, 1)).await.superseded;
    fixture
        .report_build(build_id(1, 1), of_run(1, "cancelled"))
        .await;
    assert!(!superseded(1).await, "no newer run is known");

    let elsewhere = [
        BuildFacts {
            branch: "next".to_owned(),
            ..of_run(2, "queued")
        },
        BuildFacts {
            head_repository: "eve/api".to_owned(),
            ..of_run(3, "queued")
        },
        BuildFacts {
            workflow_id: crate::model::WorkflowId(4),
            ..of_run(4, "queued")
        },
    ];
    for (run, facts) in (2..).zip(elsewhere) {
        fixture.report_build(build_id(run, 1), facts).await;
    }
    assert!(!superseded(1).await, "those took no one's place");

    fixture
        .report_build(build_id(5, 1), of_run(5, "queued"))
        .await;
    assert!(superseded(1).await);
    assert!(!superseded(5).await);

    let ran = job(11, build_id(1, 1), "cancelled", (Some(3), Some(9)));
    fixture.report_job(ran).await;
    assert!(!superseded(1).await, "a job of it ran");
}

#[tokio::test]
async fn every_field_is_read_back_as_it_was_written() {
    let fixture = Fixture::open().await;
    let odd = "Ünï\u{202e}code '; DROP TABLE build; -- \"%_\\?[]*\n🚦";
    let facts = BuildFacts {
        workflow: odd.to_owned(),
        workflow_path: odd.to_owned(),
        event: odd.to_owned(),
        branch: odd.to_owned(),
        head_repository: odd.to_owned(),
        commit_title: odd.to_owned(),
        commit_author: odd.to_owned(),
        title: odd.to_owned(),
        actor: odd.to_owned(),
        triggering_actor: odd.to_owned(),
        pull_requests: vec![7, 12, i32::MAX],
        run_number: i32::MAX,
        create_time: "0001-01-01T00:00:00.000001Z".parse().unwrap(),
        start_time: "9999-12-30T22:00:00Z".parse().unwrap(),
        ..facts(odd, 3)
    };
    let id = build_id(i64::MAX, i32::MAX);
    let mut job = job(i64::MAX, id, odd, (Some(-1), Some(7)));
    job.facts.name = odd.to_owned();
    job.facts.labels = vec![odd.to_owned(), String::new()];
    job.facts.steps = vec![crate::model::Step {
        number: 1,
        name: odd.to_owned(),
        status: status(odd),
        start_time: None,
        end_time: Some(at(5)),
    }];
    fixture.report_build(id, facts.clone()).await;
    fixture.report_job(job.clone()).await;
    assert_eq!(fixture.build(id).await.record.facts, facts);
    assert_eq!(fixture.store.jobs(id).await.unwrap(), [job]);
}
