//! Slack and all other receivers at once: answers as it is told, and notes what came when.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use anyhow::Result;
use bytes::Bytes;
use http::header::RETRY_AFTER;
use http::{HeaderValue, Request, Response, StatusCode};
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

/// How messages are answered.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Answers {
    /// With 200.
    Taken,
    /// With 429 until so long after the first of them, and then with 200.
    AskedToWait(Duration),
    /// With 503.
    Refused,
}

/// A message that came.
#[derive(Clone, Debug)]
pub(crate) struct Message {
    pub(crate) channel: usize,
    pub(crate) body: String,
    /// Whether it was answered with 200.
    pub(crate) taken: bool,
    /// When all of it was there.
    pub(crate) time: Instant,
}

/// A receiver on a free port of 127.0.0.1.
pub(crate) struct Receiver {
    address: SocketAddr,
    desk: Arc<Desk>,
    task: JoinHandle<()>,
}

struct Desk {
    answers: Answers,
    messages: Mutex<Vec<Message>>,
}

impl Receiver {
    pub(crate) async fn start(answers: Answers) -> Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
        let address = listener.local_addr()?;
        let desk = Arc::new(Desk {
            answers,
            messages: Mutex::default(),
        });
        let at_desk = Arc::clone(&desk);
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, Arc::clone(&at_desk)));
            }
        });
        Ok(Self {
            address,
            desk,
            task,
        })
    }

    /// Where it is, as a host of Slack's.
    pub(crate) fn host(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Where a channel's messages go.
    pub(crate) fn url(&self, channel: usize) -> String {
        format!("{}/{channel}", self.host())
    }

    /// How many messages came so far.
    pub(crate) fn count(&self) -> usize {
        self.desk.messages().len()
    }

    /// What came so far.
    pub(crate) fn messages(&self) -> Vec<Message> {
        self.desk.messages().clone()
    }
}

impl Drop for Receiver {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Desk {
    fn messages(&self) -> MutexGuard<'_, Vec<Message>> {
        self.messages.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Notes a message that is there now; gives the answer to it.
    fn take(&self, channel: usize, body: &[u8]) -> Response<Full<Bytes>> {
        let time = Instant::now();
        let mut messages = self.messages();
        let first = messages.first().map_or(time, |first| first.time);
        let response = self.answers.answer(time.duration_since(first));
        messages.push(Message {
            channel,
            body: String::from_utf8_lossy(body).into_owned(),
            taken: response.status() == StatusCode::OK,
            time,
        });
        response
    }
}

impl Answers {
    /// To what came so long after the first message.
    fn answer(self, after: Duration) -> Response<Full<Bytes>> {
        let mut response = Response::new(Full::from("ok"));
        match self {
            Self::Taken => {}
            Self::AskedToWait(wait) => {
                let left = wait.saturating_sub(after).as_secs_f64().ceil();
                if left > 0.0 {
                    *response.status_mut() = StatusCode::TOO_MANY_REQUESTS;
                    let left = HeaderValue::from_str(&left.to_string()).ok();
                    response
                        .headers_mut()
                        .extend(left.map(|it| (RETRY_AFTER, it)));
                }
            }
            Self::Refused => *response.status_mut() = StatusCode::SERVICE_UNAVAILABLE,
        }
        response
    }
}

async fn serve(stream: TcpStream, desk: Arc<Desk>) {
    let take = service_fn(|request| take(request, Arc::clone(&desk)));
    // A connection that breaks off is seen by what is missing.
    let _ = http1::Builder::new()
        .serve_connection(TokioIo::new(stream), take)
        .await;
}

async fn take(
    request: Request<Incoming>,
    desk: Arc<Desk>,
) -> Result<Response<Full<Bytes>>, Infallible> {
    let (head, body) = request.into_parts();
    let channel = head.uri.path().trim_start_matches('/').parse();
    let body = body
        .collect()
        .await
        .map(http_body_util::Collected::to_bytes);
    Ok(match (channel, body) {
        (Ok(channel), Ok(body)) => desk.take(channel, &body),
        // It is seen by what is missing.
        _ => Response::default(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_asks_to_wait_says_for_how_much_longer() {
        let wait = Answers::AskedToWait(Duration::from_secs(30));
        let answer = |seconds| {
            let answer = wait.answer(Duration::from_secs_f64(seconds));
            let left = answer.headers().get(RETRY_AFTER).cloned();
            (
                answer.status().as_u16(),
                left.map(|it| it.to_str().unwrap().to_owned()),
            )
        };
        assert_eq!(answer(0.0), (429, Some("30".to_owned())));
        assert_eq!(answer(29.1), (429, Some("1".to_owned())));
        assert_eq!(answer(30.0), (200, None));
    }
}
