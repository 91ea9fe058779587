//! The Slack messages and mails that were caught, and what is to be refused of those to come.

use axum::Json;
use axum::extract::State;
use http::StatusCode;
use serde::{Deserialize, Serialize};

use crate::double::Double;
use crate::notify::slack::{SlackMessage, SlackRefusal};
use crate::notify::smtp::{Mail, SmtpRefusal, SmtpStep};

#[derive(Serialize)]
pub(super) struct MailsJson {
    /// Where the mail server listens.
    address: String,
    mails: Vec<MailJson>,
}

#[derive(Serialize)]
struct MailJson {
    sender: String,
    recipients: Vec<String>,
    content: String,
}

#[derive(Deserialize)]
pub(super) struct RefuseMessageJson {
    status: u16,
    /// Seconds, for a 429.
    #[serde(default)]
    retry_after: u32,
    #[serde(default = "once")]
    times: u32,
}

#[derive(Deserialize)]
pub(super) struct RefuseMailJson {
    step: SmtpStep,
    code: u16,
    #[serde(default = "once")]
    times: u32,
}

fn once() -> u32 {
    1
}

pub(super) async fn list_slack(State(double): State<Double>) -> Json<Vec<SlackMessage>> {
    Json(double.slack().messages())
}

/// Forgets the messages, and what was to be refused.
pub(super) async fn clear_slack(State(double): State<Double>) -> StatusCode {
    double.slack().clear();
    double.slack().relent();
    StatusCode::NO_CONTENT
}

pub(super) async fn refuse_slack(
    State(double): State<Double>,
    Json(order): Json<RefuseMessageJson>,
) -> StatusCode {
    let retry_after = order.retry_after;
    let refusal = match StatusCode::from_u16(order.status) {
        Ok(StatusCode::TOO_MANY_REQUESTS) => SlackRefusal::RateLimited { retry_after },
        Ok(StatusCode::NOT_FOUND) => SlackRefusal::NoService,
        Ok(StatusCode::GONE) => SlackRefusal::ChannelIsArchived,
        Ok(status) if status.is_server_error() => SlackRefusal::ServerError(status),
        _ => return StatusCode::UNPROCESSABLE_ENTITY,
    };
    double.slack().refuse(refusal, order.times);
    StatusCode::NO_CONTENT
}

pub(super) async fn list_mails(State(double): State<Double>) -> Json<MailsJson> {
    let mails = double.smtp().mails().into_iter().map(MailJson::from);
    Json(MailsJson {
        address: double.smtp().address().to_string(),
        mails: mails.collect(),
    })
}

/// Forgets the mails, and what was to be refused.
pub(super) async fn clear_mails(State(double): State<Double>) -> StatusCode {
    double.smtp().clear();
    double.smtp().relent();
    StatusCode::NO_CONTENT
}

pub(super) async fn refuse_mails(
    State(double): State<Double>,
    Json(order): Json<RefuseMailJson>,
) -> StatusCode {
    // Anything else is no refusal, and three digits are what a reply has.
    if !(400..=599).contains(&order.code) {
        return StatusCode::UNPROCESSABLE_ENTITY;
    }
    let RefuseMailJson { step, code, times } = order;
    double.smtp().refuse(SmtpRefusal { step, code }, times);
    StatusCode::NO_CONTENT
}

impl From<Mail> for MailJson {
    fn from(mail: Mail) -> Self {
        Self {
            content: String::from_utf8_lossy(&mail.content).into_owned(),
            sender: mail.sender,
            recipients: mail.recipients,
        }
    }
}
