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
use lampboard_proto::v1::{Delivery, ReportSource};
use tokio::time::Instant;
use tower_http::catch_panic::CatchPanicLayer;

use self::{
    answer::Answer,
    body::{Bodies, Body},
    observe::Observer,
};
use crate::{
    app::App,
    event::Kind,
    identity::Identity,
    intake::{self, Reading, Taken},
    normalize::{Contents, timestamp},
    signature,
};

const PATH: &str = "/api/webhook/github-actions";

/// Where GitHub is to send webhooks, if Lampboard is reached at `public_url`.
pub(crate) fn url(public_url: &str) -> String {
    format!("{}{PATH}", public_url.trim_end_matches('/'))
}

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
    if let Some(reason) = answer.refusal() {
        let now = receiver.app.clock.now();
        receiver.app.vitals.note_refusal(reason, now);
    }
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
        let identity = self.app.identity().ok_or(Answer::NotSetUp)?;
        if identity.verifier.is_none() {
            return Err(Answer::Unwanted);
        }
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
            signature: signature::of(&parts.headers),
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
        let (_body, reading) = body.examine(move |body| intake::read(kind, body)).await;
        let (action, contents) = match reading {
            Reading::Event { action, contents } => (action, contents),
            Reading::Other => return Answer::Ignored,
            Reading::NotJson(error) => return Answer::BadRequest(error),
        };
        action.clone_into(&mut delivery.action);
        self.note(&contents);
        let deadline = start + self.app.limits.answer_time;
        let source = ReportSource::Webhook;
        let taken = self
            .app
            .take_in(contents, delivery.clone(), source, deadline);
        match taken.await {
            Ok(Taken::Recorded(response)) => {
                observe::recorded(&delivery, &response);
                Answer::recorded(response)
            }
            Ok(Taken::Quarantined(delivery)) => observe::quarantined(&delivery),
            Ok(Taken::LeftOut) => Answer::Ignored,
            Err(status) => observe::failed(&delivery, &status),
        }
    }

    /// Notes that GitHub's webhooks flow.
    fn note(&self, contents: &Result<Contents, String>) {
        let now = self.app.clock.now();
        self.app.vitals.note_webhook(now);
        for repository in contents.iter().flat_map(|it| &it.repositories) {
            self.app.catalog.note_webhook(repository.id, now);
        }
    }
}

fn is_signed(identity: &Identity, headers: &HeaderMap, body: &[u8]) -> bool {
    let verifier = identity.verifier.as_ref();
    verifier.is_some_and(|it| it.accepts(headers, body))
}

/// Whatever broke, the delivery is not recorded; GitHub must not take it for so.
fn after_panic(_: Box<dyn Any + Send>) -> Response {
    tracing::error!("taking a delivery in panicked");
    Answer::Unavailable.into_response()
}
