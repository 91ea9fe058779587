//! From the code of a manifest to an App.

use std::sync::Arc;

use lampboard_github_app::github::{Error, convert_manifest};
use secrecy::ExposeSecret as _;
use serde_json::{Value, json};

use crate::support::fake::{Canned, Fake, serve};

fn made() -> Value {
    json!({
        "id": 4711,
        "slug": "lampboard-octo",
        "node_id": "A_4711",
        "owner": { "login": "octo-org", "id": 9, "type": "Organization" },
        "name": "Lampboard",
        "html_url": "https://github.com/apps/lampboard-octo",
        "client_id": "Iv23of",
        "client_secret": "first of the secrets",
        "webhook_secret": "second of the secrets",
        "pem": "third of the secrets",
        "permissions": { "actions": "read" },
        "events": ["workflow_run"]
    })
}

#[tokio::test]
async fn exchanges_a_code_for_an_app() {
    let fake = Arc::new(Fake::answering(|_| {
        Canned::status(201).with_body(made().to_string())
    }));
    let url = serve(&fake).await;
    let app = convert_manifest(&url, None, "a/b").await.unwrap();
    assert_eq!((app.id, app.slug.as_str()), (4711, "lampboard-octo"));
    assert_eq!(app.owner_login.as_deref(), Some("octo-org"));
    assert_eq!(app.client_secret.expose_secret(), "first of the secrets");
    assert_eq!(
        app.webhook_secret.as_ref().unwrap().expose_secret(),
        "second of the secrets"
    );
    assert_eq!(app.pem.expose_secret(), "third of the secrets");
    assert!(!format!("{app:?}").contains("of the secrets"));
    let asked = fake.asked().remove(0);
    let path = "/app-manifests/a%2Fb/conversions";
    assert_eq!((asked.method.as_str(), asked.path.as_str()), ("POST", path));
    assert_eq!(asked.header("authorization"), None);
}

#[tokio::test]
async fn takes_an_app_without_a_webhook_secret() {
    let mut made = made();
    made["webhook_secret"] = Value::Null;
    let fake = Arc::new(Fake::answering(move |_| Canned::json(&made)));
    let app = convert_manifest(&serve(&fake).await, None, "code")
        .await
        .unwrap();
    assert!(app.webhook_secret.is_none());
}

#[tokio::test]
async fn tells_a_code_that_is_used_up_without_telling_the_code() {
    let fake = Arc::new(Fake::answering_in_turn([
        Canned::refusal(404, "Not Found"),
        Canned::status(502),
        Canned::status(201).with_body(r#"{"id":1,"pem":"a secret""#),
    ]));
    let url = serve(&fake).await;
    let mut errors = Vec::new();
    for _ in 0..3 {
        errors.push(convert_manifest(&url, None, "the-code").await.unwrap_err());
    }
    assert!(matches!(errors[0], Error::NotFound { .. }));
    assert!(matches!(errors[1], Error::Unavailable(_)));
    assert!(matches!(errors[2], Error::Unreadable { .. }));
    for error in errors {
        let text = format!("{error} {error:?}");
        assert!(
            !text.contains("the-code") && !text.contains("a secret"),
            "{text}"
        );
    }
    assert_eq!(fake.asked().len(), 3);
}
