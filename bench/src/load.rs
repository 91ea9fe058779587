//! Sends deliveries over keep-alive connections and notes how each was answered.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail, ensure};
use bytes::Bytes;
use http::header::{AUTHORIZATION, HOST};
use http::{HeaderMap, HeaderValue, Method, Request, StatusCode, Uri};
use http_body_util::{BodyExt as _, Full};
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio::time::{sleep_until, timeout};

use crate::delivery::Delivery;

/// GitHub gives up after as long.
const ANSWER_LIMIT: Duration = Duration::from_secs(10);
/// However slow a server is, a benchmark ends.
const LOAD_LIMIT: Duration = Duration::from_mins(5);

/// One that is kept alive.
pub(crate) type Connection = SendRequest<Full<Bytes>>;

/// Where deliveries go, and what a server wants to see besides a signature.
#[derive(Clone)]
pub(crate) struct Target {
    address: SocketAddr,
    path: Uri,
    authorization: Option<HeaderValue>,
}

/// When the next delivery is sent.
#[derive(Clone, Copy)]
pub(crate) enum Pace {
    /// When a connection is free.
    Closed,
    /// So many a second, whether earlier ones are answered or not, as long as
    /// there is a free connection; the wait for one counts as latency.
    PerSecond(u32),
}

/// How a load was answered.
pub(crate) struct Outcome {
    pub(crate) elapsed: Duration,
    pub(crate) latencies: Vec<Duration>,
    pub(crate) acknowledged: Vec<u64>,
}

impl Target {
    /// Only this machine is ever sent to.
    pub(crate) fn new(port: u16, path: &str, bearer: Option<&str>) -> Result<Self> {
        let authorization = bearer
            .map(|key| HeaderValue::from_str(&format!("Bearer {key}")))
            .transpose()?;
        Ok(Self {
            address: SocketAddr::from(([127, 0, 0, 1], port)),
            path: path.parse()?,
            authorization,
        })
    }

    /// The status that a `GET` is answered with.
    pub(crate) async fn get(&self) -> Result<StatusCode> {
        self.get_over(&mut self.connect().await?).await
    }

    /// The same over a connection that is there.
    pub(crate) async fn get_over(&self, connection: &mut Connection) -> Result<StatusCode> {
        self.send(connection, Method::GET, HeaderMap::new(), Bytes::new())
            .await
    }

    pub(crate) async fn connect(&self) -> Result<Connection> {
        let stream = TcpStream::connect(self.address).await?;
        stream.set_nodelay(true)?;
        let (sender, connection) = handshake(TokioIo::new(stream)).await?;
        // It ends with its sender; what went wrong is seen there.
        tokio::spawn(connection);
        Ok(sender)
    }

    /// Sends a delivery; gives how it was answered.
    pub(crate) async fn deliver(
        &self,
        connection: &mut Connection,
        delivery: &Delivery,
    ) -> Result<StatusCode> {
        let (headers, body) = (delivery.headers.clone(), delivery.body.clone());
        self.send(connection, Method::POST, headers, body).await
    }

    async fn send(
        &self,
        connection: &mut Connection,
        method: Method,
        mut headers: HeaderMap,
        body: Bytes,
    ) -> Result<StatusCode> {
        headers.insert(HOST, HeaderValue::from_static("localhost"));
        if let Some(authorization) = &self.authorization {
            headers.insert(AUTHORIZATION, authorization.clone());
        }
        let mut request = Request::new(Full::new(body));
        *request.method_mut() = method;
        *request.uri_mut() = self.path.clone();
        *request.headers_mut() = headers;
        let response = connection.send_request(request).await?;
        let status = response.status();
        response.into_body().collect().await?;
        Ok(status)
    }
}

