//! Measures how long answers take on a database that was filled.

mod kinds;
mod question;
mod reference;
mod sample;

pub(crate) use kinds::Goal;

use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use fastrand::Rng;
use http::StatusCode;
use lampboard_proto::v1::ListBuildsRequest;
use serde::{Deserialize, Serialize};

use crate::database::Address;
use crate::load::Target;
use crate::server::{Server, free_port};
use crate::statistics::Latency;
use crate::subject::lampboard;
use crate::yardstick::own_cpu_time;
use kinds::Kind;
use question::{Client, Question};
use sample::Samples;

/// How deep pages lie at least, if there are so many: 250 of 200 builds are a
/// thousand of 50.
const DEEP: usize = 250;
/// How long it may take to get there.
const WALK_LIMIT: Duration = Duration::from_secs(8);
const WARM_UP: usize = 5;

/// How much is asked.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Effort {
    /// How many questions of a kind.
    pub(crate) questions: usize,
    /// For how long a kind is asked at most.
    pub(crate) limit: Duration,
}

/// What is asked, and on what.
pub(crate) struct Plan<'a> {
    /// The Lampboard that is measured.
    pub(crate) binary: &'a Path,
    pub(crate) address: &'a Address,
    /// How many builds are in it.
    pub(crate) builds: usize,
    pub(crate) effort: Effort,
    /// Only kinds whose names hold this text.
    pub(crate) only: Option<&'a str>,
    /// Where the reference in Python was set up.
    pub(crate) reference: Option<&'a Path>,
    /// Where its copy goes.
    pub(crate) work: &'a Path,
}

/// What was measured on one database.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Reading {
    pub(crate) database: String,
    pub(crate) builds: usize,
    pub(crate) answers: Vec<Answers>,
    /// Those of the reference, if there is one.
    pub(crate) reference: Vec<Answers>,
    /// Cores that this program kept busy meanwhile.
    pub(crate) driver: f64,
    pub(crate) idle_kib: u64,
    pub(crate) peak_kib: u64,
}

/// How one kind was answered.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Answers {
    pub(crate) kind: String,
    pub(crate) goal: Goal,
    /// How many were asked.
    pub(crate) count: usize,
    pub(crate) latency: Latency,
    /// CPU time of the server for each, in milliseconds.
    pub(crate) cpu: f64,
    /// How many rows came back, on average.
    pub(crate) rows: usize,
}

/// Starts a server on a database, and asks it everything.
pub(crate) async fn read(plan: &Plan<'_>) -> Result<Reading> {
    let folder = tempfile::tempdir_in(plan.work)?;
    let port = free_port()?;
    let command = lampboard::serve(plan.binary, port, folder.path(), Some(plan.address));
    let mut server = Server::start(vec![command], folder.path().join("log"))?;
    let ready = Target::new(port, "/readyz", None)?;
    server.ready(&ready, StatusCode::OK).await?;
    let reading = ask_all(plan, &server, port).await;
    let mut reading = reading.with_context(|| server.last_words())?;
    server.stop().await?;
    if let (Some(home), Address::File(file)) = (plan.reference, plan.address) {
        let folder = folder.path();
        let asking = reference::read(home, file, folder, plan.builds, plan.effort);
        reading.reference = asking
            .await
            .context("the reference could not be measured")?;
        for answers in &reading.reference {
            eprintln!("{}", answers.line());
        }
    }
    Ok(reading)
}

