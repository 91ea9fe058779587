//! From a manifest to an App with its secrets.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::Site;
use super::browser::{Browser, Seen};
use crate::double::Options;
use crate::github::GitHub;
use crate::github::id::AppId;

const NEW: &str = "/organizations/acme/settings/apps/new?state=s%26t";
const CREATE: &str = "/organizations/acme/settings/apps";

fn manifest() -> Value {
    json!({
        "name": "Lampboard",
        "url": "http://127.0.0.1:1/",
        "hook_attributes": {"url": "http://127.0.0.1:1/hook"},
        "redirect_url": "http://127.0.0.1:1/created",
        "callback_urls": ["http://127.0.0.1:1/callback"],
        "default_permissions": {"actions": "read"},
        "default_events": ["workflow_run"],
    })
}

async fn create(browser: &mut Browser, manifest: &Value, name: &str) -> Seen {
    let manifest = manifest.to_string();
    let fields = [
        ("manifest", manifest.as_str()),
        ("state", "s&t"),
        ("name", name),
    ];
    browser.post(CREATE, &fields).await
}

async fn code(browser: &mut Browser) -> String {
    let created = create(browser, &manifest(), "Lampboard").await;
    created.parameter("code").unwrap()
}

async fn convert(site: &Site, code: &str) -> Seen {
    let path = format!("/app-manifests/{code}/conversions");
    site.api().post_json(&path, &Value::Null).await
}

fn only_app(github: &GitHub) -> AppId {
    github.apps().next().unwrap().id
}

#[tokio::test]
async fn a_manifest_becomes_an_app_of_the_organization() {
    let site = Site::start().await;
    let mut browser = site.browser();
    let page = browser
        .post(NEW, &[("manifest", &manifest().to_string())])
        .await;
    page.assert_shows(200, "Create GitHub App for acme");
    page.assert_shows(200, "name=\"name\" value=\"Lampboard\"");
    page.assert_shows(200, "name=\"state\" value=\"s&amp;t\"");
    assert!(
        site.github(|github| github.apps().next().is_none()),
        "not yet"
    );

    let created = create(&mut browser, &manifest(), "Lampboard of acme").await;
    assert!(
        created
            .location()
            .starts_with("http://127.0.0.1:1/created?code=")
    );
    assert_eq!(created.parameter("state").as_deref(), Some("s&t"));
    let id = site.github(|github| only_app(github));
    assert_eq!(site.events(id).await, ["ping"]);

    let conversion = convert(&site, &created.parameter("code").unwrap()).await;
    assert_eq!(conversion.status, 201);
    let app = conversion.json();
    assert_eq!(app["slug"], "lampboard-of-acme");
    assert_eq!(app["name"], "Lampboard of acme");
    assert_eq!(app["owner"]["login"], "acme");
    assert_eq!(
        app["permissions"],
        json!({"actions": "read", "metadata": "read"})
    );
    assert_eq!(app["events"], json!(["workflow_run"]));
    let pem = app["pem"].as_str().unwrap();
    assert!(pem.starts_with("-----BEGIN RSA PRIVATE"), "PKCS#1");
    assert_eq!(app["id"], id.0);
    let known = site.github(|github| github.app(id).unwrap().clone());
    assert_eq!(app["client_id"], known.client_id);
    for secret in ["client_secret", "webhook_secret"] {
        assert!(app[secret].as_str().unwrap().len() >= 20, "{secret}");
    }
}

#[tokio::test]
async fn a_code_is_good_once_and_for_an_hour() {
    let site = Site::start().await;
    let mut browser = site.browser();
    let reused = code(&mut browser).await;
    assert_eq!(convert(&site, &reused).await.status, 201);
    let again = convert(&site, &reused).await;
    assert_eq!(again.status, 404);
    assert_eq!(again.json()["message"], "Not Found");
    assert_eq!(convert(&site, "0123456789").await.status, 404);

    for (minutes, status) in [(59, 201), (60, 404)] {
        let site = Site::start().await;
        let mut browser = site.browser();
        let code = code(&mut browser).await;
        site.advance(minutes);
        assert_eq!(convert(&site, &code).await.status, status, "{minutes}");
    }
}

