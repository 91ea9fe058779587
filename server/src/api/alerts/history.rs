//! Incidents, and what was told.

use lampboard_proto::v1;
use prost::Message as _;

use super::{
    super::{
        convert::{self, Check},
        page_token,
    },
    Alerts,
};
use crate::{
    Error, Result,
    alerts::{Content, compare},
    model::{Alert, AlertDelivery, AlertKind, AlertState, Incident, IncidentFacts, Named, Outcome},
    store::{AlertPage, AlertQuery},
};

const DEFAULT_PAGE: usize = 50;
const LARGEST_PAGE: usize = 200;
/// How many alerts of an incident are given with it.
const MOST_OF_INCIDENT: usize = 1000;

impl Alerts {
    pub(super) async fn list_incidents(
        &self,
        mut request: v1::ListIncidentsRequest,
    ) -> Result<v1::ListIncidentsResponse> {
        let size = page_token::page_size(request.page_size, DEFAULT_PAGE, LARGEST_PAGE)?;
        let token = std::mem::take(&mut request.page_token);
        let same = v1::ListIncidentsRequest {
            page_size: 0,
            ..request.clone()
        };
        let mut query = Check::run(|check| convert::incident_query(check, request, size + 1))?;
        query.after = position(&same, &token)?;
        let mut incidents = self.store.incidents(query).await?;
        let next = cut(&mut incidents, size, |(it, _)| {
            (it.open_time.as_microsecond(), &it.id)
        });
        let mut messages = Vec::with_capacity(incidents.len());
        for incident in &incidents {
            messages.push(self.incident_message(incident).await?);
        }
        Ok(v1::ListIncidentsResponse {
            incidents: messages,
            next_page_token: next
                .map(|at| page_token::encode(&same, &at))
                .unwrap_or_default(),
        })
    }

    pub(super) async fn get_incident(
        &self,
        request: v1::GetIncidentRequest,
    ) -> Result<v1::GetIncidentResponse> {
        let incident = self.store.incident(&request.id).await?;
        let incident = incident.ok_or(Error::NotFound("incident"))?;
        let page = AlertPage {
            query: AlertQuery {
                incident: request.id,
                ..AlertQuery::default()
            },
            after: None,
            size: MOST_OF_INCIDENT,
        };
        let mut alerts = self.store.alerts(page).await?;
        alerts.reverse();
        Ok(v1::GetIncidentResponse {
            incident: Some(self.incident_message(&incident).await?),
            alerts: self.alert_messages(&alerts).await?,
        })
    }

    pub(super) async fn list_alerts(
        &self,
        mut request: v1::ListAlertsRequest,
    ) -> Result<v1::ListAlertsResponse> {
        let size = page_token::page_size(request.page_size, DEFAULT_PAGE, LARGEST_PAGE)?;
        let token = std::mem::take(&mut request.page_token);
        let same = v1::ListAlertsRequest {
            page_size: 0,
            ..request.clone()
        };
        let page = AlertPage {
            query: Check::run(|check| convert::alert_query(check, request))?,
            after: position(&same, &token)?,
            size: size + 1,
        };
        let mut alerts = self.store.alerts(page).await?;
        let next = cut(&mut alerts, size, |it| {
            (it.create_time.as_microsecond(), &it.id)
        });
        Ok(v1::ListAlertsResponse {
            alerts: self.alert_messages(&alerts).await?,
            next_page_token: next
                .map(|at| page_token::encode(&same, &at))
                .unwrap_or_default(),
        })
    }

    pub(super) async fn retry_alert(
        &self,
        request: v1::RetryAlertRequest,
    ) -> Result<v1::RetryAlertResponse> {
        let alert = self.store.retry_alert(request.id).await?;
        self.dispatch.wake();
        Ok(v1::RetryAlertResponse {
            alert: self.alert_messages(&[alert]).await?.pop(),
        })
    }

