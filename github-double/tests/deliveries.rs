//! What Apps are told is posted once each, goes wrong where it should, and is logged for days.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::post;
use jiff::{SignedDuration, Timestamp};
use lampboard_github_double::{
    AppId, BadSignature, Change, ContentType, Deliveries, DeliveryRecord, DeliveryRules, Dropped,
    GitHub, HookFaults, HookTarget, Signing, Trigger, VirtualClock, WorkflowId, signature,
};
use tokio::net::TcpListener;

const SECRET: &str = "It's a Secret to Everybody";
const DAY: SignedDuration = SignedDuration::from_hours(24);

#[tokio::test]
async fn events_are_posted_in_the_order_they_happened() {
    let mut scene = Scene::start(StatusCode::ACCEPTED).await;
    let guids = scene.happen(5);
    scene.deliver().await;
    assert_eq!(scene.posted_guids(), guids);
    scene.deliver().await;
    assert_eq!(scene.posted_guids().len(), 5, "each once");
}

#[tokio::test]
async fn the_log_tells_what_was_sent_and_what_came_back() {
    let mut scene = Scene::start(StatusCode::ACCEPTED).await;
    let guid = scene.happen(1).remove(0);
    scene.deliver().await;
    let record = scene.log().remove(0);
    assert_eq!(record.guid(), guid);
    assert_eq!(
        (record.event(), record.action()),
        ("workflow_run", Some("requested"))
    );
    assert_eq!((record.status.as_str(), record.status_code), ("OK", 202));
    assert_eq!(record.delivered_at, scene.clock.now());
    assert!(record.installation().is_some() && record.repository().is_some());
    assert!(!record.redelivery && record.throttled_at.is_none());
    let (headers, body) = scene.received().remove(0);
    assert_eq!(record.payload(), body);
    for (name, value) in &record.request_headers {
        assert_eq!(headers[*name], value.as_str(), "{name}");
    }
    let answer = record.answer.as_ref().unwrap();
    assert_eq!(answer.body, "seen");
    assert_eq!(answer.headers["x-receiver"], "test");
}

#[tokio::test]
async fn a_refusal_and_a_silence_are_told_apart_and_not_retried() {
    let mut scene = Scene::start(StatusCode::SERVICE_UNAVAILABLE).await;
    scene.happen(1);
    scene.deliver().await;
    let refused = scene.log().remove(0);
    assert_eq!(refused.status, "Invalid HTTP Response: 503");
    assert_eq!(refused.status_code, 503);

    scene.target.url = Some("http://127.0.0.1:1/".to_owned());
    scene.happen(1);
    scene.deliver().await;
    let unanswered = scene.log().remove(0);
    assert_eq!(unanswered.status, "failed to connect to host");
    assert_eq!(unanswered.status_code, 0);
    assert!(unanswered.answer.is_none());
    scene.deliver().await;
    assert_eq!(scene.log().len(), 2);
}

#[tokio::test]
async fn another_machine_is_never_reached() {
    let mut scene = Scene::start(StatusCode::OK).await;
    scene.target.url = Some("http://10.0.0.1/".to_owned());
    scene.happen(1);
    scene.deliver().await;
    assert_eq!(scene.log()[0].status, "failed to connect to host");
}

#[tokio::test]
async fn a_hook_without_a_url_gets_nothing() {
    let mut scene = Scene::start(StatusCode::OK).await;
    scene.target.url = None;
    scene.happen(1);
    scene.deliver().await;
    assert_eq!((scene.log().len(), scene.deliveries.waiting()), (0, 0));
}

#[tokio::test]
async fn a_redelivery_has_the_same_guid_and_bytes_and_another_id() {
    let mut scene = Scene::start(StatusCode::OK).await;
    scene.happen(1);
    scene.deliver().await;
    let first = scene.log().remove(0);
    scene.deliveries.redeliver(first.id).unwrap();
    assert_eq!(scene.received().len(), 1, "it is posted later");
    scene.deliver().await;
    let posts = scene.received();
    assert_eq!(posts[0].1, posts[1].1);
    for header in ["x-github-delivery", "x-hub-signature-256"] {
        assert_eq!(posts[0].0[header], posts[1].0[header], "{header}");
    }
    let log = scene.log();
    assert!(log[0].redelivery && log[0].id > first.id);
    assert_eq!(log[1].id, first.id);
    assert!(scene.deliveries.redeliver(first.id + 1).is_none());
}

#[tokio::test]
async fn after_three_days_a_delivery_is_neither_listed_nor_to_be_had_again() {
    let mut scene = Scene::start(StatusCode::OK).await;
    scene.happen(1);
    scene.deliver().await;
    let id = scene.log()[0].id;
    scene.clock.advance(DAY * 3);
    assert_eq!(scene.log().len(), 1);
    scene.clock.advance(SignedDuration::from_secs(1));
    assert_eq!(scene.log().len(), 0);
    assert!(scene.deliveries.find(scene.target.app, id).is_none());
    assert!(scene.deliveries.redeliver(id).is_none());
    let rules = DeliveryRules::enterprise_server();
    assert_eq!(rules.retention, DAY * 7);
}

