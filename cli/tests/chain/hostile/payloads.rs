//! Signed payloads that GitHub would never send.

use std::time::{Duration, Instant};

use fastrand::Rng;
use http::StatusCode;
use serde_json::{Map, Value, json};
use tokio::task::JoinSet;

use crate::support::{
    github::{a_run, examples},
    lampboard::{Lampboard, Mode},
    webhook::Client,
};

const EVENTS: [&str; 6] = [
    "workflow_run",
    "workflow_job",
    "repository",
    "installation",
    "installation_repositories",
    "ping",
];

#[tokio::test]
async fn json_that_strains_a_parser_is_answered_for_at_once() {
    let lampboard = Lampboard::serve().await;
    let (hook, (_, event)) = (lampboard.hook(), a_run());
    let run = str::from_utf8(&event.body).unwrap();
    let with = |member: &str| run.replacen('{', &format!("{{{member},"), 1).into_bytes();
    let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
    let keys: Vec<_> = (0..1_000_000).map(|i| format!("\"k{i}\":0")).collect();
    let utf16: Vec<u8> = run.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let (ok, kept, refused) = (
        StatusCode::OK,
        StatusCode::ACCEPTED,
        StatusCode::BAD_REQUEST,
    );
    let cases = [
        (with(&format!("\"x\":{deep}")), ok),
        (with(&keys.join(",")), ok),
        (with("\"action\":\"requested\""), kept),
        (with("\"x\":1e400"), ok),
        (with("\"x\":-0"), ok),
        (with("\"x\":18446744073709551616"), ok),
        (with("\"x\":\"\\ud800\""), ok),
        (with("\"\\ud800\":1"), kept),
        (run.replace("\"main\"", "\"\\udfff\"").into_bytes(), kept),
        (run.replace("\"main\"", "\"a\\u0000b\"").into_bytes(), ok),
        (
            run.replace("\"main\"", "\"\u{202e}<img onerror=x>\"")
                .into_bytes(),
            ok,
        ),
        ([b"\xef\xbb\xbf", run.as_bytes()].concat(), refused),
        (utf16, refused),
        (
            run.replace("main", "m\u{fffd}in")
                .replace('\u{fffd}', "\0")
                .into_bytes(),
            refused,
        ),
        (b"[".repeat(1_000_000), refused),
        (b"{\"x\":".repeat(200_000), refused),
        (b"null".to_vec(), kept),
        (b"[]".to_vec(), kept),
        (b"\"\"".to_vec(), kept),
        (Vec::new(), refused),
        (b"\xff\xfe\xfd".to_vec(), refused),
    ];
    for (number, (body, expected)) in cases.into_iter().enumerate() {
        let start = Instant::now();
        let answer = hook
            .deliver("workflow_run", &format!("odd-{number}"), body)
            .await;
        assert_eq!(answer.status, expected, "case {number}: {:?}", answer.body);
        // Without optimisation; a quadratic parser would take minutes.
        assert!(start.elapsed() < Duration::from_secs(5), "case {number}");
    }
}

#[tokio::test]
async fn every_field_of_a_run_and_a_job_may_be_spoilt() {
    let lampboard = Lampboard::start(Mode::TwoProcesses).await;
    let mut spoilt = Vec::new();
    // The completed ones, which say the most.
    for event in ["workflow_run", "workflow_job"] {
        let example = &examples(event)[1];
        assert_eq!(example["action"], "completed");
        let places = places(example);
        for place in &places {
            for value in [None, Some(Value::Null), Some(json!({ "odd": [1] }))] {
                spoilt.push((event, with(example, place, value)));
            }
        }
    }
    assert!(spoilt.len() > 600, "{}", spoilt.len());
    assert_all_answered_for(&lampboard, spoilt).await;
}

#[tokio::test]
async fn generated_hostile_payloads_are_all_answered_for() {
    let lampboard = Lampboard::serve().await;
    let mut rng = Rng::with_seed(25);
    let payloads = (0..3000).map(|_| {
        let event = rng.choice(EVENTS).unwrap();
        let mut payload = rng.choice(examples(event)).unwrap().clone();
        let places = places(&payload);
        for _ in 0..rng.usize(1..6) {
            let value = hostile_value(&mut rng, 3);
            let place = rng.choice(&places).unwrap();
            let value = rng.u8(..10).gt(&0).then_some(value);
            payload = with(&payload, place, value);
        }
        (event, payload)
    });
    assert_all_answered_for(&lampboard, payloads.collect()).await;
}

