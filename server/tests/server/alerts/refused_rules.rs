//! What is refused of a rule, by the name of the field.

use lampboard_proto::v1::{
    self, AlertRule, BuildFilter, QuietHours, alert_rule::Trigger, duration_trigger::Limit,
};

use super::{Client, change, create_rule, created, email};
use crate::support::{TestServer, range, refused_fields, seconds};

/// Rules are refused, each for one field; and so are dry runs of them.
async fn assert_refused(client: &mut Client, rules: Vec<(&str, AlertRule)>) {
    for (field, rule) in rules {
        let shown = format!("{rule:?}");
        let found = refused_fields(create_rule(client, rule.clone()).await);
        assert_eq!(found, [field], "{shown}");
        // A dry run sends nothing, so it needs no name and no channels.
        if field != "rule.display_name" && !field.starts_with("rule.channel_ids") {
            let request = v1::DryRunAlertRuleRequest {
                rule: Some(rule),
                end_time_range: None,
            };
            let answer = client.dry_run_alert_rule(request).await;
            assert_eq!(refused_fields(answer), [field], "{shown}");
        }
    }
}

async fn start() -> (TestServer, Client, String) {
    let server = super::start().await;
    let mut client = server.alerts();
    let channel = created(&mut client, email("mail", &["ada@acme.example"])).await;
    (server, client, channel.id)
}

#[tokio::test]
async fn each_bad_field_of_a_trigger_is_named() {
    let (_server, mut client, id) = start().await;
    let rule = |trigger| AlertRule {
        trigger: Some(trigger),
        ..change("rule", &id)
    };
    let red = |span| {
        Trigger::StaysRed(v1::StaysRedTrigger {
            longer_than: seconds(span),
        })
    };
    let queue = |span| {
        Trigger::Queue(v1::QueueTrigger {
            longer_than: seconds(span),
        })
    };
    let took = |limit| Trigger::Duration(v1::DurationTrigger { limit });
    let failing = |failures| Trigger::Change(v1::ChangeTrigger { failures });
    let endless = prost_types::Duration {
        seconds: i64::MAX,
        nanos: i32::MAX,
    };
    let rules = vec![
        ("rule.display_name", change("", &id)),
        (
            "rule.trigger",
            AlertRule {
                trigger: None,
                ..change("rule", &id)
            },
        ),
        ("rule.trigger.failures", rule(failing(-1))),
        ("rule.trigger.failures", rule(failing(101))),
        ("rule.trigger.longer_than", rule(red(59))),
        ("rule.trigger.longer_than", rule(red(30 * 86_400 + 1))),
        ("rule.trigger.longer_than", rule(red(-1))),
        (
            "rule.trigger.longer_than",
            rule(Trigger::Queue(v1::QueueTrigger::default())),
        ),
        ("rule.trigger.longer_than", rule(queue(86_401))),
        ("rule.trigger.limit", rule(took(None))),
        (
            "rule.trigger.longer_than",
            rule(took(Some(Limit::LongerThan(endless)))),
        ),
        (
            "rule.trigger.times_usual",
            rule(took(Some(Limit::TimesUsual(1.0)))),
        ),
        (
            "rule.trigger.times_usual",
            rule(took(Some(Limit::TimesUsual(f64::NAN)))),
        ),
        (
            "rule.trigger.times_usual",
            rule(took(Some(Limit::TimesUsual(f64::INFINITY)))),
        ),
    ];
    assert_refused(&mut client, rules).await;
}

#[tokio::test]
async fn each_bad_field_of_a_rule_is_named() {
    let (_server, mut client, id) = start().await;
    let filter = |filter| AlertRule {
        filter: Some(filter),
        ..change("rule", &id)
    };
    let rules = vec![
        (
            "rule.channel_ids",
            AlertRule {
                channel_ids: Vec::new(),
                ..change("rule", &id)
            },
        ),
        ("rule.channel_ids[0]", change("rule", "nowhere")),
        (
            "rule.channel_ids",
            AlertRule {
                channel_ids: vec![id.clone(); 21],
                ..change("rule", &id)
            },
        ),
        (
            "rule.max_per_hour",
            AlertRule {
                max_per_hour: -1,
                ..change("rule", &id)
            },
        ),
        (
            "rule.max_per_hour",
            AlertRule {
                max_per_hour: 1001,
                ..change("rule", &id)
            },
        ),
        (
            "rule.filter",
            filter(BuildFilter {
                counted_only: true,
                ..Default::default()
            }),
        ),
        (
            "rule.filter",
            filter(BuildFilter {
                start_time_range: range(Some(0), None),
                ..Default::default()
            }),
        ),
        (
            "rule.filter.repositories[0]",
            filter(BuildFilter {
                repositories: vec![String::new()],
                ..Default::default()
            }),
        ),
    ];
    assert_refused(&mut client, rules).await;
}

#[tokio::test]
async fn each_bad_field_of_quiet_hours_is_named() {
    let (_server, mut client, id) = start().await;
    let quiet = |time_zone: &str, start: &str, end: &str, days: &[i32]| AlertRule {
        quiet_hours: Some(QuietHours {
            time_zone: time_zone.to_owned(),
            start: start.to_owned(),
            end: end.to_owned(),
            days: days.to_vec(),
        }),
        ..change("rule", &id)
    };
    let rules = vec![
        (
            "rule.quiet_hours.time_zone",
            quiet("Nowhere/Land", "22:00", "07:00", &[]),
        ),
        (
            "rule.quiet_hours.time_zone",
            quiet("", "22:00", "07:00", &[]),
        ),
        (
            "rule.quiet_hours.start",
            quiet("UTC", "25:00", "07:00", &[]),
        ),
        (
            "rule.quiet_hours.start",
            quiet("UTC", "22:00:30", "07:00", &[]),
        ),
        ("rule.quiet_hours.end", quiet("UTC", "22:00", "", &[])),
        ("rule.quiet_hours.end", quiet("UTC", "22:00", "22:00", &[])),
        ("rule.quiet_hours.days[0]", quiet("UTC", "", "", &[8])),
        ("rule.quiet_hours.days[0]", quiet("UTC", "", "", &[0])),
        (
            "rule.quiet_hours.days",
            quiet("UTC", "", "", &[1, 2, 3, 4, 5, 6, 7]),
        ),
        ("rule.quiet_hours", quiet("UTC", "", "", &[])),
    ];
    assert_refused(&mut client, rules).await;
}
