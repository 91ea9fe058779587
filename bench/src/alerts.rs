//! Measures how long it takes from a report until its alert is in its provider's hands.

mod channels;
mod receiver;
mod runs;
mod shape;

use std::collections::HashMap;
use std::fmt::Write as _;
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use http::StatusCode;
use jiff::Timestamp;
use tokio::task::JoinSet;
use tokio::time::{sleep, sleep_until};

use crate::delivery::Delivery;
use crate::load::Target;
use crate::server::{Server, free_port};
use crate::statistics::Latency;
use crate::subject::lampboard;
use crate::table::{number, thousands};
pub(crate) use channels::create as create_channels;
pub(crate) use receiver::{Answers, Message, Receiver};
use runs::Run;
pub(crate) use runs::prepare;
pub(crate) use shape::Planned;
use shape::{AN_HOUR, CHANNELS, Shape};

/// A connection is made so long before a report is sent.
const AHEAD: Duration = Duration::from_millis(100);
/// All must have been handed over so long after the last was reported.
const LIMIT: Duration = Duration::from_mins(1);
const LOOK: Duration = Duration::from_millis(20);

/// How fast alerts were handed over.
pub(crate) struct Handed {
    shapes: Vec<(Shape, Figures)>,
}

struct Figures {
    alerts: usize,
    /// From before a report was sent until all of its message was with the provider.
    latency: Latency,
    /// CPU time of the server for an alert, in milliseconds.
    server: f64,
}

/// Measures one shape after the other, each with a new server on an empty file.
pub(crate) async fn measure(binary: &Path, work: &Path, now: Timestamp) -> Result<Handed> {
    let mut shapes = Vec::new();
    for shape in Shape::ALL {
        let figures = measure_one(binary, work, shape, now).await;
        let figures = figures.with_context(|| format!("alerts, {}", shape.title()))?;
        println!(
            "{}: {} alerts, p99 {} ms",
            shape.title(),
            figures.alerts,
            number(figures.latency.p99)
        );
        shapes.push((shape, figures));
    }
    Ok(Handed { shapes })
}

async fn measure_one(binary: &Path, work: &Path, shape: Shape, now: Timestamp) -> Result<Figures> {
    let folder = tempfile::tempdir_in(work)?;
    let receiver = Receiver::start(Answers::Taken).await?;
    let port = free_port()?;
    let command = lampboard::sending(binary, port, folder.path(), &receiver.host());
    let mut server = Server::start(vec![command], folder.path().join("log"))?;
    let ready = Target::new(port, "/readyz", None)?;
    server.ready(&ready, StatusCode::OK).await?;
    let measured = play(&mut server, port, &receiver, &shape.plan(), now).await;
    measured.with_context(|| format!("the server said: {}", server.last_words()))
}

/// Reports all runs when they are due, and waits for their messages.
async fn play(
    server: &mut Server,
    port: u16,
    receiver: &Receiver,
    plan: &[Planned],
    now: Timestamp,
) -> Result<Figures> {
    create_channels(port, receiver, CHANNELS).await?;
    let runs = prepare(plan, now);
    let target = Target::new(port, "/api/webhook/github-actions", None)?;
    let mut connection = target.connect().await?;
    for delivery in runs.iter().flat_map(|run| &run.before) {
        let status = target.deliver(&mut connection, delivery).await?;
        ensure!(status.is_success(), "a delivery was answered with {status}");
    }
    let before = server.usage()?.cpu;
    let reported = report_all(&target, runs, plan).await?;
    wait_for(receiver, plan.len()).await;
    let spent = server.usage()?.cpu.saturating_sub(before);
    // What it is sending then, it finishes: a repeat would be seen.
    server.stop().await?;
    let latencies = compare(&reported, &receiver.messages())?;
    let count = u32::try_from(plan.len())?;
    Ok(Figures {
        alerts: plan.len(),
        latency: Latency::of(latencies).context("nothing was planned")?,
        server: (spent / count).as_secs_f64() * 1000.0,
    })
}

/// By run: to which channel it is to be told, and when its report was sent.
type Reported = HashMap<u64, (usize, Instant)>;

async fn report_all(target: &Target, runs: Vec<Run>, plan: &[Planned]) -> Result<Reported> {
    let start = Instant::now();
    let mut reports = JoinSet::new();
    for (run, planned) in runs.into_iter().zip(plan) {
        let (target, due, channel) = (target.clone(), start + planned.due, planned.channel);
        reports.spawn(async move {
            let sent = report(&target, &run.end, due).await?;
            anyhow::Ok((run.end.run_id, (channel, sent)))
        });
    }
    reports.join_all().await.into_iter().collect()
}

/// Connects when a report is due, and sends it a little later; gives the moment before.
async fn report(target: &Target, delivery: &Delivery, due: Instant) -> Result<Instant> {
    sleep_until(due.into()).await;
    let mut connection = target.connect().await?;
    sleep_until((due + AHEAD).into()).await;
    let sent = Instant::now();
    let status = target.deliver(&mut connection, delivery).await?;
    ensure!(status.is_success(), "a report was answered with {status}");
    Ok(sent)
}

