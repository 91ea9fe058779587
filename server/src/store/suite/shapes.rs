//! What jobs have in common is kept once, for as long as one of them is there.

use super::{
    super::{db::query, purge::shapes::behind, shapes::last_of},
    fixture::Fixture,
    rows::{fetch, number},
};
use crate::{
    fixtures::{at, build_id, facts, job, repository},
    model::{Job, Report, RepositoryId},
};

fn of_run(run: i64, name: &str) -> Job {
    let mut job = job(10 * run, build_id(run, 1), "success", (Some(1), Some(9)));
    name.clone_into(&mut job.facts.name);
    job.facts.url = format!(
        "https://github.com/acme/api/actions/runs/{run}/job/{}",
        job.id.0
    );
    job
}

async fn shapes(fixture: &Fixture) -> Vec<(i64, i32)> {
    let all = "SELECT repository_id, number FROM job_shape ORDER BY repository_id, number";
    fetch(&fixture.store, query(all)).await
}

#[tokio::test]
async fn jobs_that_are_alike_share_a_shape() {
    let fixture = Fixture::open().await;
    for run in 1..=3 {
        fixture
            .report_build(build_id(run, 1), facts("success", 9))
            .await;
        fixture
            .report_job(of_run(run, if run < 3 { "test" } else { "lint" }))
            .await;
    }
    assert_eq!(shapes(&fixture).await, [(7, 1), (7, 2)]);
    let mut elsewhere = of_run(4, "test");
    elsewhere.build.repository = RepositoryId(8);
    let mut other = repository();
    other.id = RepositoryId(8);
    fixture
        .record(Report {
            repositories: vec![other],
            jobs: vec![elsewhere],
            ..Report::default()
        })
        .await;
    assert_eq!(shapes(&fixture).await, [(7, 1), (7, 2), (8, 1)]);
    for run in 1..=3 {
        let jobs = fixture.store.jobs(build_id(run, 1)).await.unwrap();
        assert_eq!(jobs, [of_run(run, if run < 3 { "test" } else { "lint" })]);
    }
}

#[tokio::test]
async fn a_shape_goes_with_the_last_job_that_has_it() {
    let fixture = Fixture::open().await;
    for run in 1..=3 {
        fixture
            .report_build(build_id(run, 1), facts("success", 9))
            .await;
        fixture
            .report_job(of_run(run, if run < 3 { "test" } else { "lint" }))
            .await;
    }
    assert_eq!(fixture.store.delete_unused_shapes().await.unwrap(), 0);
    fixture
        .sabotage("DELETE FROM job WHERE run_id IN (1, 3)")
        .await;
    assert_eq!(fixture.store.delete_unused_shapes().await.unwrap(), 1);
    assert_eq!(shapes(&fixture).await, [(7, 1)]);
    assert_eq!(
        fixture.store.jobs(build_id(2, 1)).await.unwrap(),
        [of_run(2, "test")]
    );
}

#[tokio::test]
async fn a_shape_goes_at_once_with_the_jobs_that_are_deleted() {
    let fixture = Fixture::open().await;
    for (run, name) in [(1, "only"), (2, "shared"), (3, "shared"), (4, "other")] {
        let end = if run == 3 { 900 } else { 9 };
        fixture
            .report_build(build_id(run, 1), facts("success", end))
            .await;
        let mut job = of_run(run, name);
        job.facts.end_time = Some(at(end));
        fixture.report_job(job).await;
    }
    assert_eq!(shapes(&fixture).await, [(7, 1), (7, 2), (7, 3)]);
    assert_eq!(fixture.store.delete_old_jobs(at(100)).await.unwrap(), 3);
    assert_eq!(shapes(&fixture).await, [(7, 2)], "a job has it");
    assert_eq!(fixture.store.delete_old_builds(at(1000)).await.unwrap(), 4);
    assert_eq!(shapes(&fixture).await, []);
}

#[tokio::test]
async fn a_look_at_many_shapes_goes_on_where_it_stopped() {
    let fixture = Fixture::open().await;
    let jobs = (1..=2500).map(|run| of_run(run, &format!("job {run}")));
    fixture
        .record(Report {
            repositories: vec![repository()],
            jobs: jobs.collect(),
            ..Report::default()
        })
        .await;
    fixture.sabotage("DELETE FROM job WHERE shape > 2400").await;
    assert_eq!(fixture.store.delete_unused_shapes().await.unwrap(), 0);
    // A restart does not begin anew.
    let store = fixture.store.clone();
    assert_eq!(store.delete_unused_shapes().await.unwrap(), 100);
    fixture.sabotage("DELETE FROM job WHERE shape <= 10").await;
    assert_eq!(
        store.delete_unused_shapes().await.unwrap(),
        10,
        "from the start"
    );
}

#[tokio::test]
async fn a_look_at_shapes_goes_by_indexes() {
    let fixture = Fixture::open_file().await;
    let asked = behind((7, 8)).explained();
    let steps = asked.fetch_all(&fixture.store.readers).await.unwrap();
    let steps: Vec<String> = steps.iter().map(|s| s.try_get("detail").unwrap()).collect();
    assert!(
        !steps.iter().any(|step| step.starts_with("SCAN")),
        "{steps:?}"
    );
    assert!(
        !steps.iter().any(|step| step.contains("TEMP B-TREE")),
        "{steps:?}"
    );
}

#[tokio::test]
async fn the_last_number_is_found_at_the_end_of_the_index() {
    let fixture = Fixture::open_file().await;
    for table in ["job_shape", "build_shape"] {
        let asked = last_of(table, &[7, 8]).explained();
        let steps = asked.fetch_all(&fixture.store.readers).await.unwrap();
        let steps: Vec<String> = steps.iter().map(|s| s.try_get("detail").unwrap()).collect();
        let [repositories, each, last] = &steps[..] else {
            panic!("nothing is put in order: {steps:?}");
        };
        assert!(repositories.starts_with("SEARCH r "), "{steps:?}");
        assert!(each.starts_with("CORRELATED SCALAR SUBQUERY"), "{steps:?}");
        let by_key =
            format!("SEARCH s USING COVERING INDEX sqlite_autoindex_{table}_1 (repository_id=?)");
        assert_eq!(*last, by_key);
    }
}

#[tokio::test]
async fn many_shapes_are_looked_at_a_few_at_a_time() {
    let fixture = Fixture::open().await;
    let jobs = (1..=1200).map(|run| of_run(run, &format!("job {run}")));
    fixture
        .record(Report {
            repositories: vec![repository()],
            jobs: jobs.collect(),
            ..Report::default()
        })
        .await;
    let count = || query("SELECT COUNT(*) FROM job_shape");
    assert_eq!(number(&fixture.store, count()).await, 1200);
    fixture
        .sabotage("DELETE FROM job WHERE run_id % 3 <> 0")
        .await;
    assert_eq!(fixture.store.delete_unused_shapes().await.unwrap(), 800);
    assert_eq!(number(&fixture.store, count()).await, 400);
    let jobs = fixture.store.jobs(build_id(999, 1)).await.unwrap();
    assert_eq!(jobs, [of_run(999, "job 999")]);
}
