//! What is refused of a question, by the name of the field.

use lampboard_proto::v1;
use tonic::Code;

use super::change;
use crate::support::{code, range, refused_fields};

#[tokio::test]
async fn each_bad_field_of_a_question_for_alerts_is_named() {
    let server = super::start().await;
    let mut client = server.alerts();
    let any = v1::ListAlertsRequest::default;
    for (field, request) in [
        (
            "page_size",
            v1::ListAlertsRequest {
                page_size: -1,
                ..any()
            },
        ),
        (
            "page_token",
            v1::ListAlertsRequest {
                page_token: "?".to_owned(),
                ..any()
            },
        ),
        (
            "build_id",
            v1::ListAlertsRequest {
                build_id: "x".to_owned(),
                ..any()
            },
        ),
        (
            "channel_id",
            v1::ListAlertsRequest {
                channel_id: "\0".to_owned(),
                ..any()
            },
        ),
        (
            "rule_id",
            v1::ListAlertsRequest {
                rule_id: "\0".to_owned(),
                ..any()
            },
        ),
        (
            "incident_id",
            v1::ListAlertsRequest {
                incident_id: "\0".to_owned(),
                ..any()
            },
        ),
        (
            "states[0]",
            v1::ListAlertsRequest {
                states: vec![0],
                ..any()
            },
        ),
        (
            "kinds[1]",
            v1::ListAlertsRequest {
                kinds: vec![1, 99],
                ..any()
            },
        ),
        (
            "create_time_range.end_time",
            v1::ListAlertsRequest {
                create_time_range: range(Some(2), Some(1)),
                ..any()
            },
        ),
    ] {
        let found = refused_fields(client.list_alerts(request).await);
        assert_eq!(found, [field]);
    }
}

#[tokio::test]
async fn each_bad_field_of_a_question_for_incidents_is_named() {
    let server = super::start().await;
    let mut client = server.alerts();
    let any = v1::ListIncidentsRequest::default;
    for (field, request) in [
        (
            "page_size",
            v1::ListIncidentsRequest {
                page_size: -1,
                ..any()
            },
        ),
        (
            "page_token",
            v1::ListIncidentsRequest {
                page_token: "?".to_owned(),
                ..any()
            },
        ),
        (
            "repositories[0]",
            v1::ListIncidentsRequest {
                repositories: vec![String::new()],
                ..any()
            },
        ),
        (
            "branches[0]",
            v1::ListIncidentsRequest {
                branches: vec!["\0".to_owned()],
                ..any()
            },
        ),
        (
            "states[0]",
            v1::ListIncidentsRequest {
                states: vec![7],
                ..any()
            },
        ),
    ] {
        let found = refused_fields(client.list_incidents(request).await);
        assert_eq!(found, [field]);
    }
}

#[tokio::test]
async fn what_names_nothing_is_not_found_or_refused() {
    let server = super::start().await;
    let mut client = server.alerts();
    let preview = |build: &str, kind| v1::PreviewAlertRequest {
        build_id: build.to_owned(),
        kind,
    };
    let answer = client.preview_alert(preview("x", 0)).await;
    assert_eq!(refused_fields(answer), ["build_id"]);
    let answer = client.preview_alert(preview("7-1-1", 99)).await;
    assert_eq!(refused_fields(answer), ["kind"]);
    let answer = client.preview_alert(preview("7-1-1", 0)).await;
    assert_eq!(code(answer), Code::NotFound);
    // Ids that are none are of nothing, whatever they are made of.
    for id in ["", "nothing", "\0"] {
        let id = id.to_owned();
        let answer = client
            .get_incident(v1::GetIncidentRequest { id: id.clone() })
            .await;
        assert_eq!(code(answer), Code::NotFound);
        let answer = client
            .retry_alert(v1::RetryAlertRequest { id: id.clone() })
            .await;
        assert_eq!(code(answer), Code::NotFound);
        let answer = client
            .get_alert_rule(v1::GetAlertRuleRequest { id: id.clone() })
            .await;
        assert_eq!(code(answer), Code::NotFound);
        let answer = client
            .get_alert_channel(v1::GetAlertChannelRequest { id })
            .await;
        assert_eq!(code(answer), Code::NotFound);
    }
    let request = v1::DryRunAlertRuleRequest {
        rule: Some(change("rule", "none")),
        end_time_range: range(Some(0), Some(32 * 86_400)),
    };
    let answer = client.dry_run_alert_rule(request).await;
    assert_eq!(refused_fields(answer), ["end_time_range"]);
}
