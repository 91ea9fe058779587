//! The one writer: commits together what waits together, and answers each after its own commit.

mod batch;
mod blame;
mod pace;
pub(super) mod reserve;
mod worker;

use std::{sync::Arc, thread, time::Duration};

use futures_util::{FutureExt as _, future::BoxFuture};
use jiff::Timestamp;
use tokio::{
    runtime,
    sync::{Mutex, Notify, mpsc, oneshot},
    time::timeout,
};

use super::{News, OnCommit, PreparedReport, db::Connection, open::Opener};
use crate::{Clock, Error, Result, Retention, load::Load, model::Recorded};
pub(super) use batch::Size;
pub(super) use reserve::Reserve;
use worker::Worker;

/// How many reports may wait. Beyond it callers are told to come back later.
const QUEUE: usize = 1024;
/// How long a caller waits for a commit.
const PATIENCE: Duration = Duration::from_secs(6);

enum Task {
    Report(Box<PreparedReport>, Answer<Recorded>),
    Write(Work, Answer<()>),
    /// Deletes something, on a full disk too.
    Purge(Work, Answer<()>),
    /// Copies the log of writes into the database.
    Checkpoint(Answer<()>),
}

/// Something to be done in a transaction of its own, at a time; gives what is to
/// be told of it.
type Work =
    Box<dyn for<'c> FnOnce(&'c mut Connection, Timestamp) -> BoxFuture<'c, Result<News>> + Send>;

type Answer<T> = oneshot::Sender<Result<T>>;

/// How the writer ends.
struct End {
    /// Comes when all that waited is done.
    done: oneshot::Receiver<()>,
    /// Dropped, to have the connection closed.
    close: oneshot::Sender<()>,
    /// Comes when it is closed; breaks off if that ends in a panic.
    closed: oneshot::Receiver<()>,
}

/// The way to the one writer.
#[derive(Clone)]
pub(super) struct Writer {
    queue: mpsc::Sender<Task>,
    end: Arc<Mutex<Option<End>>>,
    stop: Arc<Notify>,
}

impl Writer {
    /// Starts the writer on a database that is open already.
    pub(super) fn spawn(
        opener: Opener,
        connection: Connection,
        origin: Arc<str>,
        clock: Clock,
        retention: Retention,
        reserve: Arc<Reserve>,
        on_commit: OnCommit,
    ) -> Result<Self> {
        let (queue, tasks) = mpsc::channel(QUEUE);
        let stop = Arc::new(Notify::new());
        let blocks = matches!(connection, Connection::File(_));
        let worker = Worker::new(
            opener, connection, origin, tasks, clock, retention, reserve, on_commit,
        );
        let end = start(worker.run(Arc::clone(&stop)), blocks)?;
        Ok(Self {
            queue,
            end: Arc::new(Mutex::new(Some(end))),
            stop,
        })
    }

    pub(super) async fn record(&self, report: PreparedReport) -> Result<Recorded> {
        self.ask(|answer| Task::Report(Box::new(report), answer))
            .await
    }

    /// Does something in a transaction of its own, and gives what it gave once
    /// that is durable.
    pub(super) async fn write<T, W>(&self, work: W) -> Result<T>
    where
        T: Send + 'static,
        W: for<'c> FnOnce(&'c mut Connection, Timestamp) -> BoxFuture<'c, Result<(T, News)>>
            + Send
            + 'static,
    {
        let (work, given) = give(work);
        self.ask(|answer| Task::Write(work, answer)).await?;
        given.await.map_err(|_| Error::Unwritable)
    }

    /// The same with something that deletes, and so is done on a full disk too. Nobody waits
    /// for it, so it may take its time.
    pub(super) async fn purge<T, W>(&self, work: W) -> Result<T>
    where
        T: Send + 'static,
        W: for<'c> FnOnce(&'c mut Connection, Timestamp) -> BoxFuture<'c, Result<(T, News)>>
            + Send
            + 'static,
    {
        let (work, given) = give(work);
        self.ask_patiently(|answer| Task::Purge(work, answer))
            .await?;
        given.await.map_err(|_| Error::Unwritable)
    }

    /// Copies the log of writes into the database, as far as no reader needs it.
    pub(super) async fn checkpoint(&self) -> Result<()> {
        self.ask_patiently(Task::Checkpoint).await
    }

    /// Finishes what waits, does something else, and then closes the connection: the last one
    /// to a file that is closed leaves all that was written in it, if it can write.
    pub(super) async fn stop(&self, then: impl Future<Output = ()>) {
        self.stop.notify_one();
        let Some(End {
            done,
            close,
            closed,
        }) = self.end.lock().await.take()
        else {
            return then.await;
        };
        // If it broke off, so does what comes.
        let _ = done.await;
        then.await;
        drop(close);
        if closed.await.is_err() {
            tracing::error!("the writer did not end well");
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
            // The writer panicked over it, and said so in the log.
            Ok(Err(_)) => Err(Error::Unwritable),
            Err(_) => Err(Error::Busy("the database is too slow")),
        }
    }

    /// Waits for a place, and for the answer, as long as it takes: what was done in the end
    /// must not seem to have failed.
    async fn ask_patiently<T>(&self, task: impl FnOnce(Answer<T>) -> Task) -> Result<T> {
        let (answer, answered) = oneshot::channel();
        let queued = self.queue.send(task(answer)).await;
        queued.map_err(|_| Error::Stopping)?;
        answered.await.map_err(|_| Error::Unwritable)?
    }
}

/// Work that gives what it gave to whoever asked for it.
fn give<T, W>(work: W) -> (Work, oneshot::Receiver<T>)
where
    T: Send + 'static,
    W: for<'c> FnOnce(&'c mut Connection, Timestamp) -> BoxFuture<'c, Result<(T, News)>>
        + Send
        + 'static,
{
    let (give, given) = oneshot::channel();
    // Whoever sent what it is about may leave while it waits.
    let load = Load::current();
    let work: Work = Box::new(move |connection, now| {
        let working = work(connection, now);
        async move {
            let (value, news) = working.await?;
            // Nobody takes it unless the commit succeeds.
            let _ = give.send(value);
            drop(load);
            Ok(news)
        }
        .boxed()
    });
    (work, given)
}

/// Starts to work: where all tasks run, or, if a statement is not waited for but run
/// where it is called, on a thread that nobody else needs.
fn start(
    working: impl Future<Output = Option<Connection>> + Send + 'static,
    blocks: bool,
) -> Result<End> {
    let (tell_done, done) = oneshot::channel();
    let (close, wanted) = oneshot::channel::<()>();
    let (tell_closed, closed) = oneshot::channel();
    let end = End {
        done,
        close,
        closed,
    };
    let work = async move {
        let connection = working.await;
        // Nobody may wait for it any more.
        let _ = tell_done.send(());
        let _ = wanted.await;
        if let Some(connection) = connection
            && let Err(error) = connection.close().await
        {
            tracing::warn!(%error, "the database was not closed well");
        }
        let _ = tell_closed.send(());
    };
    if blocks {
        let failed = |source| Error::Io {
            context: "starting the thread that writes".to_owned(),
            source,
        };
        // Of its own: with the timers of another one it would panic once that one ends.
        let mut runtime = runtime::Builder::new_current_thread();
        let runtime = runtime.enable_time().build().map_err(failed)?;
        let thread = thread::Builder::new().name("writer".to_owned());
        let started = thread.spawn(move || runtime.block_on(work));
        started.map_err(failed)?;
    } else {
        tokio::spawn(work);
    }
    Ok(end)
}