/// Sends all deliveries. It is an error when one of them is not acknowledged:
/// figures of refused work are worth nothing.
pub(crate) async fn run(
    target: &Target,
    deliveries: Arc<[Delivery]>,
    connections: usize,
    pace: Pace,
) -> Result<Outcome> {
    let load = Arc::new(Load {
        target: target.clone(),
        deliveries,
        pace,
        started: Instant::now(),
        next: AtomicUsize::new(0),
    });
    let workers: JoinSet<_> = (0..connections).map(|_| work(Arc::clone(&load))).collect();
    let answers = timeout(LOAD_LIMIT, workers.join_all())
        .await
        .context("the deliveries took more than five minutes")?;
    Outcome::of(load.started.elapsed(), answers.into_iter().flatten())
}

struct Load {
    target: Target,
    deliveries: Arc<[Delivery]>,
    pace: Pace,
    started: Instant,
    next: AtomicUsize,
}

struct Answer {
    run_id: u64,
    latency: Duration,
    status: Result<StatusCode>,
}

async fn work(load: Arc<Load>) -> Vec<Answer> {
    let mut connection = None;
    let mut answers = Vec::new();
    loop {
        let index = load.next.fetch_add(1, Ordering::Relaxed);
        let Some(delivery) = load.deliveries.get(index) else {
            return answers;
        };
        let since = load.turn_of(index).await;
        let status = timeout(ANSWER_LIMIT, load.deliver(&mut connection, delivery)).await;
        answers.push(Answer {
            run_id: delivery.run_id,
            latency: since.elapsed(),
            status: status.unwrap_or_else(|_| bail!("no answer in time")),
        });
    }
}

impl Load {
    /// Waits until a delivery is due; gives the time from which its latency counts.
    async fn turn_of(&self, index: usize) -> Instant {
        let Pace::PerSecond(rate) = self.pace else {
            return Instant::now();
        };
        let due = self.started + due_after(index, rate);
        if due <= Instant::now() {
            return due;
        }
        sleep_until(due.into()).await;
        // The timer is up to a millisecond late, which is not the server's fault.
        Instant::now()
    }

    async fn deliver(
        &self,
        connection: &mut Option<Connection>,
        delivery: &Delivery,
    ) -> Result<StatusCode> {
        let mut sender = self.connection(connection.take()).await?;
        let status = self.target.deliver(&mut sender, delivery).await?;
        *connection = Some(sender);
        Ok(status)
    }

    /// The one that was used before, unless the server has closed it.
    async fn connection(&self, used: Option<Connection>) -> Result<Connection> {
        if let Some(mut connection) = used
            && connection.ready().await.is_ok()
        {
            return Ok(connection);
        }
        self.target.connect().await
    }
}

fn due_after(index: usize, rate: u32) -> Duration {
    let index = u32::try_from(index).unwrap_or(u32::MAX);
    Duration::from_secs(1) * index / rate
}

impl Outcome {
    fn of(elapsed: Duration, answers: impl Iterator<Item = Answer>) -> Result<Self> {
        let mut outcome = Self {
            elapsed,
            latencies: Vec::new(),
            acknowledged: Vec::new(),
        };
        let mut refused = BTreeMap::<String, usize>::new();
        for answer in answers {
            match answer.status {
                Ok(status) if status.is_success() => {
                    outcome.latencies.push(answer.latency);
                    outcome.acknowledged.push(answer.run_id);
                }
                Ok(status) => *refused.entry(status.to_string()).or_default() += 1,
                Err(error) => *refused.entry(format!("{error:#}")).or_default() += 1,
            }
        }
        let acknowledged = outcome.acknowledged.len();
        ensure!(
            refused.is_empty(),
            "{acknowledged} deliveries were acknowledged, but others were not: {refused:?}"
        );
        Ok(outcome)
    }
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;
    use std::sync::Mutex;

    use hyper::body::Incoming;
    use hyper::server::conn::http1;
    use hyper::service::service_fn;
    use lampboard_github_double::signature;
    use tokio::net::TcpListener;

    use super::*;
    use crate::delivery::prepare;

    /// Answers on a port of its own, and keeps what it was sent.
    struct Receiver {
        port: u16,
        received: Arc<Mutex<Vec<(HeaderMap, Bytes)>>>,
    }

