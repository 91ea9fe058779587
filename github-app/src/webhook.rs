//! `POST /api/webhook/github-actions`: size, signature, event, report, answer.

mod answer;
mod body;
mod headers;
mod observe;
mod room;

use std::{any::Any, sync::Arc};

use axum::{
    Router,
    extract::{Request, State},
    response::{IntoResponse, Response},
    routing::post,
};
use http::{HeaderMap, request::Parts};
use lampboard_proto::v1::{Delivery, ReportRequest, ReportResponse, ReportSource};
use tokio::time::Instant;
use tonic::{Code, Status};
use tower_http::catch_panic::CatchPanicLayer;

use self::{
    answer::Answer,
    body::{Bodies, Body},
    observe::Observer,
};
use crate::{
    app::App,
    event::{self, Kind, ReadError},
    identity::Identity,
    normalize::{Contents, normalize, timestamp},
};

const PATH: &str = "/api/webhook/github-actions";

/// The most characters that are kept of why nothing can be made of a delivery.
const MAX_PROBLEM: usize = 1000;

/// Takes deliveries in.
pub(crate) struct Receiver {
    app: Arc<App>,
    bodies: Bodies,
    observer: Observer,
}

/// Serves the webhook, by POST alone.
pub(crate) fn router(receiver: Arc<Receiver>) -> Router {
    Router::new()
        .route(PATH, post(handle))
        .with_state(receiver)
        .layer(CatchPanicLayer::custom(after_panic))
}

async fn handle(State(receiver): State<Arc<Receiver>>, request: Request) -> Answer {
    let start = Instant::now();
    let (parts, mut body) = request.into_parts();
    let (kind, answer) = match receiver.take_in(&parts, &mut body).await {
        Ok(body) => receiver.record(&parts, body, start).await,
        Err(refusal) => {
            if !matches!(refusal, Answer::Timeout) {
                receiver.bodies.drain(&mut body).await;
            }
            // An event that nobody signed for is not told by its name.
            (Kind::Other, refusal)
        }
    };
    receiver.observer.note(kind, &answer, start.elapsed());
    answer
}

impl Receiver {
    /// Makes a receiver that holds nothing yet.
    pub(crate) fn new(app: Arc<App>) -> Self {
        Self {
            bodies: Bodies::new(&app.limits),
            observer: Observer::new(),
            app,
        }
    }

    /// Reads a body, if it is one that may be read, and answers for its signature.
    async fn take_in(
        self: &Arc<Self>,
        parts: &Parts,
        body: &mut axum::body::Body,
    ) -> Result<Body, Answer> {
        if !headers::is_json(&parts.headers) {
            return Err(Answer::UnsupportedMediaType);
        }
        let length = headers::content_length(&parts.headers)?;
        let body = self.bodies.read(body, length).await?;
        // Before the app is set up, nobody can have signed.
        let identity = self.app.identity().ok_or(Answer::Unauthorized)?;
        let headers = parts.headers.clone();
        let signer = Arc::clone(&identity);
        let (body, is_signed) = body
            .examine(move |body| is_signed(&signer, &headers, body))
            .await;
        if !is_signed {
            return Err(Answer::Unauthorized);
        }
        if headers::is_for_another_app(&parts.headers, identity.app_id) {
            return Err(Answer::Forbidden);
        }
        Ok(body)
    }

    /// Records what a signed body says.
    async fn record(&self, parts: &Parts, body: Body, start: Instant) -> (Kind, Answer) {
        let Some(event) = headers::event(&parts.headers) else {
            let answer = Answer::BadRequest("the X-GitHub-Event header is missing".to_owned());
            return (Kind::Other, answer);
        };
        let kind = Kind::named(event);
        let Some(guid) = headers::delivery(&parts.headers) else {
            let answer = Answer::BadRequest("the X-GitHub-Delivery header is missing".to_owned());
            return (kind, answer);
        };
        let delivery = Delivery {
            guid,
            event: kind.name().to_owned(),
            action: String::new(),
            receive_time: Some(timestamp(self.app.clock.now())),
            payload: body.bytes().clone(),
            problem: String::new(),
        };
        (kind, self.answer(kind, body, delivery, start).await)
    }

