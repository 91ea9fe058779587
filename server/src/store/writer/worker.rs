//! What the writer does: one task after the other, on one connection.

use std::{panic::AssertUnwindSafe, sync::Arc, time::Duration};

use futures_util::FutureExt as _;
use tokio::{
    sync::{Notify, mpsc},
    time::Instant,
};

use super::{
    super::{
        News, OnCommit, PreparedReport, batch,
        db::{Connection, query},
        feed, leases,
        open::Opener,
        purge::late,
        rollup,
    },
    Reserve, Task, Work,
    batch::Batch,
    blame::is_of_one_report,
    pace::Pace,
};
use crate::{Clock, Error, Result, Retention, model::Recorded};

/// How many changes are folded into rollups at once: so many that few rollups are
/// written for each, so few that whoever reads them meanwhile is not held up.
const FOLD: usize = 2048;
/// How long fewer of them wait.
const FOLD_AFTER: Duration = Duration::from_secs(30);
/// For how long something may hold the writer before that is worth a line in the log.
const LONG: Duration = Duration::from_millis(20);

pub(super) struct Worker {
    opener: Opener,
    /// None once it can not be trusted: after a failed commit or a panic nobody
    /// knows what state it is in.
    connection: Option<Connection>,
    origin: Arc<str>,
    tasks: mpsc::Receiver<Task>,
    /// What was taken from the queue and did not fit to what is done, to be done next.
    held: Option<Task>,
    /// How many changes are to be folded into rollups, and by when. What another
    /// server left, or this one before it was stopped, is not counted.
    unfolded: usize,
    fold_at: Option<Instant>,
    pace: Pace,
    clock: Clock,
    retention: Retention,
    reserve: Arc<Reserve>,
    on_commit: OnCommit,
}

/// What is to be done next.
enum Next {
    Task(Task),
    Fold,
}

