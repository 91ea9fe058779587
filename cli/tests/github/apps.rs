//! Several processes of the App: each takes webhooks in, and each asks GitHub for installations of
//! its own, also when one of them dies, leaves, or is cut off.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use jiff::SignedDuration;
use lampboard_github_app::GithubApp;
use lampboard_github_double::{
    Double, InstallationId, Options, RequestRecord, Selection, Stage, Trigger, WorkflowId,
    scenarios::outages,
};
use lampboard_proto::transport::Transport;
use tonic::Status;
use tower::{ServiceExt as _, util::BoxCloneSyncService};

use crate::{
    board::{self, assert_is_truth, assert_jobs_are_truth},
    world::{MINUTE, Settings, World},
};

/// How often a process tells the server that it is there.
const INTERVAL: SignedDuration = SignedDuration::from_secs(10);

/// Two processes, and an App that is installed on two organisations.
struct Two {
    world: World,
    other: GithubApp,
    /// The second installation, and a workflow there.
    installation: InstallationId,
    workflow: WorkflowId,
}

impl Two {
    /// Both hold their share. The first one is told of webhooks.
    async fn start() -> Self {
        let settings = Settings::default();
        let double = Double::start(settings.options.clone()).await.unwrap();
        let mut second = None;
        let world = World::around(settings, double, |double, hook_url| {
            let (stage, installation, workflow) = set(double, hook_url);
            second = Some((installation, workflow));
            stage
        })
        .await;
        world.deliver().await;
        world.reconcile_fully().await;
        let other = world.another_app("other", world.transport());
        let (installation, workflow) = second.unwrap();
        let two = Self {
            world,
            other,
            installation,
            workflow,
        };
        two.settle().await;
        two
    }

    /// Lets both call as often as they do.
    async fn settle(&self) {
        for _ in 0..5 {
            self.world.app.hold().await.unwrap();
            self.other.hold().await.unwrap();
            self.world.wait(INTERVAL);
        }
    }

    /// Lets both do a round; neither may meet trouble.
    async fn reconcile(&self) {
        for app in [&self.world.app, &self.other] {
            let round = app.reconcile().await.unwrap();
            assert_eq!(round.problem, "");
        }
        self.world.wait(MINUTE);
    }

    /// Lets the other one do a round.
    async fn reconcile_other(&self) {
        let round = self.other.reconcile().await.unwrap();
        assert_eq!(round.problem, "");
    }

    /// A run in each of the installations.
    fn run_in_both(&self) {
        let stage = &self.world.stage;
        stage.whole_run(false);
        let run = self.world.double().github(|github| {
            let commit = github.commit(&stage.ada, "Mend the roof");
            github.start_run(self.workflow, Trigger::push("main", &commit))
        });
        stage.play(run, true);
    }

    /// The installations that each process holds.
    async fn held(&self) -> BTreeMap<String, Vec<i64>> {
        let holders = board::system(&self.world).await.holders;
        let held = holders.into_iter().map(|it| (it.name, it.installation_ids));
        held.collect()
    }

    fn both(&self) -> [i64; 2] {
        let mut ids =
            [self.world.stage.installation, self.installation].map(|it| it.0.cast_signed());
        ids.sort_unstable();
        ids
    }
}

/// The usual stage, and another organisation beside it.
fn set(double: &Double, hook_url: Option<&str>) -> (Stage, InstallationId, WorkflowId) {
    let stage = Stage::set(double, hook_url);
    let (installation, workflow) = double.github(|github| {
        let globex = github.create_organization("globex");
        let repository = github.create_repository("roof");
        let workflow = github.create_workflow(repository, "CI", ".github/workflows/ci.yml");
        github.transfer_repository(repository, &globex);
        let installation = github.install(stage.app, &globex, Selection::All, &[]);
        (installation, workflow)
    });
    (stage, installation, workflow)
}

/// A way to the server that can be cut, for calls whose name ends like this.
fn cuttable(way: Transport, calls: &'static str) -> (Transport, Arc<AtomicBool>) {
    let cut = Arc::new(AtomicBool::new(false));
    let is_cut = Arc::clone(&cut);
    let service = tower::service_fn(move |request: http::Request<_>| {
        let way = way.clone();
        let is_cut = is_cut.load(Ordering::Relaxed) && request.uri().path().ends_with(calls);
        async move {
            if is_cut {
                return Err(Status::unavailable("the cable is out"));
            }
            way.oneshot(request).await
        }
    });
    (BoxCloneSyncService::new(service), cut)
}

