//! What may happen to runs: S1 to S4, S14 to S16 and S19 of the stories.

use lampboard_github_double::scenarios::{outages, runs};

use crate::{
    board::{self, assert_is_truth, assert_jobs_are_truth},
    world::{HOUR, MINUTE, World},
};

#[tokio::test]
async fn s1_a_run_becomes_one_build_with_the_right_duration() {
    let world = World::new().await;
    runs::happy(&world.stage);
    world.deliver().await;
    assert_is_truth(&world).await;
    assert_jobs_are_truth(&world).await;
    let builds = board::builds(&world).await;
    assert_eq!(builds.len(), 1);
    assert!(builds[0].duration.unwrap().seconds > 60);
}

#[tokio::test]
async fn s2_both_attempts_of_a_run_are_kept() {
    let world = World::new().await;
    runs::recover_on_rerun(&world.stage);
    world.deliver().await;
    assert_is_truth(&world).await;
    assert_eq!(board::builds(&world).await.len(), 2);
}

#[tokio::test]
async fn s3_the_order_of_webhooks_does_not_matter() {
    let world = World::new().await;
    outages::disorder(&world.stage, 20);
    runs::happy(&world.stage);
    runs::recover_on_rerun(&world.stage);
    world.deliver().await;
    assert_is_truth(&world).await;
    assert_jobs_are_truth(&world).await;
}

#[tokio::test]
async fn s4_webhooks_that_come_three_times_count_once() {
    let world = World::new().await;
    outages::repeat(&world.stage, 2);
    runs::happy(&world.stage);
    world.deliver().await;
    assert_is_truth(&world).await;
    assert_eq!(board::builds(&world).await.len(), 1);
}

#[tokio::test]
async fn s14_a_run_of_a_fork_is_shown_with_the_fork() {
    let world = World::new().await;
    runs::fork_pull_request(&world.stage);
    world.deliver().await;
    assert_is_truth(&world).await;
    let build = board::builds(&world).await.remove(0);
    assert!(!build.head_repository.is_empty() && build.pull_requests.is_empty());
}

#[tokio::test]
async fn s15_odd_runs_are_shown_as_what_they_are() {
    let world = World::new().await;
    runs::startup_failure(&world.stage);
    runs::unknown_conclusion(&world.stage);
    runs::null_branch(&world.stage);
    world.deliver().await;
    assert_is_truth(&world).await;
    world.wait(MINUTE);
    world.reconcile_fully().await;
    assert_is_truth(&world).await;
}

#[tokio::test]
async fn s16_late_annotations_do_not_move_the_end() {
    let world = World::new().await;
    runs::drift(&world.stage);
    world.deliver().await;
    world.wait(MINUTE);
    world.reconcile_fully().await;
    assert_is_truth(&world).await;
    assert!(!board::builds(&world).await[0].end_time_approximate);
}

#[tokio::test]
async fn s19_a_run_whose_end_went_unheard_is_closed() {
    let world = World::new().await;
    let (run, job) = runs::hang(&world.stage);
    world.deliver().await;
    world.reconcile_fully().await;
    outages::deafen(&world.stage, HOUR * 200);
    runs::end(&world.stage, run, job);
    world.deliver().await;
    // GitHub forgets what it could not deliver.
    world.wait(HOUR * 24 * 8);
    let before = board::builds(&world).await;
    assert!(
        before[0].end_time.is_none(),
        "the story is not told as it should be"
    );
    world.reconcile_fully().await;
    assert_is_truth(&world).await;
}
