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
/// The same where there are too many for exact percentiles.
const MANY_RUNS: i64 = 1000;
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
        let compared = recount(seed, RUNS, exact).await;
        measured += compared.summaries;
    }
    assert!(measured > 0, "no answer was about more than a few builds");
}

#[tokio::test]
async fn percentiles_of_many_builds_are_within_one_percent_of_a_recount() {
    let seed = setting("LAMPBOARD_RECOUNT_SEED", 1);
    println!("seed {seed}");
    let compared = recount(seed, MANY_RUNS, within_one_percent).await;
    assert!(compared.estimates > 0, "all percentiles were exact");
}

fn setting(name: &str, usual: u64) -> u64 {
    env::var(name).map_or(usual, |text| text.parse().expect("a number"))
}

/// What was compared.
#[derive(Default)]
struct Compared {
    /// Answers about enough builds for percentiles.
    summaries: usize,
    /// Answers with a percentile that is close and not the same.
    estimates: usize,
}

/// Whether a number of that name may be what it is, if a recount gives another one.
type Tolerance = fn(name: &str, answer: &Value, expected: &Value) -> bool;

fn exact(_: &str, _: &Value, _: &Value) -> bool {
    false
}

fn within_one_percent(name: &str, answer: &Value, expected: &Value) -> bool {
    let (Some(answer), Some(expected)) = (answer.as_i64(), expected.as_i64()) else {
        return false;
    };
    ["p50", "p95"].contains(&name) && (answer - expected).abs() <= expected.abs() / 100
}

/// Compares all answers about one history.
async fn recount(seed: u64, runs: i64, tolerance: Tolerance) -> Compared {
    let mut rng = Rng::with_seed(seed);
    let history = History::random(&mut rng, runs);
    let questions: Vec<_> = (0..QUESTIONS)
        .map(|_| Question::random(&mut rng, &history))
        .collect();
    let expected = expected(&history.webhooks, &questions);
    assert_eq!(expected.len(), questions.len());

    let lampboard = Lampboard::serve().await;
    deliver(&lampboard, history.webhooks).await;
    let mut metrics = Metrics::connect(lampboard.server.address()).await;
    let mut compared = Compared::default();
    for (question, expected) in questions.iter().zip(&expected) {
        let answer = metrics.answer(question).await;
        if let Some(difference) = difference("", &answer, expected, tolerance) {
            panic!("seed {seed}: {difference}\nasked: {question:?}");
        }
        let count = answer["summary"]["wall_duration"]["count"].as_i64();
        compared.summaries += usize::from(count > Some(20));
        compared.estimates += usize::from(answer != *expected);
    }
    compared
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

/// Where two answers first differ by more than they may, and how.
fn difference(
    path: &str,
    answer: &Value,
    expected: &Value,
    tolerance: Tolerance,
) -> Option<String> {
    match (answer, expected) {
        (Value::Object(a), Value::Object(b)) if a.keys().eq(b.keys()) => a
            .iter()
            .filter(|(key, value)| !tolerance(key, value, &b[*key]))
            .find_map(|(key, value)| {
                difference(&format!("{path}/{key}"), value, &b[key], tolerance)
            }),
        (Value::Array(a), Value::Array(b)) if a.len() == b.len() => a
            .iter()
            .zip(b)
            .enumerate()
            .find_map(|(place, (a, b))| difference(&format!("{path}/{place}"), a, b, tolerance)),
        _ => (answer != expected)
            .then(|| format!("{path} is {answer}, and by the recount {expected}")),
    }
}
