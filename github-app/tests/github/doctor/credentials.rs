//! Where the App's credentials are, and whether they can be used.

use std::{
    fs::{self, Permissions},
    os::unix::fs::PermissionsExt as _,
    path::Path,
    sync::Arc,
};

use lampboard_github_app::{
    Credentials, CredentialsFolder, IdentityConfig, SetupConfig,
    doctor::{Finding, Level, examine, private_file},
};
use tempfile::TempDir;

use super::{all_healthy, assert_only, credentials, examined_with, of};
use crate::support::{
    clock::SteppedClock,
    fake::{self},
};

/// What set-up works with in a data folder.
fn set_up_in(data_dir: &Path) -> IdentityConfig {
    IdentityConfig::Setup(Box::new(SetupConfig {
        folder: CredentialsFolder::new(data_dir),
        app: None,
        base_url: "http://127.0.0.1:8080".to_owned(),
        public_url: None,
        web_url: "https://github.com".to_owned(),
        api_url: None,
        ca_certificates: None,
        random: |_| (),
    }))
}

/// A data folder with these credentials in it.
fn saved(credentials: &Credentials) -> TempDir {
    let data = tempfile::tempdir().unwrap();
    let folder = CredentialsFolder::new(data.path());
    folder.save(credentials).unwrap();
    data
}

async fn examined(data_dir: &Path) -> Vec<Finding> {
    let clock = Arc::new(SteppedClock::new());
    examine(&set_up_in(data_dir), None, clock).await
}

#[tokio::test]
async fn what_set_up_kept_is_examined_like_settings() {
    let fake = Arc::new(all_healthy());
    let url = fake::serve(&fake).await;
    let data = saved(&credentials(url.as_str()));
    let clock = Arc::clone(&fake.clock);
    let findings = examine(&set_up_in(data.path()), None, clock).await;
    assert_eq!(findings.len(), 14, "{findings:#?}");
    assert!(findings.iter().all(|it| it.level == Level::Ok));
    let message = &of(&findings, "credentials").message;
    assert!(message.contains("for its owner only"), "{message}");
}

#[tokio::test]
async fn without_an_app_the_ways_to_one_are_named() {
    let data = tempfile::tempdir().unwrap();
    let findings = examined(data.path()).await;
    let words = [
        "there is no App",
        "lampboard serve",
        "LAMPBOARD_GITHUB_APP_ID",
    ];
    assert_only(&findings, "credentials", Level::Fail, &words);
    assert_eq!(findings.len(), 1);
}

#[tokio::test]
async fn a_key_that_others_can_read_is_found() {
    let data = saved(&credentials("http://127.0.0.1:1"));
    let key = data.path().join("github-app/private-key.pem");
    fs::set_permissions(&key, Permissions::from_mode(0o644)).unwrap();
    let findings = examined(data.path()).await;
    let words = ["can be read by others", "chmod 600", "private-key.pem"];
    assert_only(&findings, "credentials", Level::Fail, &words);
}

#[tokio::test]
async fn credentials_of_which_a_part_is_gone_are_found() {
    let data = saved(&credentials("http://127.0.0.1:1"));
    fs::remove_file(data.path().join("github-app/private-key.pem")).unwrap();
    let findings = examined(data.path()).await;
    let words = ["private-key.pem", "missing", "set up anew"];
    assert_only(&findings, "credentials", Level::Fail, &words);
}

#[tokio::test]
async fn a_key_that_is_none_is_found_and_not_repeated() {
    let findings = examined_with(all_healthy(), |credentials| {
        credentials.private_key = "a-secret-that-is-no-key".into();
    });
    let findings = findings.await;
    let words = ["no RSA key", "make a new key"];
    assert_only(&findings, "private key", Level::Fail, &words);
    assert!(!format!("{findings:?}").contains("a-secret-that"));
}

#[tokio::test]
async fn an_address_that_is_none_or_unencrypted_is_found() {
    for url in ["github", "http://github.example"] {
        let findings = examined_with(all_healthy(), |credentials| {
            url.clone_into(&mut credentials.api_url);
        });
        let words = [url, "LAMPBOARD_GITHUB_API_URL"];
        assert_only(&findings.await, "GitHub's address", Level::Fail, &words);
    }
}

#[tokio::test]
async fn webhooks_alone_can_not_be_examined() {
    let identity = IdentityConfig::Webhooks(vec!["of the tests".into()]);
    let clock = Arc::new(SteppedClock::new());
    let findings = examine(&identity, None, clock).await;
    let words = ["no key", "LAMPBOARD_GITHUB_PRIVATE_KEY_FILE", "/setup"];
    assert_only(&findings, "credentials", Level::Warn, &words);
}

#[test]
fn a_file_with_a_secret_is_for_its_owner() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("secret");
    let judged = |mode| {
        fs::write(&path, "x").unwrap();
        fs::set_permissions(&path, Permissions::from_mode(mode)).unwrap();
        private_file("THE_FILE", &path)
    };
    assert_eq!(judged(0o600).level, Level::Ok);
    let open = judged(0o640);
    assert_eq!(open.level, Level::Warn);
    assert!(open.fix.unwrap().starts_with("run `chmod 600 "));
    fs::remove_file(&path).unwrap();
    assert_eq!(private_file("THE_FILE", &path).level, Level::Fail);
}
