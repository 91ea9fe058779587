//! GitHub's way back: state, code, and what becomes of them.

use http::StatusCode;
use jiff::SignedDuration;
use secrecy::ExposeSecret as _;
use serde_json::Value;

use crate::support::{
    World,
    github::{APP_ID, CLIENT_SECRET, WEBHOOK_SECRET},
    key,
};

#[tokio::test]
async fn a_code_becomes_an_app_that_runs() {
    let world = World::new().await;
    let mut browser = world.holder().await;
    let state = browser.choose(&world.form()).await;
    let created = browser.come_back("good-code", &state).await;
    // The code is out of the address before anything is shown.
    assert_eq!(created.location(), "/setup");
    assert_eq!(browser.get("/setup").await.location(), "/setup/install");

    let saved = world.saved().unwrap();
    let connected = world.connected.lock().unwrap();
    assert_eq!(connected.len(), 1);
    for credentials in [&saved, &connected[0]] {
        assert_eq!(credentials.app_id, APP_ID);
        assert_eq!(credentials.slug, "lampboard-acme");
        assert_eq!(
            credentials.html_url,
            format!("{}/apps/lampboard-acme", world.github.url)
        );
        assert_eq!(credentials.client_id.as_deref(), Some("Iv23.the-client-id"));
        let client_secret = credentials.client_secret.as_ref().unwrap();
        assert_eq!(client_secret.expose_secret(), CLIENT_SECRET);
        assert_eq!(credentials.webhook_secrets.len(), 1);
        assert_eq!(
            credentials.webhook_secrets[0].expose_secret(),
            WEBHOOK_SECRET
        );
        assert_eq!(
            credentials.private_key.expose_secret(),
            key::first().pkcs1_pem()
        );
        assert_eq!(credentials.web_url, world.github.url);
        assert_eq!(credentials.api_url, format!("{}/api/v3", world.github.url));
        assert_eq!(
            credentials.public_url.as_deref(),
            Some("http://localhost:8080")
        );
        assert!(!credentials.polling);
    }
}

#[tokio::test]
async fn polling_needs_no_webhook_secret() {
    let world = World::new().await;
    let mut conversion = world.github.conversion();
    conversion["webhook_secret"] = Value::Null;
    world.github.convert_to(StatusCode::CREATED, conversion);
    let mut browser = world.holder().await;
    let mut form = world.form();
    form[0].1 = "polling".to_owned();
    form[1].1 = String::new();
    let state = browser.choose(&form).await;
    assert_eq!(
        browser.come_back("good-code", &state).await.location(),
        "/setup"
    );
    let saved = world.saved().unwrap();
    assert!(saved.polling);
    assert!(saved.webhook_secrets.is_empty());
    assert_eq!(saved.public_url, None);
    assert!(world.github.hook_changes.lock().unwrap().is_empty());
}

#[tokio::test]
async fn a_webhook_without_a_secret_gets_one_of_ours() {
    let world = World::new().await;
    let mut conversion = world.github.conversion();
    conversion["webhook_secret"] = Value::Null;
    world.github.convert_to(StatusCode::CREATED, conversion);
    world.with_app().await;
    let saved = world.saved().unwrap();
    let secret = saved.webhook_secrets[0].expose_secret();
    assert_eq!(secret.len(), 64);
    let changes = world.github.hook_changes.lock().unwrap();
    assert_eq!(changes.len(), 1);
    assert_eq!(changes[0]["secret"], secret);
    assert_eq!(changes[0]["content_type"], "json");
}

#[tokio::test]
async fn a_state_that_is_not_ours_is_not_taken() {
    let world = World::new().await;
    let mut browser = world.holder().await;
    browser.choose(&world.form()).await;
    let mine = browser.choose(&world.form()).await;
    let wrong = format!("{}x", &mine[..63]);
    for state in ["", "x", &wrong, &mine.to_uppercase().replace('0', "g")] {
        let page = browser.come_back("good-code", state).await;
        assert_eq!(page.status, StatusCode::BAD_REQUEST);
        assert_eq!(page.title(), "Not from this set-up");
        assert!(page.body.contains("href=\"/setup\""));
    }
    assert!(world.github.codes.lock().unwrap().is_empty());
    assert!(world.saved().is_none());
    // None of that has spent the state.
    let other = browser.choose(&world.form()).await;
    let created = browser.come_back("good-code", &mine).await;
    assert_eq!(created.location(), "/setup");
    // There is an App now: whatever else comes back would make another one.
    for state in [mine, other] {
        let page = browser.come_back("good-code", &state).await;
        assert_eq!(page.title(), "Already taken");
    }
    assert_eq!(world.connected.lock().unwrap().len(), 1);
}

#[tokio::test]
async fn a_state_is_good_for_the_browser_that_has_it() {
    let world = World::new().await;
    let mut first = world.holder().await;
    let state = first.choose(&world.form()).await;
    let page = world.stranger().come_back("good-code", &state).await;
    assert_eq!(page.status, StatusCode::FORBIDDEN);
    // Somebody else opened a new link: what was on its way for the first is void.
    let mut second = world.holder().await;
    let page = second.come_back("good-code", &state).await;
    assert_eq!(page.title(), "Not from this set-up");
    assert!(world.github.codes.lock().unwrap().is_empty());
}

