//! The way of a request: believed, counted, answered, spoilt if asked for, and logged.

use axum::body::to_bytes;
use axum::extract::{Request, State};
use axum::response::Response;
use bytes::Bytes;
use http::request::Parts;
use http::{Method, StatusCode, header};
use jiff::Timestamp;

use super::answer::{Answer, Answered};
use super::call::Call;
use super::caller::{self, Caller};
use super::damage::damage;
use super::etag::{self, etag};
use super::headers::{self, Envelope};
use super::limit::{Bucket, installation_limit};
use super::log::{RequestRecord, UnderWay};
use super::misc;
use super::query::Query;
use super::refusal::Refusal;
use super::route::route;
use super::slowly;
use crate::double::Double;
use crate::faults::{ApiFaults, EtagLie, FaultAnswer, Subject};
use crate::github::GitHub;
use crate::github::id::InstallationId;

/// The largest body that is read; GitHub's own calls have far smaller ones.
const BODY_LIMIT: usize = 1024 * 1024;
/// How often a request lets others go first, so that those that are made at a time are under way
/// at a time, and the log can tell.
const COURTESY: usize = 4;

/// A request, as far as it is read before anyone is believed.
struct Asked<'a> {
    parts: &'a Parts,
    path: &'a str,
    segments: Vec<&'a str>,
    body: &'a Bytes,
    credentials: Option<&'a str>,
    installation: Option<InstallationId>,
    faults: ApiFaults,
    now: Timestamp,
}

/// An answer, and what is to be said and noted of it.
struct Outcome {
    answer: Answer,
    envelope: Envelope,
    caller: Option<Caller>,
    counted: bool,
}

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

impl<'a> Asked<'a> {
    fn new(double: &Double, parts: &'a Parts, path: &'a str, body: &'a Bytes) -> Self {
        let segments: Vec<_> = path.split('/').skip(1).collect();
        let credentials = caller::credentials(&parts.headers);
        let installation =
            double.tokens(|tokens| caller::installation_of(&segments, credentials, tokens));
        let subject = Subject::Request {
            method: parts.method.as_str(),
            path,
            installation: installation.map(|id| id.0),
        };
        let now = double.clock().now();
        let faults = double.faults().of_request(subject, now);
        Self {
            parts,
            path,
            segments,
            body,
            credentials,
            installation,
            now: now + faults.skew,
            faults,
        }
    }

    /// What becomes of it: first what concerns every request, then what its endpoint says.
    fn outcome(&self, double: &Double, github: &mut GitHub, under_way: u64) -> Outcome {
        let mut outcome = Outcome {
            answer: Answer::empty(StatusCode::OK),
            envelope: Envelope::of(double, self.now),
            caller: None,
            counted: false,
        };
        let answered = self.admit(double, github, under_way, &mut outcome);
        let answered = answered.and_then(|()| self.reply(double, github, &mut outcome));
        outcome.answer = answered.unwrap_or_else(Answer::from);
        if let Some(caller) = &outcome.caller {
            self.account(double, github, caller.bucket(), &mut outcome);
        }
        outcome
    }

    /// Refuses what is refused whatever it asks for.
    fn admit(
        &self,
        double: &Double,
        github: &GitHub,
        under_way: u64,
        outcome: &mut Outcome,
    ) -> Result<(), Refusal> {
        let switches = double.switches();
        if switches.requires_user_agent && !self.parts.headers.contains_key(header::USER_AGENT) {
            let message = "Request forbidden by administrative rules. Please make sure your request has a User-Agent header.";
            return Err(Refusal::new(StatusCode::FORBIDDEN, message));
        }
        outcome.envelope.version = Some(headers::version(&self.parts.headers, switches)?);
        let caller =
            double.tokens(|tokens| Caller::of(self.credentials, tokens, github, self.now))?;
        let bucket = caller.bucket();
        outcome.caller = Some(caller);
        self.squeeze(double, github, bucket);
        if self.is_free() || !double.limits_requests() {
            return Ok(());
        }
        let limit = limit_of(github, bucket);
        let admitted = double.limits(|limits| limits.admit(bucket, limit, self.now));
        admitted.map_err(|status| exceeded(status, bucket))?;
        let points = if self.parts.method == Method::GET {
            1
        } else {
            5
        };
        let of_endpoint = (bucket, self.parts.method.clone(), self.path.to_owned());
        let within = switches.concurrency.is_none_or(|most| under_way <= most)
            && switches.points_per_minute.is_none_or(|most| {
                double.points(|minutes| minutes.spend(of_endpoint, points, most, self.now))
            });
        if within {
            Ok(())
        } else {
            Err(secondary(StatusCode::FORBIDDEN))
        }
    }

    fn squeeze(&self, double: &Double, github: &GitHub, bucket: Bucket) {
        if let Some(squeeze) = self.faults.squeeze {
            let used = limit_of(github, bucket).saturating_sub(squeeze.remaining);
            let reset = self.now + squeeze.reset_in;
            double.limits(|limits| limits.squeeze(bucket, used, reset, squeeze.status));
        }
    }

