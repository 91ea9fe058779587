//! What is secret is neither logged nor shown.

use std::{
    io,
    sync::{Arc, Mutex},
};

use lampboard_github_app::github::Purpose;
use serde_json::json;
use tracing_subscriber::fmt::MakeWriter;

use crate::support::{
    INSTALLATION, World, connection,
    fake::{Canned, Fake, made_token},
    key, path,
};

#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<u8>>>);

impl io::Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl MakeWriter<'_> for Lines {
    type Writer = Self;

    fn make_writer(&self) -> Self {
        self.clone()
    }
}

#[tokio::test]
async fn logs_and_shows_no_credentials() {
    let lines = Lines::default();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing::Level::TRACE)
        .with_ansi(false)
        .with_writer(lines.clone())
        .finish();
    let guard = tracing::subscriber::set_default(subscriber);
    let fake = Fake::answering_all(|asked| match asked.path.as_str() {
        "/unknown" => Canned::refusal(401, "Bad credentials"),
        "/forbidden" => Canned::refusal(403, "Resource not accessible"),
        "/broken" => Canned::status(500),
        _ if asked.asks_for_token() => made_token("tell-nobody", asked.time),
        _ => Canned::json(&json!({})),
    });
    let world = World::new(fake).await;
    let connection = connection(&"http://127.0.0.1:9".parse().unwrap());
    let mut shown = format!("{:?} {connection:?}", world.github);
    for place in ["/thing", "/unknown", "/forbidden", "/broken"] {
        let got = world
            .github
            .get(INSTALLATION, Purpose::Live, &path(place))
            .await;
        shown += &got.map_or_else(|error| format!("{error} {error:?}"), |_| String::new());
    }
    drop(guard);
    let logged = String::from_utf8(lines.0.lock().unwrap().clone()).unwrap();
    assert!(logged.contains("/forbidden"), "it logs something: {logged}");
    let pem = key::first().pkcs1_pem();
    let jwt = world.fake.asked()[0].bearer().to_owned();
    for secret in ["tell-nobody", jwt.as_str(), pem.lines().nth(5).unwrap()] {
        assert!(!logged.contains(secret), "{logged}");
        assert!(!shown.contains(secret), "{shown}");
    }
}
