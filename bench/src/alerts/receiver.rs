//! Slack and all other receivers at once: takes whatever comes, and notes when.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use anyhow::Result;
use bytes::Bytes;
use http::{Request, Response};
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

/// A message that came.
#[derive(Clone, Debug)]
pub(crate) struct Message {
    pub(crate) channel: usize,
    pub(crate) body: String,
    /// When all of it was there.
    pub(crate) time: Instant,
}

/// A receiver on a free port of 127.0.0.1.
pub(crate) struct Receiver {
    address: SocketAddr,
    messages: Arc<Mutex<Vec<Message>>>,
    task: JoinHandle<()>,
}

impl Receiver {
    pub(crate) async fn start() -> Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
        let address = listener.local_addr()?;
        let messages = Arc::<Mutex<Vec<_>>>::default();
        let kept = Arc::clone(&messages);
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, Arc::clone(&kept)));
            }
        });
        Ok(Self {
            address,
            messages,
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
        self.messages().len()
    }

    /// What came so far.
    pub(crate) fn messages(&self) -> Vec<Message> {
        let messages = self.messages.lock();
        messages.unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Drop for Receiver {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn serve(stream: TcpStream, kept: Arc<Mutex<Vec<Message>>>) {
    let take = service_fn(|request| take(request, Arc::clone(&kept)));
    // A connection that breaks off is seen by what is missing.
    let _ = http1::Builder::new()
        .serve_connection(TokioIo::new(stream), take)
        .await;
}

async fn take(
    request: Request<Incoming>,
    kept: Arc<Mutex<Vec<Message>>>,
) -> Result<Response<Full<Bytes>>, Infallible> {
    let (head, body) = request.into_parts();
    let channel = head.uri.path().trim_start_matches('/').parse();
    let body = body
        .collect()
        .await
        .map(http_body_util::Collected::to_bytes);
    if let (Ok(channel), Ok(body)) = (channel, body) {
        let message = Message {
            channel,
            time: Instant::now(),
            body: String::from_utf8_lossy(&body).into_owned(),
        };
        let mut messages = kept.lock().unwrap_or_else(PoisonError::into_inner);
        messages.push(message);
    }
    Ok(Response::new(Full::from("ok")))
}
