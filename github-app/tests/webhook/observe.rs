//! What is counted and logged, and what never is.

use std::{
    io,
    sync::{Arc, Mutex},
};

use http::Request;
use metrics::{
    Counter, Gauge, Histogram, Key, KeyName, Label, Metadata, Recorder, SharedString, Unit,
    with_local_recorder,
};
use serde_json::json;
use tonic::Code;
use tracing_subscriber::fmt::MakeWriter;

use crate::{
    payloads,
    support::{App, GUID, Reaction, SECRET, WRITE_KEY, delivery, refusal},
};

/// Notes down the key of everything that is counted.
#[derive(Default)]
struct Notes(Mutex<Vec<String>>);

impl Recorder for Notes {
    fn describe_counter(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}
    fn describe_gauge(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}
    fn describe_histogram(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}

    fn register_counter(&self, key: &Key, _: &Metadata<'_>) -> Counter {
        let labels: Vec<_> = key.labels().map(Label::value).collect();
        let note = format!("{} {}", key.name(), labels.join(" "));
        self.0.lock().unwrap().push(note);
        Counter::noop()
    }

    fn register_gauge(&self, _: &Key, _: &Metadata<'_>) -> Gauge {
        Gauge::noop()
    }

    fn register_histogram(&self, key: &Key, _: &Metadata<'_>) -> Histogram {
        self.0.lock().unwrap().push(key.name().to_owned());
        Histogram::noop()
    }
}

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

/// Sends requests, and gives what was counted and what was logged meanwhile.
fn observe(
    reactions: Vec<Reaction>,
    requests: Vec<Request<axum::body::Body>>,
) -> (Vec<String>, String) {
    let notes = Notes::default();
    let lines = Lines::default();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing::Level::TRACE)
        .with_ansi(false)
        .with_writer(lines.clone())
        .finish();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build()
        .unwrap();
    tracing::subscriber::with_default(subscriber, || {
        with_local_recorder(&notes, || {
            runtime.block_on(async {
                let app = App::new().will(reactions);
                for request in requests {
                    app.send(request).await;
                }
            });
        });
    });
    let counted = notes.0.into_inner().unwrap();
    let logged = String::from_utf8(lines.0.lock().unwrap().clone()).unwrap();
    (counted, logged)
}

#[test]
fn every_delivery_is_counted_under_a_name_that_we_know() {
    let run = payloads::workflow_run().to_string();
    let mut unsigned = delivery("workflow_run", run.clone());
    unsigned.headers_mut().remove("x-hub-signature-256");
    let requests = vec![
        delivery("workflow_run", run),
        delivery("workflow_job", "{}"),
        delivery("ping", "{}"),
        delivery("made_up_by_someone", "{}"),
        delivery("workflow_run", "{"),
        unsigned,
    ];
    let (counted, _) = observe(Vec::new(), requests);
    let (seconds, counted): (Vec<_>, Vec<_>) = counted
        .into_iter()
        .partition(|note| note == "lampboard_webhook_handle_seconds");
    assert_eq!(seconds.len(), 6);
    assert_eq!(
        counted,
        [
            "lampboard_webhook_deliveries_total workflow_run recorded",
            "lampboard_webhook_deliveries_total workflow_job quarantined",
            "lampboard_webhook_deliveries_total ping ignored",
            "lampboard_webhook_deliveries_total other ignored",
            "lampboard_webhook_deliveries_total workflow_run bad_request",
            "lampboard_webhook_deliveries_total other unauthorized",
        ]
    );
}

#[test]
fn a_form_and_a_body_too_large_are_both_logged_with_how_to_fix_it() {
    let mut form = delivery("workflow_run", "payload=%7B%7D");
    let content_type = "application/x-www-form-urlencoded".parse().unwrap();
    form.headers_mut().insert("content-type", content_type);
    let mut large = delivery("workflow_run", "{}");
    large
        .headers_mut()
        .insert("content-length", "30000000".parse().unwrap());

    let (_, logged) = observe(Vec::new(), vec![form, large]);
    assert_eq!(logged.matches("WARN").count(), 2, "{logged}");
    for hint in ["set the content type to application/json", "webhook URL"] {
        assert!(logged.contains(hint), "{hint} is not in {logged}");
    }
}

#[test]
fn failures_name_the_delivery_and_the_cause() {
    let run = payloads::workflow_run().to_string();
    let reactions = vec![refusal(Code::Unavailable)];
    let (_, logged) = observe(reactions, vec![delivery("workflow_run", run)]);
    for part in [
        "ERROR",
        &format!("delivery.id=\"{GUID}\""),
        "Unavailable",
        "as the test said",
    ] {
        assert!(logged.contains(part), "{part} is not in {logged}");
    }
}

#[test]
fn a_flood_of_wrong_signatures_is_one_line_that_tells_nothing_of_it() {
    let wrong = || {
        let mut request = delivery("workflow_run", payloads::workflow_run().to_string());
        let signature = "sha256=ffff".parse().unwrap();
        request
            .headers_mut()
            .insert("x-hub-signature-256", signature);
        request
    };
    let (_, logged) = observe(Vec::new(), (0..500).map(|_| wrong()).collect());
    assert_eq!(logged.matches("signature").count(), 1, "{logged}");
    for told in [GUID, "workflow_run", "ffff", "acme"] {
        assert!(!logged.contains(told), "{told} is in {logged}");
    }
}

#[test]
fn neither_secrets_nor_payloads_are_logged() {
    let canary = "canary-of-the-payload";
    let mut run = payloads::workflow_run();
    run["workflow_run"]["head_branch"] = json!(canary);
    let mut lost = run.clone();
    lost["workflow_run"]["id"] = json!(canary);
    let broken = format!("{{\"{canary}\": ");
    let twice = format!("{{\"action\": \"{canary}\", \"action\": \"{canary}\"}}");
    let mut requests = Vec::new();
    for body in [run.to_string(), lost.to_string(), broken, twice] {
        requests.push(delivery("workflow_run", body.clone()));
        requests.push(delivery("workflow_run", body));
    }
    let reactions = vec![refusal(Code::Internal)];
    let (_, logged) = observe(reactions, requests);
    assert!(logged.contains("recorded delivery"), "{logged}");
    for secret in [canary, SECRET, WRITE_KEY] {
        assert!(!logged.contains(secret), "{secret} is in {logged}");
    }
}