async fn ask_all(plan: &Plan<'_>, server: &Server, port: u16) -> Result<Reading> {
    let idle_kib = server.usage()?.resident_kib;
    let mut client = Client::connect(port).await?;
    let mut rng = Rng::with_seed(1);
    let samples = Samples::take(&mut client, &mut rng).await?;
    let (started, cpu) = (Instant::now(), own_cpu_time());
    let mut course = Course {
        server,
        client: &mut client,
        effort: plan.effort,
    };
    let mut answers = Vec::new();
    let wanted = |kind: &Kind| plan.only.is_none_or(|only| kind.name.contains(only));
    for kind in kinds::all().into_iter().filter(wanted) {
        let ask = || (kind.ask)(&samples, &mut rng);
        answers.push(course.measure(&kind, kind.name.clone(), ask).await?);
        if !kind.deep {
            continue;
        }
        let pages = course.deep_pages(&kind, &samples, &mut rng).await?;
        let mut pages = pages.into_iter().cycle();
        let Some(page) = pages.next() else { continue };
        let ask = || pages.next().unwrap_or_else(|| page.clone());
        let name = format!("{}, deep", kind.name);
        answers.push(course.measure(&kind, name, ask).await?);
    }
    let spent = own_cpu_time().saturating_sub(cpu);
    Ok(Reading {
        database: plan.address.name().to_owned(),
        builds: plan.builds,
        answers,
        reference: Vec::new(),
        driver: spent.as_secs_f64() / started.elapsed().as_secs_f64(),
        idle_kib,
        peak_kib: server.usage()?.peak_kib,
    })
}

/// One kind at a time, one question after the other: nobody else's wait counts.
struct Course<'a> {
    server: &'a Server,
    client: &'a mut Client,
    effort: Effort,
}

impl Course<'_> {
    async fn measure(
        &mut self,
        kind: &Kind,
        name: String,
        mut question: impl FnMut() -> Question,
    ) -> Result<Answers> {
        let started = Instant::now();
        for _ in 0..WARM_UP {
            if started.elapsed() < self.effort.limit / 4 {
                self.client.ask(question()).await?;
            }
        }
        let before = self.server.usage()?.cpu;
        let (started, mut rows) = (Instant::now(), 0);
        let mut latencies = Vec::new();
        while latencies.len() < self.effort.questions
            && (latencies.is_empty() || started.elapsed() < self.effort.limit)
        {
            let question = question();
            let asked = Instant::now();
            rows += self
                .client
                .ask(question)
                .await
                .with_context(|| name.clone())?;
            latencies.push(asked.elapsed());
        }
        let count = latencies.len();
        let spent = self.server.usage()?.cpu.saturating_sub(before) / u32::try_from(count)?;
        let answers = Answers {
            kind: name,
            goal: kind.goal,
            count,
            latency: Latency::of(latencies).context("nothing was asked")?,
            cpu: spent.as_secs_f64() * 1000.0,
            rows: rows / count,
        };
        eprintln!("{}", answers.line());
        Ok(answers)
    }

    /// Pages far behind the first one, or the last ones that there are, by the
    /// tokens that lead there.
    async fn deep_pages(
        &mut self,
        kind: &Kind,
        samples: &Samples,
        rng: &mut Rng,
    ) -> Result<Vec<Question>> {
        let started = Instant::now();
        let mut deepest = Vec::new();
        // Some questions have few answers: of several the deepest counts.
        for _ in 0..4 {
            let Question::List(question) = (kind.ask)(samples, rng) else {
                break;
            };
            let pages = self.walk(question, started).await?;
            if pages.len() > deepest.len() {
                deepest = pages;
            }
            if deepest.len() >= DEEP {
                break;
            }
        }
        // The second half of the way.
        let skipped = deepest.len() / 2;
        Ok(deepest
            .into_iter()
            .skip(skipped)
            .map(Question::List)
            .collect())
    }

    async fn walk(
        &mut self,
        question: ListBuildsRequest,
        started: Instant,
    ) -> Result<Vec<ListBuildsRequest>> {
        let mut pages = Vec::new();
        let mut page = ListBuildsRequest {
            page_size: 200,
            ..question.clone()
        };
        while pages.len() < DEEP && started.elapsed() < WALK_LIMIT {
            page.page_token = self.client.list(page.clone()).await?.next_page_token;
            if page.page_token.is_empty() {
                break;
            }
            pages.push(ListBuildsRequest {
                page_token: page.page_token.clone(),
                ..question.clone()
            });
        }
        Ok(pages)
    }
}

impl Answers {
    fn line(&self) -> String {
        let Latency { p50, p99, .. } = self.latency;
        format!(
            "{:52} p50 {p50:8.2} ms  p99 {p99:8.2} ms  {:7.2} CPU-ms  {:4} asked, {} rows",
            self.kind, self.cpu, self.count, self.rows
        )
    }
}