    pub(super) async fn preview_alert(
        &self,
        request: v1::PreviewAlertRequest,
    ) -> Result<v1::PreviewAlertResponse> {
        let (id, kind) = Check::run(|check| {
            let id = convert::alert_build(check, &request.build_id);
            let kind = (request.kind != 0)
                .then(|| check.within("kind", |check| convert::alert_kind(check, request.kind)));
            (id, kind)
        })?;
        let build = self
            .store
            .build(id)
            .await?
            .ok_or(Error::NotFound("build"))?;
        let conclusion = build.record.facts.status.conclusion();
        let kind = kind.unwrap_or(match conclusion.map(crate::model::Conclusion::outcome) {
            Some(Outcome::Success) => AlertKind::Recovery,
            Some(_) => AlertKind::Failure,
            None => AlertKind::Queued,
        });
        let now = self.clock.now();
        let incident = self.store.incident_of(&build).await?;
        let alert = Alert {
            id: String::new(),
            rule: Named::of("preview"),
            channel: Named::of("preview"),
            build: id,
            incident: incident.unwrap_or_default(),
            kind,
            state: AlertState::Pending { next_time: now },
            delivery: AlertDelivery::default(),
            create_time: now,
        };
        let message = self
            .store
            .message(&alert)
            .await?
            .ok_or(Error::NotFound("build"))?;
        let previews = self.dispatch.previews(Content::One(Box::new(message)), now);
        Ok(v1::PreviewAlertResponse {
            slack_json: previews.slack,
            email_subject: previews.email.subject,
            email_text: previews.email.text,
            email_html: previews.email.html,
            webhook_json: previews.webhook,
        })
    }

    async fn alert_messages(&self, alerts: &[Alert]) -> Result<Vec<v1::Alert>> {
        let ids: Vec<_> = alerts.iter().map(|alert| alert.build).collect();
        let builds = self.store.builds_by_id(&ids).await?;
        let messages = alerts
            .iter()
            .map(|alert| convert::alert_to_proto(alert, &builds));
        Ok(messages.collect())
    }

    async fn incident_message(&self, told: &(Incident, String)) -> Result<v1::Incident> {
        let (incident, _) = told;
        let ids = [
            Some(incident.first_failure),
            Some(incident.last_failure),
            incident.success,
            incident.last_success,
        ];
        let ids: Vec<_> = ids.into_iter().flatten().collect();
        let builds = self.store.builds_by_id(&ids).await?;
        let failed = self.store.failed(incident.last_failure).await?;
        let facts = IncidentFacts {
            id: incident.id.clone(),
            open_time: incident.open_time,
            resolve_time: incident.resolve_time,
            failures: incident.failure_count,
            first_failure: builds.get(&incident.first_failure).cloned(),
            last_success: incident
                .last_success
                .and_then(|id| builds.get(&id).cloned()),
        };
        let compare_url = compare(&facts).map(String::from).unwrap_or_default();
        Ok(convert::incident_to_proto(
            told,
            &builds,
            &failed,
            compare_url,
        ))
    }
}

/// Where a list goes on: a time and an id.
#[derive(Clone, PartialEq, prost::Message)]
struct Position {
    #[prost(int64, tag = "1")]
    time: i64,
    #[prost(string, tag = "2")]
    id: String,
}

fn position(same: &impl prost::Message, token: &str) -> Result<Option<(i64, String)>> {
    let Some(bytes) = page_token::decode(same, token)? else {
        return Ok(None);
    };
    let position = Position::decode(&bytes[..])
        .map_err(|_| Error::invalid("page_token", "must be a token of this list"))?;
    Ok(Some((position.time, position.id)))
}

/// Cuts what is more than a page; says where the next one begins.
fn cut<T>(
    items: &mut Vec<T>,
    size: usize,
    position: impl Fn(&T) -> (i64, &String),
) -> Option<Vec<u8>> {
    let more = items.len() > size;
    items.truncate(size);
    let (time, id) = position(items.last().filter(|_| more)?);
    let id = id.clone();
    Some(Position { time, id }.encode_to_vec())
}
