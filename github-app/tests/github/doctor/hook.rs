//! Where webhooks go and what became of them.

use lampboard_github_app::doctor::Level;
use serde_json::{Value, json};

use super::{DELIVERIES, HOOK, all_healthy, assert_only, but, examined, examined_with, healthy};
use crate::support::fake::{Canned, Fake};

/// A healthy GitHub but for one setting of the webhook.
fn hook(name: &str, value: Value) -> Fake {
    let mut config = healthy(HOOK);
    config[name] = value;
    but(HOOK, config)
}

#[tokio::test]
async fn an_address_elsewhere_is_found() {
    let findings = examined(hook("url", json!("https://old.example/hook"))).await;
    let words = [
        "https://old.example/hook",
        "https://ci.example.com/api/webhook/github-actions",
        "LAMPBOARD_PUBLIC_URL",
    ];
    assert_only(&findings, "webhook address", Level::Fail, &words);
}

#[tokio::test]
async fn an_address_that_nobody_told_can_not_be_compared() {
    let findings = examined_with(all_healthy(), |credentials| credentials.public_url = None);
    let words = ["LAMPBOARD_PUBLIC_URL"];
    assert_only(&findings.await, "webhook address", Level::Warn, &words);
}

#[tokio::test]
async fn forms_are_found() {
    let findings = examined(hook("content_type", json!("form"))).await;
    let words = ["application/json"];
    assert_only(&findings, "webhook content type", Level::Fail, &words);
}

#[tokio::test]
async fn unchecked_certificates_are_found_however_they_are_written() {
    for unchecked in [json!("1"), json!(1)] {
        let findings = examined(hook("insecure_ssl", unchecked)).await;
        let words = ["SSL verification"];
        assert_only(&findings, "webhook certificate", Level::Warn, &words);
    }
    let findings = examined(hook("insecure_ssl", json!(0))).await;
    assert!(findings.iter().all(|it| it.level == Level::Ok));
}

#[tokio::test]
async fn a_secret_on_one_side_only_is_found() {
    for nothing in [json!(null), json!("")] {
        let findings = examined(hook("secret", nothing)).await;
        let words = ["none at GitHub", "openssl rand -hex 32"];
        assert_only(&findings, "webhook secret", Level::Fail, &words);
    }
}

#[tokio::test]
async fn a_secret_that_is_empty_is_found() {
    for secrets in [vec![], vec!["of the tests".into(), "".into()]] {
        let findings = examined_with(all_healthy(), |it| it.webhook_secrets = secrets).await;
        let words = ["LAMPBOARD_WEBHOOK_SECRET"];
        assert_only(&findings, "webhook secret", Level::Fail, &words);
    }
}

#[tokio::test]
async fn secrets_that_differ_show_in_what_became_of_deliveries() {
    let refused = json!([{
        "id": 1, "guid": "a", "status": "Invalid HTTP Response: 401", "status_code": 401,
        "delivered_at": "2026-03-01T11:59:00Z"
    }]);
    let findings = examined(but(DELIVERIES, refused)).await;
    let words = ["1m ago", "401", "two secrets differ"];
    assert_only(&findings, "deliveries", Level::Fail, &words);
}

#[tokio::test]
async fn no_delivery_at_all_is_odd() {
    let findings = examined(but(DELIVERIES, json!([]))).await;
    assert_only(&findings, "deliveries", Level::Warn, &["nothing"]);
}

#[tokio::test]
async fn what_github_does_not_tell_is_said_so() {
    let fake = Fake::answering(|asked| {
        if asked.path.contains("/hook/") {
            Canned::refusal(404, "Not Found")
        } else {
            Canned::json(&super::answer(asked))
        }
    });
    let findings = examined(fake).await;
    for subject in ["webhook", "deliveries"] {
        let finding = super::of(&findings, subject);
        assert_eq!(finding.level, Level::Warn, "{finding:?}");
        assert!(finding.message.contains("does not tell"), "{finding:?}");
    }
}
