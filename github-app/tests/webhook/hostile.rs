//! Payloads that GitHub would never send: nothing panics, nothing answers 5xx,
//! and one odd field does not cost the record.

use http::StatusCode;
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::{
    examples::examples,
    payloads,
    support::{App, delivery},
};

/// Without these there is no telling what a payload is about, or what to do
/// with it. `Wrong` counts only when it is there and of the wrong type.
enum Essential {
    Always(&'static str),
    Wrong(&'static str),
}
use Essential::{Always, Wrong};

const OF_RUN: &[Essential] = &[
    Always("/action"),
    Always("/workflow_run"),
    Always("/workflow_run/id"),
    Wrong("/workflow_run/run_attempt"),
    Always("/workflow_run/status"),
    Always("/repository"),
    Always("/repository/id"),
    Always("/repository/full_name"),
];

const OF_JOB: &[Essential] = &[
    Always("/action"),
    Always("/workflow_job"),
    Always("/workflow_job/id"),
    Always("/workflow_job/run_id"),
    Wrong("/workflow_job/run_attempt"),
    Always("/workflow_job/status"),
    Always("/repository"),
    Always("/repository/id"),
    Always("/repository/full_name"),
];

/// The JSON pointers of everything in a value.
fn pointers(value: &Value, prefix: &str, found: &mut Vec<String>) {
    let children: Vec<(String, &Value)> = match value {
        Value::Object(object) => object.iter().map(|(key, it)| (key.clone(), it)).collect(),
        Value::Array(list) => list
            .iter()
            .enumerate()
            .map(|(i, it)| (i.to_string(), it))
            .collect(),
        _ => Vec::new(),
    };
    for (key, child) in children {
        let pointer = format!("{prefix}/{}", key.replace('~', "~0").replace('/', "~1"));
        pointers(child, &pointer, found);
        found.push(pointer);
    }
}

fn wrong_type(value: &Value) -> Value {
    match value {
        Value::String(_) => json!(7),
        Value::Number(_) => json!("7"),
        Value::Bool(_) => json!("true"),
        Value::Array(_) => json!({ "0": 1 }),
        Value::Object(_) => json!("text"),
        Value::Null => json!([null]),
    }
}

fn without(payload: &Value, pointer: &str) -> Value {
    let mut payload = payload.clone();
    let (parent, key) = pointer.rsplit_once('/').unwrap();
    match payload.pointer_mut(parent).unwrap() {
        Value::Object(object) => {
            object.remove(key).unwrap();
        }
        Value::Array(list) => {
            list.remove(key.parse().unwrap());
        }
        _ => unreachable!("only these have children"),
    }
    payload
}

fn with(payload: &Value, pointer: &str, value: Value) -> Value {
    let mut payload = payload.clone();
    *payload.pointer_mut(pointer).unwrap() = value;
    payload
}

/// Spoils everything in a payload, one thing at a time.
async fn assert_lenient(event: &str, payload: &Value, essentials: &[Essential]) -> usize {
    let app = App::new();
    let mut all = Vec::new();
    pointers(payload, "", &mut all);
    for pointer in &all {
        let is_always = essentials
            .iter()
            .any(|it| matches!(it, Always(of) if of == pointer));
        let is_wrong = essentials
            .iter()
            .any(|it| matches!(it, Wrong(of) if of == pointer));
        let value = payload.pointer(pointer).unwrap();
        let variants = [
            ("absent", without(payload, pointer), is_always),
            ("null", with(payload, pointer, Value::Null), is_always),
            (
                "wrong",
                with(payload, pointer, wrong_type(value)),
                is_always || is_wrong,
            ),
        ];
        for (what, spoilt, is_lost) in variants {
            let answer = app.deliver(event, &spoilt).await;
            let expected = if is_lost {
                StatusCode::ACCEPTED
            } else {
                StatusCode::OK
            };
            assert_eq!(answer.status, expected, "{event}{pointer} {what}");
        }
    }
    all.len() * 3
}

#[tokio::test]
async fn no_field_of_a_run_is_needed_but_a_few() {
    assert_lenient("workflow_run", &payloads::workflow_run(), OF_RUN).await;
}

#[tokio::test]
async fn no_field_of_a_job_is_needed_but_a_few() {
    assert_lenient("workflow_job", &payloads::workflow_job(), OF_JOB).await;
}

#[tokio::test]
async fn no_field_of_githubs_examples_is_needed_but_a_few() {
    // The completed ones, which say the most.
    let run = assert_lenient("workflow_run", &examples("workflow_run")[1], OF_RUN).await;
    let job = assert_lenient("workflow_job", &examples("workflow_job")[1], OF_JOB).await;
    assert!(run + job > 600, "{run} and {job} variants");
}

/// A run with one part of its text replaced.
fn run_with(part: &str, replacement: &str) -> String {
    let run = payloads::workflow_run().to_string();
    let spoilt = run.replacen(part, replacement, 1);
    assert_ne!(spoilt, run, "{part} is not in it");
    spoilt
}

/// A run with something added in front.
fn run_after(members: &str) -> String {
    run_with("{", &format!("{{{members},"))
}

const ID: &str = "\"id\":5001";
const BRANCH: &str = "\"head_branch\":\"main\"";
const ATTEMPT: &str = "\"run_attempt\":2";
const NUMBER: &str = "\"run_number\":77";

#[tokio::test]
async fn odd_numbers_and_texts_are_answered_for() {
    let (recorded, kept, refused) = (
        StatusCode::OK,
        StatusCode::ACCEPTED,
        StatusCode::BAD_REQUEST,
    );
    let cases = [
        (run_after("\"action\":\"requested\""), kept),
        (run_after("\"x\":1,\"x\":2"), recorded),
        (run_after("\"x\":1e400"), recorded),
        (run_after("\"x\":\"\\udfff\""), recorded),
        (run_with(ID, "\"id\":1e400"), kept),
        (run_with(ID, "\"id\":-0"), kept),
        (run_with(ID, "\"id\":-1"), kept),
        (run_with(ID, "\"id\":5001.0"), kept),
        (run_with(ID, "\"id\":9223372036854775807"), recorded),
        (run_with(ID, "\"id\":9223372036854775808"), kept),
        (run_with(ID, "\"id\":18446744073709551616"), kept),
        (run_with(ATTEMPT, "\"run_attempt\":2147483648"), kept),
        (run_with(NUMBER, "\"run_number\":2147483648"), recorded),
        (run_with(BRANCH, "\"head_branch\":\"\\ud800\""), kept),
        (run_with(BRANCH, "\"head_branch\":\"a\\u0000b\""), recorded),
        (run_with(BRANCH, "\"head_branch\":\"a\0b\""), refused),
        ("[]".to_owned(), kept),
        ("[\"completed\",{\"id\":1}]".to_owned(), kept),
        ("1e400".to_owned(), kept),
    ];
    let app = App::new();
    for (body, expected) in cases {
        let answer = app.send(delivery("workflow_run", body.clone())).await;
        assert_eq!(answer.status, expected, "{body}");
    }
}

#[tokio::test]
async fn bodies_that_strain_a_parser_are_answered_for() {
    let nested = |open: &str, inner: &str, close: &str| {
        open.repeat(100_000) + inner + &close.repeat(100_000)
    };
    let list = nested("[", "", "]");
    let object = nested("{\"x\":", "0", "}");
    let keys: Vec<_> = (0..1_000_000).map(|i| format!("\"k{i}\":0")).collect();
    let cases = [
        (run_after(&format!("\"x\":{list}")), StatusCode::OK),
        (run_after(&format!("\"x\":{object}")), StatusCode::OK),
        (
            run_with(BRANCH, &format!("\"head_branch\":{list}")),
            StatusCode::OK,
        ),
        (
            run_with(BRANCH, &format!("\"head_branch\":{object}")),
            StatusCode::OK,
        ),
        (run_after(&keys.join(",")), StatusCode::OK),
        ("[".repeat(1_000_000), StatusCode::BAD_REQUEST),
        ("{\"x\":".repeat(100_000), StatusCode::BAD_REQUEST),
    ];
    let app = App::new();
    for (number, (body, expected)) in cases.into_iter().enumerate() {
        let answer = app.send(delivery("workflow_run", body)).await;
        assert_eq!(answer.status, expected, "case {number}");
    }
}

fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        any::<String>().prop_map(Value::from),
        Just(json!("completed")),
        Just(json!("2026-03-01T11:00:00Z")),
    ];
    leaf.prop_recursive(4, 64, 8, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..8).prop_map(Value::from),
            prop::collection::btree_map(any_key(), inner, 0..8)
                .prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}

