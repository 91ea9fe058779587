//! Connections to a server, to be had by whoever reads: one after the other, if all are in use.

use std::{sync::Arc, time::Duration};

use sqlx::{
    PgPool, Postgres, Transaction,
    pool::PoolConnection,
    postgres::{PgConnectOptions, PgPoolOptions},
};
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    time::timeout,
};

use super::all_in_use;

/// A pool that knows why there is no connection: because all are in use, or because none can be
/// opened. The turns are as many as the connections, so whoever has one and gets none can not
/// reach the server.
#[derive(Clone)]
pub(in crate::store) struct Readers {
    pool: PgPool,
    turns: Arc<Semaphore>,
    patience: Duration,
}

/// Lasts as long as the connection is in use.
pub(in crate::store) type Turn = OwnedSemaphorePermit;

impl Readers {
    /// Opens one connection; others are opened when they are needed.
    pub(in crate::store) async fn open(
        options: PgConnectOptions,
        count: u32,
        patience: Duration,
    ) -> Result<Self, sqlx::Error> {
        let pool = PgPoolOptions::new()
            .max_connections(count)
            .acquire_timeout(patience);
        Ok(Self {
            pool: pool.connect_with(options).await?,
            turns: Arc::new(Semaphore::new(count as usize)),
            patience,
        })
    }

    pub(super) async fn acquire(&self) -> Result<(PoolConnection<Postgres>, Turn), sqlx::Error> {
        let turn = self.turn().await?;
        Ok((self.pool.acquire().await?, turn))
    }

    pub(super) async fn begin(
        &self,
        begin: &'static str,
    ) -> Result<(Transaction<'static, Postgres>, Turn), sqlx::Error> {
        let turn = self.turn().await?;
        Ok((self.pool.begin_with(begin).await?, turn))
    }

    async fn turn(&self) -> Result<Turn, sqlx::Error> {
        let turn = timeout(self.patience, Arc::clone(&self.turns).acquire_owned()).await;
        let turn = turn.map_err(|_| all_in_use())?;
        turn.map_err(|_| sqlx::Error::PoolClosed)
    }

    pub(super) async fn close(&self) {
        self.turns.close();
        self.pool.close().await;
    }
}
