//! S21: whatever is lost, comes twice, late or in another order, the board ends as GitHub's truth.
//!
//! `LAMPBOARD_SHUFFLES` and `LAMPBOARD_SHUFFLE_EVENTS` say how many seeds are tried, and how many
//! webhooks each is to have at least: `make shuffle` asks for a thousand times five thousand.

use std::env;

use fastrand::Rng;
use jiff::SignedDuration;
use lampboard_github_double::{
    Options,
    scenarios::{crowd::Crowd, outages},
};

use crate::{
    board::{assert_is_truth, assert_jobs_are_truth},
    world::{HOUR, MINUTE, Settings, World},
};

/// How many webhooks a run of the crowd has, at least: three of its own and three of its job, but
/// those that do not start have two.
const EVENTS_OF_RUN: u32 = 5;

/// How many tests share the seeds, so that they use all processors.
const PARTS: u32 = 4;

#[tokio::test]
async fn s21_every_shuffle_ends_as_githubs_truth_1_of_4() {
    play(0).await;
}

#[tokio::test]
async fn s21_every_shuffle_ends_as_githubs_truth_2_of_4() {
    play(1).await;
}

#[tokio::test]
async fn s21_every_shuffle_ends_as_githubs_truth_3_of_4() {
    play(2).await;
}

#[tokio::test]
async fn s21_every_shuffle_ends_as_githubs_truth_4_of_4() {
    play(3).await;
}

/// Tries every fourth seed. The last one named is the one that failed.
async fn play(part: u32) {
    let shuffles = setting("LAMPBOARD_SHUFFLES", 200);
    let events = setting("LAMPBOARD_SHUFFLE_EVENTS", 200);
    let first = setting("LAMPBOARD_SHUFFLE_SEED", 1);
    for seed in (first..first + shuffles).filter(|seed| seed % PARTS == part) {
        println!("seed {seed}");
        shuffle(seed.into(), events).await;
    }
}

async fn shuffle(seed: u64, events: u32) {
    let mut rng = Rng::with_seed(seed);
    let options = Options {
        seed,
        // What limits do is for other tests to say.
        limits_requests: false,
        ..Settings::default().options
    };
    let world = World::with(Settings {
        options,
        ..Settings::default()
    })
    .await;
    let begin = world.now();
    disturb(&world, &mut rng);
    let workflows = workflows(&world, rng.u32(1..8));
    let crowd = Crowd {
        runs: events.div_ceil(EVENTS_OF_RUN),
        over: HOUR * rng.i32(4..60),
        seed,
    };
    // Half of the time the board looks on while it happens.
    if rng.bool() {
        world.reconcile().await;
    }
    crowd.play(world.double(), &workflows);
    world.deliver().await;
    let told = world.double().deliveries(world.stage.app).len();
    assert!(
        told >= usize::try_from(events).unwrap(),
        "only {told} webhooks"
    );
    // What was held back comes once its time has come.
    world.wait(HOUR);
    world.deliver().await;
    assert!(world.now() > begin);

    world.reconcile_fully().await;
    world.backfill_fully().await;
    world.reconcile_fully().await;
    assert_is_truth(&world).await;
    assert_jobs_are_truth(&world).await;
}

/// Loses up to 30 %, repeats up to half, moves them about, and shuts the ears for a while.
fn disturb(world: &World, rng: &mut Rng) {
    let losses = rng.f64() * 0.3;
    let duplicates = rng.f64() * 0.5;
    outages::disturb(&world.stage, losses, duplicates, rng.u32(2..500));
    if rng.bool() {
        world.wait(MINUTE * rng.i32(0..120));
        outages::deafen(&world.stage, SignedDuration::from_mins(rng.i64(1..300)));
    }
}

fn workflows(world: &World, count: u32) -> Vec<lampboard_github_double::WorkflowId> {
    let owner = world
        .double()
        .github(|github| github.organization().clone());
    world.double().github(|github| {
        let more = (1..count).map(|number| {
            let repository = github.create_repository_of(&owner, &format!("part-{number}"));
            github.create_workflow(repository, "CI", ".github/workflows/ci.yml")
        });
        let mut workflows = vec![world.stage.workflow];
        workflows.extend(more);
        workflows
    })
}

fn setting(name: &str, usual: u32) -> u32 {
    env::var(name).map_or(usual, |text| text.parse().expect("a number"))
}
