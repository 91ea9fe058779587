//! What GitHub has delivered, or tried to.

use http::Method;
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::value::RawValue;

use super::{Error, GitHub, Purpose, lane::Identity, pages, path::ApiPath, read, wire::Question};

/// One attempt to deliver an event. An event that is delivered again keeps its
/// GUID and gets another id.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct Delivery {
    /// The number of the attempt.
    pub id: Option<i64>,
    /// Names the event.
    pub guid: Option<String>,
    /// When it was attempted.
    #[serde(deserialize_with = "read::time")]
    pub delivered_at: Option<Timestamp>,
    /// Whether somebody asked for it.
    pub redelivery: Option<bool>,
    /// How long it took, in seconds.
    pub duration: Option<f64>,
    /// `OK`, or GitHub's words on what went wrong.
    pub status: Option<String>,
    /// The status of the answer; something that is none if there was no answer.
    pub status_code: Option<i64>,
    /// Like `workflow_run`.
    pub event: Option<String>,
    /// Like `completed`.
    pub action: Option<String>,
    /// The installation that it is about.
    pub installation_id: Option<i64>,
    /// The repository that it is about.
    pub repository_id: Option<i64>,
    /// When GitHub put it off for there being too many.
    #[serde(deserialize_with = "read::time")]
    pub throttled_at: Option<Timestamp>,
}

impl Delivery {
    /// Whether it got through. GitHub's own filter for failures leaves out those
    /// that nobody answered; what got through says so in words.
    pub fn is_taken(&self) -> bool {
        self.status.as_deref() == Some("OK")
            || self
                .status_code
                .is_some_and(|code| (200..300).contains(&code))
    }
}

/// A page of what GitHub has delivered, the latest first.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Deliveries {
    /// The attempts.
    pub items: Vec<Delivery>,
    /// Where earlier ones are; outlives the process.
    pub next_cursor: Option<String>,
}

/// An attempt to deliver an event, and what it carried.
#[derive(Debug, Clone)]
pub struct DeliveryDetail {
    /// The attempt.
    pub delivery: Delivery,
    /// The event, as GitHub keeps it.
    pub payload: Box<RawValue>,
}

#[derive(Deserialize)]
struct Request {
    request: Payload,
}

#[derive(Deserialize)]
struct Payload {
    payload: Box<RawValue>,
}

impl GitHub {
    /// A page of what GitHub has delivered: the latest, or what comes before it.
    pub async fn deliveries(&self, cursor: Option<&str>) -> Result<Deliveries, Error> {
        let mut query = vec![("per_page", "100")];
        query.extend(cursor.map(|cursor| ("cursor", cursor)));
        let path = ApiPath::of(&["app", "hook", "deliveries"], &query);
        let reply = self.ask_reconciling(Question::get(path)).await?;
        let next = pages::next(&self.inner.base, &reply.path, &reply.answer.headers)?;
        let records: Vec<Box<RawValue>> = read::json(&reply.path, &reply.answer.body)?;
        Ok(Deliveries {
            items: read::records(&reply.path, &records),
            next_cursor: next.and_then(|next| next.parameter("cursor")),
        })
    }

    /// One attempt to deliver an event, with what it carried.
    pub async fn delivery(&self, id: i64) -> Result<DeliveryDetail, Error> {
        let path = ApiPath::of(&["app", "hook", "deliveries", &id.to_string()], &[]);
        let reply = self.ask_reconciling(Question::get(path)).await?;
        let Request { request } = read::json(&reply.path, &reply.answer.body)?;
        Ok(DeliveryDetail {
            delivery: read::json(&reply.path, &reply.answer.body)?,
            payload: request.payload,
        })
    }

    /// Asks for an event to be delivered again, which GitHub does later. Not more
    /// often than once a second, it says.
    pub async fn redeliver(&self, id: i64) -> Result<(), Error> {
        let id = id.to_string();
        let path = ApiPath::of(&["app", "hook", "deliveries", &id, "attempts"], &[]);
        self.ask_reconciling(Question::new(Method::POST, path, None))
            .await
            .map(drop)
    }

    async fn ask_reconciling(&self, question: Question) -> Result<super::exchange::Reply, Error> {
        self.ask(Identity::App, Purpose::Reconcile, question, None)
            .await
    }
}
