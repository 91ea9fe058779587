//! Measures how long it takes from a report until all who watch have its event.

use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use http::StatusCode;
use jiff::Timestamp;
use lampboard_proto::v1::{
    WatchBuildsRequest, WatchBuildsResponse, build_service_client::BuildServiceClient,
    watch_builds_response::Event,
};
use tokio::sync::mpsc;
use tokio::time::{sleep, timeout};
use tonic::Streaming;
use tonic::transport::Channel;

use crate::delivery::{Delivery, prepare};
use crate::load::Target;
use crate::server::{Server, free_port};
use crate::statistics::Latency;
use crate::subject::{SECRET, lampboard};
use crate::yardstick::own_cpu_time;

pub(crate) const WATCHERS: usize = 1000;
/// Streams that share a connection, as the tabs of a browser do.
const STREAMS: usize = 50;
const REPORTS: usize = 200;
const WARM_UP: usize = 10;
const PAUSE: Duration = Duration::from_millis(20);
const LIMIT: Duration = Duration::from_secs(10);

/// How watchers were told.
pub(crate) struct Watched {
    /// From before a delivery was sent until a watcher had its event: of every
    /// watcher and report.
    pub(crate) each: Latency,
    /// Until the last of all watchers had it.
    pub(crate) last: Latency,
    /// CPU time for a report to all of them, in milliseconds.
    pub(crate) server: f64,
    pub(crate) driver: f64,
    pub(crate) idle_kib: u64,
    pub(crate) busy_kib: u64,
}

/// Starts a server on an empty file, and watches it.
pub(crate) async fn watch(binary: &Path, work: &Path, now: Timestamp) -> Result<Watched> {
    let folder = tempfile::tempdir_in(work)?;
    let port = free_port()?;
    let command = lampboard::serve(binary, port, folder.path(), None);
    let mut server = Server::start(vec![command], folder.path().join("log"))?;
    let ready = Target::new(port, "/readyz", None)?;
    server.ready(&ready, StatusCode::OK).await?;
    let watched = measure(&server, port, now).await;
    let watched = watched.with_context(|| format!("the server said: {}", server.last_words()))?;
    server.stop().await?;
    Ok(watched)
}

async fn measure(server: &Server, port: u16, now: Timestamp) -> Result<Watched> {
    let idle_kib = server.usage()?.resident_kib;
    let (tell, mut events) = mpsc::channel(2 * WATCHERS);
    for stream in streams(port).await? {
        tokio::spawn(listen(stream, tell.clone()));
    }
    let target = Target::new(port, "/api/webhook/github-actions", None)?;
    let mut connection = target.connect().await?;
    let deliveries = prepare(WARM_UP + REPORTS, SECRET, now, 1);
    let (warm_up, counted) = deliveries.split_at(WARM_UP);
    let mut told = Told::default();
    for delivery in warm_up {
        told.send(&target, &mut connection, delivery, &mut events)
            .await?;
    }
    told = Told::default();
    let before = (server.usage()?.cpu, own_cpu_time());
    for delivery in counted {
        told.send(&target, &mut connection, delivery, &mut events)
            .await?;
        sleep(PAUSE).await;
    }
    let usage = server.usage()?;
    let count = u32::try_from(REPORTS)?;
    let each = |spent: Duration| (spent / count).as_secs_f64() * 1000.0;
    Ok(Watched {
        each: Latency::of(told.each).context("nobody was told")?,
        last: Latency::of(told.last).context("nobody was told")?,
        server: each(usage.cpu.saturating_sub(before.0)),
        driver: each(own_cpu_time().saturating_sub(before.1)),
        idle_kib,
        busy_kib: usage.resident_kib,
    })
}

/// Streams that have begun.
async fn streams(port: u16) -> Result<Vec<Streaming<WatchBuildsResponse>>> {
    let mut streams = Vec::with_capacity(WATCHERS);
    while streams.len() < WATCHERS {
        let channel = Channel::from_shared(format!("http://127.0.0.1:{port}"))?;
        let mut builds = BuildServiceClient::new(channel.connect().await?);
        for _ in 0..STREAMS {
            let stream = builds.watch_builds(WatchBuildsRequest::default()).await?;
            let mut stream = stream.into_inner();
            let first = stream.message().await?.and_then(|first| first.event);
            ensure!(
                matches!(first, Some(Event::Sync(_))),
                "a stream began with {first:?}"
            );
            streams.push(stream);
        }
    }
    Ok(streams)
}

/// Says when which run was told of.
async fn listen(mut stream: Streaming<WatchBuildsResponse>, tell: mpsc::Sender<(i64, Instant)>) {
    while let Ok(Some(message)) = stream.message().await {
        let time = Instant::now();
        if let Some(Event::Build(build)) = message.event
            && tell.send((build.run_id, time)).await.is_err()
        {
            return;
        }
    }
}

#[derive(Default)]
struct Told {
    each: Vec<Duration>,
    last: Vec<Duration>,
}

impl Told {
    /// Sends a delivery, and waits until everybody was told of it.
    async fn send(
        &mut self,
        target: &Target,
        connection: &mut crate::load::Connection,
        delivery: &Delivery,
        events: &mut mpsc::Receiver<(i64, Instant)>,
    ) -> Result<()> {
        let run = i64::try_from(delivery.run_id)?;
        let sent = Instant::now();
        let status = target.deliver(connection, delivery).await?;
        ensure!(status.is_success(), "a delivery was answered with {status}");
        let mut latest = sent;
        for watcher in 0..WATCHERS {
            let event = timeout(LIMIT, events.recv()).await;
            let event = event.with_context(|| format!("{watcher} watchers were told in time"))?;
            let (told, time) = event.context("all streams have ended")?;
            ensure!(told == run, "told of run {told}, not of {run}");
            self.each.push(time.duration_since(sent));
            latest = latest.max(time);
        }
        self.last.push(latest.duration_since(sent));
        Ok(())
    }
}

impl Watched {
    /// As a table.
    pub(crate) fn table(&self) -> String {
        use crate::table::number;
        let row = |what: &str, latency: &Latency| {
            let Latency { p50, p95, p99 } = *latency;
            format!(
                "| {what} | {} | {} | {} |\n",
                number(p50),
                number(p95),
                number(p99)
            )
        };
        format!(
            "| from a delivery until (ms) | p50 | p95 | p99 |\n|---|---|---|---|\n{}{}\n{WATCHERS} \
             streams over {} connections watch all builds; {REPORTS} deliveries are sent, each \
             once all have the one before. For a delivery the server took {} CPU-ms and the \
             driver, which decodes all events on the same cores, {}. The server's memory went \
             from {} to {} MiB.\n",
            row("a watcher has its event", &self.each),
            row("the last of all has it", &self.last),
            WATCHERS / STREAMS,
            number(self.server),
            number(self.driver),
            self.idle_kib / 1024,
            self.busy_kib / 1024,
        )
    }
}