/// The requests that were not made twice, as often as they were made.
fn repeated(requests: &[RequestRecord]) -> Vec<(String, usize)> {
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    for request in requests {
        // What has not changed is asked again each round, and costs nothing.
        if request.status != 304 && request.path != "/app/hook/deliveries" {
            let it = format!("{} {}?{}", request.method, request.path, request.query);
            *counts.entry(it).or_default() += 1;
        }
    }
    counts.into_iter().filter(|(_, count)| *count > 1).collect()
}

/// The tokens that were used for each installation: each process has its own.
fn tokens(requests: &[RequestRecord]) -> BTreeMap<u64, BTreeSet<u64>> {
    let mut tokens: BTreeMap<u64, BTreeSet<u64>> = BTreeMap::new();
    for request in requests {
        if let (Some(installation), Some(token)) = (request.installation, request.token) {
            tokens.entry(installation).or_default().insert(token);
        }
    }
    tokens
}

#[tokio::test]
async fn each_repairs_its_own_and_nothing_is_asked_twice() {
    let two = Two::start().await;
    let [first, second] = two.both();
    let held = two.held().await;
    assert_eq!(held["app"], [first]);
    assert_eq!(held["other"], [second]);
    two.reconcile().await;
    outages::deafen(&two.world.stage, MINUTE * 10);
    two.run_in_both();
    two.world.deliver().await;
    two.world.wait(MINUTE * 10);
    two.world.double().clear_requests();
    for _ in 0..3 {
        two.reconcile().await;
    }
    assert_is_truth(&two.world).await;
    assert_jobs_are_truth(&two.world).await;
    assert_eq!(board::system(&two.world).await.gaps, []);
    let requests = two.world.double().requests();
    assert_eq!(repeated(&requests), []);
    let tokens = tokens(&requests);
    assert_eq!(tokens.len(), 2, "both were asked for");
    assert!(tokens.values().all(|it| it.len() == 1), "{tokens:?}");
}

#[tokio::test]
async fn either_takes_any_webhook_in_and_the_holder_asks_what_it_was_about() {
    let mut two = Two::start().await;
    two.reconcile().await;
    two.run_in_both();
    two.world.deliver().await;
    let other = two.other.clone();
    two.world.hear_by(&other).await;
    two.run_in_both();
    two.world.deliver().await;
    assert_is_truth(&two.world).await;
    two.settle().await;
    two.reconcile().await;
    two.settle().await;

    // What the other one heard is about what the first one holds, and the reverse.
    for id in [two.world.stage.installation, two.installation] {
        two.world.double().github(|github| github.suspend(id));
        two.world.deliver().await;
        two.world.double().github(|github| github.unsuspend(id));
        two.world.deliver().await;
    }
    two.world.wait(INTERVAL);
    two.world.double().clear_requests();
    two.reconcile().await;
    let requests = two.world.double().requests();
    for id in two.both() {
        let path = format!("/app/installations/{id}");
        let asked = requests.iter().filter(|it| it.path == path).count();
        assert_eq!(asked, 1, "{path}");
    }
    assert_is_truth(&two.world).await;
}

#[tokio::test]
async fn when_one_dies_the_other_goes_on_within_forty_seconds() {
    let two = Two::start().await;
    two.reconcile().await;
    two.settle().await;
    let dead = two.held().await["app"].clone();
    assert!(!dead.is_empty(), "it holds something");
    outages::deafen(&two.world.stage, MINUTE);
    let begin = two.world.now();
    while two.held().await["other"].len() < 2 {
        two.world.wait(INTERVAL);
        two.other.hold().await.unwrap();
        let took = two.world.now().duration_since(begin);
        assert!(took <= SignedDuration::from_secs(40), "{took:?}");
    }
    two.run_in_both();
    two.world.deliver().await;
    for _ in 0..3 {
        let round = two.other.reconcile().await.unwrap();
        assert_eq!(round.problem, "");
        two.world.wait(MINUTE);
    }
    assert_is_truth(&two.world).await;
    assert_jobs_are_truth(&two.world).await;
    assert_eq!(board::system(&two.world).await.gaps, []);
}

