use lampboard_github_app::doctor::Level;
use lampboard_proto::v1::{AppMode, AppStatus, GapCount, ReconcileRound, RefusedWebhooks};

use super::*;
use crate::args::ServerTlsArgs;
use crate::commands::machine;

fn now() -> Timestamp {
    "2026-03-01T12:00:00Z".parse().unwrap()
}

fn before(seconds: i64) -> prost_types::Timestamp {
    prost_types::Timestamp {
        seconds: now().as_second() - seconds,
        nanos: 0,
    }
}

fn healthy() -> GetSystemResponse {
    GetSystemResponse {
        version: "1.2.3".to_owned(),
        database: "SQLite".to_owned(),
        app: Some(AppStatus {
            mode: AppMode::Connected.into(),
            last_round: Some(ReconcileRound::default()),
            ..AppStatus::default()
        }),
        app_report_time: Some(before(30)),
        last_delivery_time: Some(before(65)),
        ..GetSystemResponse::default()
    }
}

fn judged(system: &GetSystemResponse) -> Vec<Finding> {
    judge("http://here", ServingStatus::Serving, system, now())
}

/// What is said after a change, if it is not that all is well.
fn complaints(change: impl FnOnce(&mut GetSystemResponse)) -> Vec<Finding> {
    let mut system = healthy();
    change(&mut system);
    let mut findings = judged(&system);
    findings.retain(|it| it.level != Level::Ok);
    findings
}

fn app(system: &mut GetSystemResponse) -> &mut AppStatus {
    system.app.as_mut().unwrap()
}

#[track_caller]
fn assert_one(findings: &[Finding], subject: &str, level: Level, word: &str) {
    let [finding] = findings else {
        panic!("not one: {findings:#?}");
    };
    assert_eq!((finding.subject.as_str(), finding.level), (subject, level));
    let fix = finding.fix.as_ref().unwrap();
    assert!(
        finding.message.contains(word) || fix.contains(word),
        "{finding:?}"
    );
}

#[test]
fn a_healthy_server_is_found_so_in_every_respect() {
    let findings = judged(&healthy());
    let subjects: Vec<_> = findings.iter().map(|it| it.subject.as_str()).collect();
    let expected = [
        "server",
        "database",
        "app",
        "reconciling",
        "last delivery",
        "gaps",
    ];
    assert_eq!(subjects, expected);
    assert!(findings.iter().all(|it| it.level == Level::Ok));
    assert!(findings[4].message.contains("1m 5s ago"));
}

#[test]
fn a_server_that_is_not_ready_fails() {
    let findings = judge("x", ServingStatus::NotServing, &healthy(), now());
    assert_eq!(findings[0].level, Level::Fail);
}

#[test]
fn a_database_that_takes_no_writes_fails() {
    let found = complaints(|it| it.database_problem = "disk full".to_owned());
    assert_one(&found, "database", Level::Fail, "disk full");
}

#[test]
fn an_app_that_is_silent_or_idle_is_told() {
    let found = complaints(|it| it.app = None);
    assert_one(&found, "app", Level::Warn, "ever told");
    let found = complaints(|it| it.app_report_time = Some(before(181)));
    assert_one(&found, "app", Level::Warn, "3m 1s ago");
    let found = complaints(|it| app(it).set_mode(AppMode::Setup));
    assert_one(&found, "app", Level::Warn, "set up");
    let found = complaints(|it| app(it).set_mode(AppMode::Webhooks));
    assert_one(&found, "app", Level::Warn, "PRIVATE_KEY");
}

#[test]
fn what_the_app_complains_of_is_passed_on() {
    let found = complaints(|it| app(it).problems.push("turn it on".to_owned()));
    assert_one(&found, "app", Level::Warn, "turn it on");
    let found = complaints(|it| {
        let round = app(it).last_round.as_mut().unwrap();
        "timed out".clone_into(&mut round.problem);
    });
    assert_one(&found, "reconciling", Level::Warn, "timed out");
    let found = complaints(|it| {
        app(it).refused.push(RefusedWebhooks {
            reason: "unauthorized".to_owned(),
            count: 7,
            last_time: Some(before(5)),
        });
    });
    assert_one(&found, "refused webhooks", Level::Warn, "secret");
    assert!(
        found[0]
            .message
            .contains("7 as unauthorized, the last one 5s ago")
    );
}

#[test]
fn no_delivery_ever_is_told_unless_none_is_expected() {
    let found = complaints(|it| it.last_delivery_time = None);
    assert_one(&found, "last delivery", Level::Warn, "ever");
    let found = complaints(|it| {
        it.last_delivery_time = None;
        app(it).set_mode(AppMode::Polling);
    });
    assert_eq!(found, []);
}

#[test]
fn gaps_are_counted_by_kind() {
    let found = complaints(|it| {
        it.gaps = vec![
            GapCount {
                kind: GapKind::Jobs.into(),
                count: 12,
            },
            GapCount {
                kind: GapKind::Delivery.into(),
                count: 3,
            },
        ];
    });
    assert_one(&found, "gaps", Level::Warn, "12 builds' jobs, 3 deliveries");
}

#[tokio::test]
async fn a_server_that_is_not_there_is_a_warning() {
    let found = examine(
        machine::at("http://127.0.0.1:1", &ServerTlsArgs::default()),
        now(),
    )
    .await;
    assert_one(&found, "server", Level::Warn, "http://127.0.0.1:1");
    let found = examine(machine::at("nowhere", &ServerTlsArgs::default()), now()).await;
    assert_one(&found, "server", Level::Fail, "LAMPBOARD_SERVER_URL");
}
