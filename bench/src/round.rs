//! One round: a server is started, loaded, checked and stopped.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, Result};
use jiff::Timestamp;
use tokio::time::sleep;

use crate::database::Address;
use crate::delivery::{Delivery, prepare};
use crate::load::{self, Pace, Target};
use crate::postgres::Postgres;
use crate::procfs::machine_busy;
use crate::server::{Server, free_port};
use crate::statistics::Latency;
use crate::stored;
use crate::subject::{Kind, Ports, Program, SECRET, Subject};
use crate::yardstick::own_cpu_time;

/// Sent before anything is measured: connections are made, code is compiled,
/// caches are filled.
const WARM_UP: usize = 500;
/// The rate at which latency is measured besides; the table's rows name it.
pub(crate) const PACE: u32 = 500;
/// How many deliveries are sent at that rate.
const PACED: usize = 5_000;
/// What a server puts off until after its answers is charged all the same.
const SETTLE: Duration = Duration::from_millis(500);

/// What every round sends, to every server.
pub(crate) struct Plan {
    connections: usize,
    warm_up: Arc<[Delivery]>,
    closed: Arc<[Delivery]>,
    paced: Arc<[Delivery]>,
}

/// How much is sent as fast as it is answered.
pub(crate) struct LoadSize {
    pub(crate) deliveries: usize,
    /// How large a delivery is, on average.
    pub(crate) bytes: usize,
    pub(crate) connections: usize,
}

/// What one round found.
#[derive(Clone, Copy)]
pub(crate) struct Figures {
    /// Acknowledged deliveries a second.
    pub(crate) rate: f64,
    /// CPU time per delivery, that of `PostgreSQL` included.
    pub(crate) cpu: Duration,
    pub(crate) cpu_postgres: Duration,
    pub(crate) closed: Latency,
    pub(crate) paced: Latency,
    pub(crate) idle_kib: u64,
    pub(crate) peak_kib: u64,
    pub(crate) startup: Duration,
    /// The size of the one file that is the server, if it is one.
    pub(crate) binary_bytes: Option<u64>,
    /// How many cores the driver kept busy.
    pub(crate) driver: f64,
    /// How many cores others kept busy meanwhile, which disturbs the figures.
    pub(crate) others: f64,
}

impl Plan {
    pub(crate) fn new(deliveries: usize, connections: usize, now: Timestamp) -> Self {
        let paced = deliveries.min(PACED);
        let mut all = prepare(WARM_UP + deliveries + paced, SECRET, now, 1);
        let paced = all.split_off(WARM_UP + deliveries);
        let closed = all.split_off(WARM_UP);
        Self {
            connections,
            warm_up: all.into(),
            closed: closed.into(),
            paced: paced.into(),
        }
    }

    /// Those that are sent as fast as they are answered.
    pub(crate) fn deliveries(&self) -> &[Delivery] {
        &self.closed
    }

    pub(crate) fn size(&self) -> LoadSize {
        let bodies = self.closed.iter().map(|delivery| delivery.body.len());
        LoadSize {
            deliveries: self.closed.len(),
            bytes: bodies.sum::<usize>() / self.closed.len().max(1),
            connections: self.connections,
        }
    }
}

/// Measures a server with new processes and a new database, in a folder that is
/// gone afterwards.
pub(crate) async fn measure(
    subject: &Subject,
    plan: &Plan,
    work: &Path,
    postgres: Option<&Postgres>,
) -> Result<Figures> {
    let folder = tempfile::tempdir_in(work)?;
    let data = folder.path().join("data");
    std::fs::create_dir(&data)?;
    let postgres = postgres.filter(|_| subject.kind.on_postgres());
    let database = match postgres {
        Some(postgres) => postgres.empty().await?,
        None => Address::File(data.join("builds.db")),
    };
    let webhook = free_port()?;
    let ports = Ports {
        webhook,
        api: match subject.kind {
            Kind::LampboardSplit => free_port()?,
            _ => webhook,
        },
    };
    let commands = subject.commands(ports, &data, &database);
    let mut server = Server::start(commands, folder.path().join("log"))?;
    let place = Place {
        ports,
        database,
        postgres,
    };
    let figures = measure_running(subject, plan, &mut server, &place).await;
    let figures = figures.with_context(|| {
        let title = subject.kind.title();
        format!(
            "{title} could not be measured; it said: {}",
            server.last_words()
        )
    });
    drop(server);
    if let Some(postgres) = postgres {
        postgres.remove().await?;
    }
    figures
}

