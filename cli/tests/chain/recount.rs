//! Every number of `MetricsService` is recounted from the webhooks by a program in another language.
//!
//! `LAMPBOARD_RECOUNTS` says how many histories are tried, `LAMPBOARD_RECOUNT_SEED` with which to
//! begin.

mod answer;
mod history;
mod question;

use std::{
    env, fs,
    path::Path,
    process::{Command, Stdio},
};

use fastrand::Rng;
use http::StatusCode;
use serde_json::Value;
use tokio::task::JoinSet;

use self::{
    answer::Metrics,
    history::{History, Webhook},
    question::Question,
};
use crate::support::lampboard::Lampboard;

/// How many runs a history has.
const RUNS: i64 = 120;
/// How many questions are asked of each.
const QUESTIONS: usize = 60;
/// How many webhooks are on their way at a time.
const AT_A_TIME: usize = 16;

#[tokio::test]
async fn every_number_is_what_a_recount_of_the_webhooks_gives() {
    let first = setting("LAMPBOARD_RECOUNT_SEED", 1);
    let mut measured = 0;
    for seed in first..first + setting("LAMPBOARD_RECOUNTS", 4) {
        // The last one named is the one that failed.
        println!("seed {seed}");
        measured += recount(seed).await;
    }
    assert!(measured > 0, "no answer was about more than a few builds");
}

fn setting(name: &str, usual: u64) -> u64 {
    env::var(name).map_or(usual, |text| text.parse().expect("a number"))
}

/// Compares all answers about one history; says how many were about enough builds for percentiles.
async fn recount(seed: u64) -> usize {
    let mut rng = Rng::with_seed(seed);
    let history = History::random(&mut rng, RUNS);
    let questions: Vec<_> = (0..QUESTIONS)
        .map(|_| Question::random(&mut rng, &history))
        .collect();
    let expected = expected(&history.webhooks, &questions);
    assert_eq!(expected.len(), questions.len());

    let lampboard = Lampboard::serve().await;
    deliver(&lampboard, history.webhooks).await;
    let mut metrics = Metrics::connect(lampboard.server.address()).await;
    let mut measured = 0;
    for (question, expected) in questions.iter().zip(&expected) {
        let answer = metrics.answer(question).await;
        if let Some(difference) = difference("", &answer, expected) {
            panic!("seed {seed}: {difference}\nasked: {question:?}");
        }
        measured += usize::from(answer["summary"]["wall_duration"]["count"].as_i64() > Some(20));
    }
    measured
}

async fn deliver(lampboard: &Lampboard, webhooks: Vec<Webhook>) {
    let hook = lampboard.hook();
    let mut deliveries = JoinSet::new();
    for webhook in webhooks {
        if deliveries.len() == AT_A_TIME {
            deliveries.join_next().await.unwrap().unwrap();
        }
        let hook = hook.clone();
        deliveries.spawn(async move {
            let body = webhook.body.to_string();
            let answer = hook.deliver(webhook.event, &webhook.guid, body).await;
            assert_eq!(answer.status, StatusCode::OK, "{:?}", answer.body);
        });
    }
    // Panics if one of them did.
    deliveries.join_all().await;
}

/// What the other program makes of the webhooks.
fn expected(webhooks: &[Webhook], questions: &[Question]) -> Vec<Value> {
    let folder = tempfile::tempdir().unwrap();
    let bodies = webhooks.iter().map(|webhook| webhook.body.to_string());
    let payloads = folder.path().join("payloads");
    fs::write(&payloads, lines(bodies)).unwrap();
    let asked = questions
        .iter()
        .map(|it| serde_json::to_string(it).unwrap());
    let questions = folder.path().join("questions");
    fs::write(&questions, lines(asked)).unwrap();

    let program = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/chain/recount/recount.py");
    let output = Command::new("python3")
        .arg(program)
        .args([payloads, questions])
        .stderr(Stdio::inherit())
        .output()
        .expect("python3 can be run: `make tools` installs it");
    assert!(output.status.success(), "{}", output.status);
    let answers = str::from_utf8(&output.stdout).unwrap().lines();
    answers
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

fn lines(texts: impl Iterator<Item = String>) -> String {
    texts.map(|text| text + "\n").collect()
}

/// Where two answers first differ, and how.
fn difference(path: &str, answer: &Value, expected: &Value) -> Option<String> {
    match (answer, expected) {
        (Value::Object(a), Value::Object(b)) if a.keys().eq(b.keys()) => a
            .iter()
            .find_map(|(key, value)| difference(&format!("{path}/{key}"), value, &b[key])),
        (Value::Array(a), Value::Array(b)) if a.len() == b.len() => a
            .iter()
            .zip(b)
            .enumerate()
            .find_map(|(place, (a, b))| difference(&format!("{path}/{place}"), a, b)),
        _ => (answer != expected)
            .then(|| format!("{path} is {answer}, and by the recount {expected}")),
    }
}