impl Worker {
    #[expect(
        clippy::too_many_arguments,
        reason = "it is made in one place, of parts of different types"
    )]
    pub(super) fn new(
        opener: Opener,
        connection: Connection,
        origin: Arc<str>,
        tasks: mpsc::Receiver<Task>,
        clock: Clock,
        retention: Retention,
        reserve: Arc<Reserve>,
        on_commit: OnCommit,
    ) -> Self {
        Self {
            // Whoever only asks may not know what a newer schema wants.
            fold_at: opener.is_kept.then(|| Instant::now() + FOLD_AFTER),
            opener,
            connection: Some(connection),
            origin,
            tasks,
            held: None,
            unfolded: 0,
            pace: Pace::new(),
            clock,
            retention,
            reserve,
            on_commit,
        }
    }

    /// Works until it is stopped and nothing waits any more. Leaves its connection.
    pub(super) async fn run(mut self, stop: Arc<Notify>) -> Option<Connection> {
        while let Some(next) = self.next(&stop).await {
            // Whoever waits for the task is told when its answer is dropped.
            if AssertUnwindSafe(self.handle(next))
                .catch_unwind()
                .await
                .is_err()
            {
                tracing::error!("writing panicked; the database is opened anew");
                self.connection = None;
            }
        }
        self.connection
    }

    async fn next(&mut self, stop: &Notify) -> Option<Next> {
        if let Some(held) = self.held.take() {
            return Some(Next::Task(held));
        }
        let enough = self.pace.count();
        if self.unfolded >= FOLD || (self.unfolded >= enough && self.tasks.is_empty()) {
            return Some(Next::Fold);
        }
        let fold_at = self.fold_at;
        let is_time = async {
            match fold_at {
                Some(time) => tokio::time::sleep_until(time).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            task = self.tasks.recv() => task.map(Next::Task),
            () = is_time => Some(Next::Fold),
            () = stop.notified() => {
                // What waits is still handed out; nothing more comes in.
                self.tasks.close();
                self.tasks.recv().await.map(Next::Task)
            }
        }
    }

    async fn handle(&mut self, next: Next) {
        let task = match next {
            Next::Task(task) => task,
            Next::Fold => return self.fold().await,
        };
        match task {
            Task::Report(_, answer) if !self.reserve.has_room() => {
                let _ = answer.send(Err(Error::Full));
            }
            Task::Write(_, answer) if !self.reserve.has_room() => {
                let _ = answer.send(Err(Error::Full));
            }
            Task::Report(report, answer) => {
                let mut batch = Batch::default();
                batch.add(*report, answer);
                self.gather(&mut batch).await;
                self.commit(batch).await;
            }
            // Whoever asked was told that it was not done, and asks again.
            Task::Write(_, answer) if answer.is_closed() => {}
            Task::Write(work, answer) => {
                let _ = answer.send(self.write(work).await);
            }
            Task::Purge(work, answer) => {
                self.make_room().await;
                let outcome = self.write(work).await;
                self.make_room().await;
                let _ = answer.send(outcome);
            }
            Task::Checkpoint(answer) => {
                let done = self.checkpoint("PRAGMA wal_checkpoint(PASSIVE)").await;
                let _ = answer.send(done);
            }
        }
    }

    /// Adds the reports that wait, and those that are about to: under load it
    /// costs less to let them come than to flush once more for them.
    async fn gather(&mut self, batch: &mut Batch) {
        loop {
            // Who is about to report, runs as a task beside this one, or, where the
            // writer has a thread of its own, on another thread.
            tokio::task::yield_now().await;
            std::thread::yield_now();
            let before = batch.reports.len();
            while self.held.is_none() {
                match self.tasks.try_recv() {
                    Ok(Task::Report(report, answer)) if batch.has_room_for(&report) => {
                        batch.add(*report, answer);
                    }
                    Ok(other) => self.held = Some(other),
                    Err(_) => break,
                }
            }
            if batch.reports.len() == before || self.held.is_some() {
                break;
            }
        }
    }

    /// Commits a batch, and answers each of its reports.
    async fn commit(&mut self, mut batch: Batch) {
        if batch.reports.is_empty() {
            return;
        }
        match self.record(&mut batch.reports).await {
            Ok(outcomes) => {
                for (answer, outcome) in batch.answers.into_iter().zip(outcomes) {
                    let _ = answer.send(Ok(outcome));
                }
            }
            Err(error) if batch.reports.len() > 1 && is_of_one_report(&error) => {
                tracing::warn!(%error, "a report was refused; its batch is recorded one by one");
                self.commit_singly(batch).await;
            }
            Err(error) => {
                let mut answers = batch.answers.into_iter();
                if let Some(first) = answers.next() {
                    let _ = first.send(Err(error));
                }
                for answer in answers {
                    let _ = answer.send(Err(Error::Unwritable));
                }
            }
        }
    }

    /// One report must not take its neighbours down with it.
    async fn commit_singly(&mut self, mut batch: Batch) {
        for (report, answer) in batch.reports.iter_mut().zip(batch.answers) {
            if !answer.is_closed() {
                let outcome = self.record(std::slice::from_mut(report)).await;
                let _ = answer.send(outcome.map(|mut outcomes| outcomes.remove(0)));
            }
        }
    }

    async fn record(&mut self, reports: &mut [PreparedReport]) -> Result<Vec<Recorded>> {
        let now = self.clock.now();
        let kept = self.retention.at(now);
        let clock = self.clock.clone();
        let batch = self
            .transact("report", async |connection, origin| {
                if let Some(horizon) = kept.builds {
                    late::refuse(connection, reports, horizon).await?;
                }
                let mut batch = batch::record(connection, reports, &clock, &kept).await?;
                feed::leave(connection, origin, &mut batch.news).await?;
                Ok(batch)
            })
            .await?;
        self.tell(batch.news);
        Ok(batch.outcomes)
    }

    async fn write(&mut self, work: Work) -> Result<()> {
        let clock = self.clock.clone();
        let news = self
            .transact("write", async |connection, origin| {
                let now = leases::time(connection, &clock).await?;
                let mut news = work(connection, now).await?;
                feed::leave(connection, origin, &mut news).await?;
                Ok(news)
            })
            .await?;
        self.tell(news);
        Ok(())
    }

    fn tell(&mut self, news: News) {
        self.unfolded += news.unfolded;
        // What deletes builds leaves something as well.
        self.fold_at
            .get_or_insert_with(|| Instant::now() + FOLD_AFTER);
        (self.on_commit)(news);
    }

    /// Brings rollups up to date. If it fails, they are right all the same: what is
    /// not folded in is counted whenever they are read.
    async fn fold(&mut self) {
        // On a full disk, too, in the room for deleting: what is deleted is to be folded in.
        self.make_room().await;
        let most = if self.unfolded >= FOLD {
            FOLD
        } else {
            self.pace.count()
        };
        let began = std::time::Instant::now();
        let folding = self.transact("fold", async |connection, _| {
            rollup::fold(connection, most).await
        });
        let outcome = folding.await;
        self.make_room().await;
        match outcome {
            Ok(folded) => {
                self.pace.learn(folded, began.elapsed());
                self.unfolded = self.unfolded.saturating_sub(folded);
                // What another server left may be more than is known here.
                if folded < most {
                    self.unfolded = 0;
                    self.fold_at = None;
                }
            }
            Err(error) => {
                tracing::warn!(%error, "rollups were not brought up to date; that is tried again");
                self.unfolded = 0;
                self.fold_at = Some(Instant::now() + FOLD_AFTER);
            }
        }
    }

    /// Copies the log into the file, which is cut and gives room back by that. What
    /// is not copied now, is later.
    async fn checkpoint(&mut self, pragma: &'static str) -> Result<()> {
        let connection = self.connection().await?;
        if matches!(connection, Connection::File(_)) {
            query(pragma).fetch_all(connection).await?;
        }
        Ok(())
    }

    /// On a full disk, the log is cut to nothing.
    async fn make_room(&mut self) {
        if self.reserve.is_full()
            && let Err(error) = self.checkpoint("PRAGMA wal_checkpoint(TRUNCATE)").await
        {
            tracing::warn!(%error, "the log of writes stays as long as it is: {error}");
            self.connection = None;
        }
    }

    /// The connection, opened anew if the last one was given up.
    async fn connection(&mut self) -> Result<&mut Connection> {
        self.opener.require_same_file()?;
        Ok(match &mut self.connection {
            Some(connection) => connection,
            closed => closed.insert(self.opener.reopen_writer().await?),
        })
    }

    /// Does something in a transaction of its own.
    ///
    /// When the database fails, the connection is given up: `SQLite` may have
    /// rolled back by itself, and what is left of a failed flush is not to be
    /// trusted. The next task opens a new one.
    async fn transact<T>(
        &mut self,
        name: &'static str,
        work: impl AsyncFnOnce(&mut Connection, &Arc<str>) -> Result<T>,
    ) -> Result<T> {
        let origin = Arc::clone(&self.origin);
        let reserve = Arc::clone(&self.reserve);
        let outdated = self.opener.outdated.clone();
        if outdated.is_known() {
            return Err(Error::Outdated);
        }
        self.connection().await?;
        let (opener, connection) = (&self.opener, &mut self.connection);
        let connection = connection.as_mut().ok_or(Error::Unwritable)?;
        let mut began = None;
        let outcome = async {
            connection.begin_write().await?;
            // Before it, other servers had their turn.
            began = Some(std::time::Instant::now());
            let value = work(connection, &origin).await?;
            connection.end("COMMIT").await?;
            Ok(value)
        }
        .await
        .map_err(|error| opener.explain(error));
        if let Some(began) = began {
            note_time(name, began.elapsed());
        }
        if let Err(error) = &outcome {
            if matches!(error, Error::Full) {
                reserve.give_up();
            }
            if matches!(error, Error::Outdated) {
                outdated.note();
                self.connection = None;
            } else if !is_of_one_report(error) {
                tracing::error!(%error, "writing failed; the database is opened anew");
                self.connection = None;
            } else if let Err(error) = connection.end("ROLLBACK").await {
                tracing::error!(%error, "taking back failed; the database is opened anew");
                self.connection = None;
            }
        }
        outcome
    }
}

/// Notes for how long something held the writer.
fn note_time(name: &'static str, took: Duration) {
    metrics::histogram!("lampboard_write_seconds", "work" => name).record(took);
    if took >= LONG {
        tracing::debug!(work = name, ?took, "a {name} held the writer for {took:?}");
    }
}
