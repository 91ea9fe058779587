//! From a question to its answer: turns, limits, credentials, redirects, and one
//! repetition where it does no harm.

use std::{
    sync::{PoisonError, atomic::Ordering},
    time::Duration,
};

use bytes::Bytes;
use http::{Method, StatusCode, header};
use secrecy::SecretString;
use serde::Deserialize;

use super::{
    ETag, Error, GitHub, Purpose,
    lane::{Identity, Lane},
    limiter::RateHeaders,
    observe, read,
    token::{InstallationToken, Remedy, SignIn},
    wire::{Answer, Failure, Question},
};
use crate::github::path::ApiPath;

/// How long after a failure a question is repeated, in milliseconds.
const PAUSE: std::ops::RangeInclusive<u64> = 200..=1000;
/// A rename leads on once; more than a few go in a circle.
const MAX_REDIRECTS: usize = 3;

/// What every token is made for, and no more.
const PERMISSIONS: &str = r#"{"permissions":{"actions":"read","metadata":"read"}}"#;

/// An answer, and which token it was got with.
pub(super) struct Reply {
    pub(super) answer: Answer,
    pub(super) token: u64,
    /// Whether it was asked for only if it had changed.
    is_conditional: bool,
    /// Where the answer was found, after all redirects.
    pub(super) path: ApiPath,
}

#[derive(Deserialize)]
struct MadeToken {
    token: String,
    expires_at: jiff::Timestamp,
}

impl GitHub {
    /// Asks as the App or as an installation, and takes nothing but what was asked
    /// for as an answer.
    pub(super) async fn ask(
        &self,
        identity: Identity,
        purpose: Purpose,
        question: Question,
        etag: Option<&ETag>,
    ) -> Result<Reply, Error> {
        let reply = match identity {
            Identity::App => self.ask_as_app(purpose, question).await?,
            Identity::Installation(id) => {
                self.ask_as_installation(id, purpose, question, etag)
                    .await?
            }
        };
        read::check(&reply.answer, &reply.path, identity)?;
        if reply.answer.status == StatusCode::NOT_MODIFIED && !reply.is_conditional {
            return Err(Error::Unreadable {
                path: reply.path.shown().to_owned(),
                problem: "it has not changed, it says, but nobody asked that".to_owned(),
            });
        }
        Ok(reply)
    }

    /// Signs the question; if GitHub's clock shows that it was signed for another
    /// time, signs it once more.
    async fn ask_as_app(&self, purpose: Purpose, question: Question) -> Result<Reply, Error> {
        let inner = &self.inner;
        let lane = inner.lanes.of(Identity::App);
        lane.check(purpose, inner.clock.now())?;
        let _turn = lane.turn.lock().await;
        let jwt = inner.key.sign(inner.skew.theirs(inner.clock.now()))?;
        let reply = self.send(&lane, purpose, &jwt.text, &question, 0).await?;
        let theirs = inner.skew.theirs(inner.clock.now());
        if reply.answer.status != StatusCode::UNAUTHORIZED || jwt.is_timely(theirs) {
            return Ok(reply);
        }
        tracing::warn!(
            offset = ?inner.skew.told(),
            "this clock and GitHub's differ; signing by GitHub's"
        );
        let jwt = inner.key.sign(theirs)?;
        self.send(&lane, purpose, &jwt.text, &question, 0).await
    }

    /// Asks with the token of an installation, which is made if there is none.
    async fn ask_as_installation(
        &self,
        id: i64,
        purpose: Purpose,
        mut question: Question,
        etag: Option<&ETag>,
    ) -> Result<Reply, Error> {
        let clock = &self.inner.clock;
        let lane = self.inner.lanes.of(Identity::Installation(id));
        lane.check(purpose, clock.now())?;
        let mut turn = lane.turn.lock().await;
        let mut sign_in = SignIn::default();
        loop {
            lane.check(purpose, clock.now())?;
            let token = if let Some(token) = lane.take_token(&mut turn, clock.now()) {
                token
            } else {
                sign_in.renewed();
                self.make_token(id).await?
            };
            let token = turn.insert(token);
            question.unless = etag.and_then(|etag| etag.for_token(token.number)).cloned();
            let reply = self
                .send(&lane, purpose, &token.secret, &question, token.number)
                .await?;
            if reply.answer.status != StatusCode::UNAUTHORIZED {
                return Ok(reply);
            }
            let age = clock.now().duration_since(token.create_time);
            match sign_in.after_refusal(age) {
                Remedy::Wait(time) => clock.sleep(time).await,
                Remedy::Renew => *turn = None,
                Remedy::GiveUp => {
                    *turn = None;
                    return Ok(reply);
                }
            }
        }
    }

