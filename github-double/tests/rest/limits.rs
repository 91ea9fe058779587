//! Limits, and what costs nothing.

use lampboard_github_double::{FaultKind, Options, RetryAfter, When};
use serde_json::json;

use crate::support::{NOON, Scene};

const RUNS: &str = "/repos/acme/api/actions/runs";

#[tokio::test]
async fn each_answer_says_what_is_left() {
    let scene = Scene::new().await;
    let token = scene.token().await;
    scene.get(RUNS, &token).await;
    let reply = scene.get(RUNS, &token).await;
    let header = |name: &str| reply.header(&format!("x-ratelimit-{name}")).to_owned();
    let told = ["limit", "used", "remaining", "resource"].map(header);
    assert_eq!(told, ["5000", "2", "4998", "core"]);
    assert_eq!(header("reset"), (NOON.as_second() + 3_600).to_string());
    let free = scene.get("/rate_limit", &token).await;
    assert_eq!(free.json["rate"]["remaining"], 4_998);
    assert_eq!(free.header("x-ratelimit-remaining"), "4998");
    assert!(!scene.last_request().counted);
    assert_eq!(
        scene
            .get("/app", &scene.jwt())
            .await
            .header("x-ratelimit-used"),
        "2"
    );
}

#[tokio::test]
async fn whoever_is_not_believed_is_told_of_the_limit_of_strangers() {
    let scene = Scene::new().await;
    let reply = scene.get(RUNS, "ghs_none").await;
    assert_eq!(reply.message(), (401, "Bad credentials"));
    assert_eq!(reply.header("x-ratelimit-limit"), "60");
}

#[tokio::test]
async fn what_did_not_change_costs_nothing() {
    let scene = Scene::new().await;
    scene.stage.whole_run(true);
    let token = scene.token().await;
    let first = scene.get(RUNS, &token).await;
    let tag = first.header("etag").to_owned();
    assert!(tag.starts_with("W/\""), "{tag}");
    let condition = [("if-none-match", &*tag)];
    let second = scene.get_with(RUNS, &token, &condition).await;
    assert_eq!((second.status.as_u16(), &*second.text), (304, ""));
    assert_eq!(second.header("x-ratelimit-remaining"), "4999");
    assert_eq!(second.header("etag"), tag);
    assert!(!scene.last_request().counted);

    let other = scene.token().await;
    assert_eq!(
        scene.get_with(RUNS, &other, &condition).await.status,
        200,
        "another token's tag"
    );
    scene.stage.push();
    assert_eq!(
        scene.get_with(RUNS, &token, &condition).await.status,
        200,
        "it changed"
    );
}

#[tokio::test]
async fn etags_may_be_the_same_for_all() {
    let mut options = Options::frozen(7, NOON);
    options.switches.etags_per_token = false;
    let scene = Scene::with(options).await;
    let tags = [
        scene.get(RUNS, &scene.token().await).await,
        scene.get(RUNS, &scene.token().await).await,
    ];
    let [one, other] = tags.each_ref().map(|reply| reply.header("etag"));
    assert_eq!(one, other);
}

#[tokio::test]
async fn past_the_primary_limit_nothing_is_answered_until_the_reset() {
    let scene = Scene::new().await;
    let token = scene.token().await;
    let squeeze = FaultKind::PrimaryLimit {
        remaining: 2,
        reset_in: 600,
        status: 429,
    };
    scene
        .double()
        .faults()
        .add(squeeze.when(When::default().path(RUNS).count(1)));
    let mut told = Vec::new();
    for _ in 0..4 {
        let reply = scene.get(RUNS, &token).await;
        let remaining = reply.header("x-ratelimit-remaining").to_owned();
        told.push((reply.status.as_u16(), remaining));
    }
    let expected = [(200, "1"), (200, "0"), (429, "0"), (429, "0")];
    assert_eq!(
        told,
        expected.map(|(status, left)| (status, left.to_owned()))
    );
    let refused = scene.get(RUNS, &token).await;
    let (_, message) = refused.message();
    assert!(
        message.starts_with("API rate limit exceeded for installation ID "),
        "{message}"
    );
    assert_eq!(
        scene.get("/rate_limit", &token).await.status,
        200,
        "asking is free"
    );
    assert_eq!(
        scene.get("/app", &scene.jwt()).await.status,
        200,
        "the App has its own"
    );
    scene.wait(600);
    assert_eq!(
        scene
            .get(RUNS, &token)
            .await
            .header("x-ratelimit-remaining"),
        "4999"
    );
}