/// Where a server is, and what it keeps everything in.
struct Place<'a> {
    ports: Ports,
    database: Address,
    postgres: Option<&'a Postgres>,
}

async fn measure_running(
    subject: &Subject,
    plan: &Plan,
    server: &mut Server,
    place: &Place<'_>,
) -> Result<Figures> {
    let kind = subject.kind;
    let (page, answer) = kind.ready();
    let startup = server
        .ready(&Target::new(place.ports.webhook, page, None)?, answer)
        .await?;
    sleep(SETTLE).await;
    let idle_kib = server.usage()?.resident_kib;

    let target = Target::new(place.ports.webhook, kind.webhook_path(), kind.bearer())?;
    let send = |deliveries: &Arc<[Delivery]>, pace| {
        load::run(&target, Arc::clone(deliveries), plan.connections, pace)
    };
    let mut acknowledged = send(&plan.warm_up, Pace::Closed).await?.acknowledged;

    let before = Spent::by(server, place.postgres)?;
    let closed = send(&plan.closed, Pace::Closed).await?;
    sleep(SETTLE).await;
    let spent = Spent::by(server, place.postgres)?.since(before);

    let paced = send(&plan.paced, Pace::PerSecond(PACE)).await?;
    let peak_kib = server.usage()?.peak_kib;

    let count = u32::try_from(plan.closed.len())?;
    acknowledged.extend(closed.acknowledged);
    acknowledged.extend(paced.acknowledged);
    stored::check(&acknowledged, kind, place.ports, &place.database).await?;
    server.stop().await?;
    let elapsed = (closed.elapsed + SETTLE).as_secs_f64();
    Ok(Figures {
        rate: f64::from(count) / closed.elapsed.as_secs_f64(),
        cpu: (spent.server + spent.postgres) / count,
        cpu_postgres: spent.postgres / count,
        closed: Latency::of(closed.latencies).context("nothing was sent")?,
        paced: Latency::of(paced.latencies).context("nothing was sent")?,
        idle_kib,
        peak_kib,
        startup,
        binary_bytes: binary_bytes(subject)?,
        driver: spent.driver.as_secs_f64() / elapsed,
        others: spent.others().as_secs_f64() / elapsed,
    })
}

fn binary_bytes(subject: &Subject) -> Result<Option<u64>> {
    Ok(match subject.kind.program() {
        Program::Lampboard => Some(std::fs::metadata(&subject.home)?.len()),
        Program::Fastapi | Program::Probot => None,
    })
}

/// Who used how much CPU time up to some moment.
#[derive(Clone, Copy)]
struct Spent {
    server: Duration,
    postgres: Duration,
    driver: Duration,
    machine: Duration,
}

impl Spent {
    fn by(server: &Server, postgres: Option<&Postgres>) -> Result<Self> {
        let postgres = postgres.map(Postgres::usage).transpose()?;
        Ok(Self {
            server: server.usage()?.cpu,
            postgres: postgres.unwrap_or_default().cpu,
            driver: own_cpu_time(),
            machine: machine_busy()?,
        })
    }

    fn since(self, before: Self) -> Self {
        Self {
            server: self.server.saturating_sub(before.server),
            postgres: self.postgres.saturating_sub(before.postgres),
            driver: self.driver.saturating_sub(before.driver),
            machine: self.machine.saturating_sub(before.machine),
        }
    }

    fn others(self) -> Duration {
        self.machine
            .saturating_sub(self.server + self.postgres + self.driver)
    }
}
