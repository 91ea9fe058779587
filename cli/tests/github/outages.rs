//! What is made good after webhooks were missed: S5 to S8 of the stories, and an outage of many.

use jiff::SignedDuration;
use lampboard_github_double::{
    Fault, FaultKind, Options, When,
    scenarios::{crowd, outages, runs},
};
use lampboard_proto::v1::GapKind;

use crate::{
    board::{self, assert_is_truth, assert_jobs_are_truth},
    world::{HOUR, MINUTE, Settings, World},
};

#[tokio::test]
async fn s5_what_was_missed_in_ten_minutes_comes_from_githubs_log() {
    let world = World::new().await;
    runs::happy(&world.stage);
    world.deliver().await;
    world.reconcile_fully().await;
    outages::deafen(&world.stage, MINUTE * 10);
    let failed = world.stage.whole_run(false);
    world.deliver().await;
    world.wait(MINUTE * 10);
    assert_eq!(
        board::builds(&world).await.len(),
        1,
        "{failed:?} was heard of"
    );

    let round = world.reconcile().await;
    assert_eq!(round.problem, "");
    assert_is_truth(&world).await;
    assert_jobs_are_truth(&world).await;
    let counts = board::system(&world).await.deliveries.unwrap();
    assert!(counts.recovered > 0, "{counts:?}");
    world.reconcile_fully().await;
    assert_eq!(board::system(&world).await.gaps, []);
}

#[tokio::test]
async fn s6_after_four_days_even_the_re_run_of_an_old_run_is_there() {
    let mut world = World::new().await;
    let old = world.stage.whole_run(false);
    world.deliver().await;
    world.reconcile_fully().await;
    world.wait(HOUR * 24 * 20);
    world.reconcile_fully().await;
    outages::deafen(&world.stage, HOUR * 24 * 4);
    runs::rerun_later(&world.stage, old, HOUR);
    runs::happy(&world.stage);
    world.deliver().await;
    world.wait(HOUR * 24 * 4);
    world.restart_app().await;

    world.reconcile().await;
    world.backfill_fully().await;
    world.reconcile_fully().await;
    assert_is_truth(&world).await;
    assert_eq!(board::builds(&world).await.len(), 3);
}

#[tokio::test]
async fn s7_a_day_of_2500_runs_is_loaded_past_the_cap_of_a_list() {
    let world = World::new().await;
    outages::deafen(&world.stage, HOUR * 48);
    crowd::busy_day(&world.stage, 2500);
    world.reconcile().await;
    world.double().clear_requests();
    world.backfill_fully().await;
    let lists = lists(&world);
    assert!(lists <= 28, "{lists} lists for 2,500 runs");
    world.wait(HOUR * 24 * 4);
    let shown = board::builds(&world).await.len();
    let truth = world.double().truth();
    let runs = truth.builds.iter().filter(|it| it.latest_attempt).count();
    assert!(shown >= runs, "{shown} of {runs}");
}

#[tokio::test]
async fn s8_a_token_that_ends_in_the_middle_of_a_list_costs_no_page() {
    let world = World::with(Settings {
        options: Options {
            answer_time: Some(SignedDuration::from_secs(2)),
            ..Settings::default().options
        },
        ..Settings::default()
    })
    .await;
    outages::deafen(&world.stage, HOUR * 48);
    crowd::busy_day(&world.stage, 700);
    outages::hurry_tokens(&world.stage, 5);
    world.reconcile().await;
    world.backfill_fully().await;
    let truth = world.double().truth();
    let runs = truth.builds.iter().filter(|it| it.latest_attempt).count();
    assert!(board::builds(&world).await.len() >= runs);
}

#[tokio::test]
async fn gaps_are_named_until_they_are_closed() {
    let world = World::new().await;
    world.reconcile_fully().await;
    outages::deafen(&world.stage, MINUTE * 10);
    world.stage.whole_run(false);
    world.deliver().await;
    world.wait(MINUTE * 10);
    // The lists tell of the run, the log of the webhooks; but no job can be had.
    for path in ["**/jobs", "/app/hook/deliveries/*"] {
        world.double().faults().add(Fault {
            kind: FaultKind::ServerError {
                status: 503,
                html: true,
            },
            when: When::default().path(path),
        });
    }
    world.reconcile().await;
    let gaps = board::system(&world).await.gaps;
    assert!(gaps.iter().any(|it| it.kind() == GapKind::Jobs), "{gaps:?}");
    world.double().faults().clear();
    // What could not be had is asked for again after a while.
    world.wait(MINUTE * 11);
    world.reconcile_fully().await;
    assert_eq!(board::system(&world).await.gaps, []);
    assert_is_truth(&world).await;
}

/// How many lists of runs were asked for.
fn lists(world: &World) -> usize {
    let requests = world.double().requests();
    let lists = requests
        .iter()
        .filter(|it| it.path.ends_with("/actions/runs"));
    lists.count()
}

