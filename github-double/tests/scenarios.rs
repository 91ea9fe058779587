//! The stories have the ends that they promise, and their webhooks arrive as they should.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::extract::State;
use axum::routing::post;
use bytes::Bytes;
use http::{HeaderMap, StatusCode};
use jiff::{SignedDuration, Timestamp};
use lampboard_github_double::scenarios::crowd::{Crowd, busy_day, wide_organization};
use lampboard_github_double::scenarios::{Story, access, outages, runs};
use lampboard_github_double::{
    BadSignature, Conclusion, Double, FaultKind, Options, RunId, Stage, When, signature,
};
use secrecy::ExposeSecret;
use tokio::net::TcpListener;

const NOON: Timestamp = Timestamp::constant(1_773_316_800, 0);

#[tokio::test]
async fn s1_a_run_is_told_in_three_events_each_signed() {
    let (stage, receiver) = stage().await;
    runs::happy(&stage);
    stage.double.deliver().await;
    assert_eq!(
        receiver.told_of("workflow_run"),
        ["requested", "in_progress", "completed"]
    );
    let secret = stage.double.github(|github| {
        let app = github.app(stage.app).unwrap();
        app.webhook_secret.expose_secret().to_owned()
    });
    for post in receiver.posts() {
        assert_eq!(
            post.header("x-hub-signature-256"),
            signature(secret.as_bytes(), &post.body)
        );
        assert_eq!(
            post.header("x-github-hook-installation-target-id"),
            stage.app.to_string()
        );
    }
}

#[tokio::test]
async fn s2_a_rerun_passes_and_sends_no_requested() {
    let (stage, receiver) = stage().await;
    let run = runs::recover_on_rerun(&stage);
    stage.double.deliver().await;
    assert_eq!(
        receiver.told_of("workflow_run"),
        [
            "requested",
            "in_progress",
            "completed",
            "in_progress",
            "completed"
        ]
    );
    let ends = stage.double.github(|github| {
        let attempts = github.attempts(run).iter();
        attempts
            .map(|it| it.conclusion.unwrap())
            .collect::<Vec<_>>()
    });
    assert_eq!(ends, [Conclusion::Failure, Conclusion::Success]);
}

#[tokio::test]
async fn s3_events_change_places_but_none_is_lost() {
    let (stage, receiver) = stage().await;
    outages::disorder(&stage, 20);
    (0..5).for_each(|_| _ = runs::happy(&stage));
    stage.double.deliver().await;
    let told = receiver.told_of("workflow_run");
    let in_order = ["requested", "in_progress", "completed"].repeat(5);
    assert_ne!(told, in_order);
    let sorted = |mut words: Vec<String>| {
        words.sort();
        words
    };
    let in_order = in_order.into_iter().map(str::to_owned).collect();
    assert_eq!(sorted(told), sorted(in_order));
}

#[tokio::test]
async fn s4_each_event_comes_three_times_under_one_guid() {
    let (stage, receiver) = stage().await;
    outages::repeat(&stage, 2);
    runs::happy(&stage);
    stage.double.deliver().await;
    let mut count = BTreeMap::new();
    for post in receiver.posts() {
        *count
            .entry(post.header("x-github-delivery").to_owned())
            .or_insert(0) += 1;
    }
    assert!(count.len() >= 6);
    assert!(count.values().all(|count| *count == 3), "{count:?}");
}

#[tokio::test]
async fn s5_what_was_not_heard_is_in_the_log_and_comes_when_asked_for() {
    let (stage, receiver) = stage().await;
    stage.double.deliver().await;
    receiver.forget();
    outages::deafen(&stage, SignedDuration::from_mins(10));
    let run = runs::happy(&stage);
    stage.double.deliver().await;
    assert!(receiver.posts().is_empty(), "nobody heard {run}");
    let log = stage.double.deliveries(stage.app);
    let lost: Vec<_> = log.iter().filter(|it| !it.is_success()).collect();
    assert_eq!(lost.len(), 6);
    assert!(lost.iter().all(|it| it.status_code == 0));
    stage.wait(SignedDuration::from_mins(10));
    runs::happy(&stage);
    stage.double.deliver().await;
    assert_eq!(receiver.told_of("workflow_run").len(), 3);
}

#[tokio::test]
async fn s6_a_rerun_of_an_old_run_goes_unheard_and_leaves_the_log() {
    let (stage, receiver) = stage().await;
    let old = stage.whole_run(false);
    stage.double.deliver().await;
    receiver.forget();
    stage.wait(SignedDuration::from_hours(20 * 24));
    outages::deafen(&stage, SignedDuration::from_hours(4 * 24));
    runs::rerun_later(&stage, old, SignedDuration::from_hours(12));
    // What was lost stays lost, however late it is looked at.
    stage.wait(SignedDuration::from_hours(4 * 24));
    stage.double.deliver().await;
    assert!(receiver.posts().is_empty());
    stage.wait(SignedDuration::from_hours(3 * 24 + 1));
    assert!(stage.double.deliveries(stage.app).is_empty());
    let attempts = stage.double.github(|github| github.attempts(old).len());
    assert_eq!(attempts, 2);
}

