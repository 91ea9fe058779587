//! When a build ended, and whether that is exact.

use super::{super::db::query, fixture::Fixture};
use crate::{
    fixtures::{REPOSITORY, at, build_id, facts, job, repository},
    model::{BuildId, Job, Report},
};

/// The second at which the build ended, and whether that is approximate.
async fn end(fixture: &Fixture, id: BuildId) -> (Option<i64>, bool) {
    let record = fixture.build(id).await.record;
    let stored = query(
        "SELECT end_time FROM build WHERE run_id = $1 AND run_attempt = $2 AND repository_id = $3",
    )
    .bind(id.run.0)
    .bind(id.attempt)
    .bind(REPOSITORY.0)
    .fetch_one(&fixture.store.readers)
    .await
    .unwrap();
    let stored: Option<i64> = stored.try_get(0).unwrap();
    let end = record.end_time();
    assert_eq!(end.map(jiff::Timestamp::as_microsecond), stored);
    let second = end.map(|end| end.as_second() - at(0).as_second());
    (second, record.is_end_approximate())
}

fn complete(id: BuildId, jobs: Vec<Job>) -> Report {
    Report {
        repositories: vec![repository()],
        jobs,
        complete_builds: vec![id],
        ..Report::default()
    }
}

fn ended(id: i64, second: i64) -> Job {
    job(id, build_id(1, 1), "success", (Some(5), Some(second)))
}

fn running(id: i64) -> Job {
    job(id, build_id(1, 1), "in_progress", (Some(5), None))
}

#[tokio::test]
async fn the_end_is_approximate_until_all_jobs_are_known() {
    let fixture = Fixture::open().await;
    let id = build_id(1, 1);
    fixture.report_build(id, facts("in_progress", 10)).await;
    assert_eq!(end(&fixture, id).await, (None, false), "it runs");
    fixture.report_build(id, facts("success", 60)).await;
    assert_eq!(end(&fixture, id).await, (Some(60), true));
    fixture.report_job(ended(11, 40)).await;
    assert_eq!(end(&fixture, id).await, (Some(40), true));
    let last = fixture.record(complete(id, vec![ended(12, 55)])).await;
    assert_eq!(end(&fixture, id).await, (Some(55), false));
    assert_eq!(last.changed_builds, [id]);
    assert_eq!(last.changed, 2, "a job and its build");
    let again = fixture.record(complete(id, vec![ended(12, 55)])).await;
    assert_eq!((again.changed, again.changed_builds), (0, vec![]));
}

#[tokio::test]
async fn a_build_does_not_end_before_a_job_that_is_not_known_to_have() {
    let fixture = Fixture::open().await;
    let id = build_id(1, 1);
    fixture.report_build(id, facts("failure", 60)).await;
    fixture.report_job(ended(11, 20)).await;
    fixture.report_job(running(12)).await;
    assert_eq!(end(&fixture, id).await, (Some(60), true), "not 20");
    fixture.report_job(ended(13, 70)).await;
    assert_eq!(end(&fixture, id).await, (Some(70), true), "clocks differ");
    fixture.report_job(ended(12, 58)).await;
    fixture.report_job(ended(13, 65)).await;
    assert_eq!(end(&fixture, id).await, (Some(70), true));
}

#[tokio::test]
async fn what_never_had_jobs_ended_when_it_is_said_to_have() {
    let fixture = Fixture::open().await;
    for (run, word) in [(1, "startup_failure"), (2, "action_required")] {
        let id = build_id(run, 1);
        fixture.report_build(id, facts(word, 60)).await;
        assert_eq!(end(&fixture, id).await, (Some(60), false), "{word}");
    }
    fixture.report_job(running(11)).await;
    let (_, approximate) = end(&fixture, build_id(1, 1)).await;
    assert!(approximate, "it had a job after all");
}

#[tokio::test]
async fn all_jobs_may_be_known_before_their_build() {
    let fixture = Fixture::open().await;
    let id = build_id(1, 1);
    let early = fixture.record(complete(id, vec![ended(11, 55)])).await;
    assert!(early.changed_builds.is_empty(), "there is no build yet");
    fixture.report_build(id, facts("success", 60)).await;
    assert_eq!(end(&fixture, id).await, (Some(55), false));
    // Another attempt has jobs of its own.
    fixture
        .report_build(build_id(1, 2), facts("success", 90))
        .await;
    assert_eq!(end(&fixture, build_id(1, 2)).await, (Some(90), true));
}
