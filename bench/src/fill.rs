//! Fills a database with builds of the shapes that real ones have, through the
//! server's own way in, so that all that follows from them is right.

mod calendar;
mod chance;
mod fate;
mod jobs;
mod push;
mod reports;
mod runs;
mod shape;
mod world;

pub(crate) use runs::WithJobs;

use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use fastrand::Rng;
use jiff::{SignedDuration, Timestamp};
use lampboard_proto::{
    transport,
    v1::{ReportRequest, ingest_service_client::IngestServiceClient},
};
use lampboard_server::{AlertConfig, Clock, Config, Database, PortConfig, Retention, Server};
use prost_types::Timestamp as ProtoTimestamp;
use secrecy::SecretString;
use tokio::{sync::mpsc, task::JoinSet, time::sleep};
use tonic::{
    Code, Request, Status,
    metadata::{Ascii, MetadataValue},
    service::interceptor::InterceptedService,
};

use url::Url;

use crate::yardstick::own_cpu_time;
use reports::Reports;
use world::World;

const KEY: &str = "the key of whoever fills";
/// How many reports wait for the writer, which commits them together.
const IN_FLIGHT: usize = 8;
/// How often a report that the server was too busy for is sent again.
const MOST_TRIES: u32 = 20;
const TOLD_EVERY: Duration = Duration::from_secs(10);

/// What a database is to be filled with.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Content {
    pub(crate) builds: usize,
    pub(crate) with_jobs: WithJobs,
    pub(crate) seed: u64,
    /// When the last build begins.
    pub(crate) now: Timestamp,
}

/// What filling took.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Filled {
    pub(crate) builds: usize,
    pub(crate) jobs: usize,
    pub(crate) elapsed: Duration,
    /// Of the generator and the server, which are one process here.
    pub(crate) cpu: Duration,
}

type Ingest = IngestServiceClient<InterceptedService<transport::Transport, Authorize>>;
type Authorize = fn(Request<()>) -> Result<Request<()>, Status>;

/// Fills a database.
pub(crate) async fn fill(database: Database, content: Content) -> Result<Filled> {
    let server = Server::open(Config {
        database,
        port: PortConfig::new(SecretString::from(KEY)),
        retention: Retention::default(),
        alerts: AlertConfig::new(Url::parse("http://localhost")?),
        clock: Clock::system(),
    })
    .await?;
    let filled = send(&server, content).await;
    server.close().await;
    filled
}

async fn send(server: &Server, content: Content) -> Result<Filled> {
    let mut ingest = client(server);
    let mut rng = Rng::with_seed(content.seed);
    let world = World::new(&mut rng);
    let since = content.now - SignedDuration::from_hours(366 * 24);
    for installation in world.installations(since) {
        ingest.sync_installation(installation).await?;
    }
    let (give, mut reports) = mpsc::channel(IN_FLIGHT);
    let making = tokio::task::spawn_blocking(move || {
        let made = Reports::new(
            &world,
            rng,
            content.now,
            content.builds,
            content.with_jobs,
            since,
        );
        for report in made {
            if give.blocking_send(report).is_err() {
                return;
            }
        }
    });
    let mut progress = Progress::new(content.builds);
    let mut sending = JoinSet::new();
    while let Some(report) = reports.recv().await {
        if sending.len() >= IN_FLIGHT
            && let Some(sent) = sending.join_next().await
        {
            sent??;
        }
        progress.add(&report);
        sending.spawn(record(ingest.clone(), report));
    }
    while let Some(sent) = sending.join_next().await {
        sent??;
    }
    making.await?;
    Ok(progress.end())
}

fn client(server: &Server) -> Ingest {
    let authorize: Authorize = |mut request| {
        let key = format!("Bearer {KEY}");
        let key: MetadataValue<Ascii> = key.parse().map_err(|_| Status::internal("no key"))?;
        request.metadata_mut().insert("authorization", key);
        Ok(request)
    };
    let transport = transport::over(server.routes());
    IngestServiceClient::new(InterceptedService::new(transport, authorize))
}

/// Sends a report until it is recorded, which twice is as good as once.
async fn record(mut ingest: Ingest, report: ReportRequest) -> Result<()> {
    for tries in 1..=MOST_TRIES {
        match ingest.report(report.clone()).await {
            Ok(_) => return Ok(()),
            Err(status) if status.code() == Code::ResourceExhausted => {
                sleep(Duration::from_millis(250) * tries).await;
            }
            Err(status) => return Err(status).context("a report was refused"),
        }
    }
    bail!("the database was too busy {MOST_TRIES} times")
}

/// Counts, and tells how far it is.
struct Progress {
    wanted: usize,
    filled: Filled,
    started: Instant,
    cpu_before: Duration,
    told: Instant,
    builds_told: usize,
}

impl Progress {
    fn new(wanted: usize) -> Self {
        Self {
            wanted,
            filled: Filled::default(),
            started: Instant::now(),
            cpu_before: own_cpu_time(),
            told: Instant::now(),
            builds_told: 0,
        }
    }

    fn add(&mut self, report: &ReportRequest) {
        self.filled.builds += report.builds.len();
        self.filled.jobs += report.jobs.len();
        let since = self.told.elapsed();
        if since >= TOLD_EVERY {
            let (builds, wanted) = (self.filled.builds, self.wanted);
            let rate = per_second(builds - self.builds_told, since);
            eprintln!("{builds} of {wanted} builds, {rate:.0} a second");
            self.told = Instant::now();
            self.builds_told = builds;
        }
    }

    fn end(self) -> Filled {
        Filled {
            elapsed: self.started.elapsed(),
            cpu: own_cpu_time().saturating_sub(self.cpu_before),
            ..self.filled
        }
    }
}

/// How many there were a second.
pub(crate) fn per_second(count: usize, elapsed: Duration) -> f64 {
    f64::from(u32::try_from(count).unwrap_or(u32::MAX)) / elapsed.as_secs_f64()
}

fn timestamp(time: Timestamp) -> ProtoTimestamp {
    ProtoTimestamp {
        seconds: time.as_second(),
        nanos: 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn fills_a_file_with_what_was_asked_for() {
        let folder = tempfile::tempdir().unwrap();
        let database = Database::Sqlite(folder.path().join("lampboard.db"));
        let content = Content {
            builds: 700,
            with_jobs: WithJobs::All,
            seed: 1,
            now: "2026-01-31T12:00:00Z".parse().unwrap(),
        };
        let filled = fill(database, content).await.unwrap();
        assert_eq!(filled.builds, 700);

        let options =
            sqlx::sqlite::SqliteConnectOptions::new().filename(folder.path().join("lampboard.db"));
        let mut file = sqlx::ConnectOptions::connect(&options).await.unwrap();
        let counts: (i64, i64, i64) = sqlx::query_as(
            "SELECT (SELECT COUNT(*) FROM build), (SELECT COUNT(*) FROM job), \
             (SELECT COUNT(*) FROM build WHERE end_time IS NULL)",
        )
        .fetch_one(&mut file)
        .await
        .unwrap();
        assert_eq!(counts.0, 700);
        assert_eq!(counts.1, i64::try_from(filled.jobs).unwrap());
        // Builds that begin now have not ended.
        assert!(counts.2 > 0);
    }
}
