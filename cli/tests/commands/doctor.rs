//! `lampboard doctor`.

use std::{
    fs::{self, Permissions},
    os::unix::fs::PermissionsExt as _,
};

use lampboard_github_double::AppKey;
use secrecy::ExposeSecret as _;
use serde_json::Value;

use crate::{
    running::{Hub, Settings},
    support::{Ended, lampboard, run},
};

async fn doctor(arguments: &[&str], settings: &Settings) -> Ended {
    run(lampboard(&[&["doctor"], arguments].concat(), settings)).await
}

/// What `--json` says, by what was looked at.
fn levels(ended: &Ended) -> Vec<(String, String)> {
    let findings: Vec<Value> = serde_json::from_str(&ended.out).unwrap();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let pair = |it: &Value| (text(&it["subject"]), text(&it["level"]));
    findings.iter().map(pair).collect()
}

#[track_caller]
fn assert_level(ended: &Ended, subject: &str, level: &str) {
    let found = levels(ended);
    let expected = (subject.to_owned(), level.to_owned());
    assert!(
        found.contains(&expected),
        "{expected:?} is not in {found:#?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn of_a_lampboard_that_works_nothing_fails_and_no_secret_is_shown() {
    let hub = Hub::new().await;
    let serve = hub.serve().await;
    let server_url = ["--server-url", &serve.url];
    let ended = doctor(&server_url, &hub.settings).await;
    assert_eq!(ended.code, Some(0), "{}\n{}", ended.out, ended.err);
    for line in [
        "ok    key and App",
        "ok    clock",
        "ok    webhook address",
        "ok    installation acme",
        "ok    requests of acme",
        "ok    database ",
        "ok    app ",
        ", 0 fail",
    ] {
        assert!(
            ended.out.contains(line),
            "{line:?} is not in\n{}",
            ended.out
        );
    }
    let (_, pem) = hub
        .settings
        .iter()
        .find(|it| it.0.ends_with("_KEY"))
        .unwrap();
    let (_, secret) = hub
        .settings
        .iter()
        .find(|it| it.0.ends_with("_SECRET"))
        .unwrap();
    let line_of_key = pem.lines().nth(1).unwrap();
    for secret in [secret.as_str(), line_of_key] {
        assert!(!ended.out.contains(secret) && !ended.err.contains(secret));
    }
    let ended = doctor(&[&server_url[..], &["--json"]].concat(), &hub.settings).await;
    assert_level(&ended, "key and App", "ok");
    assert_level(&ended, "server", "ok");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_github_does_not_take_fails_and_a_server_that_is_away_does_not() {
    let hub = Hub::new().await;
    let away = ["--json", "--server-url", "http://127.0.0.1:1"];
    let ended = doctor(&away, &hub.settings).await;
    assert_eq!(ended.code, Some(0), "{}", ended.out);
    assert_level(&ended, "server", "warn");

    let other = AppKey::numbered(77).pem();
    let settings = hub.settings_but("LAMPBOARD_GITHUB_PRIVATE_KEY", other.expose_secret());
    let ended = doctor(&away, &settings).await;
    assert_eq!(ended.code, Some(1));
    assert_level(&ended, "key and App", "fail");
    assert_level(&ended, "private key", "ok");

    let settings = hub.settings_but("LAMPBOARD_GITHUB_APP_ID", "99999");
    let ended = doctor(&away, &settings).await;
    assert_eq!(ended.code, Some(1));
    assert_level(&ended, "key and App", "fail");

    let settings = hub.settings_but("LAMPBOARD_PUBLIC_URL", "https://other.example");
    let ended = doctor(&away, &settings).await;
    assert_eq!(ended.code, Some(1));
    assert_level(&ended, "webhook address", "fail");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_suspended_installation_is_pointed_out() {
    let hub = Hub::new().await;
    let installation = hub.stage.installation;
    hub.stage
        .double
        .github(|github| github.suspend(installation));
    let away = ["--json", "--server-url", "http://127.0.0.1:1"];
    let ended = doctor(&away, &hub.settings).await;
    assert_eq!(ended.code, Some(0), "{}", ended.out);
    assert_level(&ended, "installation acme", "warn");
}

#[tokio::test]
async fn settings_that_do_not_go_together_are_found_and_so_are_open_files() {
    let folder = tempfile::tempdir().unwrap();
    let secret = folder.path().join("secret");
    fs::write(&secret, "of the tests").unwrap();
    fs::set_permissions(&secret, Permissions::from_mode(0o644)).unwrap();
    let settings = vec![
        ("LAMPBOARD_DATA_DIR", folder.path().display().to_string()),
        ("LAMPBOARD_GITHUB_APP_ID", "7".to_owned()),
        (
            "LAMPBOARD_WEBHOOK_SECRET_FILE",
            secret.display().to_string(),
        ),
        ("LAMPBOARD_SERVER_URL", "http://127.0.0.1:1".to_owned()),
    ];
    let ended = doctor(&["--json"], &settings).await;
    assert_eq!(ended.code, Some(1));
    assert_level(&ended, "settings", "fail");
    assert_level(&ended, "LAMPBOARD_WEBHOOK_SECRET_FILE", "warn");
    assert_level(&ended, "database file", "ok");
}

#[tokio::test]
async fn before_set_up_it_says_how_to_begin() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let settings = vec![
        ("LAMPBOARD_DATA_DIR", data.display().to_string()),
        ("LAMPBOARD_SERVER_URL", "http://127.0.0.1:1".to_owned()),
    ];
    let ended = doctor(&[], &settings).await;
    assert_eq!(ended.code, Some(1));
    assert!(ended.out.contains("fail  credentials"), "{}", ended.out);
    assert!(
        ended.out.contains("-> run `lampboard serve`"),
        "{}",
        ended.out
    );
    assert!(!data.exists(), "doctor made a folder");
}