/// Keys that are read, so that arbitrary values end where they matter.
fn any_key() -> impl Strategy<Value = String> {
    const KNOWN: [&str; 20] = [
        "action",
        "workflow_run",
        "workflow_job",
        "repository",
        "installation",
        "repositories",
        "id",
        "run_id",
        "run_attempt",
        "status",
        "conclusion",
        "full_name",
        "head_commit",
        "head_repository",
        "message",
        "steps",
        "labels",
        "pull_requests",
        "updated_at",
        "login",
    ];
    prop_oneof![
        4 => prop::sample::select(&KNOWN[..]).prop_map(str::to_owned),
        1 => any::<String>(),
    ]
}

const EVENTS: [(&str, &str); 6] = [
    ("workflow_run", "completed"),
    ("workflow_job", "completed"),
    ("installation", "created"),
    ("installation_repositories", "added"),
    ("repository", "renamed"),
    ("push", ""),
];

fn answer_to(event: &str, payload: &Value) -> StatusCode {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build()
        .unwrap();
    runtime.block_on(App::new().deliver(event, payload)).status
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_json_is_answered_for(
        (event, action) in prop::sample::select(&EVENTS[..]),
        mut payload in any_json(),
    ) {
        if let Value::Object(object) = &mut payload {
            object.insert("action".to_owned(), json!(action));
        }
        let status = answer_to(event, &payload);
        prop_assert!(matches!(status, StatusCode::OK | StatusCode::ACCEPTED), "{status}");
    }

    #[test]
    fn any_json_in_any_place_is_answered_for(
        place in any::<prop::sample::Index>(),
        value in any_json(),
        is_run in any::<bool>(),
    ) {
        let (event, payload) = if is_run {
            ("workflow_run", payloads::workflow_run())
        } else {
            ("workflow_job", payloads::workflow_job())
        };
        let mut all = Vec::new();
        pointers(&payload, "", &mut all);
        let pointer: &String = place.get(&all);
        let spoilt = with(&payload, pointer, value);
        let status = answer_to(event, &spoilt);
        prop_assert!(matches!(status, StatusCode::OK | StatusCode::ACCEPTED), "{status}");
    }
}
