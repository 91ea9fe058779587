//! The first form, and the manifest that comes of it.

use http::StatusCode;
use serde_json::{Value, json};
use url::Url;

use crate::support::World;

/// The manifest, filled in by hand.
fn template(base: &str, browser: &str) -> Value {
    let file = include_str!("../../../app-manifest.json");
    let file = file.replace("{BASE}", base).replace("{BROWSER}", browser);
    serde_json::from_str(&file).unwrap()
}

fn form(fields: &[(&'static str, &str)]) -> Vec<(&'static str, String)> {
    let fields = fields.iter();
    fields
        .map(|(name, value)| (*name, (*value).to_owned()))
        .collect()
}

#[tokio::test]
async fn the_manifest_is_the_file_filled_in() {
    let world = World::new().await;
    let mut browser = world.holder().await;
    let fields = form(&[
        ("public_url", "https://ci.acme.example/"),
        ("owner", "organization"),
        ("organization", "acme"),
    ]);
    assert_eq!(
        browser.post("/setup", &fields).await.location(),
        "/setup/app"
    );
    let page = browser.get("/setup/app").await;

    let sent: Value = serde_json::from_str(&page.value("manifest")).unwrap();
    assert_eq!(
        sent,
        template("https://ci.acme.example", "http://localhost:8080")
    );
    assert_eq!(
        sent["hook_attributes"]["url"],
        "https://ci.acme.example/api/webhook/github-actions"
    );
    let action = Url::parse(&page.action("Create GitHub App")).unwrap();
    assert_eq!(
        action.as_str().split('?').next().unwrap(),
        "https://github.com/organizations/acme/settings/apps/new"
    );
    let state = action.query().unwrap().strip_prefix("state=").unwrap();
    assert_eq!(state.len(), 64);
    assert!(
        page.header("content-security-policy")
            .contains("form-action 'self' https://github.com;")
    );
}

#[tokio::test]
async fn polling_leaves_the_webhook_out() {
    let world = World::new().await;
    let mut browser = world.holder().await;
    let fields = form(&[("arrival", "polling"), ("owner", "me")]);
    assert_eq!(
        browser.post("/setup", &fields).await.location(),
        "/setup/app"
    );
    let page = browser.get("/setup/app").await;

    let sent: Value = serde_json::from_str(&page.value("manifest")).unwrap();
    let mut expected = template("http://localhost:8080", "http://localhost:8080");
    expected.as_object_mut().unwrap().remove("hook_attributes");
    assert_eq!(sent, expected);
    let action = page.action("Create GitHub App");
    assert!(action.starts_with("https://github.com/settings/apps/new?state="));
}

#[tokio::test]
async fn a_server_of_ones_own_is_sent_the_manifest() {
    let world = World::new().await;
    let mut browser = world.holder().await;
    let fields = form(&[
        ("public_url", "http://ci.intern"),
        ("host", "own"),
        ("web_url", "https://git.acme.example:8443"),
    ]);
    assert_eq!(
        browser.post("/setup", &fields).await.location(),
        "/setup/app"
    );
    let page = browser.get("/setup/app").await;
    assert!(
        page.action("Create GitHub App")
            .starts_with("https://git.acme.example:8443/settings/apps/new?state=")
    );
    assert!(
        page.header("content-security-policy")
            .contains("form-action 'self' https://git.acme.example:8443;")
    );
}

#[tokio::test]
async fn github_sends_the_browser_back_to_where_it_is() {
    let world = World::with(|config| {
        config.public_url = Some("https://ci.acme.example".to_owned());
    })
    .await;
    let mut browser = world.holder().await;
    let first = browser.get("/setup").await;
    assert_eq!(first.value("public_url"), "https://ci.acme.example");
    let fields = form(&[("public_url", "https://ci.acme.example")]);
    browser.post("/setup", &fields).await;
    let page = browser.get("/setup/app").await;
    let sent: Value = serde_json::from_str(&page.value("manifest")).unwrap();
    // The cookie is good at this address only.
    assert_eq!(
        sent["redirect_url"],
        "http://localhost:8080/setup/github/created"
    );
    assert_eq!(
        sent["setup_url"],
        "https://ci.acme.example/setup/github/installed"
    );
}

#[tokio::test]
async fn what_is_wrong_is_said_beside_what_was_typed() {
    let world = World::new().await;
    let mut browser = world.holder().await;
    let fields = form(&[
        ("public_url", "http://localhost:8080"),
        ("owner", "organization"),
        ("organization", "<b>acme"),
    ]);
    let page = browser.post("/setup", &fields).await;
    assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(page.body.contains("GitHub delivers nothing to localhost."));
    assert!(page.body.contains("This is no name of an organization"));
    assert_eq!(page.value("public_url"), "http://localhost:8080");
    assert_eq!(page.value("organization"), "<b>acme");
    assert!(!page.body.contains("<b>"));
    assert_eq!(page.body.matches("aria-invalid=\"true\"").count(), 2);
    assert_eq!(browser.get("/setup/app").await.location(), "/setup");
}

#[tokio::test]
async fn the_form_begins_with_the_settings_and_keeps_what_was_chosen() {
    let world = World::with(|config| {
        config.web_url = "https://git.acme.example".to_owned();
        config.api_url = Some("https://git.acme.example/api/v3".to_owned());
    })
    .await;
    let mut browser = world.holder().await;
    let page = browser.get("/setup").await;
    assert_eq!(page.value("web_url"), "https://git.acme.example");
    assert_eq!(page.value("api_url"), "");
    assert!(
        page.body
            .contains("id=\"host-own\" name=\"host\" value=\"own\" checked")
    );

    let fields = form(&[
        ("arrival", "polling"),
        ("owner", "organization"),
        ("organization", "acme"),
        ("host", "own"),
        ("web_url", "https://git.acme.example"),
        ("api_url", "https://proxy.acme.example/github"),
    ]);
    browser.post("/setup", &fields).await;
    for path in ["/setup", "/setup/existing"] {
        let page = browser.get(path).await;
        assert_eq!(page.value("api_url"), "https://proxy.acme.example/github");
        assert!(page.body.contains("value=\"polling\" checked"), "{path}");
    }
    assert_eq!(browser.get("/setup").await.value("organization"), "acme");
}

#[tokio::test]
async fn each_page_has_a_state_of_its_own() {
    let world = World::new().await;
    let mut browser = world.holder().await;
    let first = browser.choose(&world.form()).await;
    let second = browser.choose(&world.form()).await;
    assert_ne!(first, second);
}

#[test]
fn the_template_reads_runs_and_writes_nothing() {
    let template = template("https://x", "https://y");
    let permissions = json!({ "actions": "read", "metadata": "read" });
    assert_eq!(template["default_permissions"], permissions);
    assert_eq!(template["public"], false);
    assert!(
        !template
            .to_string()
            .contains('{'.to_string().repeat(2).as_str())
    );
}
