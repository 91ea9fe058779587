//! What an app refuses to start with.

use std::sync::Arc;

use lampboard_github_app::{Error, GithubApp};
use lampboard_proto::transport;
use tonic::service::Routes;

use crate::support::{self, Noon, SECRET, WRITE_KEY};

fn start(webhook_secrets: &[&str], write_key: &str) -> Result<GithubApp, Error> {
    let config = support::config(webhook_secrets, write_key);
    GithubApp::new(config, transport::over(Routes::default()), Arc::new(Noon))
}

#[test]
fn it_starts_with_one_secret_or_several() {
    assert!(start(&[SECRET], WRITE_KEY).is_ok());
    assert!(start(&[SECRET, "the one before"], WRITE_KEY).is_ok());
}

#[test]
fn without_a_secret_it_says_how_to_make_one() {
    for secrets in [&[][..], &[""], &[SECRET, ""]] {
        let error = start(secrets, WRITE_KEY).err().unwrap();
        assert!(
            error.to_string().contains("openssl rand -hex 32"),
            "{error}"
        );
    }
}

#[test]
fn it_does_not_start_with_a_write_key_that_no_header_holds() {
    for key in ["", "two words", "line\nbreak", "schlüssel"] {
        let error = start(&[SECRET], key).err();
        assert!(matches!(error, Some(Error::UnusableWriteKey)), "{key:?}");
    }
}

#[test]
fn a_configuration_does_not_show_its_secrets() {
    let config = support::config(&[SECRET], WRITE_KEY);
    let shown = format!("{config:?}");
    assert!(
        !shown.contains(SECRET) && !shown.contains(WRITE_KEY),
        "{shown}"
    );
}
