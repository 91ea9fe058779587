//! How little is asked of GitHub, and that its limits are kept: S8 to S11 and S20 of the stories.

use jiff::SignedDuration;
use lampboard_github_double::{
    Options, RequestRecord, RetryAfter,
    scenarios::{access, crowd, outages},
};
use lampboard_proto::v1::GapKind;

use crate::{
    board::{self, assert_is_truth},
    world::{HOUR, MINUTE, Settings, World},
};

#[tokio::test]
async fn s9_an_exhausted_limit_is_not_tried_before_its_reset() {
    let world = World::new().await;
    world.reconcile_fully().await;
    outages::deafen(&world.stage, MINUTE * 10);
    world.stage.whole_run(false);
    world.deliver().await;
    world.wait(MINUTE * 20);
    outages::exhaust(&world.stage, world.stage.installation, HOUR);
    let exhausted = world.now();
    world.double().clear_requests();
    for _ in 0..30 {
        world.reconcile().await;
        world.wait(MINUTE);
    }
    let installation = world.stage.installation.0;
    let early = world.double().requests().into_iter().filter(|it| {
        it.installation == Some(installation)
            && it.token.is_some()
            && it.counted
            && it.time < exhausted + HOUR
    });
    let early: Vec<_> = early.collect();
    assert!(
        early.len() <= 2,
        "asked on after the limit: {:#?}",
        spent(&early)
    );
    let budget = board::system(&world).await.app.unwrap().budgets;
    let limited = budget.iter().any(|it| it.limited_until_time.is_some());
    assert!(limited, "{budget:?}");
    world.wait(HOUR);
    world.reconcile_fully().await;
    assert_is_truth(&world).await;
}

#[tokio::test]
async fn s10_a_secondary_limit_is_waited_for_with_and_without_its_time() {
    for retry_after in [
        RetryAfter::Seconds(90),
        RetryAfter::Date(90),
        RetryAfter::None,
    ] {
        let world = World::new().await;
        world.reconcile_fully().await;
        outages::deafen(&world.stage, MINUTE * 30);
        world.stage.whole_run(true);
        world.deliver().await;
        world.wait(MINUTE * 20);
        outages::throttle(&world.stage, 1, retry_after);
        world.double().clear_requests();
        world.reconcile().await;
        let refused = world.double().requests();
        let refused = refused.iter().find(|it| it.status == 403).unwrap().clone();
        let wait = match retry_after {
            RetryAfter::None => 60,
            _ => 90,
        };
        for _ in 0..3 {
            world.reconcile().await;
            world.wait(MINUTE);
        }
        let next = world
            .double()
            .requests()
            .into_iter()
            .find(|it| it.installation == refused.installation && it.time > refused.time);
        let waited = next.unwrap().time.duration_since(refused.time);
        let all = world.double().requests();
        assert!(
            waited >= SignedDuration::from_secs(wait),
            "{retry_after:?}: {waited}: {:#?}",
            spent(&all)
        );
        world.reconcile_fully().await;
        assert_is_truth(&world).await;
    }
}

#[tokio::test]
async fn s11_a_suspended_installation_is_left_alone_and_taken_up_again() {
    let world = World::new().await;
    outages::deafen(&world.stage, HOUR * 24);
    crowd::busy_day(&world.stage, 300);
    world.wait(HOUR * 24);
    world.reconcile().await;
    access::suspend(&world.stage);
    world.deliver().await;
    world.reconcile().await;
    world.double().clear_requests();
    world.reconcile().await;
    let asked = world.double().requests();
    assert_eq!(spent(&asked), [""; 0]);

    world.wait(MINUTE);
    access::unsuspend(&world.stage);
    world.deliver().await;
    world.reconcile().await;
    world.backfill_fully().await;
    world.reconcile_fully().await;
    assert_is_truth(&world).await;
}

