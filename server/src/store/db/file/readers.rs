//! Connections that read a file, to be had by whoever reads: one after the other, if all are in
//! use.
//!
//! A statement is run where it is called, and the runtime is told so, so that nobody else waits
//! for it. Over sqlx each row was handed from one thread to another, which took three times as
//! long as reading it.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use tokio::{
    runtime::{Handle, RuntimeFlavor},
    sync::{Mutex, OwnedMappedMutexGuard, OwnedMutexGuard, OwnedSemaphorePermit, Semaphore},
    task::block_in_place,
    time::timeout,
};

use super::{super::all_in_use, FileConnection};

/// After how many steps of a statement `SQLite` looks whether its time is up: some
/// hundred microseconds.
const STEPS: i32 = 10_000;

/// Some connections, each with a turn: who has one finds a connection that is free.
#[derive(Clone)]
pub(in crate::store) struct FileReaders {
    /// None once it is closed.
    connections: Arc<[Arc<Mutex<Option<FileConnection>>>]>,
    turns: Arc<Semaphore>,
    patience: Duration,
}

impl FileReaders {
    pub(in crate::store) fn new(connections: Vec<FileConnection>, patience: Duration) -> Self {
        Self {
            turns: Arc::new(Semaphore::new(connections.len())),
            connections: connections
                .into_iter()
                .map(|connection| Arc::new(Mutex::new(Some(connection))))
                .collect(),
            patience,
        }
    }

    /// Waits for one that is free.
    pub(in crate::store::db) async fn acquire(&self) -> Result<FileReader, sqlx::Error> {
        let turn = timeout(self.patience, Arc::clone(&self.turns).acquire_owned()).await;
        let turn = turn.map_err(|_| all_in_use())?;
        let turn = turn.map_err(|_| sqlx::Error::PoolClosed)?;
        let mut all = self.connections.iter();
        let free = all.find_map(|connection| {
            let connection = Arc::clone(connection).try_lock_owned().ok()?;
            OwnedMutexGuard::try_map(connection, Option::as_mut).ok()
        });
        Ok(FileReader {
            connection: free.ok_or(sqlx::Error::PoolClosed)?,
            _turn: turn,
        })
    }

    /// Gives none any more, waits for those that are in use, and closes all.
    pub(in crate::store::db) async fn close(&self) {
        self.turns.close();
        for connection in self.connections.iter() {
            let connection = connection.lock().await.take();
            if let Some(Err(error)) = connection.map(FileConnection::close) {
                tracing::warn!(%error, "can not close a connection that read");
            }
        }
    }
}

/// One of them, in use.
pub(in crate::store) struct FileReader {
    // Before the turn: whoever has that next finds it free.
    connection: OwnedMappedMutexGuard<Option<FileConnection>, FileConnection>,
    _turn: OwnedSemaphorePermit,
}

impl FileReader {
    /// Does something with it.
    pub(in crate::store::db) fn with<T>(&mut self, act: impl FnOnce(&FileConnection) -> T) -> T {
        in_place(|| act(&self.connection))
    }
}

/// One of them, in a transaction that ends with it.
pub(in crate::store) struct FileSnapshot(FileReader);

impl FileSnapshot {
    pub(in crate::store::db) fn begin(mut reader: FileReader) -> Result<Self, sqlx::Error> {
        reader.with(|connection| connection.run("BEGIN"))?;
        Ok(Self(reader))
    }

    /// Has statements fail once the time is up.
    pub(in crate::store::db) fn end_within(&self, patience: Duration) -> Result<(), sqlx::Error> {
        let deadline = Instant::now() + patience;
        self.0
            .connection
            .interrupt_when(STEPS, move || Instant::now() >= deadline)
    }

    pub(in crate::store::db) fn reader(&mut self) -> &mut FileReader {
        &mut self.0
    }
}

impl Drop for FileSnapshot {
    fn drop(&mut self) {
        let connection = &self.0.connection;
        let ended = connection.interrupt_never();
        if let Err(error) = ended.and_then(|()| connection.run("ROLLBACK")) {
            tracing::warn!(%error, "can not end a transaction that read");
        }
    }
}

/// Runs what blocks: other tasks of this thread go on at another one, if there are several.
fn in_place<T>(act: impl FnOnce() -> T) -> T {
    match Handle::try_current().map(|runtime| runtime.runtime_flavor()) {
        Ok(RuntimeFlavor::MultiThread) => block_in_place(act),
        _ => act(),
    }
}

#[cfg(test)]
mod tests {
    use super::{super::super::query, *};

    fn readers(folder: &tempfile::TempDir, count: usize) -> FileReaders {
        let path = folder.path().join("file");
        std::fs::File::create(&path).unwrap();
        let open = |_| FileConnection::open(&path, Duration::ZERO).unwrap();
        FileReaders::new((0..count).map(open).collect(), Duration::from_millis(1))
    }

    fn one(reader: &mut FileReader) -> Result<usize, sqlx::Error> {
        reader.with(|connection| Ok(connection.fetch(query("SELECT 1"), 9)?.len()))
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn each_is_had_by_one_and_comes_back() {
        let folder = tempfile::tempdir().unwrap();
        let readers = readers(&folder, 2);
        for _ in 0..3 {
            let mut some = readers.acquire().await.unwrap();
            let mut other = readers.acquire().await.unwrap();
            assert_eq!((one(&mut some).unwrap(), one(&mut other).unwrap()), (1, 1));
            assert!(readers.acquire().await.is_err(), "all are in use");
        }
        readers.close().await;
        let closed = readers.acquire().await.map(drop);
        assert!(matches!(closed, Err(sqlx::Error::PoolClosed)), "{closed:?}");
    }

    #[tokio::test]
    async fn a_snapshot_leaves_neither_transaction_nor_deadline() {
        let folder = tempfile::tempdir().unwrap();
        let readers = readers(&folder, 1);
        let long = "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n \
                    WHERE i < 100000) SELECT MAX(i) FROM n";
        let reader = readers.acquire().await.unwrap();
        let mut snapshot = FileSnapshot::begin(reader).unwrap();
        snapshot.end_within(Duration::ZERO).unwrap();
        let given_up = snapshot.reader().with(|it| it.fetch(query(long), 1));
        let error = given_up.err().unwrap();
        let code = error.as_database_error().unwrap().code();
        assert_eq!(code.as_deref(), Some("9"));
        drop(snapshot);
        let reader = readers.acquire().await.unwrap();
        let mut snapshot = FileSnapshot::begin(reader).expect("no transaction is open");
        let found = snapshot.reader().with(|it| it.fetch(query(long), 1));
        assert_eq!(found.unwrap().len(), 1);
    }
}