    impl Receiver {
        async fn start() -> Self {
            let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
            let port = listener.local_addr().unwrap().port();
            let received = Arc::<Mutex<Vec<_>>>::default();
            let kept = Arc::clone(&received);
            tokio::spawn(async move {
                while let Ok((stream, _)) = listener.accept().await {
                    let kept = Arc::clone(&kept);
                    let answer = service_fn(move |request| keep(request, Arc::clone(&kept)));
                    let connection = http1::Builder::new();
                    tokio::spawn(connection.serve_connection(TokioIo::new(stream), answer));
                }
            });
            Self { port, received }
        }
    }

    async fn keep(
        request: Request<Incoming>,
        kept: Arc<Mutex<Vec<(HeaderMap, Bytes)>>>,
    ) -> Result<http::Response<Full<Bytes>>, Infallible> {
        let (head, body) = request.into_parts();
        let body = body.collect().await.unwrap().to_bytes();
        assert_eq!((head.method, head.uri.path()), (Method::POST, "/hook"));
        kept.lock().unwrap().push((head.headers, body));
        Ok(http::Response::default())
    }

    async fn send(pace: Pace) -> (Outcome, Vec<(HeaderMap, Bytes)>) {
        let receiver = Receiver::start().await;
        let target = Target::new(receiver.port, "/hook", Some("key")).unwrap();
        let now = "2026-01-31T12:00:00Z".parse().unwrap();
        let deliveries = prepare(50, "secret", now, 1).into();
        let outcome = run(&target, deliveries, 8, pace).await.unwrap();
        let arrived = receiver.received.lock().unwrap().clone();
        (outcome, arrived)
    }

    #[tokio::test]
    async fn sends_every_delivery_once_and_signed() {
        let (mut outcome, received) = send(Pace::Closed).await;
        assert_eq!(received.len(), 50);
        for (headers, body) in &received {
            assert_eq!(headers["x-hub-signature-256"], signature(b"secret", body));
            assert_eq!(headers["authorization"], "Bearer key");
        }
        outcome.acknowledged.sort_unstable();
        outcome.acknowledged.dedup();
        assert_eq!(outcome.acknowledged.len(), 50);
        assert_eq!(outcome.latencies.len(), 50);
    }

    #[tokio::test]
    async fn a_fixed_rate_is_not_exceeded() {
        let (outcome, received) = send(Pace::PerSecond(1000)).await;
        assert_eq!(received.len(), 50);
        assert!(
            outcome.elapsed >= Duration::from_millis(49),
            "{:?}",
            outcome.elapsed
        );
    }

    fn answer(run_id: u64, status: Result<StatusCode>) -> Answer {
        Answer {
            run_id,
            latency: Duration::from_millis(run_id),
            status,
        }
    }

    #[test]
    fn every_answer_has_its_latency() {
        let answers = [
            answer(1, Ok(StatusCode::OK)),
            answer(2, Ok(StatusCode::ACCEPTED)),
        ];
        let outcome = Outcome::of(Duration::from_secs(1), answers.into_iter()).unwrap();
        assert_eq!(outcome.acknowledged, [1, 2]);
        assert_eq!(outcome.latencies, [1, 2].map(Duration::from_millis));
    }

    #[test]
    fn a_refusal_is_an_error_that_counts_them() {
        let refused = || answer(2, Ok(StatusCode::SERVICE_UNAVAILABLE));
        let answers = [answer(1, Ok(StatusCode::OK)), refused(), refused()];
        let error = Outcome::of(Duration::ZERO, answers.into_iter())
            .err()
            .unwrap();
        assert!(
            error.to_string().contains("\"503 Service Unavailable\": 2"),
            "{error}"
        );
    }

    #[test]
    fn deliveries_are_due_at_an_even_rate() {
        assert_eq!(due_after(0, 500), Duration::ZERO);
        assert_eq!(due_after(1, 500), Duration::from_millis(2));
        assert_eq!(due_after(5_000, 500), Duration::from_secs(10));
    }
}
