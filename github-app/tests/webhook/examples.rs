//! GitHub's own example payloads, and what becomes of them.

use std::{fs, path::Path, sync::LazyLock};

use http::StatusCode;
use serde::Deserialize;
use serde_json::Value;

use crate::support::App;

#[derive(Deserialize)]
struct Event {
    name: String,
    examples: Vec<Value>,
}

static EVENTS: LazyLock<Vec<Event>> = LazyLock::new(|| {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../web-ui/node_modules/@octokit/webhooks-examples/api.github.com/index.json");
    let json = fs::read(&path).unwrap_or_else(|error| {
        panic!(
            "GitHub's example payloads are not installed: run `npm ci` in web-ui ({}: {error})",
            path.display()
        )
    });
    serde_json::from_slice(&json).expect("GitHub's example payloads are a list of events")
});

/// GitHub's examples of an event.
pub(crate) fn examples(event: &str) -> &'static [Value] {
    let found = EVENTS.iter().find(|known| known.name == event);
    found.map_or(&[], |event| &event.examples)
}

async fn assert_snapshots(event: &str, count: usize) {
    let examples = examples(event);
    assert_eq!(examples.len(), count, "GitHub's examples changed");
    for (index, example) in examples.iter().enumerate() {
        let app = App::new();
        let answer = app.deliver(event, example).await;
        assert_eq!(answer.status, StatusCode::OK);
        let mut report = app.report();
        let delivery = report.delivery.take().unwrap();
        assert_eq!(delivery.payload, example.to_string().as_bytes());
        insta::assert_debug_snapshot!(format!("{event}_{}", index + 1), report);
    }
}

#[tokio::test]
async fn every_workflow_run_becomes_a_build() {
    assert_snapshots("workflow_run", 5).await;
}

#[tokio::test]
async fn every_workflow_job_becomes_a_job() {
    assert_snapshots("workflow_job", 8).await;
}

#[tokio::test]
async fn every_other_event_of_an_app_is_recorded() {
    let events = [
        "installation",
        "installation_repositories",
        "repository",
        "github_app_authorization",
    ];
    for event in events {
        assert!(!examples(event).is_empty(), "{event}");
        for example in examples(event) {
            let app = App::new();
            let answer = app.deliver(event, example).await;
            assert_eq!(answer.status, StatusCode::OK, "{event}");
            assert_eq!(app.report().delivery.unwrap().problem, "", "{event}");
        }
    }
}

#[tokio::test]
async fn no_example_of_any_event_is_turned_away() {
    let app = App::new();
    for event in EVENTS.iter() {
        for example in &event.examples {
            let answer = app.deliver(&event.name, example).await;
            assert!(answer.status.is_success(), "{}: {answer:?}", event.name);
        }
    }
}
