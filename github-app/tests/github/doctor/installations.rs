//! Where the App is installed.

use lampboard_github_app::doctor::Level;
use serde_json::{Value, json};

use super::{INSTALLATIONS, REPOSITORIES, assert_only, but, examined, installation};
use crate::support::fake::{Canned, Fake};

const SUBJECT: &str = "installation acme";

/// A healthy GitHub but for one thing about the installation.
fn with(name: &str, value: Value) -> Fake {
    let mut installation = installation();
    installation[name] = value;
    but(INSTALLATIONS, json!([installation]))
}

#[tokio::test]
async fn an_app_that_is_installed_nowhere_sees_nothing() {
    let findings = examined(but(INSTALLATIONS, json!([]))).await;
    let words = ["installed nowhere", "Install App"];
    assert_only(&findings, "installations", Level::Fail, &words);
}

#[tokio::test]
async fn a_suspended_installation_is_found() {
    let findings = examined(with("suspended_at", json!("2026-02-01T00:00:00Z"))).await;
    let words = ["suspended", "settings/installations/88"];
    assert_only(&findings, SUBJECT, Level::Warn, &words);
}

#[tokio::test]
async fn permissions_that_its_owner_has_not_granted_are_named() {
    let findings = examined(with("permissions", json!({ "metadata": "read" }))).await;
    let words = ["not granted actions: read", "settings/installations/88"];
    assert_only(&findings, SUBJECT, Level::Fail, &words);
}

#[tokio::test]
async fn an_installation_on_no_repository_is_found() {
    let none = json!({ "total_count": 0, "repositories": [] });
    let findings = examined(but(REPOSITORIES, none)).await;
    assert_only(&findings, SUBJECT, Level::Warn, &["no repository"]);
}

#[tokio::test]
async fn one_installation_that_fails_does_not_hide_another() {
    let fake = Fake::answering_all(|asked| {
        let path = asked.path.trim_start_matches("/api/v3");
        match path {
            INSTALLATIONS => {
                let mut other = installation();
                other["id"] = json!(89);
                other["account"] = json!({ "login": "other" });
                Canned::json(&json!([other, installation()]))
            }
            "/app/installations/89/access_tokens" => Canned::refusal(500, "broken"),
            _ if asked.asks_for_token() => crate::support::fake::made_token("token-1", asked.time),
            _ => Canned::json(&super::answer(asked)),
        }
    });
    let findings = examined(fake).await;
    let words = ["can not be listed", "500"];
    assert_only(&findings, "installation other", Level::Fail, &words);
}
