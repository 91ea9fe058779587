//! How long the reference in Python takes for the answers that it has, too, on the
//! same builds.

use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use sqlx::{ConnectOptions as _, Connection as _};

use super::{Answers, Effort, Goal};
use crate::database::Address;
use crate::load::Target;
use crate::server::{Server, free_port};
use crate::statistics::Latency;
use crate::subject::{Kind, Ports, Subject};

/// Starts it on a copy of the builds in a file, and asks it.
pub(super) async fn read(
    home: &Path,
    file: &Path,
    folder: &Path,
    builds: usize,
    effort: Effort,
) -> Result<Vec<Answers>> {
    let subject = Subject {
        kind: Kind::Fastapi,
        home: home.to_owned(),
    };
    let copy = folder.join("reference.db");
    // It makes its own tables.
    start(&subject, &copy, folder).await?.0.stop().await?;
    fill(&copy, file).await?;
    let (mut server, port) = start(&subject, &copy, folder).await?;
    let middle = format!("/api/builds?limit=50&total=false&offset={}", builds / 2);
    let questions = [
        ("summary, 7 days", Goal::Summary, "/api/metrics/summary"),
        ("50 builds", Goal::List, "/api/builds?limit=50&total=false"),
        ("50 builds, deep", Goal::List, &middle),
    ];
    let mut answers = Vec::new();
    for (name, goal, path) in questions {
        let target = Target::new(port, path, subject.kind.bearer())?;
        let answer = ask(
            &server,
            &target,
            effort,
            format!("FastAPI reference: {name}"),
            goal,
        )
        .await;
        answers.push(answer.with_context(|| server.last_words())?);
    }
    server.stop().await?;
    Ok(answers)
}

async fn start(subject: &Subject, file: &Path, folder: &Path) -> Result<(Server, u16)> {
    let port = free_port()?;
    let ports = Ports {
        webhook: port,
        api: port,
    };
    let commands = subject.commands(ports, folder, &Address::File(file.to_owned()));
    let mut server = Server::start(commands, folder.join("reference.log"))?;
    let (page, answer) = subject.kind.ready();
    let ready = server.ready(&Target::new(port, page, None)?, answer).await;
    ready.with_context(|| server.last_words())?;
    Ok((server, port))
}

/// Without payloads, which it would keep beside its rows: that is in its favour.
async fn fill(copy: &Path, file: &Path) -> Result<()> {
    let options = SqliteConnectOptions::new().filename(copy);
    let mut database: SqliteConnection = options.connect().await?;
    sqlx::query("ATTACH DATABASE ? AS ours")
        .bind(file.display().to_string())
        .execute(&mut database)
        .await?;
    sqlx::query(
        "INSERT INTO builds (provider_id, external_id, status, branch, commit_sha, triggered_by,
             url, started_at, finished_at, duration_seconds)
         SELECT 1, run_id || '-' || run_attempt, CASE conclusion WHEN 'failure' THEN 'failed' ELSE COALESCE(conclusion, status) END, branch, commit_sha,
             triggering_actor, url, start_time / 1000000, end_time / 1000000,
             (end_time - start_time) / 1000000.0
         FROM ours.build ORDER BY start_time",
    )
    .execute(&mut database)
    .await?;
    Ok(database.close().await?)
}

async fn ask(
    server: &Server,
    target: &Target,
    effort: Effort,
    kind: String,
    goal: Goal,
) -> Result<Answers> {
    let mut connection = target.connect().await?;
    let mut latencies: Vec<Duration> = Vec::new();
    let (started, before) = (Instant::now(), server.usage()?.cpu);
    while latencies.len() < effort.questions && started.elapsed() < effort.limit {
        let asked = Instant::now();
        let status = target.get_over(&mut connection).await?;
        ensure!(status.is_success(), "it answered {status}");
        latencies.push(asked.elapsed());
    }
    let count = latencies.len();
    let spent = server.usage()?.cpu.saturating_sub(before) / u32::try_from(count)?;
    Ok(Answers {
        kind,
        goal,
        count,
        latency: Latency::of(latencies).context("nothing was asked")?,
        cpu: spent.as_secs_f64() * 1000.0,
        rows: 50,
    })
}
