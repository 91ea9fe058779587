//! Installing, and what arrives then.

use http::StatusCode;
use jiff::SignedDuration;
use lampboard_github_app::clock::Clock as _;
use lampboard_proto::v1::{Backfill, BackfillStatus};
use serde_json::{Value, json};

use crate::support::{World, browser::Browser};

async fn progress(browser: &mut Browser) -> Value {
    let page = browser.get("/setup/progress.json").await;
    assert_eq!(page.header("content-type"), "application/json");
    serde_json::from_str(&page.body).unwrap()
}

fn backfill(repository: &str, status: BackfillStatus, run_count: i32) -> Backfill {
    let time = |seconds| Some(prost_types::Timestamp { seconds, nanos: 0 });
    Backfill {
        repository: repository.to_owned(),
        status: status.into(),
        run_count,
        create_time: time(1000),
        cursor_time: time(600),
        since_time: time(0),
        ..Backfill::default()
    }
}

#[tokio::test]
async fn the_page_follows_what_arrives() {
    let world = World::new().await;
    let mut browser = world.with_app().await;
    assert_eq!(
        progress(&mut browser).await,
        json!({
            "installation": { "done": false, "text": "Waiting for GitHub to tell of it." },
            "history": { "done": false, "text": "Begins after the installation." },
            "delivery": { "done": false, "text": "None has come yet." },
            "backfills": [],
            "ready": false,
        })
    );
    assert_eq!(browser.get("/setup").await.location(), "/setup/install");

    world.install();
    let told = progress(&mut browser).await;
    assert_eq!(told["installation"]["text"], "On acme (1,204 repositories)");
    assert_eq!(told["ready"], false);
    assert_eq!(browser.get("/setup").await.location(), "/setup/data");

    world.progress.lock().unwrap().last_webhook_time = Some(world.clock.now());
    world.clock.step(SignedDuration::from_secs(3));
    *world.backfills.lock().unwrap() = vec![
        backfill("acme/web", BackfillStatus::Running, 1200),
        backfill("acme/api", BackfillStatus::Queued, 0),
        backfill("acme/old", BackfillStatus::Done, 4),
    ];
    let told = progress(&mut browser).await;
    assert_eq!(
        told["delivery"]["text"],
        "The last one came 3 s ago, correctly signed."
    );
    assert_eq!(
        told["history"]["text"],
        "1,204 runs loaded so far, 2 repositories to go. The board is good to use meanwhile."
    );
    assert_eq!(
        told["backfills"],
        json!([
            { "repository": "acme/web", "percent": 40, "text": "1,200 runs" },
            { "repository": "acme/api", "percent": 40, "text": "waits for its turn" },
        ])
    );
    assert_eq!(told["ready"], true);

    *world.backfills.lock().unwrap() = vec![backfill("acme/web", BackfillStatus::Done, 1)];
    let told = progress(&mut browser).await;
    assert_eq!(
        told["history"],
        json!({ "done": true, "text": "1 run loaded." })
    );
    assert_eq!(told["backfills"], json!([]));
}

#[tokio::test]
async fn the_page_says_the_same_without_a_script() {
    let world = World::new().await;
    let mut browser = world.with_app().await;
    world.install();
    *world.backfills.lock().unwrap() = vec![backfill("acme/<web>", BackfillStatus::Running, 7)];
    let page = browser.get("/setup/data").await;
    for text in [
        "On acme (1,204 repositories)",
        "7 runs loaded so far, 1 repository to go.",
        "None has come yet.",
        "acme/&lt;web&gt;",
        "value=\"40\"",
        "<noscript><p><a href=\"/setup/data\">",
    ] {
        assert!(page.body.contains(text), "{text}: {}", page.body);
    }
}

#[tokio::test]
async fn polling_waits_for_no_delivery() {
    let world = World::new().await;
    let mut form = world.form();
    form[0].1 = "polling".to_owned();
    let mut browser = world.holder().await;
    let state = browser.choose(&form).await;
    browser.come_back("good-code", &state).await;
    world.install();
    let told = progress(&mut browser).await;
    assert_eq!(told["delivery"]["done"], true);
    assert_eq!(told["ready"], true);
    assert!(
        !browser
            .get("/setup/data")
            .await
            .body
            .contains("no-delivery")
    );
}

#[tokio::test]
async fn nothing_follows_from_what_the_browser_brings_from_github() {
    let world = World::new().await;
    let mut browser = world.with_app().await;
    let installed = "/setup/github/installed?installation_id=88&setup_action=install";
    assert_eq!(browser.get(installed).await.location(), "/setup/data");
    assert_eq!(progress(&mut browser).await["installation"]["done"], false);
    assert!(
        browser
            .get("/setup/data")
            .await
            .body
            .contains("Waiting for GitHub to tell of it.")
    );
}

#[tokio::test]
async fn a_request_waits_for_an_owner() {
    let world = World::new().await;
    let mut browser = world.with_app().await;
    let requested = browser
        .get("/setup/github/installed?setup_action=request")
        .await;
    assert_eq!(requested.location(), "/setup/requested");
    let page = browser.get("/setup/requested").await;
    assert_eq!(page.title(), "Requested");
    assert!(page.body.contains("Waiting for an owner to approve"));
    let address = format!("{}/apps/lampboard-acme/installations/new", world.github.url);
    assert!(page.body.contains(&address));
    assert_eq!(
        browser
            .post(&page.action("End the set-up"), &[])
            .await
            .location(),
        "/"
    );
    assert!(world.setup.is_finished());
}

#[tokio::test]
async fn a_way_back_to_another_host_opens_a_new_tab() {
    let world = World::new().await;
    let mut browser = world.with_app().await;
    assert!(!browser.get("/setup/install").await.body.contains("_blank"));

    let world = World::new().await;
    let mut form = world.form();
    form[1].1 = "https://ci.acme.example".to_owned();
    let mut browser = world.holder().await;
    let state = browser.choose(&form).await;
    browser.come_back("good-code", &state).await;
    assert!(
        browser
            .get("/setup/install")
            .await
            .body
            .contains("target=\"_blank\"")
    );

    // There the cookie is not: GitHub's way back says where to go.
    let mut elsewhere = Browser::new(world.setup.router(), "ci.acme.example");
    let page = elsewhere
        .get("/setup/github/installed?setup_action=install")
        .await;
    assert_eq!(page.status, StatusCode::FORBIDDEN);
    assert!(page.body.contains("go back to the tab"));
}

#[tokio::test]
async fn steps_that_need_an_app_lead_to_the_beginning() {
    let world = World::new().await;
    let mut browser = world.holder().await;
    for path in [
        "/setup/install",
        "/setup/requested",
        "/setup/data",
        "/setup/app",
    ] {
        assert_eq!(browser.get(path).await.location(), "/setup", "{path}");
    }
}

#[tokio::test]
async fn it_goes_on_after_a_restart_of_the_process() {
    let first = World::new().await;
    first.with_app().await;
    let saved = first.saved();
    let second = World::with(|config| config.app = saved).await;
    let mut browser = second.holder().await;
    assert_eq!(browser.get("/setup").await.location(), "/setup/install");
    assert!(second.connected.lock().unwrap().is_empty());
}