#[tokio::test]
async fn the_secondary_limit_may_say_when_to_come_back() {
    let scene = Scene::new().await;
    let token = scene.token().await;
    let table = [
        (RetryAfter::Seconds(30), "30"),
        (RetryAfter::Date(30), "Thu, 12 Mar 2026 12:00:30 GMT"),
        (RetryAfter::None, ""),
    ];
    for (retry_after, expected) in table {
        let limit = FaultKind::SecondaryLimit {
            status: 403,
            retry_after,
        };
        scene
            .double()
            .faults()
            .add(limit.when(When::default().path(RUNS).count(1)));
        let reply = scene.get(RUNS, &token).await;
        let (status, message) = reply.message();
        assert!(
            message.starts_with("You have exceeded a secondary rate limit"),
            "{message}"
        );
        assert_eq!((status, reply.header("retry-after")), (403, expected));
        assert_eq!(
            reply.header("x-ratelimit-remaining"),
            "5000",
            "it is not the primary one"
        );
    }
    assert_eq!(scene.get(RUNS, &token).await.status, 200);
}

#[tokio::test]
async fn points_are_counted_by_the_minute_if_wanted() {
    let mut options = Options::frozen(7, NOON);
    options.switches.points_per_minute = Some(3);
    let scene = Scene::with(options).await;
    let jwt = scene.jwt();
    let mut told = Vec::new();
    for _ in 0..4 {
        told.push(scene.get("/app", &jwt).await.status.as_u16());
    }
    assert_eq!(told, [200, 200, 200, 403]);
    assert_eq!(
        scene.get("/app/hook/config", &jwt).await.status,
        200,
        "another endpoint"
    );
    scene.wait(60);
    assert_eq!(scene.get("/app", &jwt).await.status, 200);
}

#[tokio::test]
async fn an_enterprise_server_has_no_limits_and_its_own_paths() {
    let scene = Scene::with(Options::frozen(7, NOON).ghes("3.19.1")).await;
    let double = scene.double();
    assert_eq!(double.api_url(), format!("{}/api/v3", double.web_url()));
    let token = scene.token().await;
    let reply = scene.get(RUNS, &token).await;
    assert_eq!(reply.status, 200);
    assert_eq!(reply.header("x-github-enterprise-version"), "3.19.1");
    assert_eq!(reply.header("x-ratelimit-limit"), "");
    assert_eq!(scene.get("/rate_limit", &token).await.status, 404);
    assert_eq!(scene.last_request().path, "/rate_limit");
    let outside = format!("{}/app", double.web_url());
    assert_eq!(scene.get(&outside, &scene.jwt()).await.status, 404);
}

#[tokio::test]
async fn answers_take_virtual_time() {
    let mut options = Options::frozen(7, NOON);
    options.answer_time = Some(jiff::SignedDuration::from_millis(150));
    let scene = Scene::with(options).await;
    let token = scene.token().await;
    for _ in 0..19 {
        scene.get(RUNS, &token).await;
    }
    let passed = scene.double().clock().now().duration_since(NOON);
    assert_eq!(passed.as_secs(), 3);
}

#[tokio::test]
async fn the_log_tells_who_asked_what_and_how_many_at_a_time() {
    let scene = Scene::new().await;
    let token = scene.token().await;
    let made = scene.last_request();
    assert_eq!((made.method.as_str(), made.status), ("POST", 201));
    assert!(made.claims.is_some());
    scene.get(&format!("{RUNS}?page=2"), &token).await;
    let asked = scene.last_request();
    let installation = Some(scene.stage.installation.0);
    assert_eq!((&*asked.path, &*asked.query), (RUNS, "page=2"));
    assert_eq!((asked.installation, asked.token), (installation, Some(1)));
    assert_eq!(
        (asked.time, asked.counted, asked.under_way),
        (NOON, true, 1)
    );
    assert!(!format!("{:?}", scene.double().requests()).contains(&token));

    scene.double().clear_requests();
    assert!(scene.double().requests().is_empty());
    let slow = FaultKind::Slow { millis: 40 };
    scene.double().faults().add(slow.into());
    let ask = || scene.get(RUNS, &token);
    tokio::join!(ask(), ask(), ask());
    assert_eq!(scene.double().request_peaks(), [(installation, 3)].into());
}

#[tokio::test]
async fn the_webhook_is_configured_over_the_api() {
    let scene = Scene::new().await;
    let change = json!({"content_type": "form", "url": "http://127.0.0.1:9/hook"});
    let method = http::Method::PATCH;
    let reply = scene
        .send(method, "/app/hook/config", &scene.jwt(), &[], &change)
        .await;
    assert_eq!(reply.json["content_type"], "form");
    let config = scene.get("/app/hook/config", &scene.jwt()).await;
    assert_eq!(config.json["url"], "http://127.0.0.1:9/hook");
    assert_eq!(config.json["secret"], "********");
}