#[tokio::test]
async fn ten_thousand_runs_take_a_list_for_each_hundred() {
    let world = World::with(Settings {
        options: Options {
            limits_requests: false,
            ..Settings::default().options
        },
        ..Settings::default()
    })
    .await;
    outages::deafen(&world.stage, HOUR * 24 * 30);
    crowd::busy_day(&world.stage, 10_000);
    // What is newest is not listed, so that all of it is the backfill's.
    world.app.sync().await.unwrap();
    world.double().clear_requests();
    world.backfill_fully().await;
    let requests = world.double().requests();
    let lists = requests
        .iter()
        .filter(|it| it.path.ends_with("/actions/runs"))
        .count();
    assert!(lists <= 110, "{lists} lists");
    let truth = world.double().truth();
    let runs = truth.builds.iter().filter(|it| it.latest_attempt).count();
    assert!(runs >= 10_000);
    assert_eq!(board::builds(&world).await.len(), runs);
}

#[tokio::test]
async fn an_idle_round_over_200_repositories_costs_nothing_of_the_limit() {
    let world = World::new().await;
    world.double().github(|github| {
        for number in 0..199 {
            github.create_repository(&format!("idle-{number}"));
        }
    });
    world.deliver().await;
    world.reconcile_fully().await;
    // Long enough for all to be due again, short enough for the token to live.
    world.wait(MINUTE * 12);
    world.double().clear_requests();
    let round = world.reconcile().await;
    assert!(round.due_repository_count >= 200, "{round:?}");
    let requests = world.double().requests();
    let counted: Vec<_> = requests
        .iter()
        .filter(|it| it.counted && it.token.is_some())
        .collect();
    assert!(counted.is_empty(), "{counted:#?}");
    let peak = world.double().request_peaks();
    assert!(
        peak.iter()
            .all(|(installation, peak)| installation.is_none() || *peak <= 1)
    );
}

#[tokio::test]
async fn jobs_that_can_not_be_afforded_yet_are_counted() {
    let world = World::new().await;
    outages::deafen(&world.stage, HOUR * 24);
    crowd::busy_day(&world.stage, 1500);
    world.wait(HOUR * 24);
    world.reconcile().await;
    world.backfill_fully().await;
    for _ in 0..20 {
        world.reconcile().await;
        world.wait(MINUTE);
    }
    let system = board::system(&world).await;
    let open = system.gaps.iter().find(|it| it.kind() == GapKind::Jobs);
    assert!(open.is_some_and(|it| it.count > 0), "{:?}", system.gaps);
    let requests = world.double().requests();
    let hour = requests
        .iter()
        .filter(|it| it.counted && it.token.is_some());
    assert!(
        hour.count() <= 1000 + 20,
        "more than a fifth of the hour's 5,000"
    );
}

/// The requests that were made in the name of an installation.
pub(crate) fn spent(requests: &[RequestRecord]) -> Vec<String> {
    let of_installations = requests.iter().filter(|it| it.token.is_some());
    of_installations
        .map(|it| format!("{} {} {} {}", it.time, it.method, it.path, it.status))
        .collect()
}

#[tokio::test]
async fn four_hundred_repositories_have_their_turn() {
    let settings = Settings {
        polling: true,
        options: Options {
            limits_requests: false,
            ..Settings::default().options
        },
        ..Settings::default()
    };
    let world = World::with(settings).await;
    let owner = world
        .double()
        .github(|github| github.organization().clone());
    let workflows: Vec<_> = world.double().github(|github| {
        let parts = (0..400).map(|number| {
            let repository = github.create_repository_of(&owner, &format!("part-{number}"));
            github.create_workflow(repository, "CI", ".github/workflows/ci.yml")
        });
        parts.collect()
    });
    for hour in 0..2 {
        let crowd = crowd::Crowd {
            runs: 800,
            over: HOUR,
            seed: hour,
        };
        crowd.play(world.double(), &workflows);
        for _ in 0..10 {
            let round = world.reconcile().await;
            assert!(round.request_count <= 320, "{round:?}");
            world.wait(MINUTE);
        }
        assert_eq!(board::differs_in_outcome(&world).await, []);
    }
}
