//! What other servers on the same database took in, for those who watch here.
//!
//! Each commit leaves the builds that it changed, numbered without holes. As
//! writers take turns until their commits are through, a greater number is never
//! seen before a smaller one: whoever goes on from the last number that it saw
//! misses nothing, however late a commit was.

use std::{collections::BTreeSet, sync::Arc, time::Duration};

use secrecy::ExposeSecret as _;
use sqlx::postgres::PgListener;

use super::{
    News, Store, attempts,
    db::{Connection, Pool, Query, Row, query},
    sql,
};
use crate::{
    Database, Result,
    model::{Build, BuildId},
};

/// How often it is looked for what others took in, whether they said so or not.
const INTERVAL: Duration = Duration::from_millis(500);
/// How many changes are kept. Whoever is further behind lists again.
const KEPT: i64 = 10_000;
/// After how many changes older ones are deleted.
const TIDIED_AFTER: i64 = 1000;
/// How many changes are read at once.
const AT_ONCE: i64 = 1000;

const CHANNEL: &str = "lampboard_change";
const COLUMNS: [&str; 5] = ["number", "origin", "run_id", "run_attempt", "repository_id"];

/// What is to be told of other servers' commits.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Heard {
    /// The builds that changed, as they are now.
    pub(crate) builds: Vec<Build>,
    /// Those of them that are not shown any more.
    pub(crate) gone: Vec<BuildId>,
    /// Whether more changed than is told.
    pub(crate) list_again: bool,
}

/// Leaves what a commit changed, in its transaction. Nobody shares a file.
pub(super) async fn leave(
    connection: &mut Connection,
    origin: &Arc<str>,
    news: &News,
) -> Result<()> {
    let builds = news
        .changes
        .iter()
        .map(|change| Some(change.after.record.id));
    let all = news.list_again.then_some(None);
    let changes: Vec<Option<BuildId>> = builds.chain(all).collect();
    if changes.is_empty() || matches!(connection, Connection::File(_)) {
        return Ok(());
    }
    let before = last_number(&mut *connection).await?;
    let numbered: Vec<_> = (before + 1..).zip(changes).collect();
    for chunk in sql::chunks(&numbered) {
        let mut query = sql::insert("change", &COLUMNS);
        query.push_values(chunk, |mut row, (number, id)| {
            row.push_bind(*number)
                .push_bind(&**origin)
                .push_bind(id.map_or(0, |id| id.run.0))
                .push_bind(id.map_or(0, |id| id.attempt))
                .push_bind(id.map_or(0, |id| id.repository.0));
        });
        query.execute(&mut *connection).await?;
    }
    let last = numbered.last().map_or(before, |(number, _)| *number);
    if before / TIDIED_AFTER != last / TIDIED_AFTER {
        query("DELETE FROM change WHERE number <= $1")
            .bind(last - KEPT)
            .execute(&mut *connection)
            .await?;
    }
    // Heard once the commit is through. Only a hint: it may be lost.
    query("SELECT pg_notify($1, '')")
        .bind(CHANNEL)
        .execute(connection)
        .await?;
    Ok(())
}

async fn last_number(connection: &mut Connection) -> Result<i64> {
    let last = query("SELECT COALESCE(MAX(number), 0) FROM change")
        .fetch_one(connection)
        .await?;
    Ok(last.try_get(0)?)
}

/// Hears what other servers took in.
pub(crate) struct Feed {
    store: Store,
    /// None while the hints can not be heard.
    hints: Option<PgListener>,
    /// The last change that was seen. None while there was none.
    last: Option<Mark>,
}

/// A change, so that it is known again.
#[derive(PartialEq)]
struct Mark {
    number: i64,
    origin: String,
    id: BuildId,
}

impl Mark {
    fn read(row: &Row) -> Result<Self> {
        Ok(Self {
            number: row.try_get("number")?,
            origin: row.try_get("origin")?,
            id: attempts::read(row)?,
        })
    }

    /// The last change that there is.
    async fn last(readers: &Pool) -> Result<Option<Self>> {
        let mut query = select();
        query.push(" ORDER BY number DESC LIMIT 1");
        let row = query.fetch_optional(readers).await?;
        row.as_ref().map(Self::read).transpose()
    }
}

fn select() -> Query {
    let mut query = Query::new("SELECT ");
    query.push(COLUMNS.join(", ")).push(" FROM change");
    query
}

impl Store {
    /// Starts to hear what other servers take in from now on. None on a file, which
    /// no other server shares.
    pub(crate) async fn feed(&self) -> Result<Option<Feed>> {
        if matches!(self.database, Database::Sqlite(_)) {
            return Ok(None);
        }
        Ok(Some(Feed {
            last: Mark::last(&self.readers).await?,
            store: self.clone(),
            hints: None,
        }))
    }
}

impl Feed {
    /// Waits until there may be something to hear: for a hint, but not for long.
    pub(crate) async fn wait(&mut self) {
        if self.hints.is_none() {
            self.hints = listen(&self.store.database).await.ok();
        }
        let Some(hints) = &mut self.hints else {
            return tokio::time::sleep(INTERVAL).await;
        };
        if let Ok(Err(error)) = tokio::time::timeout(INTERVAL, hints.recv()).await {
            tracing::debug!(%error, "no hints of other servers: {error}");
            self.hints = None;
            tokio::time::sleep(INTERVAL).await;
        }
    }

    /// What others took in since the last time.
    pub(crate) async fn hear(&mut self) -> Result<Heard> {
        let mut query = select();
        // With the last one that was seen: it must still be there, and be the same.
        query.push(" WHERE number >= ");
        query.push_bind(self.last.as_ref().map_or(0, |last| last.number));
        query.push(" ORDER BY number LIMIT ");
        query.push_bind(AT_ONCE + 1);
        let rows = query.fetch_all(&self.store.readers).await?;
        let mut marks = rows.iter().map(Mark::read).collect::<Result<Vec<_>>>()?;
        if self.last.is_some() {
            if marks.first() != self.last.as_ref() {
                return self.begin_anew().await;
            }
            marks.remove(0);
        }
        let mut heard = Heard::default();
        let mut ids = BTreeSet::new();
        let mut seen = self.last.as_ref().map_or(0, |last| last.number);
        for Mark { number, origin, id } in &marks {
            // What lies between was deleted before we came to it.
            heard.list_again |= *number != seen + 1;
            seen = *number;
            if **origin == *self.store.origin {
                continue;
            }
            if id.repository.0 == 0 {
                heard.list_again = true;
            } else {
                ids.insert(*id);
            }
        }
        let ids: Vec<BuildId> = ids.into_iter().collect();
        heard.builds = self.store.builds_of(&ids).await?;
        let shown: BTreeSet<BuildId> = heard.builds.iter().map(|b| b.record.id).collect();
        heard.gone = ids.into_iter().filter(|id| !shown.contains(id)).collect();
        // Only now: what failed on the way is heard once more.
        self.last = marks.pop().or(self.last.take());
        Ok(heard)
    }

    /// The last change that was seen is not there any more: it is long ago, or the database
    /// was put back to an older state, where later changes have its number once more.
    async fn begin_anew(&mut self) -> Result<Heard> {
        self.last = Mark::last(&self.store.readers).await?;
        Ok(Heard {
            list_again: true,
            ..Heard::default()
        })
    }
}

async fn listen(database: &Database) -> Result<PgListener, sqlx::Error> {
    let Database::Postgres(url) = database else {
        return Err(sqlx::Error::PoolClosed);
    };
    let mut hints = PgListener::connect(url.expose_secret()).await?;
    hints.listen(CHANNEL).await?;
    Ok(hints)
}
