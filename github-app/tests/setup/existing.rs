//! "I already have an App": nothing is kept that GitHub does not confirm.

use http::StatusCode;
use secrecy::ExposeSecret as _;
use serde_json::json;

use crate::support::{World, browser::Page, github::APP_ID, key};

type Form = Vec<(&'static str, String)>;

fn form(world: &World) -> Form {
    let mut form = world.form();
    form.extend([
        ("app_id", APP_ID.to_string()),
        ("private_key_file", String::new()),
        ("private_key", key::first().pkcs1_pem()),
        ("webhook_secret", "a secret of ours".to_owned()),
        ("client_id", String::new()),
        ("client_secret", String::new()),
    ]);
    form
}

fn set(form: &mut Form, name: &str, value: impl Into<String>) {
    form.iter_mut().find(|(it, _)| *it == name).unwrap().1 = value.into();
}

async fn send(world: &World, form: &Form) -> Page {
    world.holder().await.upload("/setup/existing", form).await
}

/// What is said when something is not right, and that nothing came of it.
async fn refusal(world: &World, form: &Form) -> String {
    let page = send(world, form).await;
    assert_eq!(
        page.status,
        StatusCode::UNPROCESSABLE_ENTITY,
        "{}",
        page.body
    );
    assert!(world.saved().is_none());
    assert!(world.connected.lock().unwrap().is_empty());
    page.body
}

#[tokio::test]
async fn an_app_is_kept_that_github_confirms() {
    let world = World::new().await;
    assert_eq!(send(&world, &form(&world)).await.location(), "/setup");
    let saved = world.saved().unwrap();
    assert_eq!(saved.app_id, APP_ID);
    assert_eq!(saved.slug, "lampboard-acme");
    assert_eq!(saved.client_id.as_deref(), Some("Iv23.the-client-id"));
    assert!(saved.client_secret.is_none());
    assert_eq!(saved.webhook_secrets[0].expose_secret(), "a secret of ours");
    assert_eq!(
        saved.html_url,
        format!("{}/apps/lampboard-acme", world.github.url)
    );
    assert_eq!(world.connected.lock().unwrap().len(), 1);
}

#[tokio::test]
async fn the_key_may_be_a_file() {
    let world = World::new().await;
    let mut form = form(&world);
    set(&mut form, "private_key", "");
    set(&mut form, "private_key_file", key::first().pkcs8_pem());
    set(&mut form, "client_id", "Iv23.the-client-id");
    set(&mut form, "client_secret", "another secret of ours");
    assert_eq!(send(&world, &form).await.location(), "/setup");
    let saved = world.saved().unwrap();
    assert_eq!(
        saved.private_key.expose_secret(),
        key::first().pkcs8_pem().trim()
    );
    let client_secret = saved.client_secret.unwrap();
    assert_eq!(client_secret.expose_secret(), "another secret of ours");
}

#[tokio::test]
async fn polling_needs_no_webhook_secret_and_no_events() {
    let world = World::new().await;
    world.github.app.lock().unwrap()["events"] = json!([]);
    let mut form = form(&world);
    set(&mut form, "webhook_secret", "");
    let refused = refusal(&world, &form).await;
    assert!(refused.contains("Without it, deliveries could be anybody"));
    set(&mut form, "arrival", "polling");
    set(&mut form, "public_url", "");
    assert_eq!(send(&world, &form).await.location(), "/setup");
    assert!(world.saved().unwrap().polling);
}

#[tokio::test]
async fn another_apps_key_is_refused() {
    let world = World::new().await;
    let mut form = form(&world);
    set(&mut form, "private_key", key::second().pkcs1_pem());
    let said = refusal(&world, &form).await;
    assert!(
        said.contains("GitHub does not take it for the key of App 4711"),
        "{said}"
    );
}

#[tokio::test]
async fn another_apps_id_is_refused() {
    let world = World::new().await;
    world.github.app.lock().unwrap()["id"] = 12.into();
    let said = refusal(&world, &form(&world)).await;
    assert!(said.contains("The key is App 12&#39;s.") || said.contains("The key is App 12's."));
}

#[tokio::test]
async fn what_is_no_key_is_refused() {
    let world = World::new().await;
    let mut form = form(&world);
    let whole = key::first().pkcs1_pem();
    for key in ["", "rubbish", &whole[..whole.len() / 2]] {
        set(&mut form, "private_key", key);
        let said = refusal(&world, &form).await;
        assert!(
            said.contains("id=\"private_key-remarks\"><p class=\"problem\">"),
            "{key}"
        );
    }
}

#[tokio::test]
async fn every_problem_is_named() {
    let world = World::new().await;
    {
        let mut app = world.github.app.lock().unwrap();
        app["permissions"] = json!({ "metadata": "read", "contents": "write" });
        app["events"] = json!(["workflow_run"]);
    }
    let mut form = form(&world);
    set(&mut form, "client_id", "Iv23.another");
    let said = refusal(&world, &form).await;
    for problem in [
        "The App lacks the permission actions: read.",
        "The App is not told of workflow_job, repository.",
        "The App&#39;s client id is Iv23.the-client-id.",
    ] {
        let plain = problem.replace("&#39;", "'");
        assert!(said.contains(problem) || said.contains(&plain), "{problem}");
    }
}

#[tokio::test]
async fn more_permission_than_needed_is_enough() {
    let world = World::new().await;
    world.github.app.lock().unwrap()["permissions"] = json!({
        "actions": "write", "metadata": "read"
    });
    assert_eq!(send(&world, &form(&world)).await.location(), "/setup");
}

#[tokio::test]
async fn what_was_typed_wrongly_is_not_sent_to_github() {
    let world = World::new().await;
    let mut form = form(&world);
    for id in [
        "",
        "lampboard",
        "-1",
        "0",
        "4711; DROP",
        "99999999999999999999",
    ] {
        set(&mut form, "app_id", id);
        assert!(
            refusal(&world, &form).await.contains("The id is a number"),
            "{id}"
        );
    }
    set(&mut form, "app_id", APP_ID.to_string());
    set(&mut form, "web_url", "http://github.example");
    assert!(refusal(&world, &form).await.contains("https://"));
}

#[tokio::test]
async fn secrets_are_not_shown_again() {
    let world = World::new().await;
    let mut form = form(&world);
    set(&mut form, "app_id", "x");
    set(&mut form, "client_secret", "another secret of ours");
    let said = refusal(&world, &form).await;
    let key = key::first().pkcs1_pem();
    for secret in [
        "a secret of ours",
        "another secret",
        key.lines().nth(1).unwrap(),
    ] {
        assert!(!said.contains(secret));
    }
    // What is not secret is.
    assert!(said.contains(&world.github.url));
}

#[tokio::test]
async fn a_github_that_is_not_there_is_said() {
    let world = World::new().await;
    let mut form = form(&world);
    set(&mut form, "web_url", "http://127.0.0.1:1");
    assert!(
        refusal(&world, &form)
            .await
            .contains("GitHub can not be asked")
    );
}
