//! The one writer: commits together what waits together, and answers each after its own commit.

use std::{sync::Arc, time::Duration};

use sqlx::{Connection as _, SqliteConnection};
use tokio::{
    sync::{Mutex, mpsc, oneshot},
    task::JoinHandle,
    time::timeout,
};

use super::{OnCommit, PreparedReport, batch, repositories};
use crate::{
    Clock, Error, Result,
    model::{Installation, Recorded, Repository},
};

/// How many reports may wait. Beyond it callers are told to come back later.
const QUEUE: usize = 1024;
/// How many reports one commit takes: enough that the flush to disk is shared,
/// few enough that the first one does not wait long.
const BATCH: usize = 64;
/// How many bytes of payload one commit takes.
const BATCH_BYTES: usize = 8 << 20;
/// How long a caller waits for a commit.
const PATIENCE: Duration = Duration::from_secs(6);

enum Task {
    Report(Box<PreparedReport>, Answer<Recorded>),
    Sync(Box<(Installation, Vec<Repository>)>, Answer<()>),
    Probe(Answer<()>),
}

type Answer<T> = oneshot::Sender<Result<T>>;

/// The way to the one writer.
#[derive(Clone)]
pub(super) struct Writer {
    queue: mpsc::Sender<Task>,
    task: Arc<Mutex<Option<JoinHandle<()>>>>,
    stop: Arc<tokio::sync::Notify>,
}

impl Writer {
    pub(super) fn spawn(connection: SqliteConnection, clock: Clock, on_commit: OnCommit) -> Self {
        let (queue, tasks) = mpsc::channel(QUEUE);
        let stop = Arc::new(tokio::sync::Notify::new());
        let worker = Worker {
            connection,
            clock,
            on_commit,
            tasks,
        };
        let task = tokio::spawn(worker.run(Arc::clone(&stop)));
        Self {
            queue,
            task: Arc::new(Mutex::new(Some(task))),
            stop,
        }
    }

    pub(super) async fn record(&self, report: PreparedReport) -> Result<Recorded> {
        self.ask(|answer| Task::Report(Box::new(report), answer))
            .await
    }

    pub(super) async fn sync_installation(
        &self,
        installation: Installation,
        repositories: Vec<Repository>,
    ) -> Result<()> {
        self.ask(|answer| Task::Sync(Box::new((installation, repositories)), answer))
            .await
    }

    pub(super) async fn probe(&self) -> Result<()> {
        self.ask(Task::Probe).await
    }

    /// Finishes what waits, and ends the writer.
    pub(super) async fn stop(&self) {
        self.stop.notify_one();
        if let Some(task) = self.task.lock().await.take()
            && let Err(error) = task.await
        {
            tracing::error!(%error, "the writer did not end well");
        }
    }

    async fn ask<T>(&self, task: impl FnOnce(Answer<T>) -> Task) -> Result<T> {
        let (answer, answered) = oneshot::channel();
        self.queue
            .try_send(task(answer))
            .map_err(|error| match error {
                mpsc::error::TrySendError::Full(_) => Error::Busy("too many reports are waiting"),
                mpsc::error::TrySendError::Closed(_) => Error::Stopping,
            })?;
        match timeout(PATIENCE, answered).await {
            Ok(Ok(answer)) => answer,
            Ok(Err(_)) => Err(Error::Stopping),
            Err(_) => Err(Error::Busy("the database is too slow")),
        }
    }
}

struct Worker {
    connection: SqliteConnection,
    clock: Clock,
    on_commit: OnCommit,
    tasks: mpsc::Receiver<Task>,
}

impl Worker {
    async fn run(mut self, stop: Arc<tokio::sync::Notify>) {
        loop {
            let task = tokio::select! {
                task = self.tasks.recv() => task,
                () = stop.notified() => {
                    // What waits is still handed out; nothing more comes in.
                    self.tasks.close();
                    continue;
                }
            };
            match task {
                Some(Task::Report(report, answer)) => self.take_reports(*report, answer).await,
                Some(Task::Sync(sync, answer)) => {
                    let (installation, repositories) = *sync;
                    let outcome = self.sync(&installation, &repositories).await;
                    let _ = answer.send(outcome);
                }
                Some(Task::Probe(answer)) => {
                    let _ = answer.send(self.probe().await);
                }
                None => break,
            }
        }
        if let Err(error) = self.connection.close().await {
            tracing::warn!(%error, "the database was not closed well");
        }
    }

    /// Commits one report together with those that wait behind it.
    async fn take_reports(&mut self, first: PreparedReport, answer: Answer<Recorded>) {
        let mut bytes = first.size();
        let mut reports = vec![first];
        let mut answers = vec![answer];
        let mut other = None;
        while reports.len() < BATCH && bytes < BATCH_BYTES {
            match self.tasks.try_recv() {
                Ok(Task::Report(report, answer)) => {
                    // Nobody waits for it any more: it was not acknowledged, and
                    // will come again.
                    if answer.is_closed() {
                        continue;
                    }
                    bytes += report.size();
                    reports.push(*report);
                    answers.push(answer);
                }
                Ok(task) => {
                    other = Some(task);
                    break;
                }
                Err(_) => break,
            }
        }
        self.commit(&reports, answers).await;
        match other {
            Some(Task::Sync(sync, answer)) => {
                let outcome = self.sync(&sync.0, &sync.1).await;
                let _ = answer.send(outcome);
            }
            Some(Task::Probe(answer)) => {
                let _ = answer.send(self.probe().await);
            }
            Some(Task::Report(..)) | None => {}
        }
    }

    async fn commit(&mut self, reports: &[PreparedReport], answers: Vec<Answer<Recorded>>) {
        match self.record(reports).await {
            Ok(outcomes) => {
                for (answer, outcome) in answers.into_iter().zip(outcomes) {
                    let _ = answer.send(Ok(outcome));
                }
            }
            // One report must not take its neighbours down with it.
            Err(error) if reports.len() > 1 => {
                tracing::warn!(%error, reports = reports.len(), "committing one by one");
                for (report, answer) in reports.iter().zip(answers) {
                    let outcome = self.record(std::slice::from_ref(report)).await;
                    let _ = answer.send(outcome.map(|outcomes| outcomes[0]));
                }
            }
            Err(error) => {
                if let Some(answer) = answers.into_iter().next() {
                    let _ = answer.send(Err(error));
                }
            }
        }
    }

    async fn record(&mut self, reports: &[PreparedReport]) -> Result<Vec<Recorded>> {
        let mut transaction = self.connection.begin_with("BEGIN IMMEDIATE").await?;
        let batch = batch::record(&mut transaction, reports).await?;
        transaction.commit().await?;
        (self.on_commit)(batch.changes);
        Ok(batch.outcomes)
    }

    async fn sync(&mut self, installation: &Installation, all: &[Repository]) -> Result<()> {
        let mut transaction = self.connection.begin_with("BEGIN IMMEDIATE").await?;
        repositories::sync(&mut transaction, installation, all).await?;
        transaction.commit().await?;
        Ok(())
    }

    async fn probe(&mut self) -> Result<()> {
        sqlx::query(
            "INSERT INTO write_probe (id, probe_time) VALUES (1, $1)
             ON CONFLICT (id) DO UPDATE SET probe_time = excluded.probe_time",
        )
        .bind(self.clock.now().as_microsecond())
        .execute(&mut self.connection)
        .await?;
        Ok(())
    }
}