    async fn make_token(&self, installation_id: i64) -> Result<InstallationToken, Error> {
        let inner = &self.inner;
        let id = installation_id.to_string();
        let path = ApiPath::of(&["app", "installations", &id, "access_tokens"], &[]);
        let body = Bytes::from_static(PERMISSIONS.as_bytes());
        let question = Question::new(Method::POST, path, Some(body));
        let github = self.on_behalf_of(installation_id);
        let reply = github.ask_as_app(Purpose::Live, question).await?;
        read::check_token(&reply.answer, &reply.path, installation_id)?;
        let made: MadeToken = read::json(&reply.path, &reply.answer.body)?;
        Ok(InstallationToken {
            secret: made.token.into(),
            // Nought stands for no token.
            number: inner.tokens.fetch_add(1, Ordering::Relaxed) + 1,
            create_time: inner.clock.now(),
            expire_time: inner.skew.ours(made.expires_at),
        })
    }

    /// Sends a question; if GitHub is out of order, once more where that can not do
    /// anything twice.
    async fn send(
        &self,
        lane: &Lane,
        purpose: Purpose,
        credential: &SecretString,
        question: &Question,
        token: u64,
    ) -> Result<Reply, Error> {
        let sent = self.follow(lane, purpose, credential, question).await;
        let sent = match sent {
            Err(Error::Unavailable(problem)) if question.method == Method::GET => {
                tracing::debug!(problem, "asking GitHub once more");
                self.inner.clock.sleep(self.pause()).await;
                self.follow(lane, purpose, credential, question).await
            }
            sent => sent,
        };
        sent.map(|(answer, path)| Reply {
            answer,
            token,
            is_conditional: question.unless.is_some(),
            path,
        })
    }

    /// Follows redirects, as far as they stay with GitHub.
    async fn follow(
        &self,
        lane: &Lane,
        purpose: Purpose,
        credential: &SecretString,
        question: &Question,
    ) -> Result<(Answer, ApiPath), Error> {
        let mut question = question.clone();
        for _ in 0..=MAX_REDIRECTS {
            let answer = self.send_once(lane, purpose, credential, &question).await?;
            if !is_redirect(answer.status) || question.method != Method::GET {
                return Ok((answer, question.path));
            }
            let location = answer.headers.get(header::LOCATION);
            let location = location.and_then(|location| location.to_str().ok());
            question.path = self
                .inner
                .base
                .resolve(&question.path, location.unwrap_or_default())?;
        }
        Err(Error::Unreadable {
            path: question.shown_path().to_owned(),
            problem: "it redirects again and again".to_owned(),
        })
    }

    async fn send_once(
        &self,
        lane: &Lane,
        purpose: Purpose,
        credential: &SecretString,
        question: &Question,
    ) -> Result<Answer, Error> {
        let inner = &self.inner;
        lane.check(purpose, inner.clock.now())?;
        let place = inner
            .places
            .acquire()
            .await
            .expect("the places are never closed");
        let asked = inner.wire.ask(Some(credential), question);
        let installation = lane.identity.installation_id();
        let asked = self.while_permitted(installation, asked).await?;
        drop(place);
        if let Some(counter) = &self.counter {
            counter.count(&asked);
        }
        let now = inner.clock.now();
        let noted = if let Ok(answer) = &asked {
            inner.skew.learn(&answer.headers, now);
            let headers = RateHeaders::read(&answer.headers, &inner.skew, now);
            let message = read::message(answer);
            lane.note(purpose, answer.status, &headers, &message, now)
        } else {
            lane.note_failure(purpose, now);
            Ok(())
        };
        observe::asked(question, &asked, noted.is_err());
        noted?;
        let answer = asked.map_err(|failure| question.failed(failure))?;
        if answer.status.is_server_error() {
            return Err(Error::Unavailable(format!("it answered {}", answer.status)));
        }
        Ok(answer)
    }

    fn pause(&self) -> Duration {
        let mut rng = self
            .inner
            .jitter
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        Duration::from_millis(rng.u64(PAUSE))
    }
}

fn is_redirect(status: StatusCode) -> bool {
    matches!(status.as_u16(), 301 | 302 | 303 | 307 | 308)
}

impl Question {
    /// What may be shown of the path.
    pub(super) fn shown_path(&self) -> &str {
        self.path.shown()
    }

    pub(super) fn failed(&self, failure: Failure) -> Error {
        match failure {
            Failure::Unavailable(problem) => Error::Unavailable(problem),
            Failure::TooLarge => Error::TooLarge {
                path: self.shown_path().to_owned(),
            },
        }
    }
}