/// Delivers all of them, over some connections; afterwards everything still works.
async fn assert_all_answered_for(lampboard: &Lampboard, payloads: Vec<(&'static str, Value)>) {
    let mut deliveries = JoinSet::new();
    let connections = 8;
    let mut shares = vec![Vec::new(); connections];
    for (number, (event, payload)) in payloads.into_iter().enumerate() {
        shares[number % connections].push((number, event, payload.to_string()));
    }
    for share in shares {
        deliveries.spawn(deliver_all(lampboard.hook(), share));
    }
    deliveries.join_all().await;

    let (run, event) = a_run();
    let answer = lampboard.hook().deliver_event(&event).await.unwrap();
    assert_eq!(answer.status, StatusCode::OK);
    // Whatever was stored can be shown.
    let mut board = lampboard.board().await;
    let builds = board.builds().await;
    let run = i64::try_from(run.0).unwrap();
    assert!(builds.iter().any(|build| build.run_id == run));
    for build in &builds {
        board.jobs(&build.id).await;
    }
}

async fn deliver_all(hook: Client, share: Vec<(usize, &'static str, String)>) {
    for (number, event, payload) in share {
        let guid = format!("hostile-{number}");
        let answer = hook.deliver(event, &guid, payload.clone()).await;
        let is_answered = matches!(answer.status, StatusCode::OK | StatusCode::ACCEPTED);
        assert!(is_answered, "{event} {}: {payload}", answer.status);
    }
}

/// The JSON pointers of everything in a value.
fn places(value: &Value) -> Vec<String> {
    let mut found = Vec::new();
    let mut open = vec![(String::new(), value)];
    while let Some((pointer, value)) = open.pop() {
        let children: Vec<(String, &Value)> = match value {
            Value::Object(object) => object.iter().map(|(key, it)| (key.clone(), it)).collect(),
            Value::Array(list) => {
                let numbered = list.iter().enumerate();
                numbered
                    .map(|(number, it)| (number.to_string(), it))
                    .collect()
            }
            _ => Vec::new(),
        };
        for (key, child) in children {
            let pointer = format!("{pointer}/{key}");
            found.push(pointer.clone());
            open.push((pointer, child));
        }
    }
    found
}

/// A copy with something else in one place, or nothing.
fn with(payload: &Value, place: &str, value: Option<Value>) -> Value {
    let mut payload = payload.clone();
    let (parent, key) = place.rsplit_once('/').unwrap();
    match (payload.pointer_mut(parent), value) {
        (Some(Value::Object(object)), Some(value)) => {
            object.insert(key.to_owned(), value);
        }
        (Some(Value::Object(object)), None) => {
            object.remove(key);
        }
        (Some(Value::Array(list)), value) => {
            if let Some(element) = key.parse().ok().and_then(|at: usize| list.get_mut(at)) {
                *element = value.unwrap_or_default();
            }
        }
        // An earlier change took the place away.
        _ => {}
    }
    payload
}

fn hostile_value(rng: &mut Rng, depth: u8) -> Value {
    match rng.u8(..16) {
        0 => Value::Null,
        1 => json!(rng.bool()),
        2 => json!(rng.i64(..)),
        3 => json!(-rng.i64(0..100)),
        4 => json!(u64::MAX),
        5 => json!(f64::MAX),
        6 => json!(""),
        7 => json!("\0\u{1}\r\n\u{202e}\u{feff}\u{fffe}"),
        8 => json!("x".repeat(rng.usize(..20_000))),
        9 => json!("\u{1f4a5}".repeat(2000)),
        10 => json!("9999-12-31T23:59:60Z"),
        11 => json!("-009999-01-01T00:00:00Z"),
        12 => json!("'; DROP TABLE build; --"),
        13 => json!(vec![0; rng.usize(..5000)]),
        14 if depth > 0 => {
            let values = (0..rng.usize(..20)).map(|_| hostile_value(rng, depth - 1));
            values.collect()
        }
        15 if depth > 0 => {
            let members = (0..rng.usize(..5)).map(|number| {
                let value = hostile_value(rng, depth - 1);
                (format!("k{number}"), value)
            });
            Value::Object(members.collect::<Map<_, _>>())
        }
        _ => json!("completed"),
    }
}
