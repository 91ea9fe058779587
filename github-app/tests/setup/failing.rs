//! What fails is said, keeps what GitHub gives once, and can be tried again.

use std::{
    fs,
    sync::{Arc, atomic::Ordering},
};

use http::StatusCode;
use serde_json::json;
use tokio::sync::Notify;

use crate::support::World;

#[tokio::test]
async fn a_key_that_can_not_be_saved_is_held_until_it_is() {
    let world = World::new().await;
    let mut browser = world.holder().await;
    let state = browser.choose(&world.form()).await;
    fs::write(world.obstacle(), "").unwrap();

    let page = browser.come_back("good-code", &state).await;
    assert_eq!(page.status, StatusCode::INSUFFICIENT_STORAGE);
    assert_eq!(page.title(), "The key can not be saved");
    assert!(page.body.contains(world.obstacle().to_str().unwrap()));
    assert!(
        world.connected.lock().unwrap().is_empty(),
        "saved before it runs"
    );

    // Still in the way.
    let again = browser.post(&page.action("Try again"), &[]).await;
    assert_eq!(again.status, StatusCode::INSUFFICIENT_STORAGE);
    // Nobody loses it by going elsewhere meanwhile.
    for path in ["/setup", "/setup/app", "/setup/existing"] {
        let page = browser.get(path).await;
        assert_eq!(page.title(), "Not finished", "{path}");
        assert_eq!(page.action("Try again"), "/setup/retry");
    }
    assert_eq!(
        browser.post("/setup/finish", &[]).await.location(),
        "/setup"
    );
    assert!(!world.setup.is_finished());

    fs::remove_file(world.obstacle()).unwrap();
    // With a new link as well.
    let mut browser = world.holder().await;
    assert_eq!(browser.post("/setup/retry", &[]).await.location(), "/setup");
    assert_eq!(world.saved().unwrap().slug, "lampboard-acme");
    assert_eq!(world.connected.lock().unwrap().len(), 1);
    // GitHub gave it once.
    assert_eq!(*world.github.codes.lock().unwrap(), ["good-code"]);
    assert_eq!(browser.get("/setup").await.location(), "/setup/install");
}

#[tokio::test]
async fn what_was_saved_before_stays_when_saving_fails() {
    let world = World::new().await;
    let mut browser = world.with_app().await;
    browser.post("/setup/restart", &[]).await;
    world.github.app.lock().unwrap()["id"] = 4712.into();
    let state = browser.choose(&world.form()).await;
    fs::write(world.obstacle(), "").unwrap();
    let page = browser.come_back("good-code", &state).await;
    assert_eq!(page.status, StatusCode::INSUFFICIENT_STORAGE);
    assert_eq!(world.saved().unwrap().app_id, 4711);
    assert_eq!(world.connected.lock().unwrap().len(), 1);
}

#[tokio::test]
async fn a_code_is_kept_while_github_is_away() {
    let world = World::new().await;
    let mut browser = world.holder().await;
    let body = json!({ "message": "Bad gateway" });
    world.github.convert_to(StatusCode::BAD_GATEWAY, body);
    let state = browser.choose(&world.form()).await;
    let page = browser.come_back("good-code", &state).await;
    assert_eq!(page.status, StatusCode::BAD_GATEWAY);
    assert_eq!(page.title(), "GitHub does not answer as it should");
    assert!(!page.body.contains("good-code"));

    *world.github.conversion.lock().unwrap() = None;
    let again = browser.post(&page.action("Try again"), &[]).await;
    assert_eq!(again.location(), "/setup");
    assert!(world.saved().is_some());
    assert_eq!(world.connected.lock().unwrap().len(), 1);
}

#[tokio::test]
async fn an_answer_that_is_none_of_githubs_is_said_without_the_code() {
    let world = World::new().await;
    let mut browser = world.holder().await;
    for (status, body) in [
        (StatusCode::CREATED, json!("<html>")),
        (StatusCode::CREATED, json!({ "id": "x" })),
        (StatusCode::FOUND, json!({})),
    ] {
        world.github.convert_to(status, body);
        let state = browser.choose(&world.form()).await;
        let page = browser.come_back("good-code", &state).await;
        assert_eq!(page.status, StatusCode::BAD_GATEWAY, "{status}");
        assert!(!page.body.contains("good-code"), "{status}");
        let begun = browser.post(&page.action("Begin again"), &[]).await;
        assert_eq!(begun.location(), "/setup");
    }
    assert!(world.saved().is_none());
}

#[tokio::test]
async fn an_app_that_does_not_run_is_saved_and_can_be_tried_again() {
    let world = World::new().await;
    let mut browser = world.holder().await;
    world.refuses_to_connect.store(true, Ordering::SeqCst);
    let state = browser.choose(&world.form()).await;
    let page = browser.come_back("good-code", &state).await;
    assert_eq!(page.status, StatusCode::INTERNAL_SERVER_ERROR);
    assert!(page.body.contains("the app has no legs"));
    assert!(world.saved().is_some());

    world.refuses_to_connect.store(false, Ordering::SeqCst);
    let again = browser.post(&page.action("Try again"), &[]).await;
    assert_eq!(again.location(), "/setup");
    assert_eq!(world.connected.lock().unwrap().len(), 1);
}

#[tokio::test]
async fn trying_again_twice_does_it_once() {
    let world = World::new().await;
    let mut browser = world.holder().await;
    world.refuses_to_connect.store(true, Ordering::SeqCst);
    let state = browser.choose(&world.form()).await;
    browser.come_back("good-code", &state).await;
    world.refuses_to_connect.store(false, Ordering::SeqCst);
    let mut other = browser.clone();
    let (first, second) = tokio::join!(
        browser.post("/setup/retry", &[]),
        other.post("/setup/retry", &[])
    );
    assert_eq!(first.location(), "/setup");
    assert_eq!(second.location(), "/setup");
    assert_eq!(world.connected.lock().unwrap().len(), 1);
}

#[tokio::test]
async fn a_browser_that_goes_away_takes_no_key_with_it() {
    let world = World::new().await;
    let mut browser = world.holder().await;
    let state = browser.choose(&world.form()).await;
    let hold = Arc::new(Notify::new());
    *world.github.hold.lock().unwrap() = Some(Arc::clone(&hold));
    let mut impatient = browser.clone();
    tokio::select! {
        _ = impatient.come_back("good-code", &state) => panic!("GitHub has not answered"),
        () = world.github.code_came.notified() => {}
    }
    // Gone. GitHub has taken the code, and gives the key to whoever still listens.
    hold.notify_one();
    let page = browser.post("/setup/retry", &[]).await;
    assert_eq!(page.location(), "/setup");
    assert!(world.saved().is_some());
    assert_eq!(world.connected.lock().unwrap().len(), 1);
    assert_eq!(*world.github.codes.lock().unwrap(), ["good-code"]);
}
