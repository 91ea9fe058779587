//! The key, the App, its permissions and events.

use lampboard_github_app::doctor::Level;
use serde_json::json;

use super::{APP, APP_ID, all_healthy, assert_only, but, examined, examined_with, healthy, of};
use crate::support::fake::{Canned, Fake};

#[tokio::test]
async fn a_key_of_another_app_is_found_and_nothing_else_asked() {
    let fake = Fake::answering(|_| Canned::refusal(401, "could not be decoded"));
    let findings = examined(fake).await;
    let words = ["4711", "could not be decoded", "LAMPBOARD_GITHUB_APP_ID"];
    assert_only(&findings, "key and App", Level::Fail, &words);
}

#[tokio::test]
async fn an_id_that_is_no_apps_is_found() {
    let fake = Fake::answering(|_| Canned::refusal(404, "Integration not found"));
    let findings = examined(fake).await;
    let words = ["no App 4711", "LAMPBOARD_GITHUB_APP_ID"];
    assert_only(&findings, "key and App", Level::Fail, &words);
}

#[tokio::test]
async fn an_id_that_is_not_the_keys_is_found() {
    let mut other = healthy(APP);
    other["id"] = json!(4712);
    let findings = examined(but(APP, other)).await;
    let words = ["correct LAMPBOARD_GITHUB_APP_ID", "4712"];
    assert_only(&findings, "key and App", Level::Fail, &words);
}

#[tokio::test]
async fn a_client_id_that_is_not_the_apps_is_found() {
    let findings = examined_with(all_healthy(), |credentials| {
        credentials.client_id = Some("Iv1.other".to_owned());
    });
    let words = ["LAMPBOARD_GITHUB_CLIENT_ID", "Iv1.abc"];
    assert_only(&findings.await, "key and App", Level::Fail, &words);
}

#[tokio::test]
async fn a_github_that_is_not_there_is_no_panic() {
    let findings = examined_with(all_healthy(), |credentials| {
        "http://127.0.0.1:1/api/v3".clone_into(&mut credentials.api_url);
    });
    let words = ["can not be reached", "firewall", "http://127.0.0.1:1"];
    assert_only(&findings.await, "GitHub", Level::Fail, &words);
}

#[tokio::test]
async fn what_is_no_api_of_github_is_found() {
    let fake = Fake::answering(|_| Canned::status(200).with_body("<html>"));
    let findings = examined(fake).await;
    let words = ["can not be read", "LAMPBOARD_GITHUB_API_URL"];
    assert_only(&findings, "GitHub", Level::Fail, &words);
}

#[tokio::test]
async fn permissions_that_are_missing_fail_and_others_are_pointed_out() {
    let mut app = healthy(APP);
    app["permissions"] = json!({ "metadata": "read", "contents": "write" });
    let findings = examined(but(APP, app.clone())).await;
    let words = ["lacks actions: read", "Permissions & events"];
    assert_only(&findings, "permissions", Level::Fail, &words);

    app["permissions"] = json!({ "actions": "write", "metadata": "read", "checks": "read" });
    let findings = examined(but(APP, app)).await;
    let words = ["actions: write, checks: read", "take it away"];
    assert_only(&findings, "permissions", Level::Warn, &words);
}

#[tokio::test]
async fn events_that_are_missing_fail_and_others_are_pointed_out() {
    let mut app = healthy(APP);
    app["events"] = json!(["workflow_run", "push"]);
    let findings = examined(but(APP, app.clone())).await;
    let words = ["lacks workflow_job, repository"];
    assert_only(&findings, "events", Level::Fail, &words);

    app["events"] = json!(["workflow_run", "workflow_job", "repository", "push"]);
    let findings = examined(but(APP, app)).await;
    assert_only(&findings, "events", Level::Warn, &["has push"]);
}

#[tokio::test]
async fn the_app_that_is_meant_is_named() {
    let findings = examined(all_healthy()).await;
    let message = &of(&findings, "key and App").message;
    let words = [APP_ID.to_string(), "lampboard-acme".to_owned()];
    assert!(words.iter().all(|it| message.contains(it)), "{message}");
}
