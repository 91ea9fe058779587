use jiff::SignedDuration;

use super::{super::Level, *};

fn now() -> Timestamp {
    "2026-03-01T12:00:00Z".parse().unwrap()
}

fn delivery(guid: &str, status: &str, code: i64) -> Delivery {
    Delivery {
        guid: Some(guid.to_owned()),
        status: Some(status.to_owned()),
        status_code: Some(code),
        delivered_at: Some(now() - SignedDuration::from_secs(65)),
        ..Delivery::default()
    }
}

#[test]
fn all_is_well_while_every_event_came() {
    let taken = [
        delivery("c", "OK", 200),
        delivery("b", "Accepted", 202),
        // Delivered again, above.
        delivery("b", "timed out", 0),
    ];
    let finding = judge(&taken, now());
    assert_eq!(finding.level, Level::Ok);
    assert!(finding.message.contains("1m 5s ago"), "{finding:?}");
}

#[test]
fn nothing_at_all_is_odd() {
    let finding = judge(&[], now());
    assert_eq!(finding.level, Level::Warn);
    assert!(finding.fix.unwrap().contains("active"));
}

#[test]
fn an_event_that_never_came_is_told_though_later_ones_did() {
    let some = [
        delivery("c", "OK", 200),
        delivery("b", "Invalid HTTP Response: 503", 503),
        delivery("b", "timed out", 0),
        delivery("a", "OK", 200),
    ];
    let finding = judge(&some, now());
    assert_eq!(finding.level, Level::Warn);
    assert!(finding.message.contains("1 of the last 4"), "{finding:?}");
    assert!(finding.message.ends_with(": 503"), "{finding:?}");
}

#[test]
fn the_fix_is_for_what_went_wrong_last() {
    for (status, code, word) in [
        ("Invalid HTTP Response: 401", 401, "secrets differ"),
        ("Invalid HTTP Response: 404", 404, "proxy pass"),
        ("Invalid HTTP Response: 302", 302, "proxy pass"),
        ("Invalid HTTP Response: 415", 415, "application/json"),
        ("Invalid HTTP Response: 502", 502, "Lampboard runs"),
        ("Invalid HTTP Response: 500", 500, "log of"),
        ("timed out", 0, "DNS"),
    ] {
        let finding = judge(&[delivery("a", status, code)], now());
        assert_eq!(finding.level, Level::Fail, "{status}");
        assert!(finding.message.contains(status), "{finding:?}");
        assert!(finding.fix.as_ref().unwrap().contains(word), "{finding:?}");
    }
}

#[test]
fn the_code_is_told_once() {
    assert_eq!(
        words(&delivery("a", "Service Timeout", 504)),
        "Service Timeout (504)"
    );
    assert_eq!(
        words(&delivery("a", "Invalid HTTP Response: 503", 503)),
        "Invalid HTTP Response: 503"
    );
    assert_eq!(words(&delivery("a", "timed out", 0)), "timed out");
}