#[tokio::test]
async fn s7_a_busy_day_has_all_its_runs_and_shapes() {
    let double = Double::start(Options::frozen(7, NOON)).await.unwrap();
    let stage = Stage::set(&double, None);
    busy_day(&stage, 2_500);
    let truth = double.truth();
    let first = truth.builds.iter().filter(|build| build.attempt == 1);
    let created: Vec<_> = first.map(|build| build.created_at).collect();
    assert_eq!(created.len(), 2_500);
    let day = NOON..NOON + SignedDuration::from_hours(24);
    assert!(created.iter().all(|time| day.contains(time)));
    let mut ends = BTreeMap::<_, u32>::new();
    for build in &truth.builds {
        *ends.entry(build.conclusion.unwrap()).or_default() += 1;
    }
    let share = |conclusion| 100 * ends[&conclusion] / u32::try_from(truth.builds.len()).unwrap();
    assert!((72..84).contains(&share(Conclusion::Success)), "{ends:?}");
    assert!((10..18).contains(&share(Conclusion::Failure)), "{ends:?}");
    let reruns = truth.builds.len() - created.len();
    assert!((100..300).contains(&reruns), "{reruns}");
}

#[tokio::test]
async fn s20_a_wide_organization_has_runs_from_before_the_app() {
    let double = Double::start(Options::frozen(7, NOON)).await.unwrap();
    let crowd = Crowd {
        runs: 1_000,
        over: SignedDuration::from_hours(30 * 24),
        seed: 3,
    };
    let stage = wide_organization(&double, None, 50, crowd);
    let truth = double.truth();
    assert_eq!(truth.repositories.len(), 51);
    assert!(truth.builds.len() >= 1_000);
    let month = SignedDuration::from_hours(30 * 24);
    assert!(double.clock().now() >= NOON + month - SignedDuration::from_hours(1));
    assert_eq!(double.undelivered(), 1, "only that it was installed");
    assert!(double.github(|github| github.repositories_of(stage.installation).len()) == 51);
}

#[tokio::test]
async fn s11_suspended_means_silent() {
    let (stage, receiver) = stage().await;
    access::suspend(&stage);
    runs::happy(&stage);
    access::unsuspend(&stage);
    stage.double.deliver().await;
    assert_eq!(receiver.told_of("workflow_run"), [""; 0]);
    assert_eq!(
        receiver.told_of("installation"),
        ["created", "suspend", "unsuspend"]
    );
}