#[tokio::test]
async fn a_state_comes_back_once() {
    let world = World::new().await;
    let mut browser = world.holder().await;
    let state = browser.choose(&world.form()).await;
    let page = browser.come_back("bad-code", &state).await;
    assert_eq!(page.title(), "Too late");
    let page = browser.come_back("good-code", &state).await;
    assert_eq!(page.status, StatusCode::BAD_REQUEST);
    assert_eq!(page.title(), "Already taken");
    assert_eq!(*world.github.codes.lock().unwrap(), ["bad-code"]);
    assert!(world.saved().is_none());
}

#[tokio::test]
async fn two_answers_at_the_same_time_make_one_app() {
    let world = World::new().await;
    let mut browser = world.holder().await;
    let state = browser.choose(&world.form()).await;
    let mut other = browser.clone();
    let (first, second) = tokio::join!(
        browser.come_back("good-code", &state),
        other.come_back("good-code", &state)
    );
    let mut statuses = [first.status, second.status];
    statuses.sort();
    assert_eq!(statuses, [StatusCode::SEE_OTHER, StatusCode::BAD_REQUEST]);
    assert_eq!(*world.github.codes.lock().unwrap(), ["good-code"]);
    assert_eq!(world.connected.lock().unwrap().len(), 1);
}

#[tokio::test]
async fn a_state_is_good_for_an_hour() {
    let world = World::new().await;
    let mut browser = world.holder().await;
    let in_time = browser.choose(&world.form()).await;
    let too_late = browser.choose(&world.form()).await;
    world.clock.step(SignedDuration::from_secs(3599));
    // It is in time: that GitHub does not take the code is another matter.
    let page = browser.come_back("bad-code", &in_time).await;
    assert_eq!(page.title(), "Too late");
    assert_eq!(world.github.codes.lock().unwrap().len(), 1);
    world.clock.step(SignedDuration::from_secs(1));
    let page = browser.come_back("good-code", &too_late).await;
    assert_eq!(page.title(), "Too late");
    assert!(page.body.contains("good for one hour"));
    assert_eq!(world.github.codes.lock().unwrap().len(), 1);
    assert!(world.saved().is_none());
}

#[tokio::test]
async fn a_code_that_github_does_not_know_leads_back() {
    let world = World::new().await;
    let mut browser = world.holder().await;
    for status in [StatusCode::NOT_FOUND, StatusCode::UNPROCESSABLE_ENTITY] {
        let body = serde_json::json!({ "message": "no" });
        world.github.convert_to(status, body);
        let state = browser.choose(&world.form()).await;
        let page = browser.come_back("used-or-expired", &state).await;
        assert_eq!(page.status, StatusCode::BAD_REQUEST);
        assert_eq!(page.title(), "Too late");
        assert!(!page.body.contains("used-or-expired"));
        // It is over: nothing is tried again.
        assert_eq!(browser.get("/setup").await.status, StatusCode::OK);
    }
    assert!(world.saved().is_none());
    assert!(world.connected.lock().unwrap().is_empty());
}

#[tokio::test]
async fn codes_that_can_be_none_are_not_sent_to_github() {
    let world = World::new().await;
    let mut browser = world.holder().await;
    for code in [String::new(), "x".repeat(10_000)] {
        let state = browser.choose(&world.form()).await;
        let page = browser.come_back(&code, &state).await;
        assert_eq!(page.title(), "Too late");
    }
    let state = browser.choose(&world.form()).await;
    browser.come_back("..%2F..%2Fapp", &state).await;
    assert_eq!(*world.github.codes.lock().unwrap(), ["../../app"]);
}

#[tokio::test]
async fn what_was_created_is_shown_as_text() {
    let world = World::new().await;
    let mut browser = world.with_app().await;
    let page = browser.get("/setup/install").await;
    assert_eq!(
        page.title(),
        "Install Lampboard &lt;acme&gt; &amp; &quot;friends&quot;"
    );
    let address = format!("{}/apps/lampboard-acme/installations/new", world.github.url);
    assert!(page.body.contains(&format!("href=\"{address}\"")));
}

#[tokio::test]
async fn nobody_is_sent_where_github_is_not() {
    for address in [
        "https://evil.example/apps/x",
        "javascript:alert(1)",
        "rubbish",
    ] {
        let world = World::new().await;
        let mut conversion = world.github.conversion();
        conversion["html_url"] = address.into();
        world.github.convert_to(StatusCode::CREATED, conversion);
        let mut browser = world.with_app().await;
        let page = browser.get("/setup/install").await;
        assert!(!page.body.contains(address), "{address}");
        let expected = format!("{}/apps/lampboard-acme/installations/new", world.github.url);
        assert!(page.body.contains(&expected), "{address}");
    }
}

#[tokio::test]
async fn another_app_can_take_its_place() {
    let world = World::new().await;
    let mut browser = world.with_app().await;
    let page = browser.get("/setup/install").await;
    let begun = browser.post(&page.action("Begin again"), &[]).await;
    assert_eq!(begun.location(), "/setup");
    world.github.app.lock().unwrap()["id"] = 4712.into();
    let state = browser.choose(&world.form()).await;
    assert_eq!(
        browser.come_back("good-code", &state).await.location(),
        "/setup"
    );
    assert_eq!(world.saved().unwrap().app_id, 4712);
    let connected = world.connected.lock().unwrap();
    let ids: Vec<_> = connected.iter().map(|it| it.app_id).collect();
    assert_eq!(ids, [APP_ID, 4712]);
}