#[tokio::test]
async fn pages_go_from_the_newest_to_the_oldest() {
    let mut scene = Scene::start(StatusCode::OK).await;
    scene.happen(5);
    scene.deliver().await;
    let ids: Vec<_> = scene.log().iter().map(|it| it.id).collect();
    assert!(ids.is_sorted_by(|a, b| a > b));
    let page = |from, count| {
        let page = scene
            .deliveries
            .page(scene.target.app, from, count, |_| true);
        let ids: Vec<_> = page.0.iter().map(|it| it.id).collect();
        (ids, page.1)
    };
    assert_eq!(page(None, 2), (ids[..2].to_vec(), Some(ids[2])));
    assert_eq!(page(Some(ids[2]), 2), (ids[2..4].to_vec(), Some(ids[4])));
    assert_eq!(page(Some(ids[4]), 2), (ids[4..].to_vec(), None));
    let odd = |it: &DeliveryRecord| it.id == ids[1] || it.id == ids[3];
    let (listed, next) = scene.deliveries.page(scene.target.app, None, 1, odd);
    assert_eq!((listed[0].id, next), (ids[1], Some(ids[3])));
    let other = AppId(scene.target.app.0 + 1);
    assert!(scene.deliveries.of_app(other).is_empty());
    assert!(scene.deliveries.find(other, ids[0]).is_none());
}

#[tokio::test]
async fn a_dropped_delivery_is_only_logged() {
    let mut scene = Scene::start(StatusCode::OK).await;
    scene.happen(2);
    let mut count = 0;
    scene
        .deliver_with(|_| {
            count += 1;
            let drop = Dropped {
                status_code: 502,
                status: "Bad Gateway".to_owned(),
            };
            HookFaults {
                drop: (count == 1).then_some(drop),
                ..HookFaults::default()
            }
        })
        .await;
    assert_eq!(scene.received().len(), 1);
    let log = scene.log();
    assert_eq!(
        (log[1].status.as_str(), log[1].status_code),
        ("Bad Gateway", 502)
    );
    assert!(!log[1].is_success() && log[0].is_success());
}

#[tokio::test]
async fn a_delayed_delivery_waits_for_the_clock() {
    let mut scene = Scene::start(StatusCode::OK).await;
    let guids = scene.happen(2);
    let late = guids[0].clone();
    let began = scene.clock.now();
    scene
        .deliver_with(|change| HookFaults {
            delay: SignedDuration::from_mins(if change.guid() == late { 5 } else { 0 }),
            ..HookFaults::default()
        })
        .await;
    assert_eq!(scene.posted_guids(), guids[1..]);
    scene.clock.advance(SignedDuration::from_mins(5));
    assert_eq!(scene.deliveries.waiting(), 1);
    scene.deliver().await;
    assert_eq!(scene.posted_guids(), [&*guids[1], &*guids[0]]);
    let record = scene.log().remove(0);
    assert_eq!(record.throttled_at, Some(began));
    assert_eq!(record.delivered_at, scene.clock.now());
}

#[tokio::test]
async fn who_is_asked_for_a_hook_may_put_something_in_line() {
    let mut scene = Scene::start(StatusCode::OK).await;
    scene.happen(1);
    scene.deliver().await;
    let id = scene.log()[0].id;
    scene.happen(1);
    let target = |_| {
        scene.deliveries.redeliver(id).unwrap();
        Some(scene.target.clone())
    };
    let no_faults = |_: &Change, _| HookFaults::default();
    scene.deliveries.deliver(target, no_faults).await;
    assert_eq!(scene.posted_guids().len(), 2);
    assert_eq!(scene.deliveries.waiting(), 1);
}

#[tokio::test]
async fn deliveries_overtake_each_other_the_same_way_for_the_same_seed() {
    let shuffled = async || {
        let mut scene = Scene::start(StatusCode::OK).await;
        let guids = scene.happen(20);
        scene
            .deliver_with(|_| HookFaults {
                reorder: 6,
                ..HookFaults::default()
            })
            .await;
        (guids, scene.posted_guids())
    };
    let (mut guids, mut posted) = shuffled().await;
    assert_eq!(shuffled().await.1, posted);
    assert_ne!(posted, guids);
    guids.sort();
    posted.sort();
    assert_eq!(posted, guids);
}

#[tokio::test]
async fn duplicates_are_the_same_event_several_times() {
    let mut scene = Scene::start(StatusCode::OK).await;
    let guid = scene.happen(1).remove(0);
    scene
        .deliver_with(|_| HookFaults {
            duplicates: 2,
            ..HookFaults::default()
        })
        .await;
    assert_eq!(scene.posted_guids(), [&*guid; 3]);
    let log = scene.log();
    assert!(log.is_sorted_by(|a, b| a.id > b.id));
    assert!(log.iter().all(|it| !it.redelivery));
}

