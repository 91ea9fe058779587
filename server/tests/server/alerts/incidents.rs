//! Incidents, as they are listed.

use lampboard_proto::v1::{
    BuildConclusion::Failure, GetIncidentRequest, IncidentState, ListIncidentsRequest,
};

use super::{scene::Scene, settled};
use crate::support::{NOON, ended, range};

#[tokio::test]
async fn an_incident_knows_its_builds_and_its_alerts() {
    let mut scene = Scene::set(&[]).await;
    let alerts = scene.break_and_mend().await;
    scene.server.set_time(NOON + 2);
    scene.server.report(vec![ended(4, 1, Failure, 240)]).await;
    settled(&mut scene.client, 3).await;
    let client = &mut scene.client;
    let any = ListIncidentsRequest::default;
    let answer = client.list_incidents(any()).await.unwrap().into_inner();
    let [open, over] = &answer.incidents[..] else {
        panic!("{answer:?}");
    };
    assert_eq!(
        (open.state(), over.state()),
        (IncidentState::Open, IncidentState::Resolved)
    );
    let run = |build: &Option<_>| {
        build
            .as_ref()
            .map(|it: &lampboard_proto::v1::Build| it.run_id)
    };
    assert_eq!(run(&over.first_failure), Some(2));
    assert_eq!(run(&over.success), Some(3));
    assert_eq!(run(&over.last_success), Some(1));
    assert_eq!(over.failure_count, 1);
    assert_eq!(over.time_to_recovery, crate::support::seconds(60));
    assert_eq!(open.resolve_time, None);
    assert_eq!(run(&open.last_success), Some(3));
    for (request, expected) in [
        (
            ListIncidentsRequest {
                states: vec![IncidentState::Open.into()],
                ..any()
            },
            vec![4],
        ),
        (
            ListIncidentsRequest {
                states: vec![IncidentState::Resolved.into()],
                ..any()
            },
            vec![2],
        ),
        (
            ListIncidentsRequest {
                states: vec![1, 2],
                ..any()
            },
            vec![4, 2],
        ),
        (
            ListIncidentsRequest {
                repositories: vec!["ACME/*".to_owned()],
                ..any()
            },
            vec![4, 2],
        ),
        (
            ListIncidentsRequest {
                repositories: vec!["acme/web".to_owned()],
                ..any()
            },
            vec![],
        ),
        (
            ListIncidentsRequest {
                branches: vec!["main".to_owned()],
                ..any()
            },
            vec![4, 2],
        ),
        (
            ListIncidentsRequest {
                branches: vec!["release/*".to_owned()],
                ..any()
            },
            vec![],
        ),
        (
            ListIncidentsRequest {
                open_time_range: range(None, Some(9 * 3600 + 180)),
                ..any()
            },
            vec![2],
        ),
    ] {
        let shown = format!("{request:?}");
        let answer = client.list_incidents(request).await.unwrap().into_inner();
        let runs = answer
            .incidents
            .iter()
            .filter_map(|it| run(&it.first_failure));
        assert_eq!(runs.collect::<Vec<_>>(), expected, "{shown}");
    }
    let mut request = ListIncidentsRequest {
        page_size: 1,
        ..any()
    };
    let mut ids = Vec::new();
    loop {
        let page = client
            .list_incidents(request.clone())
            .await
            .unwrap()
            .into_inner();
        ids.extend(page.incidents.into_iter().map(|it| it.id));
        if page.next_page_token.is_empty() {
            break;
        }
        request.page_token = page.next_page_token;
    }
    assert_eq!(ids, [open.id.clone(), over.id.clone()]);
    let request = GetIncidentRequest {
        id: over.id.clone(),
    };
    let got = client.get_incident(request).await.unwrap().into_inner();
    assert_eq!(got.incident.as_ref(), Some(over));
    let oldest_first: Vec<_> = alerts.into_iter().rev().collect();
    assert_eq!(got.alerts, oldest_first);
}
