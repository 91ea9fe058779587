//! What becomes of a request once it is read.

use bytes::Bytes;
use http::request::Parts;
use http::{Method, StatusCode, header};
use jiff::Timestamp;

use super::answer::{Answer, Answered};
use super::call::Call;
use super::caller::{self, Caller};
use super::etag::{self, etag};
use super::gate;
use super::headers::{self, Envelope};
use super::limit::Bucket;
use super::query::Query;
use super::refusal::Refusal;
use super::route::route;
use crate::double::Double;
use crate::faults::{ApiFaults, EtagLie, FaultAnswer, Subject};
use crate::github::GitHub;
use crate::github::id::InstallationId;

/// A request, as far as it is read before anyone is believed.
pub(super) struct Asked<'a> {
    pub(super) parts: &'a Parts,
    pub(super) path: &'a str,
    pub(super) segments: Vec<&'a str>,
    pub(super) body: &'a Bytes,
    pub(super) credentials: Option<&'a str>,
    pub(super) installation: Option<InstallationId>,
    pub(super) faults: ApiFaults,
    pub(super) now: Timestamp,
}

/// An answer, and what is to be said and noted of it.
pub(super) struct Outcome {
    pub(super) answer: Answer,
    pub(super) envelope: Envelope,
    pub(super) caller: Option<Caller>,
    pub(super) counted: bool,
}

impl<'a> Asked<'a> {
    pub(super) fn new(double: &Double, parts: &'a Parts, path: &'a str, body: &'a Bytes) -> Self {
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
    pub(super) fn outcome(&self, double: &Double, github: &mut GitHub, under_way: u64) -> Outcome {
        let mut outcome = Outcome {
            answer: Answer::empty(StatusCode::OK),
            envelope: Envelope::of(double, self.now),
            caller: None,
            counted: false,
        };
        let answered = self.admit(double, github, under_way, &mut outcome);
        let answered = answered.and_then(|()| self.reply(double, github, &mut outcome));
        outcome.answer = answered.unwrap_or_else(Answer::from);
        let caller = outcome.caller.as_ref();
        let bucket = caller.map_or(Bucket::Anonymous, Caller::bucket);
        self.account(double, github, bucket, &mut outcome);
        outcome
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
            return gate::rate_limit(double, github, caller.bucket(), self.now);
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

    fn fault_answer(&self, answer: &FaultAnswer) -> Answer {
        match answer {
            FaultAnswer::Secondary(status, retry_after) => Answer {
                retry_after: headers::retry_after(*retry_after, self.now),
                ..gate::secondary(*status).into()
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
    pub(super) fn is_free(&self) -> bool {
        self.segments == ["rate_limit"]
    }
}