#[tokio::test]
async fn s12_each_way_to_vanish_is_told_as_github_tells_it() {
    type Way = (fn(&Stage), &'static str, &'static [&'static str]);
    let table: [Way; 5] = [
        (access::remove, "installation_repositories", &["removed"]),
        (access::privatize, "repository", &["privatized"]),
        (
            |stage| access::rename(stage, "core"),
            "repository",
            &["renamed"],
        ),
        (
            |stage| _ = access::transfer(stage),
            "installation_repositories",
            &["removed"],
        ),
        (access::delete, "repository", &[]),
    ];
    for (vanish, event, expected) in table {
        let (stage, receiver) = stage().await;
        stage
            .double
            .github(|github| github.repository_mut(stage.repository).private = false);
        vanish(&stage);
        stage.double.deliver().await;
        assert_eq!(receiver.told_of(event), *expected, "{event}");
    }
}

#[tokio::test]
async fn s13_and_s18_what_people_lose_they_lose_at_once() {
    let (stage, receiver) = stage().await;
    let pair = stage
        .double
        .tokens(|tokens| tokens.issue_user_token(stage.app, &stage.ada, NOON));
    access::take_access(&stage, &stage.ada);
    let can = stage
        .double
        .github(|github| github.can(&stage.ada, stage.repository));
    assert_eq!(can, None);
    access::revoke_authorization(&stage, &stage.ada);
    let refreshed = stage
        .double
        .tokens(|tokens| tokens.refresh(stage.app, &pair.refresh_token, NOON));
    assert!(refreshed.is_none());
    stage.double.deliver().await;
    assert_eq!(receiver.told_of("github_app_authorization"), ["revoked"]);
}

#[tokio::test]
async fn s15_and_s16_odd_runs_are_as_odd_as_they_should_be() {
    let (stage, _) = stage().await;
    let odd = runs::startup_failure(&stage);
    let novel = runs::unknown_conclusion(&stage);
    let branchless = runs::null_branch(&stage);
    let drifted = runs::drift(&stage);
    let truth = stage.double.truth();
    let build = |run: RunId| truth.builds.iter().find(|it| it.run == run).unwrap();
    assert_eq!(build(odd).workflow_name, ".github/workflows/ci.yml");
    assert!(truth.jobs.iter().all(|job| job.run != odd));
    assert_eq!(build(novel).conclusion, Some(Conclusion::Novel));
    assert_eq!(build(branchless).branch, None);
    let end = build(drifted).finished_at.unwrap();
    let updated = stage
        .double
        .github(|github| github.attempts(drifted)[0].updated_at);
    assert_eq!(updated.duration_since(end).as_hours(), 21);
}

#[tokio::test]
async fn s19_an_end_goes_unheard() {
    let (stage, receiver) = stage().await;
    let (run, job) = runs::hang(&stage);
    stage.double.deliver().await;
    outages::deafen(&stage, SignedDuration::from_hours(7));
    runs::end(&stage, run, job);
    stage.double.deliver().await;
    assert_eq!(
        receiver.told_of("workflow_run"),
        ["requested", "in_progress"]
    );
    assert_eq!(
        stage.double.truth().builds[0].conclusion,
        Some(Conclusion::Success)
    );
}

#[tokio::test]
async fn bad_signatures_are_bad_in_their_own_ways() {
    let (stage, receiver) = stage().await;
    stage.double.deliver().await;
    receiver.forget();
    let hows = [
        BadSignature::WrongSecret,
        BadSignature::Missing,
        BadSignature::Sha1Only,
        BadSignature::UppercaseHex,
        BadSignature::AlteredByte,
    ];
    for (nth, how) in (1..).zip(hows) {
        let fault = FaultKind::HookBadSignature { how };
        stage
            .double
            .faults()
            .add(fault.when(When::default().event("ping").nth(nth)));
        stage.double.github(|github| github.ping(stage.app));
    }
    stage.double.deliver().await;
    let secret = stage.double.github(|github| {
        let app = github.app(stage.app).unwrap();
        app.webhook_secret.expose_secret().to_owned()
    });
    let seen: Vec<_> = receiver
        .posts()
        .iter()
        .map(|post| {
            let given = post.header("x-hub-signature-256");
            let right = signature(secret.as_bytes(), &post.body);
            (
                given.is_empty(),
                given == right,
                given.eq_ignore_ascii_case(&right),
            )
        })
        .collect();
    let (wrong, missing, upper) = (
        (false, false, false),
        (true, false, false),
        (false, false, true),
    );
    assert_eq!(seen, [wrong, missing, missing, upper, wrong]);
}

#[tokio::test]
async fn every_story_can_be_played_and_twice_is_the_same() {
    let play = async |story: &Story| {
        let double = Double::start(Options::frozen(7, NOON)).await.unwrap();
        story.play(&Stage::set(&double, None));
        (double.truth(), double.undelivered(), double.faults().list())
    };
    for story in Story::ALL
        .iter()
        .filter(|story| story.name() != "s7-busy-day")
    {
        let first = play(story).await;
        assert_eq!(first, play(story).await, "{}", story.name());
    }
}

/// Whoever hears the webhooks.
#[derive(Clone, Default)]
struct Receiver(Arc<Mutex<Vec<Post>>>);

#[derive(Clone)]
struct Post {
    headers: HeaderMap,
    body: Bytes,
}

impl Post {
    fn header(&self, name: &str) -> &str {
        let value = self.headers.get(name);
        value.map_or("", |value| value.to_str().unwrap())
    }
}

impl Receiver {
    async fn start(&self) -> String {
        let hear = async |State(receiver): State<Self>, headers: HeaderMap, body: Bytes| {
            receiver.0.lock().unwrap().push(Post { headers, body });
            StatusCode::ACCEPTED
        };
        let router = Router::new()
            .route("/hook", post(hear))
            .with_state(self.clone());
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        format!("http://{address}/hook")
    }

    fn posts(&self) -> Vec<Post> {
        self.0.lock().unwrap().clone()
    }

    fn forget(&self) {
        self.0.lock().unwrap().clear();
    }

    /// The actions of the events of a name, in the order they came.
    fn told_of(&self, event: &str) -> Vec<String> {
        let posts = self.posts().into_iter();
        let of_event = posts.filter(|post| post.header("x-github-event") == event);
        of_event
            .map(|post| {
                let json: serde_json::Value = serde_json::from_slice(&post.body).unwrap();
                json["action"].as_str().unwrap_or_default().to_owned()
            })
            .collect()
    }
}

async fn stage() -> (Stage, Receiver) {
    let receiver = Receiver::default();
    let url = receiver.start().await;
    let double = Double::start(Options::frozen(7, NOON)).await.unwrap();
    (Stage::set(&double, Some(&url)), receiver)
}