#[tokio::test]
async fn one_that_stops_leaves_all_to_the_other_at_once() {
    let two = Two::start().await;
    two.world.app.leave().await;
    two.world.wait(INTERVAL);
    two.other.hold().await.unwrap();
    assert_eq!(two.held().await["other"], two.both());
    two.world.double().clear_requests();
    let round = two.world.app.reconcile().await;
    assert_eq!(round.unwrap().request_count, 0);
    two.reconcile_other().await;
    assert!(!two.world.double().requests().is_empty());
}

#[tokio::test]
async fn one_that_is_cut_off_asks_nothing_before_another_begins() {
    let two = Two::start().await;
    two.world.app.leave().await;
    let (transport, cut) = cuttable(two.world.transport(), "");
    let lonely = two.world.another_app("lonely", transport);
    let asked = async || {
        let before = two.world.double().requests().len();
        lonely.reconcile().await.unwrap();
        two.world.double().requests().len() - before
    };
    // Both take turns until all is shared.
    for _ in 0..5 {
        lonely.hold().await.unwrap();
        two.other.hold().await.unwrap();
        two.world.wait(INTERVAL);
    }
    assert!(asked().await > 0);
    lonely.hold().await.unwrap();
    cut.store(true, Ordering::Relaxed);
    let begin = two.world.now();
    while two.held().await["other"].len() < 2 {
        two.world.wait(SignedDuration::from_secs(1));
        two.other.hold().await.unwrap();
    }
    let took = two.world.now().duration_since(begin);
    assert!(took >= SignedDuration::from_secs(20), "{took:?}");
    assert_eq!(asked().await, 0, "it was not told that it lost");
    cut.store(false, Ordering::Relaxed);
    two.world.wait(INTERVAL);
    two.reconcile_other().await;
    assert_eq!(lonely.reconcile().await.unwrap().problem, "");
}

#[tokio::test]
async fn one_that_is_cut_off_stops_by_its_own_clock() {
    let two = Two::start().await;
    two.world.app.leave().await;
    two.other.leave().await;
    let (transport, cut) = cuttable(two.world.transport(), "");
    let lonely = two.world.another_app("lonely", transport);
    assert_eq!(lonely.reconcile().await.unwrap().problem, "");
    lonely.hold().await.unwrap();
    cut.store(true, Ordering::Relaxed);
    two.world.wait(SignedDuration::from_secs(26));
    two.world.double().clear_requests();
    let round = lonely.reconcile().await.unwrap();
    assert!(round.problem.contains("the cable is out"), "{round:?}");
    assert_eq!(two.world.double().requests().len(), 0);
    assert_eq!(two.held().await.len(), 1, "the server still waits for it");
    cut.store(false, Ordering::Relaxed);
    two.world.wait(INTERVAL);
    assert!(lonely.reconcile().await.unwrap().request_count > 0);
}

#[tokio::test]
async fn what_is_under_way_ends_with_the_lease() {
    let settings = Settings {
        options: Options {
            answer_time: Some(INTERVAL),
            ..Settings::default().options
        },
        ..Settings::default()
    };
    let double = Double::start(settings.options.clone()).await.unwrap();
    let world = World::around(settings, double, |double, hook_url| {
        let stage = Stage::set(double, hook_url);
        double.github(|github| {
            for number in 0..20 {
                github.create_repository(&format!("part-{number}"));
            }
        });
        stage
    })
    .await;
    world.reconcile_fully().await;
    world.app.leave().await;
    let (transport, cut) = cuttable(world.transport(), "/HoldInstallations");
    let lonely = world.another_app("lonely", transport);
    lonely.reconcile().await.unwrap();
    // Long enough for every list to be due.
    world.wait(MINUTE * 11);
    lonely.hold().await.unwrap();
    world.double().clear_requests();
    cut.store(true, Ordering::Relaxed);
    let end = world.now() + SignedDuration::from_secs(25);
    lonely.reconcile().await.unwrap();
    let requests = world.double().requests();
    assert!(!requests.is_empty());
    // The last one was asked in time, and answered so much later.
    let late = requests.iter().find(|it| it.time > end + INTERVAL);
    assert_eq!(late.map(|it| &it.path), None);
    assert!(requests.len() < 5, "{}", requests.len());
}
