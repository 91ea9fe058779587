//! The log of the App's webhooks.

use std::collections::BTreeMap;

use http::StatusCode;
use jiff::Timestamp;
use serde::Serialize;
use serde_json::value::RawValue;
use serde_json::{Map, Value};

use super::answer::{Answer, Answered};
use super::call::Call;
use super::page::Page;
use super::refusal::Refusal;
use crate::github::GitHub;
use crate::github::id::{InstallationId, RepositoryId};
use crate::hook::log::DeliveryRecord;

#[derive(Serialize)]
struct ItemJson<'a> {
    id: i64,
    guid: String,
    delivered_at: Timestamp,
    redelivery: bool,
    duration: f64,
    status: &'a str,
    status_code: u16,
    event: &'static str,
    action: Option<&'static str>,
    installation_id: Option<InstallationId>,
    repository_id: Option<RepositoryId>,
    throttled_at: Option<Timestamp>,
}

impl<'a> ItemJson<'a> {
    fn new(record: &'a DeliveryRecord) -> Self {
        Self {
            id: record.id,
            guid: record.guid(),
            delivered_at: record.delivered_at,
            redelivery: record.redelivery,
            duration: record.duration.as_secs_f64(),
            status: &record.status,
            status_code: record.status_code,
            event: record.event(),
            action: record.action(),
            installation_id: record.installation(),
            repository_id: record.repository(),
            throttled_at: record.throttled_at,
        }
    }
}

#[derive(Serialize)]
struct DeliveryJson<'a> {
    #[serde(flatten)]
    item: ItemJson<'a>,
    url: &'a str,
    request: RequestJson<'a>,
    response: ResponseJson<'a>,
}

#[derive(Serialize)]
struct RequestJson<'a> {
    headers: BTreeMap<String, &'a str>,
    payload: Option<Box<RawValue>>,
}

#[derive(Serialize)]
struct ResponseJson<'a> {
    headers: Option<BTreeMap<&'a str, &'a str>>,
    payload: Option<String>,
}

/// `GET /app/hook/deliveries`
pub(super) fn list(call: &Call<'_>, github: &GitHub) -> Answered {
    let app = call.caller.app()?;
    let cursor = call
        .query
        .parsed("cursor", |cursor| cursor.strip_prefix("v1_")?.parse().ok())?;
    let wanted = call.query.parsed("status", Wanted::parse)?;
    let count = usize::try_from(Page::size(&call.query)).unwrap_or(usize::MAX);
    let keep = |record: &DeliveryRecord| wanted.is_none_or(|wanted| wanted.holds(record));
    let (page, next) = call.deliveries.page(app, cursor, count, keep);
    let link = next.map(|next| {
        let query = call.query.with("cursor", &format!("v1_{next}"), &[]);
        format!(
            "<{}/app/hook/deliveries?{query}>; rel=\"next\"",
            github.hosts().api
        )
    });
    let json: Vec<_> = page.iter().map(|record| ItemJson::new(record)).collect();
    Ok(Answer::json(&json).link(link))
}

/// `GET /app/hook/deliveries/{id}`
pub(super) fn get(call: &Call<'_>, id: &str) -> Answered {
    let record = call.deliveries.find(call.caller.app()?, parse(id)?);
    let record = record.ok_or_else(Refusal::not_found)?;
    let headers = record.request_headers.iter();
    let answer = record.answer.as_ref();
    let json = DeliveryJson {
        item: ItemJson::new(&record),
        url: &record.url,
        request: RequestJson {
            headers: headers
                .map(|(name, value)| (capitalized(name), value.as_str()))
                .collect(),
            payload: raw(&record.payload()),
        },
        response: ResponseJson {
            headers: answer.map(|_| BTreeMap::new()),
            payload: answer.map(|it| String::from_utf8_lossy(&it.body).into_owned()),
        },
    };
    Ok(Answer::json(&json))
}

/// `POST /app/hook/deliveries/{id}/attempts`: it is posted later.
pub(super) fn redeliver(call: &Call<'_>, id: &str) -> Answered {
    let id = parse(id)?;
    let record = call.deliveries.find(call.caller.app()?, id);
    record.ok_or_else(Refusal::not_found)?;
    call.deliveries
        .redeliver(id)
        .ok_or_else(Refusal::not_found)?;
    let nothing = Map::<String, Value>::new();
    Ok(Answer::json_with(StatusCode::ACCEPTED, &nothing))
}

/// Which deliveries are asked for: as GitHub defines it, one without a status code is of neither
/// kind.
#[derive(Clone, Copy, Debug)]
enum Wanted {
    Success,
    Failure,
}

impl Wanted {
    fn parse(text: &str) -> Option<Self> {
        match text {
            "success" => Some(Self::Success),
            "failure" => Some(Self::Failure),
            _ => None,
        }
    }

    fn holds(self, record: &DeliveryRecord) -> bool {
        match self {
            Self::Success => (200..400).contains(&record.status_code),
            Self::Failure => (400..600).contains(&record.status_code),
        }
    }
}

fn parse(id: &str) -> Result<i64, Refusal> {
    id.parse().map_err(|_| Refusal::not_found())
}

/// The name of a header as GitHub writes it, such as `X-GitHub-Hook-ID`.
fn capitalized(name: &str) -> String {
    let word = |word: &str| match word {
        "github" => "GitHub".to_owned(),
        "id" => "ID".to_owned(),
        word => word[..1].to_uppercase() + &word[1..],
    };
    name.split('-').map(word).collect::<Vec<_>>().join("-")
}

/// The bytes that were posted, without reading them.
fn raw(payload: &[u8]) -> Option<Box<RawValue>> {
    let text = String::from_utf8(payload.to_vec()).ok()?;
    RawValue::from_string(text).ok()
}
