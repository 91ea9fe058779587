//! What becomes of alerts, as it is listed.

use lampboard_proto::v1::{
    AlertKind, AlertSkipReason, AlertState, BuildConclusion::Failure, ListAlertsRequest,
    PreviewAlertRequest, RetryAlertRequest, TestAlertChannelRequest,
};
use tonic::Code;

use super::{Client, change, create_rule, list, scene::Scene, settled};
use crate::support::{NOON, code, ended, range, refused_fields, time};

#[tokio::test]
async fn what_was_sent_says_what_came_of_it() {
    let mut scene = Scene::set(&[]).await;
    let alerts = scene.break_and_mend().await;
    let [recovery, failure] = &alerts[..] else {
        panic!("{alerts:?}");
    };
    let received = scene.receiver.received();
    assert_eq!(received.len(), 2);
    for (alert, (headers, body)) in alerts.iter().rev().zip(&received) {
        assert_eq!(alert.state(), AlertState::Sent);
        assert_eq!(headers["webhook-id"], alert.message_id.as_str());
        assert!(body.to_string().contains("acme/api"), "{body}");
        assert!(alert.answer.contains("204"), "{alert:?}");
        assert_eq!((alert.attempt_count, alert.possible_repeat), (1, false));
        assert_eq!(alert.next_attempt_time, None);
        assert_eq!(alert.channel_display_name, "hook");
        assert_eq!(alert.rule_display_name, "main breaks");
    }
    assert_eq!(failure.send_time, time(NOON));
    assert_eq!(recovery.send_time, time(NOON + 1));
}

#[tokio::test]
async fn what_was_sent_is_listed_by_every_filter() {
    let mut scene = Scene::set(&[]).await;
    let alerts = scene.break_and_mend().await;
    let [recovery, failure] = &alerts[..] else {
        panic!("{alerts:?}");
    };
    let found = async |client: &mut Client, request| {
        let alerts = list(client, request).await;
        alerts.into_iter().map(|it| it.id).collect::<Vec<_>>()
    };
    let any = ListAlertsRequest::default;
    let (both, one) = ([&recovery.id, &failure.id], [&failure.id]);
    let client = &mut scene.client;
    for (request, expected) in [
        (
            ListAlertsRequest {
                build_id: "7-2-1".to_owned(),
                ..any()
            },
            &one[..],
        ),
        (
            ListAlertsRequest {
                channel_id: scene.channel.clone(),
                ..any()
            },
            &both,
        ),
        (
            ListAlertsRequest {
                channel_id: "other".to_owned(),
                ..any()
            },
            &[],
        ),
        (
            ListAlertsRequest {
                rule_id: scene.rule.clone(),
                ..any()
            },
            &both,
        ),
        (
            ListAlertsRequest {
                incident_id: failure.incident_id.clone(),
                ..any()
            },
            &both,
        ),
        (
            ListAlertsRequest {
                kinds: vec![AlertKind::Failure.into()],
                ..any()
            },
            &one,
        ),
        (
            ListAlertsRequest {
                states: vec![AlertState::Sent.into()],
                ..any()
            },
            &both,
        ),
        (
            ListAlertsRequest {
                states: vec![AlertState::Failed.into()],
                ..any()
            },
            &[],
        ),
        (
            ListAlertsRequest {
                create_time_range: range(Some(0), Some(1)),
                ..any()
            },
            &[],
        ),
        (
            ListAlertsRequest {
                create_time_range: range(Some(NOON), None),
                ..any()
            },
            &both,
        ),
    ] {
        let shown = format!("{request:?}");
        assert!(
            found(client, request)
                .await
                .iter()
                .eq(expected.iter().copied()),
            "{shown}"
        );
    }
}

#[tokio::test]
async fn alerts_are_listed_page_by_page() {
    let mut scene = Scene::set(&[]).await;
    let alerts = scene.break_and_mend().await;
    let [recovery, failure] = &alerts[..] else {
        panic!("{alerts:?}");
    };
    let any = ListAlertsRequest::default;
    let client = &mut scene.client;
    let first = ListAlertsRequest {
        page_size: 1,
        ..any()
    };
    let page = client
        .list_alerts(first.clone())
        .await
        .unwrap()
        .into_inner();
    assert_eq!(page.alerts[0].id, recovery.id);
    let next = ListAlertsRequest {
        page_token: page.next_page_token,
        ..first
    };
    let page = client.list_alerts(next.clone()).await.unwrap().into_inner();
    assert_eq!(
        (page.alerts[0].id.as_str(), page.next_page_token.as_str()),
        (failure.id.as_str(), "")
    );
    let other = ListAlertsRequest {
        rule_id: "x".to_owned(),
        ..next
    };
    assert_eq!(
        refused_fields(client.list_alerts(other).await),
        ["page_token"]
    );
}

