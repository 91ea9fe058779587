//! What is counted.

use std::sync::{Arc, Mutex};

use lampboard_github_app::github::{Listed, Purpose, RequestCounter};
use metrics::{
    Counter, CounterFn, Gauge, GaugeFn, Histogram, Key, KeyName, Label, Metadata, Recorder,
    SharedString, Unit, with_local_recorder,
};
use serde_json::json;

use crate::support::{
    INSTALLATION, World,
    fake::{Canned, Fake},
    path,
};

type Notes = Arc<Mutex<Vec<String>>>;

/// Notes down what is counted and set.
#[derive(Default)]
struct Book(Notes);

struct Entry(Notes, String);

impl CounterFn for Entry {
    fn increment(&self, value: u64) {
        self.0.lock().unwrap().push(format!("{} +{value}", self.1));
    }

    fn absolute(&self, _: u64) {}
}

impl GaugeFn for Entry {
    fn increment(&self, _: f64) {}

    fn decrement(&self, _: f64) {}

    fn set(&self, value: f64) {
        self.0.lock().unwrap().push(format!("{} ={value}", self.1));
    }
}

impl Book {
    fn entry(&self, key: &Key) -> Arc<Entry> {
        let labels: Vec<_> = key.labels().map(Label::value).collect();
        let name = format!("{} {}", key.name(), labels.join(" "));
        Arc::new(Entry(Arc::clone(&self.0), name))
    }
}

impl Recorder for Book {
    fn describe_counter(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}
    fn describe_gauge(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}
    fn describe_histogram(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}

    fn register_counter(&self, key: &Key, _: &Metadata<'_>) -> Counter {
        Counter::from_arc(self.entry(key))
    }

    fn register_gauge(&self, key: &Key, _: &Metadata<'_>) -> Gauge {
        Gauge::from_arc(self.entry(key))
    }

    fn register_histogram(&self, _: &Key, _: &Metadata<'_>) -> Histogram {
        Histogram::noop()
    }
}

#[test]
fn counts_requests_by_what_became_of_them() {
    let book = Book::default();
    let notes = Arc::clone(&book.0);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    with_local_recorder(&book, || {
        runtime.block_on(async {
            let fake = Fake::answering(|asked| match asked.path.as_str() {
                "/gone" => Canned::refusal(404, "Not Found"),
                "/forbidden" => Canned::refusal(403, "Resource not accessible"),
                "/broken" => Canned::status(500),
                "/limited" => {
                    Canned::refusal(403, "API rate limit exceeded").with_remaining(0, asked)
                }
                _ => Canned::json(&json!({})).with_remaining(17, asked),
            });
            let world = World::new(fake).await;
            for place in ["/thing", "/gone", "/forbidden", "/broken", "/limited"] {
                let place = path(place);
                let got = world.github.get(INSTALLATION, Purpose::Live, &place).await;
                assert_eq!(got.is_ok(), place.as_str() == "/thing");
            }
        });
    });
    let notes = notes.lock().unwrap();
    let requests: Vec<_> = notes
        .iter()
        .filter_map(|note| note.strip_prefix("lampboard_github_requests_total "))
        .collect();
    let expected = [
        "ok",
        "ok",
        "not_found",
        "forbidden",
        "unavailable",
        "unavailable",
        "limited",
    ];
    assert_eq!(requests, expected.map(|outcome| format!("{outcome} +1")));
    let gauge = "lampboard_github_rate_limit_remaining 88";
    let first = notes.iter().find(|note| note.starts_with(gauge)).unwrap();
    assert_eq!(*first, format!("{gauge} =17"));
    assert!(notes.contains(&format!("{gauge} =0")));
}

#[tokio::test]
async fn counts_for_whom_it_may_concern() {
    let fake = Fake::answering(|asked| match asked.path.as_str() {
        "/list" if asked.header("if-none-match").is_some() => Canned::status(304),
        "/list" => Canned::json(&json!([])).with("etag", "W/\"a\""),
        "/moved" => Canned::status(301).with("location", "/api/v3/thing"),
        _ => Canned::json(&json!({})),
    });
    let world = World::new(fake).await;
    let counter = Arc::new(RequestCounter::default());
    let github = world.github.counted(Arc::clone(&counter));
    for place in ["/thing", "/moved"] {
        github
            .get(INSTALLATION, Purpose::Reconcile, &path(place))
            .await
            .unwrap();
    }
    assert_eq!(
        (counter.sent(), counter.not_modified()),
        (4, 0),
        "with the token and the redirect"
    );
    let list = path("/list");
    let mut known = None;
    for _ in 0..2 {
        let listed = github.list(INSTALLATION, Purpose::Reconcile, &list, known.as_ref());
        if let Listed::Page { etag, .. } = listed.await.unwrap() {
            known = etag;
        }
    }
    assert_eq!((counter.sent(), counter.not_modified()), (6, 1));
    world
        .github
        .get(INSTALLATION, Purpose::Live, &path("/thing"))
        .await
        .unwrap();
    assert_eq!(counter.sent(), 6, "others do not count");
}