    /// Answers for a signed body. It is held until then, so that it counts towards
    /// the limit for as long.
    async fn answer(
        &self,
        kind: Kind,
        body: Body,
        mut delivery: Delivery,
        start: Instant,
    ) -> Answer {
        let (_body, reading) = body.examine(move |body| read(kind, body)).await;
        match reading {
            Ok(Reading { action, contents }) => {
                action.clone_into(&mut delivery.action);
                match contents {
                    Ok(contents) => self.report(contents, delivery, start).await,
                    Err(problem) => self.quarantine(delivery, &problem, start).await,
                }
            }
            Err(answer) => answer,
        }
    }

    async fn report(&self, mut contents: Contents, delivery: Delivery, start: Instant) -> Answer {
        if !contents.keep(&self.app.reconcile.repositories) {
            return Answer::Ignored;
        }
        let effects = std::mem::take(&mut contents.effects);
        let recorded = match self.send(contents, delivery.clone(), start).await {
            Ok(response) => response,
            Err(status) if status.code() == Code::InvalidArgument => {
                let problem = format!("the server refused it: {}", status.message());
                return self.quarantine(delivery, &problem, start).await;
            }
            Err(status) => return observe::failed(&delivery, &status),
        };
        let time = delivery.receive_time.unwrap_or_default();
        match self.app.apply(effects, time, self.deadline(start)).await {
            Ok(()) => {
                observe::recorded(&delivery, &recorded);
                Answer::recorded(recorded)
            }
            Err(status) => observe::failed(&delivery, &status),
        }
    }

    /// Keeps a delivery that nothing can be made of, so that it is not lost on
    /// us; GitHub can do nothing about it.
    async fn quarantine(&self, mut delivery: Delivery, problem: &str, start: Instant) -> Answer {
        delivery.problem = problem.chars().take(MAX_PROBLEM).collect();
        let sent = self
            .send(Contents::default(), delivery.clone(), start)
            .await;
        match sent {
            Ok(_) => observe::quarantined(&delivery),
            Err(status) => observe::failed(&delivery, &status),
        }
    }

    async fn send(
        &self,
        contents: Contents,
        delivery: Delivery,
        start: Instant,
    ) -> Result<ReportResponse, Status> {
        for repository in &contents.repositories {
            let now = self.app.clock.now();
            self.app.catalog.note_webhook(repository.id, now);
        }
        self.app.catalog.refresh(&contents.repositories);
        let report = ReportRequest {
            builds: contents.builds,
            jobs: contents.jobs,
            repositories: contents.repositories,
            source: ReportSource::Webhook.into(),
            delivery: Some(delivery),
            ..ReportRequest::default()
        };
        self.app.server.report(report, self.deadline(start)).await
    }

    fn deadline(&self, start: Instant) -> Instant {
        let limits = &self.app.limits;
        (Instant::now() + limits.report_time).min(start + limits.answer_time)
    }
}

fn is_signed(identity: &Identity, headers: &HeaderMap, body: &[u8]) -> bool {
    let verifier = identity.verifier.as_ref();
    verifier.is_some_and(|it| it.accepts(headers, body))
}

/// What is in the body of an event that concerns us.
struct Reading {
    /// Empty if it can not be told.
    action: &'static str,
    /// Or why nothing can be made of it.
    contents: Result<Contents, String>,
}

/// Reads a body. What needs no report has its answer at once.
fn read(kind: Kind, body: &[u8]) -> Result<Reading, Answer> {
    match event::read(kind, body) {
        Ok(Some(event)) => Ok(Reading {
            action: event.action,
            contents: normalize(&event).map_err(|problem| problem.to_string()),
        }),
        Ok(None) => Err(Answer::Ignored),
        Err(error @ ReadError::NotJson(_)) => Err(Answer::BadRequest(error.to_string())),
        Err(error) => Ok(Reading {
            action: "",
            contents: Err(error.to_string()),
        }),
    }
}

/// Whatever broke, the delivery is not recorded; GitHub must not take it for so.
fn after_panic(_: Box<dyn Any + Send>) -> Response {
    tracing::error!("taking a delivery in panicked");
    Answer::Unavailable.into_response()
}