#[tokio::test]
async fn a_surge_posts_many_at_a_time() {
    let mut scene = Scene::start(StatusCode::OK).await;
    let mut guids = scene.happen(50);
    scene
        .deliver_with(|_| HookFaults {
            at_a_time: Some(8),
            ..HookFaults::default()
        })
        .await;
    let mut posted = scene.posted_guids();
    posted.sort();
    guids.sort();
    assert_eq!(posted, guids);
    assert!(scene.log().is_sorted_by(|a, b| a.id > b.id));
}

#[tokio::test]
async fn signatures_and_forms_are_as_the_faults_and_the_app_want_them() {
    let mut scene = Scene::start(StatusCode::OK).await;
    scene.happen(1);
    scene
        .deliver_with(|_| HookFaults {
            signing: Signing::Wrong(BadSignature::Missing),
            ..HookFaults::default()
        })
        .await;
    scene.target.content_type = ContentType::Form;
    scene.happen(1);
    scene.deliver().await;
    let posts = scene.received();
    assert!(!posts[0].0.contains_key("x-hub-signature-256"));
    let (headers, body) = &posts[1];
    assert_eq!(headers["content-type"], "application/x-www-form-urlencoded");
    assert!(body.starts_with(b"payload=%7B%22action%22"));
    let right = signature(SECRET.as_bytes(), body);
    assert_eq!(headers["x-hub-signature-256"], right.as_str());
    assert_eq!(scene.log()[0].payload()[0], b'{', "the log shows the JSON");
}

/// A GitHub with one App, its deliveries, and a receiver of them.
struct Scene {
    github: GitHub,
    workflow: WorkflowId,
    clock: VirtualClock,
    deliveries: Deliveries,
    target: HookTarget,
    received: Arc<Mutex<Vec<(HeaderMap, Bytes)>>>,
}

impl Scene {
    async fn start(answer: StatusCode) -> Self {
        let now: Timestamp = "2026-03-02T09:00:00Z".parse().expect("a time");
        let clock = VirtualClock::frozen(now);
        let mut github = GitHub::new("acme", 7, now);
        let repository = github.create_repository("api");
        let workflow = github.create_workflow(repository, "CI", ".github/workflows/ci.yml");
        let rules = DeliveryRules {
            time_limit: Duration::from_mins(1),
            ..DeliveryRules::github_com()
        };
        let received = Arc::default();
        let address = listen(answer, Arc::clone(&received)).await;
        let app = github.apps().next().expect("one is installed");
        let target = HookTarget {
            url: Some(format!("http://{address}/hook")),
            secret: SECRET.into(),
            ..HookTarget::of(app)
        };
        Self {
            deliveries: Deliveries::new(rules, clock.clone(), 7),
            github,
            workflow,
            clock,
            target,
            received,
        }
    }

    /// Lets runs start, puts their events in line, and gives their GUIDs.
    fn happen(&mut self, runs: usize) -> Vec<String> {
        let ada = self.github.create_person("ada", "Ada Example");
        for _ in 0..runs {
            let commit = self.github.commit(&ada, "Fix the parser");
            let trigger = Trigger::push("main", &commit);
            self.github.start_run(self.workflow, trigger);
        }
        let changes = self.github.take_changes();
        let guids = changes.iter().map(Change::guid).collect();
        self.deliveries.queue(changes);
        guids
    }

    async fn deliver(&self) {
        self.deliver_with(|_| HookFaults::default()).await;
    }

    async fn deliver_with(&self, mut faults: impl FnMut(&Change) -> HookFaults) {
        let target = |_| Some(self.target.clone());
        let faults = |change: &Change, _| faults(change);
        self.deliveries.deliver(target, faults).await;
    }

    fn log(&self) -> Vec<Arc<DeliveryRecord>> {
        self.deliveries.of_app(self.target.app)
    }

    fn received(&self) -> Vec<(HeaderMap, Bytes)> {
        self.received
            .lock()
            .expect("no test panics in here")
            .clone()
    }

    fn posted_guids(&self) -> Vec<String> {
        let guid = |headers: &HeaderMap| {
            let guid = headers["x-github-delivery"].to_str();
            guid.expect("it is hexadecimal").to_owned()
        };
        let received = self.received();
        received.iter().map(|(headers, _)| guid(headers)).collect()
    }
}

async fn listen(answer: StatusCode, received: Arc<Mutex<Vec<(HeaderMap, Bytes)>>>) -> SocketAddr {
    let receive = post(move |headers: HeaderMap, body: Bytes| async move {
        let mut received = received.lock().expect("no test panics in here");
        received.push((headers, body));
        (answer, [("x-receiver", "test")], "seen")
    });
    let router = Router::new().route("/hook", receive);
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = listener
        .local_addr()
        .expect("a bound socket has an address");
    tokio::spawn(async move { axum::serve(listener, router).await });
    address
}
