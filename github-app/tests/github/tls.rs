//! A GitHub of one's own, with certificates of one's own.

use std::sync::Arc;

use lampboard_github_app::github::{Connection, ConnectionError, Error, GitHub};

use crate::support::{authority::Authority, clock::SteppedClock, connection, der};

fn github(connection: Connection) -> Result<GitHub, ConnectionError> {
    GitHub::new(connection, Arc::new(SteppedClock::new()))
}

#[tokio::test]
async fn trusts_the_certificates_that_it_is_given() {
    let authority = Authority::new();
    let url = authority.serve_app(4711);
    let connection = Connection {
        ca_certificates: Some(authority.pem().into_bytes()),
        ..connection(&url)
    };
    let app = github(connection).unwrap().app().await.unwrap();
    assert_eq!(app.id, Some(4711));
}

#[tokio::test]
async fn trusts_no_others() {
    let authority = Authority::new();
    let connection = Connection {
        ca_certificates: Some(Authority::new().pem().into_bytes()),
        ..connection(&authority.serve_app(4711))
    };
    let refused = github(connection).unwrap().app().await.unwrap_err();
    assert!(
        matches!(&refused, Error::Unavailable(problem) if problem.contains("certificate")),
        "{refused}"
    );
}

#[tokio::test]
async fn refuses_certificates_that_are_none() {
    let url = "https://ghe.example.com/api/v3".parse().unwrap();
    for pem in [
        String::new(),
        "nonsense".to_owned(),
        der::pem("CERTIFICATE", b"nonsense"),
    ] {
        let connection = Connection {
            ca_certificates: Some(pem.clone().into_bytes()),
            ..connection(&url)
        };
        let refused = github(connection).map(drop);
        assert!(
            matches!(refused, Err(ConnectionError::UnusableCertificates(_))),
            "{pem}"
        );
    }
}
