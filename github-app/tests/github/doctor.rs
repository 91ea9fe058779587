//! What `lampboard doctor` finds at GitHub.

mod app;
mod credentials;
mod hook;
mod installations;

use std::sync::Arc;

use jiff::SignedDuration;
use lampboard_github_app::{
    Credentials, IdentityConfig,
    doctor::{Finding, Level, examine},
};
use serde_json::{Value, json};

use crate::support::{
    APP_ID, INSTALLATION,
    fake::{self, Asked, Canned, Fake},
    key,
};

const APP: &str = "/app";
const HOOK: &str = "/app/hook/config";
const DELIVERIES: &str = "/app/hook/deliveries?per_page=100";
const INSTALLATIONS: &str = "/app/installations?per_page=100";
const REPOSITORIES: &str = "/installation/repositories?per_page=100";

/// What a GitHub says at which there is nothing to complain of.
fn healthy(path: &str) -> Value {
    match path {
        APP => json!({
            "id": APP_ID, "slug": "lampboard-acme", "client_id": "Iv1.abc",
            "permissions": { "actions": "read", "metadata": "read" },
            "events": ["workflow_run", "workflow_job", "repository"]
        }),
        HOOK => json!({
            "url": "https://ci.example.com/api/webhook/github-actions",
            "content_type": "json", "insecure_ssl": "0", "secret": "********"
        }),
        DELIVERIES => json!([{
            "id": 1, "guid": "a", "status": "OK", "status_code": 200,
            "delivered_at": "2026-03-01T11:59:00Z"
        }]),
        INSTALLATIONS => json!([installation()]),
        REPOSITORIES => {
            json!({ "total_count": 2, "repositories": [{ "id": 1 }, { "id": 2 }] })
        }
        other => panic!("unexpected: {other}"),
    }
}

fn installation() -> Value {
    json!({
        "id": INSTALLATION, "account": { "login": "acme" },
        "permissions": { "actions": "read", "metadata": "read" },
        "html_url": "https://github.example/settings/installations/88"
    })
}

/// What the settings say of the App.
fn credentials(api_url: &str) -> Credentials {
    Credentials {
        app_id: APP_ID,
        slug: String::new(),
        name: String::new(),
        html_url: String::new(),
        client_id: None,
        client_secret: None,
        private_key: key::first().pkcs1_pem().into(),
        webhook_secrets: vec!["of the tests".into()],
        web_url: api_url.to_owned(),
        api_url: api_url.to_owned(),
        public_url: Some("https://ci.example.com/".to_owned()),
        polling: false,
    }
}

/// A GitHub that is healthy but for one answer.
fn but(path: &'static str, body: Value) -> Fake {
    Fake::answering(move |asked| {
        let is_it = asked.path.trim_start_matches("/api/v3") == path;
        Canned::json(&if is_it { body.clone() } else { answer(asked) })
    })
}

fn answer(asked: &Asked) -> Value {
    healthy(asked.path.trim_start_matches("/api/v3"))
}

fn all_healthy() -> Fake {
    Fake::answering(|asked| Canned::json(&answer(asked)).with_remaining(4990, asked))
}

async fn examined(fake: Fake) -> Vec<Finding> {
    examined_with(fake, |_| ()).await
}

/// Examines with credentials that a test has changed.
async fn examined_with(fake: Fake, change: impl FnOnce(&mut Credentials)) -> Vec<Finding> {
    let fake = Arc::new(fake);
    let url = fake::serve(&fake).await;
    let mut credentials = credentials(url.as_str());
    change(&mut credentials);
    let identity = IdentityConfig::App(Box::new(credentials));
    examine(&identity, None, Arc::clone(&fake.clock) as _).await
}

fn of<'a>(findings: &'a [Finding], subject: &str) -> &'a Finding {
    let mut of_it = findings.iter().filter(|it| it.subject == subject);
    let finding = of_it.next();
    let finding = finding.unwrap_or_else(|| panic!("nothing on {subject} in {findings:#?}"));
    assert_eq!(of_it.next(), None);
    finding
}

/// Asserts that one thing is this bad and every other is fine.
fn assert_only(findings: &[Finding], subject: &str, level: Level, words: &[&str]) {
    let finding = of(findings, subject);
    assert_eq!(finding.level, level, "{finding:?}");
    let text = format!("{} {}", finding.message, finding.fix.as_ref().unwrap());
    for word in words {
        assert!(text.contains(word), "{word:?} is not in {text:?}");
    }
    for other in findings.iter().filter(|it| it.subject != subject) {
        assert_eq!(other.level, Level::Ok, "{other:?}");
    }
}

#[tokio::test]
async fn a_healthy_app_is_found_so_in_every_respect() {
    let findings = examined(all_healthy()).await;
    let subjects: Vec<_> = findings.iter().map(|it| it.subject.as_str()).collect();
    assert_eq!(
        subjects,
        [
            "credentials",
            "private key",
            "key and App",
            "clock",
            "permissions",
            "events",
            "webhook address",
            "webhook content type",
            "webhook certificate",
            "webhook secret",
            "deliveries",
            "installation acme",
            "requests of the App",
            "requests of acme",
        ]
    );
    for finding in &findings {
        assert_eq!(finding.level, Level::Ok, "{finding:?}");
        assert_eq!(finding.fix, None, "{finding:?}");
    }
    let installation = of(&findings, "installation acme");
    assert_eq!(installation.message, "it sees 2 repositories");
    let budget = of(&findings, "requests of acme");
    assert_eq!(budget.message, "4990 of 5000 an hour are left");
}

#[tokio::test]
async fn a_clock_may_be_off_by_seconds_and_not_by_minutes() {
    for (seconds, level, words) in [
        (-2, Level::Ok, "clock is GitHub's"),
        (-29, Level::Ok, "29s ahead of"),
        (31, Level::Warn, "31s behind"),
        (-299, Level::Warn, "4m 59s ahead of"),
        (301, Level::Fail, "5m 1s behind"),
    ] {
        let fake = all_healthy().ahead_by(SignedDuration::from_secs(seconds));
        let findings = examined(fake).await;
        let clock = of(&findings, "clock");
        assert_eq!(clock.level, level, "{clock:?}");
        assert!(clock.message.contains(words), "{clock:?}");
        assert_eq!(clock.fix.is_some(), level != Level::Ok);
    }
}

#[tokio::test]
async fn who_polls_is_not_asked_about_webhooks() {
    let findings = examined_with(all_healthy(), |credentials| {
        credentials.polling = true;
        credentials.webhook_secrets.clear();
    });
    let findings = findings.await;
    assert_eq!(of(&findings, "webhook").level, Level::Ok);
    let webhooks = findings.iter().filter(|it| it.subject.contains("webhook "));
    assert_eq!(webhooks.count(), 0, "{findings:#?}");
}