#[tokio::test]
async fn a_server_of_one_s_own_converts_below_its_prefix() {
    let mut options = Options::frozen(7, Timestamp::UNIX_EPOCH).ghes("3.19.1");
    options.web.refuses_local_hooks = false;
    let site = Site::with(options).await;
    let code = code(&mut site.browser()).await;
    let path = format!("/api/v3/app-manifests/{code}/conversions");
    let conversion = site.browser().post(&path, &[]).await;
    assert_eq!(conversion.status, 201);
    let page = conversion.json()["html_url"].clone();
    assert_eq!(page, format!("{}/apps/lampboard", site.double.web_url()));
}

#[tokio::test]
async fn a_manifest_that_is_none_is_refused_with_the_reasons() {
    let site = Site::with(Options::frozen(7, Timestamp::UNIX_EPOCH)).await;
    let mut browser = site.browser();
    let mut manifest = manifest();
    manifest["webhook_secret"] = "x".into();
    manifest.as_object_mut().unwrap().remove("url");
    for path in [NEW, CREATE] {
        let page = browser
            .post(path, &[("manifest", &manifest.to_string())])
            .await;
        page.assert_shows(422, "&quot;webhook_secret&quot; is not a key of a manifest");
        page.assert_shows(422, "&quot;url&quot; is missing");
        page.assert_shows(422, "not reachable over the public Internet (localhost)");
    }
    let nothing = browser.post(NEW, &[]).await;
    nothing.assert_shows(422, "Invalid GitHub App configuration");
}

#[tokio::test]
async fn a_name_is_short_and_nobody_else_s() {
    let site = Site::start().await;
    let mut browser = site.browser();
    code(&mut browser).await;
    let long = "x".repeat(35);
    for (name, problem) in [
        ("lampboard", "The name is already taken."),
        (" ", "The name is missing."),
        (long.as_str(), "longer than 34 characters"),
    ] {
        let page = create(&mut browser, &manifest(), name).await;
        page.assert_shows(422, problem);
        page.assert_shows(422, "Create GitHub App");
    }
    assert_eq!(site.github(|github| github.apps().count()), 1);
}

#[tokio::test]
async fn only_owners_register_apps_of_an_organization() {
    let site = Site::start().await;
    let mut stranger = site.browser_of("ada").await;
    let manifest = manifest().to_string();
    let fields = [("manifest", manifest.as_str()), ("name", "Mine")];
    assert_eq!(stranger.post(NEW, &fields).await.status, 404);
    assert_eq!(stranger.post(CREATE, &fields).await.status, 404);
    let nobody = "/organizations/nobody/settings/apps/new";
    assert_eq!(site.browser().post(nobody, &fields).await.status, 404);

    stranger.post("/settings/apps", &fields).await.location();
    let owner = site.github(|github| github.apps().next().unwrap().owner.login.clone());
    assert_eq!(owner, "ada");
}

#[tokio::test]
async fn an_app_without_a_hook_has_no_secret_for_it() {
    let site = Site::start().await;
    let mut browser = site.browser();
    let mut manifest = manifest();
    manifest.as_object_mut().unwrap().remove("hook_attributes");
    let created = create(&mut browser, &manifest, "Poller").await;
    let id = site.github(|github| only_app(github));
    assert_eq!(site.events(id).await, [""; 0], "nobody to ping");
    let app = convert(&site, &created.parameter("code").unwrap())
        .await
        .json();
    assert_eq!(app["webhook_secret"], Value::Null);
}

#[tokio::test]
async fn a_manifest_can_be_pasted() {
    let site = Site::start().await;
    let page = site.browser().get(NEW).await;
    page.assert_shows(200, "Register a GitHub App for acme");
    page.assert_shows(
        200,
        "action=\"/organizations/acme/settings/apps/new?state=s%26t\"",
    );
    page.assert_shows(200, "<textarea id=\"manifest\" name=\"manifest\">");
}