#[tokio::test]
async fn a_second_rule_names_the_alert_that_said_it_already() {
    let mut scene = Scene::set(&[]).await;
    let second = change("too", &scene.channel);
    create_rule(&mut scene.client, second).await.unwrap();
    scene.server.report(vec![ended(2, 1, Failure, 120)]).await;
    let alerts = settled(&mut scene.client, 2).await;
    let sent = alerts.iter().find(|it| it.state() == AlertState::Sent);
    let skipped = alerts.iter().find(|it| it.state() == AlertState::Skipped);
    let (sent, skipped) = (sent.unwrap(), skipped.unwrap());
    assert_eq!(skipped.skip_reason(), AlertSkipReason::Duplicate);
    assert_eq!(skipped.first_alert_id, sent.id);
    assert_eq!(scene.receiver.received().len(), 1);
    let request = RetryAlertRequest {
        id: skipped.id.clone(),
    };
    let answer = scene.client.retry_alert(request).await;
    assert_eq!(code(answer), Code::FailedPrecondition);
}

#[tokio::test]
async fn a_preview_is_what_would_be_sent_in_each_format() {
    let mut scene = Scene::set(&[]).await;
    scene.server.report(vec![ended(2, 1, Failure, 120)]).await;
    settled(&mut scene.client, 1).await;
    for kind in [0, 1, 2, 3, 4, 5] {
        let request = PreviewAlertRequest {
            build_id: "7-2-1".to_owned(),
            kind,
        };
        let shown = scene
            .client
            .preview_alert(request)
            .await
            .unwrap()
            .into_inner();
        for json in [&shown.slack_json, &shown.webhook_json] {
            let json: serde_json::Value = serde_json::from_str(json).unwrap();
            assert!(json.to_string().contains("acme/api"), "{json}");
        }
        for text in [&shown.email_subject, &shown.email_text, &shown.email_html] {
            assert!(text.contains("acme/api"), "{text}");
        }
    }
    assert_eq!(scene.server.count("alert").await, 1, "nothing was raised");
}

#[tokio::test]
async fn what_a_channel_that_is_gone_did_not_take_is_sent_when_it_is_back() {
    let mut scene = Scene::set(&[404]).await;
    scene.server.report(vec![ended(2, 1, Failure, 120)]).await;
    let alert = settled(&mut scene.client, 1).await.pop().unwrap();
    assert_eq!(alert.state(), AlertState::Pending);
    assert!(alert.answer.contains("404"), "{alert:?}");
    let paused = scene.pause().await.unwrap();
    assert_ne!(paused.reason, "");
    assert_eq!(paused.end_time, None, "only people can end it");
    assert_eq!(scene.receiver.received().len(), 1, "it is left alone");
    let request = TestAlertChannelRequest {
        id: scene.channel.clone(),
    };
    let test = scene.client.test_alert_channel(request).await.unwrap();
    assert!(test.into_inner().accepted);
    assert_eq!(scene.pause().await, None);
    let sent = scene.sent().await;
    assert_eq!((sent.attempt_count, sent.error.as_str()), (2, ""));
    let received = scene.receiver.received();
    let ids: Vec<_> = received.iter().map(|it| &it.0["webhook-id"]).collect();
    assert_eq!(ids.len(), 3, "the test is one of them");
    assert_eq!(ids[0], ids[2], "it is the same message");
}

#[tokio::test]
async fn what_was_refused_is_sent_when_it_is_retried() {
    let mut scene = Scene::set(&[400]).await;
    scene.server.report(vec![ended(2, 1, Failure, 120)]).await;
    let alert = settled(&mut scene.client, 1).await.pop().unwrap();
    assert_eq!(alert.state(), AlertState::Failed);
    assert_ne!(alert.error, "");
    assert_eq!(scene.pause().await, None, "once is no reason");
    let request = RetryAlertRequest { id: alert.id };
    let again = scene.client.retry_alert(request.clone()).await;
    assert_eq!(
        again.unwrap().into_inner().alert.unwrap().state(),
        AlertState::Pending
    );
    let sent = scene.sent().await;
    assert_eq!((sent.attempt_count, sent.error.as_str()), (2, ""));
    let answer = scene.client.retry_alert(request).await;
    assert_eq!(code(answer), Code::FailedPrecondition, "it was sent");
}

#[tokio::test]
async fn what_could_not_be_read_was_not_sent() {
    let mut scene = Scene::set(&[503]).await;
    scene.server.report(vec![ended(1, 1, Failure, 60)]).await;
    scene.error_of("The receiver answered 503").await;
    scene
        .server
        .sabotage("ALTER TABLE job RENAME TO elsewhere")
        .await;
    scene.server.set_time(NOON + 10);
    scene.error_of("could not be read").await;
    scene
        .server
        .sabotage("ALTER TABLE elsewhere RENAME TO job")
        .await;
    scene.server.set_time(NOON + 100);
    let alert = scene.sent().await;
    assert!(!alert.possible_repeat, "it never left: {alert:?}");
    let received = scene.receiver.received();
    assert_eq!(received.len(), 2);
    assert_eq!(received[1].1["data"]["possible_repeat"], false);
}
