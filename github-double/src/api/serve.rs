//! The way of a request: read, answered, spoilt if asked for, and logged.

use axum::body::to_bytes;
use axum::extract::{Request, State};
use axum::response::Response;
use bytes::Bytes;
use http::{Method, StatusCode};

use super::answer::Answer;
use super::asked::{Asked, Outcome};
use super::caller::Caller;
use super::damage::damage;
use super::headers::{self, Envelope};
use super::log::{RequestRecord, UnderWay};
use super::slowly;
use crate::double::Double;

/// The largest body that is read; GitHub's own calls have far smaller ones.
const BODY_LIMIT: usize = 1024 * 1024;
/// How often a request lets others go first, so that those that are made at a time are under way
/// at a time, and the log can tell.
const COURTESY: usize = 4;

/// Answers any request for the API.
pub(crate) async fn serve(State(double): State<Double>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let Ok(body) = to_bytes(body, BODY_LIMIT).await else {
        let too_large = Answer::empty(StatusCode::PAYLOAD_TOO_LARGE);
        return headers::respond(&too_large, Bytes::new(), &Envelope::default());
    };
    let path = double.api_path(parts.uri.path()).to_owned();
    let asked = Asked::new(&double, &parts, &path, &body);
    let under_way = double.log().arrive(asked.installation.map(|id| id.0));
    for _ in 0..COURTESY {
        tokio::task::yield_now().await;
    }
    if asked.faults.hang {
        double.log().push(asked.record(&double, &under_way, None));
        double.stopped().await;
    }
    if !asked.faults.delay.is_zero() {
        tokio::time::sleep(asked.faults.delay).await;
    }
    answer(&double, &asked, under_way).await
}

async fn answer(double: &Double, asked: &Asked<'_>, under_way: UnderWay) -> Response {
    let mut outcome = double.github(|github| asked.outcome(double, github, under_way.count));
    let body = std::mem::take(&mut outcome.answer.body);
    let body = Bytes::from(damage(body, &asked.faults.damages));
    double
        .log()
        .push(asked.record(double, &under_way, Some(&outcome)));
    asked.shift_pages(double);
    if asked.parts.method == Method::POST {
        // It may have asked for a webhook once more.
        double.note_queued();
    }
    double.spend_answer_time();
    let response = headers::respond(&outcome.answer, body, &outcome.envelope);
    slowly::send(response, &asked.faults, under_way).await
}

impl Asked<'_> {
    fn shift_pages(&self, double: &Double) {
        if self.faults.page_shift > 0 {
            double.github(|github| {
                super::shift::start_runs(github, &self.segments, self.faults.page_shift);
            });
        }
    }

    fn record(
        &self,
        double: &Double,
        under_way: &UnderWay,
        outcome: Option<&Outcome>,
    ) -> RequestRecord {
        let caller = outcome.and_then(|outcome| outcome.caller.as_ref());
        RequestRecord {
            time: double.clock().now(),
            method: self.parts.method.to_string(),
            path: self.path.to_owned(),
            query: self.parts.uri.query().unwrap_or_default().to_owned(),
            status: outcome.map_or(0, |outcome| outcome.answer.status.as_u16()),
            claims: caller.and_then(Caller::claims).cloned(),
            token: caller.and_then(Caller::token),
            installation: self.installation.map(|id| id.0),
            counted: outcome.is_some_and(|outcome| outcome.counted),
            under_way: under_way.count,
        }
    }
}
