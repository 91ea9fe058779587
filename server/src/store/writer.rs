//! The one writer: commits together what waits together, and answers each after its own commit.

use std::{sync::Arc, time::Duration};

use sqlx::{Connection as _, SqliteConnection};
use tokio::{
    sync::{Mutex, Notify, mpsc, oneshot},
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
    stop: Arc<Notify>,
}

impl Writer {
    pub(super) fn spawn(connection: SqliteConnection, clock: Clock, on_commit: OnCommit) -> Self {
        let (queue, tasks) = mpsc::channel(QUEUE);
        let stop = Arc::new(Notify::new());
        let worker = Worker {
            connection,
            clock,
            on_commit,
            tasks,
            held: None,
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
    /// What was taken from the queue and was no report, to be done next.
    held: Option<Task>,
}

/// Reports that are committed together.
#[derive(Default)]
struct Batch {
    reports: Vec<PreparedReport>,
    answers: Vec<Answer<Recorded>>,
    bytes: usize,
}

impl Batch {
    fn add(&mut self, report: PreparedReport, answer: Answer<Recorded>) {
        // If nobody waits for it any more, it was not acknowledged, and will
        // come again.
        if !answer.is_closed() {
            self.bytes += report.size();
            self.reports.push(report);
            self.answers.push(answer);
        }
    }

    fn is_full(&self) -> bool {
        self.reports.len() >= BATCH || self.bytes >= BATCH_BYTES
    }
}

impl Worker {
    async fn run(mut self, stop: Arc<Notify>) {
        while let Some(task) = self.next(&stop).await {
            match task {
                Task::Report(report, answer) => {
                    let mut batch = Batch::default();
                    batch.add(*report, answer);
                    self.gather(&mut batch).await;
                    self.commit(batch).await;
                }
                Task::Sync(sync, answer) => {
                    let _ = answer.send(self.sync(&sync.0, &sync.1).await);
                }
                Task::Probe(answer) => {
                    let _ = answer.send(self.probe().await);
                }
            }
        }
        if let Err(error) = self.connection.close().await {
            tracing::warn!(%error, "the database was not closed well");
        }
    }

    async fn next(&mut self, stop: &Notify) -> Option<Task> {
        if let Some(held) = self.held.take() {
            return Some(held);
        }
        tokio::select! {
            task = self.tasks.recv() => task,
            () = stop.notified() => {
                // What waits is still handed out; nothing more comes in.
                self.tasks.close();
                self.tasks.recv().await
            }
        }
    }

    /// Adds the reports that wait, and those that are about to: under load it
    /// costs less to let them come than to flush once more for them.
    async fn gather(&mut self, batch: &mut Batch) {
        loop {
            tokio::task::yield_now().await;
            let before = batch.reports.len();
            while !batch.is_full() && self.held.is_none() {
                match self.tasks.try_recv() {
                    Ok(Task::Report(report, answer)) => batch.add(*report, answer),
                    Ok(other) => self.held = Some(other),
                    Err(_) => break,
                }
            }
            if batch.reports.len() == before || batch.is_full() {
                break;
            }
        }
    }

    async fn commit(&mut self, batch: Batch) {
        let Batch {
            reports, answers, ..
        } = batch;
        match self.record(&reports).await {
            Ok(outcomes) => {
                for (answer, outcome) in answers.into_iter().zip(outcomes) {
                    let _ = answer.send(Ok(outcome));
                }
            }
            Err(error) if reports.len() <= 1 => {
                if let Some(answer) = answers.into_iter().next() {
                    let _ = answer.send(Err(error));
                }
            }
            // One report must not take its neighbours down with it.
            Err(error) => {
                tracing::warn!(%error, reports = reports.len(), "committing one by one");
                for (report, answer) in reports.iter().zip(answers) {
                    let outcome = self.record(std::slice::from_ref(report)).await;
                    let _ = answer.send(outcome.map(|outcomes| outcomes[0]));
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