/// About 1,200 runs in 200 repositories, whose 10,000 webhooks nobody heard.
#[tokio::test]
async fn after_an_outage_of_ten_thousand_webhooks_the_board_is_right_within_five_minutes() {
    let settings = Settings {
        options: Options {
            answer_time: Some(SignedDuration::from_millis(150)),
            ..Settings::default().options
        },
        ..Settings::default()
    };
    let mut world = World::with(settings).await;
    let workflows: Vec<_> = world.double().github(|github| {
        let owner = github.organization().clone();
        let parts = (0..199).map(|number| {
            let repository = github.create_repository_of(&owner, &format!("part-{number}"));
            github.create_workflow(repository, "CI", ".github/workflows/ci.yml")
        });
        parts.collect()
    });
    world.deliver().await;
    world.reconcile_fully().await;

    outages::deafen(&world.stage, HOUR * 5);
    let crowd = crowd::Crowd {
        runs: 1_700,
        over: HOUR * 4,
        seed: 5,
    };
    crowd.play(world.double(), &workflows);
    world.deliver().await;
    world.wait(HOUR);
    let missed = world.double().deliveries(world.stage.app).len();
    assert!(missed >= 10_000, "only {missed} webhooks");
    world.restart_app().await;

    let begin = world.now();
    world.double().clear_requests();
    let mut rounds = 0;
    while !board::differs_in_outcome(&world).await.is_empty() {
        rounds += 1;
        let took = world.now().duration_since(begin);
        let asked = world.double().requests().len();
        assert!(
            took < MINUTE * 5 && asked <= 1000,
            "{took:#} and {asked} requests, no end"
        );
        let start = world.now();
        let round = world.reconcile().await;
        println!("{:?} {}", board::kinds(&world), round.problem);
        // Rounds begin a minute apart.
        world.wait(
            MINUTE
                .saturating_sub(world.now().duration_since(start))
                .max(SignedDuration::ZERO),
        );
    }
    let took = world.now().duration_since(begin);
    println!(
        "{missed} webhooks, {} builds: right after {took:#}, {rounds} rounds, {} requests",
        board::builds(&world).await.len(),
        world.double().requests().len()
    );
    // Jobs follow, failed ones first.
    let gaps = board::system(&world).await.gaps;
    assert!(gaps.iter().any(|it| it.kind() == GapKind::Jobs), "{gaps:?}");
}

#[tokio::test]
async fn a_list_that_broke_off_is_read_to_its_end_even_by_a_new_process() {
    for restarts in [false, true] {
        let polling = Settings {
            polling: true,
            ..Settings::default()
        };
        let mut world = World::with(polling).await;
        world.reconcile_fully().await;
        world.backfill_fully().await;
        crowd::busy_day(&world.stage, 450);
        // The first page is of the repository's name, those after it of its id.
        world.double().faults().add(Fault {
            kind: FaultKind::ServerError {
                status: 502,
                html: true,
            },
            when: When::default().path("/repositories/**"),
        });
        world.wait(MINUTE * 10);
        let round = world.reconcile().await;
        assert!(!round.problem.is_empty());
        world.double().faults().clear();
        if restarts {
            world.restart_app().await;
        }
        for _ in 0..10 {
            world.wait(MINUTE * 5);
            world.reconcile().await;
        }
        assert_eq!(board::differs_in_outcome(&world).await, []);
    }
}

#[tokio::test]
async fn more_runs_than_a_round_lists_are_backfilled() {
    let polling = Settings {
        polling: true,
        ..Settings::default()
    };
    let world = World::with(polling).await;
    world.reconcile_fully().await;
    world.backfill_fully().await;
    crowd::busy_day(&world.stage, 2_200);
    world.wait(MINUTE * 10);
    world.reconcile().await;
    world.backfill_fully().await;
    let shown = board::builds(&world).await.len();
    let truth = world.double().truth().builds;
    let runs = truth.iter().filter(|it| it.latest_attempt).count();
    assert!(shown >= runs, "{shown} of {runs}");
}

#[tokio::test]
async fn one_repository_that_answers_badly_holds_no_other_up() {
    let bad = [
        FaultKind::Permission {
            accepted: "actions=read".to_owned(),
        },
        FaultKind::BadJson,
    ];
    for kind in bad {
        let world = World::new().await;
        let owner = world
            .double()
            .github(|github| github.organization().clone());
        let workflows: Vec<_> = world.double().github(|github| {
            let parts = (0..5).map(|number| {
                let repository = github.create_repository_of(&owner, &format!("part-{number}"));
                github.create_workflow(repository, "CI", ".github/workflows/ci.yml")
            });
            parts.collect()
        });
        outages::deafen(&world.stage, HOUR * 2);
        let crowd = crowd::Crowd {
            runs: 40,
            over: HOUR,
            seed: 9,
        };
        crowd.play(world.double(), &workflows);
        world.deliver().await;
        world.double().faults().add(Fault {
            kind,
            when: When::default().path("/repos/acme/part-2/**"),
        });
        let mut problems = Vec::new();
        for _ in 0..4 {
            problems.push(world.reconcile().await.problem);
            world.wait(MINUTE);
        }
        assert!(problems[0].contains("acme/part-2"), "{problems:?}");
        let bad = world.double().truth().repositories;
        let bad = bad.iter().find(|it| it.name == "part-2").unwrap().id.0;
        let missing = board::differs_in_outcome(&world).await;
        let elsewhere = missing.iter().filter(|key| key.0 != bad.cast_signed());
        assert_eq!(elsewhere.count(), 0);
    }
}

#[tokio::test]
async fn when_nothing_is_delivered_the_log_counts_as_read_all_the_same() {
    let world = World::new().await;
    world.reconcile_fully().await;
    world.wait(HOUR * 2);
    let before = world.now();
    world.reconcile().await;
    let until = board::system(&world).await.examined_until_time.unwrap();
    assert!(until.seconds >= before.as_second() - 1);
}