async fn wait_for(receiver: &Receiver, count: usize) {
    let began = Instant::now();
    while receiver.count() < count && began.elapsed() < LIMIT {
        sleep(LOOK).await;
    }
}

/// How long each took. It is an error when one was lost, came twice, or came together with
/// others: figures of other work are worth nothing.
fn compare(reported: &Reported, messages: &[Message]) -> Result<Vec<Duration>> {
    let mut latencies = HashMap::new();
    for message in messages {
        let run = run_of(&message.body).context("a message names no run")?;
        let (channel, sent) = reported
            .get(&run)
            .context("nothing was reported of a run")?;
        ensure!(
            *channel == message.channel,
            "an alert for channel {channel} came to channel {}",
            message.channel
        );
        let latency = message.time.duration_since(*sent);
        ensure!(
            latencies.insert(run, latency).is_none(),
            "the alert of run {run} came twice"
        );
    }
    ensure!(
        latencies.len() == reported.len(),
        "of {} alerts, {} came",
        reported.len(),
        latencies.len()
    );
    Ok(latencies.into_values().collect())
}

/// Every message links to GitHub's page of its run before it links to any other run's.
fn run_of(body: &str) -> Option<u64> {
    let (_, rest) = body.split_once("/actions/runs/")?;
    let end = rest.find(|sign: char| !sign.is_ascii_digit());
    rest.get(..end.unwrap_or(rest.len()))?.parse().ok()
}

impl Handed {
    /// What is set against the goal.
    pub(crate) fn seen(&self) -> String {
        let p99 = |slack: bool| {
            let shapes = self.shapes.iter();
            let shapes = shapes.filter(|(shape, _)| (*shape == Shape::ToOneSlack) == slack);
            number(shapes.map(|(_, it)| it.latency.p99).fold(0.0, f64::max))
        };
        format!(
            "{} ms; of 10 at once to one Slack channel, which takes one a second, {} ms",
            p99(false),
            p99(true)
        )
    }

    /// As a table. `about` says where and of what it was taken.
    pub(crate) fn table(&self, about: &str) -> String {
        let mut text = String::from(
            "| from a report until its alert is handed over (ms) | p50 | p95 | p99 | alerts | \
             server's CPU-ms for each |\n|---|---|---|---|---|---|\n",
        );
        for (shape, figures) in &self.shapes {
            let Latency { p50, p95, p99 } = figures.latency;
            let cells = [p50, p95, p99].map(number).join(" | ");
            let (title, alerts, cpu) = (shape.title(), figures.alerts, number(figures.server));
            let _ = writeln!(text, "| {title} | {cells} | {alerts} | {cpu} |");
        }
        let _ = writeln!(
            text,
            "\n{about} {CHANNELS} channels, half of them Slack's and half signed webhooks, each with a rule \
             for a repository of its own; {} alerts an hour over all of them, in four shapes, each \
             on a new server. The time is from before the webhook that ends a run is sent until a \
             receiver on the same cores has the whole message. Each alert came once and by itself: \
             none was lost, none came twice, and no digest gathered any. Slack takes one message a \
             second for each channel, and what is put off is looked for each second, so the tenth \
             of ten waits for about ten.",
            thousands(f64::from(AN_HOUR)),
        );
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_run_is_that_of_the_first_link() {
        let body = r#"{"url": "https://github.com/a/b/actions/runs/1871/job/41"}, {"#;
        assert_eq!(run_of(body), Some(1871));
        assert_eq!(run_of("https://github.com/a/b/actions/runs/7"), Some(7));
        assert_eq!(run_of("https://github.com/a/b/actions/runs/"), None);
        assert_eq!(run_of("nothing"), None);
    }

    fn message(channel: usize, run: &str, time: Instant) -> Message {
        Message {
            channel,
            body: format!("{{\"url\": \"https://github.com/a/b/actions/{run}\"}}"),
            taken: true,
            time,
        }
    }

    #[test]
    fn only_what_came_once_and_where_it_should_is_counted() {
        let start = Instant::now();
        let after = |milliseconds| start + Duration::from_millis(milliseconds);
        let reported = HashMap::from([(1, (0, start)), (2, (1, start))]);
        let (first, second) = (
            message(0, "runs/1", after(5)),
            message(1, "runs/2", after(7)),
        );
        let compare = |messages: &[&Message]| {
            let messages: Vec<_> = messages.iter().copied().cloned().collect();
            compare(&reported, &messages).map_err(|error| error.to_string())
        };
        let mut latencies = compare(&[&first, &second]).unwrap();
        latencies.sort_unstable();
        assert_eq!(latencies, [5, 7].map(Duration::from_millis));
        let error = |messages: &[&Message]| compare(messages).unwrap_err();
        assert_eq!(error(&[&first]), "of 2 alerts, 1 came");
        assert_eq!(
            error(&[&first, &second, &first]),
            "the alert of run 1 came twice"
        );
        let elsewhere = message(1, "runs/1", after(5));
        assert_eq!(
            error(&[&elsewhere]),
            "an alert for channel 0 came to channel 1"
        );
        let digest = message(0, "", after(5));
        assert_eq!(error(&[&digest]), "a message names no run");
    }
}
