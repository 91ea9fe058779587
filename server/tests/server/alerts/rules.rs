//! Rules: what they say, how they change, and what they would have sent.

use lampboard_proto::v1::{
    self, AlertKind, AlertRule, BuildConclusion, BuildFilter, DeleteAlertRuleRequest,
    DryRunAlertRuleRequest, GetAlertRuleRequest, ListAlertRulesRequest, QuietHours,
    UpdateAlertRuleRequest, alert_rule::Trigger, duration_trigger::Limit,
};
use prost_types::FieldMask;
use tonic::{Code, Status};

use super::{Client, change, create_rule, created, email};
use crate::support::{TestServer, code, ended, range, refused_fields, seconds};

use BuildConclusion::{Cancelled, Failure, Success};

async fn with_channel() -> (TestServer, Client, String) {
    let server = super::start().await;
    let mut client = server.alerts();
    let channel = created(&mut client, email("mail", &["ada@acme.example"])).await;
    (server, client, channel.id)
}

async fn get(client: &mut Client, id: &str) -> Result<AlertRule, Status> {
    let request = GetAlertRuleRequest { id: id.to_owned() };
    let answer = client.get_alert_rule(request).await;
    answer.map(|answer| answer.into_inner().rule.unwrap())
}

async fn update(client: &mut Client, rule: AlertRule, mask: &[&str]) -> Result<AlertRule, Status> {
    let paths: Vec<String> = mask.iter().map(|path| (*path).to_owned()).collect();
    let request = UpdateAlertRuleRequest {
        rule: Some(rule),
        update_mask: (!paths.is_empty()).then_some(FieldMask { paths }),
    };
    let answer = client.update_alert_rule(request).await;
    answer.map(|answer| answer.into_inner().rule.unwrap())
}

#[tokio::test]
async fn a_rule_of_each_trigger_comes_back_as_it_was_set() {
    let (_server, mut client, channel) = with_channel().await;
    let took = |limit| Trigger::Duration(v1::DurationTrigger { limit: Some(limit) });
    let triggers = [
        Trigger::Failure(v1::FailureTrigger {}),
        Trigger::Change(v1::ChangeTrigger { failures: 3 }),
        Trigger::StaysRed(v1::StaysRedTrigger {
            longer_than: seconds(3600),
        }),
        took(Limit::LongerThan(seconds(90).unwrap())),
        took(Limit::TimesUsual(1.5)),
        Trigger::Queue(v1::QueueTrigger {
            longer_than: seconds(600),
        }),
    ];
    let mut names = Vec::new();
    for (number, trigger) in (1..).zip(triggers) {
        let asked = AlertRule {
            trigger: Some(trigger),
            filter: Some(BuildFilter {
                repositories: vec!["acme/*".to_owned()],
                workflows: vec!["CI".to_owned()],
                branches: vec!["release/*".to_owned()],
                actors: vec!["ada".to_owned()],
                events: vec!["push".to_owned()],
                workflow_ids: vec![3],
                default_branch_only: true,
                ..BuildFilter::default()
            }),
            quiet_hours: Some(QuietHours {
                time_zone: "Europe/Vienna".to_owned(),
                start: "22:00".to_owned(),
                end: "07:00".to_owned(),
                days: vec![6, 7],
            }),
            max_per_hour: number,
            disabled: true,
            ..change(&format!("rule {number}"), &channel)
        };
        let kept = create_rule(&mut client, asked.clone()).await.unwrap();
        let expected = AlertRule {
            id: kept.id.clone(),
            etag: kept.etag.clone(),
            create_time: kept.create_time,
            update_time: kept.create_time,
            ..asked
        };
        assert_eq!(kept, expected);
        assert_eq!(get(&mut client, &kept.id).await.unwrap(), kept);
        names.push(kept.display_name);
    }
    for page_size in 1..=7 {
        let mut request = ListAlertRulesRequest {
            page_size,
            ..Default::default()
        };
        let mut found = Vec::new();
        loop {
            let page = client.list_alert_rules(request.clone()).await;
            let page = page.unwrap().into_inner();
            found.extend(page.rules.into_iter().map(|it| it.display_name));
            if page.next_page_token.is_empty() {
                break;
            }
            request.page_token = page.next_page_token;
        }
        assert_eq!(found, names);
    }
}

