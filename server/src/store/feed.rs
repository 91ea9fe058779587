//! What the servers on one database took in, in one order, for those who watch here.
//!
//! Each commit leaves the builds that it changed, numbered without holes. As
//! writers take turns until their commits are through, a greater number is never
//! seen before a smaller one: whoever goes on from the last number that it saw
//! misses nothing, however late a commit was.
//!
//! What this server took in is told from here as well. Told by its writer, it could be
//! followed by an older state of the same build that was read for another server's commit.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use secrecy::ExposeSecret as _;
use sqlx::postgres::PgListener;

use super::{
    News, Store, attempts, builds,
    db::{Connection, Executor, Pool, Query, Row, query},
    open, sql,
};
use crate::{
    Database, Result,
    model::{Build, BuildId, Change},
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

/// How many of our own changes are kept until their turn. Of those beyond, the builds are read
/// once more.
const OWN: usize = 1000;

/// What is to be told of the commits since the last time.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Heard {
    /// The changes of builds that only this server took in, in their order.
    pub(crate) own: Vec<Change>,
    /// The other builds that changed, as they are now.
    pub(crate) builds: Vec<Build>,
    /// Those of them that are not shown any more.
    pub(crate) gone: Vec<BuildId>,
    /// Whether more changed than is told.
    pub(crate) list_again: bool,
}

/// What this server committed, by number, until the feed comes to it. Clones are the same.
#[derive(Clone, Default)]
pub(crate) struct Own(Arc<Mutex<BTreeMap<i64, Change>>>);

impl Own {
    /// Keeps the news of a commit that left something. Gives back what has no place in the
    /// order of commits.
    pub(crate) fn keep(&self, news: News) -> Option<News> {
        let Some(before) = news.left_after else {
            return Some(news);
        };
        let mut own = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        own.extend((before + 1..).zip(news.changes));
        while own.len() > OWN {
            own.pop_first();
        }
        None
    }

    /// Takes a change out, and forgets all before it.
    fn take(&self, number: i64) -> Option<Change> {
        let mut own = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let later = own.split_off(&number);
        *own = later;
        own.remove(&number)
    }
}

/// Leaves what a commit changed, in its transaction, and notes where. Nobody shares a file.
pub(super) async fn leave(
    connection: &mut Connection,
    origin: &Arc<str>,
    news: &mut News,
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
    news.left_after = Some(before);
    Ok(())
}

async fn last_number(connection: &mut Connection) -> Result<i64> {
    let last = query("SELECT COALESCE(MAX(number), 0) FROM change")
        .fetch_one(connection)
        .await?;
    Ok(last.try_get(0)?)
}

/// Hears what all servers took in.
pub(crate) struct Feed {
    /// Not one of those that questions wait for.
    reader: Pool,
    database: Database,
    origin: Arc<str>,
    own: Own,
    /// None while the hints can not be heard.
    hints: Option<PgListener>,
    /// The last change that was seen. None while there was none.
    last: Option<Mark>,
    /// Whether there is more than was read at once.
    is_behind: bool,
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
    async fn last<'c>(executor: impl Into<Executor<'c>>) -> Result<Option<Self>> {
        let mut query = select();
        query.push(" ORDER BY number DESC LIMIT 1");
        let row = query.fetch_optional(executor).await?;
        row.as_ref().map(Self::read).transpose()
    }
}

fn select() -> Query {
    let mut query = Query::new("SELECT ");
    query.push(COLUMNS.join(", ")).push(" FROM change");
    query
}

impl Store {
    /// Starts to hear what servers take in from now on, with what this one keeps of its own.
    /// None on a file, which no other server shares.
    pub(crate) async fn feed(&self, own: Own) -> Result<Option<Feed>> {
        let Some(reader) = open::feed_reader(&self.database).await? else {
            return Ok(None);
        };
        Ok(Some(Feed {
            last: Mark::last(&reader).await?,
            reader,
            database: self.database.clone(),
            origin: Arc::clone(&self.origin),
            own,
            hints: None,
            is_behind: false,
        }))
    }
}

impl Feed {
    /// Waits until there may be something to hear: for a hint, but not for long.
    pub(crate) async fn wait(&mut self) {
        if self.is_behind {
            return;
        }
        if self.hints.is_none() {
            self.hints = listen(&self.database).await.ok();
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

    /// What was taken in since the last time.
    pub(crate) async fn hear(&mut self) -> Result<Heard> {
        // Builds as they are after the last of the changes, and not after later ones, which may
        // be our own.
        let mut snapshot = self.reader.snapshot().await?;
        self.is_behind = false;
        let mut query = select();
        // With the last one that was seen: it must still be there, and be the same.
        query.push(" WHERE number >= ");
        query.push_bind(self.last.as_ref().map_or(0, |last| last.number));
        query.push(" ORDER BY number LIMIT ");
        query.push_bind(AT_ONCE + 1);
        let rows = query.fetch_all(&mut snapshot).await?;
        let mut marks = rows.iter().map(Mark::read).collect::<Result<Vec<_>>>()?;
        if self.last.is_some() {
            if marks.first() != self.last.as_ref() {
                // It is long ago, or the database was put back to an older state, where later
                // changes have its number once more.
                self.last = Mark::last(&mut snapshot).await?;
                return Ok(Heard {
                    list_again: true,
                    ..Heard::default()
                });
            }
            marks.remove(0);
        }
        let (mut heard, others) = self.sort(&marks);
        heard.builds = builds::shown_of(&mut snapshot, &others).await?;
        let shown: BTreeSet<BuildId> = heard.builds.iter().map(|b| b.record.id).collect();
        heard.gone = others
            .into_iter()
            .filter(|id| !shown.contains(id))
            .collect();
        self.is_behind = i64::try_from(rows.len()).is_ok_and(|read| read > AT_ONCE);
        // Only now: what failed on the way is heard once more.
        self.last = marks.pop().or(self.last.take());
        Ok(heard)
    }

    /// Parts what only this server changed from what is to be read. A build that others changed
    /// as well is read: it is then told once, as it is after all of that.
    fn sort(&self, marks: &[Mark]) -> (Heard, Vec<BuildId>) {
        let mut heard = Heard::default();
        let mut others = BTreeSet::new();
        let mut seen = self.last.as_ref().map_or(0, |last| last.number);
        for Mark { number, origin, id } in marks {
            // What lies between was deleted before we came to it.
            heard.list_again |= *number != seen + 1;
            seen = *number;
            let is_own = **origin == *self.origin;
            let own = self.own.take(*number);
            match own.filter(|own| is_own && own.after.record.id == *id) {
                Some(change) => heard.own.push(change),
                None if id.repository.0 == 0 => heard.list_again = true,
                None => {
                    others.insert(*id);
                }
            }
        }
        heard
            .own
            .retain(|change| !others.contains(&change.after.record.id));
        (heard, others.into_iter().collect())
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