    fn reply(&self, double: &Double, github: &mut GitHub, outcome: &mut Outcome) -> Answered {
        if let Some(answer) = &self.faults.answer {
            outcome.counted = match answer {
                FaultAnswer::Server { .. } => double.switches().server_errors_count,
                FaultAnswer::Permission(_) => true,
                FaultAnswer::Secondary(..) => false,
            };
            return Ok(self.fault_answer(answer));
        }
        let Some(caller) = &outcome.caller else {
            return Err(Refusal::requires_authentication());
        };
        if self.segments == ["rate_limit"] {
            return rate_limit(double, github, caller.bucket(), self.now);
        }
        outcome.counted = !self.is_free();
        let answer = self.call(double, github, caller.clone())?;
        Ok(self.conditional(double, answer, outcome))
    }

    fn call(&self, double: &Double, github: &mut GitHub, caller: Caller) -> Answered {
        double.tokens(|tokens| {
            let mut call = Call {
                method: &self.parts.method,
                segments: &self.segments,
                query: Query::parse(self.parts.uri.query().unwrap_or_default()),
                body: self.body,
                now: self.now,
                caller,
                faults: &self.faults,
                switches: double.switches(),
                tokens,
                deliveries: &double.log_of_deliveries(),
            };
            route(&mut call, github)
        })
    }

    /// Gives the answer a tag, or says that it is the one that the caller has.
    fn conditional(&self, double: &Double, answer: Answer, outcome: &mut Outcome) -> Answer {
        if self.parts.method != Method::GET || answer.status != StatusCode::OK {
            return answer;
        }
        let token = self
            .credentials
            .filter(|_| double.switches().etags_per_token);
        let tag = etag(&answer.body, token.unwrap_or_default());
        let matches = match self.faults.etag_lie {
            Some(EtagLie::NeverMatches) => false,
            Some(EtagLie::AlwaysMatches) => self.parts.headers.contains_key(header::IF_NONE_MATCH),
            None => etag::matches(&self.parts.headers, &tag),
        };
        outcome.envelope.etag = Some(tag);
        if !matches {
            return answer;
        }
        // Only who says who they are gets it for nothing.
        outcome.counted &= self.credentials.is_none();
        Answer {
            body: Vec::new(),
            status: StatusCode::NOT_MODIFIED,
            ..answer
        }
    }

    fn account(&self, double: &Double, github: &GitHub, bucket: Bucket, outcome: &mut Outcome) {
        if !double.limits_requests() {
            return;
        }
        let limit = limit_of(github, bucket);
        let budget = double.limits(|limits| {
            if outcome.counted {
                limits.spend(bucket, self.now);
            }
            limits.budget(bucket, limit, self.now)
        });
        outcome.envelope.budget = Some(budget);
    }

    fn fault_answer(&self, answer: &FaultAnswer) -> Answer {
        match answer {
            FaultAnswer::Secondary(status, retry_after) => Answer {
                retry_after: headers::retry_after(*retry_after, self.now),
                ..secondary(*status).into()
            },
            FaultAnswer::Permission(accepted) => Refusal::integration(accepted.clone()).into(),
            FaultAnswer::Server {
                status,
                html: false,
            } => Refusal::new(*status, "Server Error").into(),
            FaultAnswer::Server { status, html: true } => Answer {
                body: b"<html><body><h1>Unicorn!</h1></body></html>".to_vec(),
                html: true,
                ..Answer::empty(*status)
            },
        }
    }

    /// Asking how much is left costs nothing.
    fn is_free(&self) -> bool {
        self.segments == ["rate_limit"]
    }

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

fn rate_limit(double: &Double, github: &GitHub, bucket: Bucket, now: Timestamp) -> Answered {
    if !double.limits_requests() {
        let message = "Rate limiting is not enabled.";
        return Err(Refusal::new(StatusCode::NOT_FOUND, message));
    }
    let limit = limit_of(github, bucket);
    let budget = double.limits(|limits| limits.budget(bucket, limit, now));
    Ok(misc::rate_limit(budget))
}

fn limit_of(github: &GitHub, bucket: Bucket) -> u64 {
    match bucket {
        Bucket::Installation(id) => {
            installation_limit(github.repositories_of(InstallationId(id)).len())
        }
        Bucket::App(_) | Bucket::User(_) => 5_000,
        Bucket::Anonymous => 60,
    }
}

fn exceeded(status: StatusCode, bucket: Bucket) -> Refusal {
    let message = format!("API rate limit exceeded for {}.", bucket.name());
    Refusal::new(status, message)
}

fn secondary(status: StatusCode) -> Refusal {
    let message =
        "You have exceeded a secondary rate limit. Please wait a few minutes before you try again.";
    Refusal::new(status, message)
}