#[tokio::test]
async fn only_masked_fields_change_and_only_of_the_version_that_was_seen() {
    let (_server, mut client, channel) = with_channel().await;
    let asked = AlertRule {
        quiet_hours: Some(QuietHours {
            time_zone: "UTC".to_owned(),
            days: vec![7],
            ..QuietHours::default()
        }),
        max_per_hour: 5,
        ..change("rule", &channel)
    };
    let first = create_rule(&mut client, asked).await.unwrap();
    let unset = AlertRule {
        id: first.id.clone(),
        ..AlertRule::default()
    };
    let second = update(&mut client, unset.clone(), &["quiet_hours"]).await;
    let second = second.unwrap();
    assert_eq!(second.quiet_hours, None);
    assert_eq!((second.max_per_hour, &second.trigger), (5, &first.trigger));
    assert_ne!(second.etag, first.etag);
    let waits = AlertRule {
        trigger: Some(Trigger::Queue(v1::QueueTrigger {
            longer_than: seconds(600),
        })),
        ..unset.clone()
    };
    let third = update(&mut client, waits.clone(), &[]).await.unwrap();
    assert_eq!(third.trigger, waits.trigger);
    for (mask, field) in [
        ("channel_ids", "rule.channel_ids"),
        ("failure", "rule.trigger"),
        ("etag", "update_mask"),
        ("filter.branches", "update_mask"),
    ] {
        let answer = update(&mut client, unset.clone(), &[mask]).await;
        assert_eq!(refused_fields(answer), [field], "{mask}");
    }
    let stale = update(&mut client, first.clone(), &["max_per_hour"]).await;
    assert_eq!(code(stale), Code::Aborted);
    let delete = |etag: &str| DeleteAlertRuleRequest {
        id: first.id.clone(),
        etag: etag.to_owned(),
    };
    let stale = client.delete_alert_rule(delete(&first.etag)).await;
    assert_eq!(code(stale), Code::Aborted);
    client.delete_alert_rule(delete(&third.etag)).await.unwrap();
    assert_eq!(code(get(&mut client, &first.id).await), Code::NotFound);
    let again = client.delete_alert_rule(delete("")).await;
    assert_eq!(code(again), Code::NotFound);
}

#[tokio::test]
async fn a_dry_run_says_what_would_have_been_sent_and_sends_nothing() {
    let (server, mut client, channel) = with_channel().await;
    let story = [Success, Failure, Failure, Cancelled, Success, Failure];
    let builds = (1..).zip(story);
    let builds = builds.map(|(run, conclusion)| ended(run, 1, conclusion, run * 60));
    server.report(builds.collect()).await;
    let dry = async |client: &mut Client, trigger| {
        let request = DryRunAlertRuleRequest {
            // It needs no name, and no channel.
            rule: Some(AlertRule {
                trigger: Some(trigger),
                ..AlertRule::default()
            }),
            end_time_range: None,
        };
        let answer = client
            .dry_run_alert_rule(request)
            .await
            .unwrap()
            .into_inner();
        let told = answer.messages.iter();
        let told = told.map(|it| (it.kind(), it.build.as_ref().unwrap().run_id));
        assert_eq!(
            usize::try_from(answer.message_count),
            Ok(answer.messages.len())
        );
        (told.collect::<Vec<_>>(), answer.suppressed_count)
    };
    let (failed, recovered, slow) = (AlertKind::Failure, AlertKind::Recovery, AlertKind::Slow);
    let changes = dry(&mut client, Trigger::Change(v1::ChangeTrigger::default())).await;
    assert_eq!(changes, (vec![(failed, 2), (recovered, 5), (failed, 6)], 1));
    let second = dry(
        &mut client,
        Trigger::Change(v1::ChangeTrigger { failures: 2 }),
    )
    .await;
    assert_eq!(second, (vec![(failed, 3), (recovered, 5)], 2));
    let each = dry(&mut client, Trigger::Failure(v1::FailureTrigger {})).await;
    assert_eq!(each, (vec![(failed, 2), (failed, 3), (failed, 6)], 0));
    let limit = Some(Limit::LongerThan(seconds(299).unwrap()));
    let long = dry(
        &mut client,
        Trigger::Duration(v1::DurationTrigger { limit }),
    )
    .await;
    assert_eq!(long.0, [(slow, 5), (slow, 6)]);
    assert_eq!(server.count("alert").await, 0);
    // Nothing ended in that time.
    let request = DryRunAlertRuleRequest {
        rule: Some(change("rule", &channel)),
        end_time_range: range(Some(0), Some(60)),
    };
    let answer = client
        .dry_run_alert_rule(request)
        .await
        .unwrap()
        .into_inner();
    assert_eq!(answer, v1::DryRunAlertRuleResponse::default());
}

/// The nightly run breaks first; the rule is about pushes.
#[tokio::test]
async fn a_dry_run_knows_of_the_builds_that_its_rule_is_not_about() {
    let (server, mut client, _) = with_channel().await;
    let story = [
        ("schedule", Failure),
        ("push", Failure),
        ("push", Failure),
        ("schedule", Success),
        ("schedule", Failure),
        ("push", Success),
    ];
    let builds = (1..)
        .zip(story)
        .map(|(run, (event, conclusion))| v1::Build {
            event: event.to_owned(),
            ..ended(run, 1, conclusion, run * 60)
        });
    server.report(builds.collect()).await;
    let request = DryRunAlertRuleRequest {
        rule: Some(AlertRule {
            filter: Some(BuildFilter {
                events: vec!["push".to_owned()],
                ..BuildFilter::default()
            }),
            trigger: Some(Trigger::Change(v1::ChangeTrigger::default())),
            ..AlertRule::default()
        }),
        end_time_range: None,
    };
    let answer = client.dry_run_alert_rule(request).await.unwrap();
    let answer = answer.into_inner();
    let told = answer.messages.iter();
    let told = told.map(|it| (it.kind(), it.build.as_ref().unwrap().run_id));
    let expected = [(AlertKind::Failure, 2), (AlertKind::Recovery, 4)];
    assert_eq!(told.collect::<Vec<_>>(), expected);
    assert_eq!(answer.suppressed_count, 1);
}
