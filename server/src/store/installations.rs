//! Installations: recorded with all that they see, listed by account.

use std::collections::BTreeSet;

use jiff::Timestamp;

use super::{
    News, Store, backfills, bad_value,
    db::{self, Connection, Row},
    links::{self, Links, Scope},
    repositories, rows,
};
use crate::{
    Result,
    model::{
        Installation, InstallationFacts, InstallationId, InstallationState, InstallationSummary,
        Link, Repository, RepositoryId,
    },
};

/// An installation, as it was at one time.
pub(crate) struct InstallationSync {
    pub(crate) installation: Installation,
    /// Everything that it saw, if it was active.
    pub(crate) repositories: Vec<Repository>,
    /// Since when to load the history of repositories that never were.
    pub(crate) backfill_since: Option<Timestamp>,
}

impl Store {
    /// Lists installations by account and id, without those of which only that
    /// they were uninstalled is known.
    pub(crate) async fn installations(&self) -> Result<Vec<InstallationSummary>> {
        let rows = db::query(
            "SELECT id, account, state, account_id, all_repositories, missing_permissions, url,
                    update_time,
                    (SELECT COUNT(*) FROM installation_repository l
                     WHERE l.installation_id = installation.id AND l.present) AS repository_count
             FROM installation WHERE state <> 'deleted' OR account <> ''",
        )
        .fetch_all(&self.readers)
        .await?;
        let summaries = rows.iter().map(|row| {
            Ok(InstallationSummary {
                installation: read(row)?,
                repository_count: row.try_get("repository_count")?,
            })
        });
        let mut summaries: Vec<InstallationSummary> = summaries.collect::<Result<_>>()?;
        // Here and not in SQL: the two databases order texts differently.
        summaries.sort_by(|a, b| by_account(&a.installation).cmp(&by_account(&b.installation)));
        Ok(summaries)
    }
}

fn by_account(installation: &Installation) -> impl Ord + '_ {
    (&installation.facts.account, installation.id)
}

/// Records an installation and all that it sees.
pub(super) async fn sync(
    connection: &mut Connection,
    sync: &InstallationSync,
    now: Timestamp,
) -> Result<News> {
    let Installation { id, facts } = &sync.installation;
    merge(connection, &sync.installation).await?;
    let merged = repositories::merge(connection, &[&sync.repositories], now).await?;
    let ids = || sync.repositories.iter().map(|repository| repository.id);
    if facts.state == InstallationState::Active {
        links::record_list(connection, *id, facts.update_time, ids()).await?;
    }
    let turned = links::settle(connection, Scope::Installation(*id), now).await?;
    if let Some(since) = sync.backfill_since {
        backfills::start_first(connection, ids(), since, now).await?;
    }
    Ok(News {
        changes: Vec::new(),
        list_again: turned || merged.relabelled,
        ..News::default()
    })
}

/// Records that an installation lost some repositories.
pub(super) async fn remove(
    connection: &mut Connection,
    installation: InstallationId,
    repositories: &BTreeSet<RepositoryId>,
    time: Timestamp,
    now: Timestamp,
) -> Result<News> {
    let absent = repositories
        .iter()
        .map(|repository| ((installation, *repository), Link::absent(time)));
    let absent: Links = absent.collect();
    links::record(connection, &absent).await?;
    let list_again = links::settle(connection, Scope::Repositories(repositories), now).await?;
    Ok(News {
        changes: Vec::new(),
        list_again,
        ..News::default()
    })
}

async fn merge(connection: &mut Connection, installation: &Installation) -> Result<()> {
    let row = db::query(
        "SELECT id, account, state, account_id, all_repositories, missing_permissions, url,
                update_time
         FROM installation WHERE id = $1",
    )
    .bind(installation.id.0)
    .fetch_optional(&mut *connection)
    .await?;
    let stored = row.as_ref().map(read).transpose()?;
    let Some(stored) = stored else {
        return write(connection, installation).await;
    };
    if stored.facts >= installation.facts {
        return Ok(());
    }
    write(connection, &still_named(installation, stored.facts)).await
}

/// GitHub tells no more of an installation that is gone: whose it was is what
/// was known before.
fn still_named(installation: &Installation, before: InstallationFacts) -> Installation {
    let mut named = installation.clone();
    let facts = &mut named.facts;
    if facts.state == InstallationState::Deleted && facts.account.is_empty() {
        facts.account = before.account;
        facts.account_id = before.account_id;
        facts.url = before.url;
    }
    named
}

async fn write(connection: &mut Connection, installation: &Installation) -> Result<()> {
    let facts = &installation.facts;
    let permissions = serde_json::to_string(&facts.missing_permissions);
    db::query(
        "INSERT INTO installation (id, account, state, account_id, all_repositories,
                                   missing_permissions, url, update_time)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
         ON CONFLICT (id) DO UPDATE SET
             account = excluded.account, state = excluded.state,
             account_id = excluded.account_id, all_repositories = excluded.all_repositories,
             missing_permissions = excluded.missing_permissions, url = excluded.url,
             update_time = excluded.update_time",
    )
    .bind(installation.id.0)
    .bind(&facts.account)
    .bind(facts.state.word())
    .bind(facts.account_id)
    .bind(facts.all_repositories)
    .bind(permissions.expect("texts make JSON"))
    .bind(&facts.url)
    .bind(facts.update_time.as_microsecond())
    .execute(connection)
    .await?;
    Ok(())
}

fn read(row: &Row) -> Result<Installation> {
    let id = InstallationId(row.try_get("id")?);
    let state: &str = row.try_get("state")?;
    let permissions: &str = row.try_get("missing_permissions")?;
    let bad =
        |column, problem: &dyn std::fmt::Display| bad_value("installation", column, &id, problem);
    let facts = InstallationFacts {
        update_time: rows::time(row, "installation", "update_time", id)?,
        state: InstallationState::from_word(state).ok_or_else(|| bad("state", &state))?,
        account: row.try_get("account")?,
        account_id: row.try_get("account_id")?,
        all_repositories: row.try_get("all_repositories")?,
        missing_permissions: serde_json::from_str(permissions)
            .map_err(|error| bad("missing_permissions", &error))?,
        url: row.try_get("url")?,
    };
    Ok(Installation { id, facts })
}
