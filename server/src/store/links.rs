//! Which installation sees which repository, and which repositories nobody sees.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use super::{
    db::{self, Connection, Query, Row},
    rows, sql,
};
use crate::{
    Result,
    model::{InstallationId, Link, RepositoryId},
};

const COLUMNS: [&str; 4] = ["installation_id", "repository_id", "present", "update_time"];
const KEY: [&str; 2] = ["installation_id", "repository_id"];

/// The links by which `repository` is seen.
const SEEING: &str = "FROM installation_repository l \
     LEFT JOIN installation i ON i.id = l.installation_id \
     WHERE l.repository_id = repository.id AND l.present AND COALESCE(i.state, '') <> 'deleted'";

/// An installation and a repository.
pub(super) type Ends = (InstallationId, RepositoryId);

/// Links that were told.
pub(super) type Links = BTreeMap<Ends, Link>;

/// Keeps the greater one of two links between the same ends.
pub(super) fn add(links: &mut Links, ends: Ends, link: Link) {
    links
        .entry(ends)
        .and_modify(|known| *known = link.max(*known))
        .or_insert(link);
}

/// Records links; gives the repositories for which one is new or another now.
pub(super) async fn record(
    connection: &mut Connection,
    told: &Links,
) -> Result<BTreeSet<RepositoryId>> {
    let stored = of_ends(connection, told.keys().copied().collect()).await?;
    let new = told.keys().filter(|ends| !stored.contains_key(ends));
    let lists = list_times(connection, new.map(|(installation, _)| *installation)).await?;
    let mut changed = Vec::new();
    let mut turned = BTreeSet::new();
    for (ends, link) in told {
        // What a list of all did not name, was not there.
        let unlisted = lists.get(&ends.0).map(|time| Link::absent(*time));
        let before = stored.get(ends).copied();
        let after = Some(*link).max(before.or(unlisted));
        if before != after {
            changed.extend(after.map(|link| (*ends, link)));
        }
        if before.map(Link::is_present) != after.map(Link::is_present) {
            turned.insert(ends.1);
        }
    }
    write(connection, &changed).await?;
    Ok(turned)
}

/// Records the list of all repositories that an installation sees, as of a time.
pub(super) async fn record_list(
    connection: &mut Connection,
    installation: InstallationId,
    time: Timestamp,
    all: impl Iterator<Item = RepositoryId>,
) -> Result<()> {
    let mut told = Links::new();
    for ends in of_installation(connection, installation).await? {
        told.insert(ends, Link::absent(time));
    }
    told.extend(all.map(|repository| ((installation, repository), Link::present(time))));
    record(connection, &told).await?;
    db::query(
        "UPDATE installation SET list_time = $2
         WHERE id = $1 AND (list_time IS NULL OR list_time < $2)",
    )
    .bind(installation.0)
    .bind(time.as_microsecond())
    .execute(connection)
    .await?;
    Ok(())
}

/// The repositories that something is worked out for.
#[derive(Clone, Copy)]
pub(super) enum Scope<'a> {
    Repositories(&'a BTreeSet<RepositoryId>),
    /// All that the installation has a link with.
    Installation(InstallationId),
}

/// Works out which repositories are hidden, and through which installation the
/// others are seen. Says whether one was hidden or came back.
pub(super) async fn settle(
    connection: &mut Connection,
    scope: Scope<'_>,
    now: Timestamp,
) -> Result<bool> {
    match scope {
        Scope::Installation(id) => settle_some(connection, Some(id), &[], now).await,
        Scope::Repositories(ids) => {
            let ids: Vec<i64> = ids.iter().map(|id| id.0).collect();
            let mut turned = false;
            for chunk in sql::padded(&ids) {
                turned |= settle_some(connection, None, &chunk, now).await?;
            }
            Ok(turned)
        }
    }
}

async fn settle_some(
    connection: &mut Connection,
    installation: Option<InstallationId>,
    ids: &[i64],
    now: Timestamp,
) -> Result<bool> {
    let push_scope = |query: &mut Query| {
        query.push(" id IN (");
        if let Some(installation) = installation {
            query.push("SELECT repository_id FROM installation_repository ");
            query.push("WHERE installation_id = ");
            query.push_bind(installation.0);
        } else {
            sql::push_list(query, ids);
        }
        query.push(")");
    };
    let mut query = Query::new("UPDATE repository SET installation_id = ");
    let shown = format!(
        "COALESCE((SELECT l.installation_id {SEEING} \
         ORDER BY l.update_time DESC, l.installation_id DESC LIMIT 1), 0)"
    );
    query.push(&shown).push(" WHERE");
    push_scope(&mut query);
    query.push(" AND installation_id <> ").push(&shown);
    query.execute(&mut *connection).await?;

    let mut query = Query::new("UPDATE repository SET hidden_time = CASE ");
    query.push("WHEN hidden_time IS NULL THEN ");
    query.push_bind(now.as_microsecond());
    query.push(" END, return_time = CASE WHEN hidden_time IS NOT NULL THEN ");
    query.push_bind(now.as_microsecond()).push(" END WHERE");
    push_scope(&mut query);
    query.push(" AND (hidden_time IS NULL) <> EXISTS (SELECT 1 ");
    query.push(SEEING);
    query.push(
        ") AND EXISTS (SELECT 1 FROM installation_repository l \
         WHERE l.repository_id = repository.id)",
    );
    let turned = query.execute(&mut *connection).await?;
    Ok(turned > 0)
}

async fn of_ends(connection: &mut Connection, ends: Vec<Ends>) -> Result<Links> {
    let mut links = Links::new();
    for chunk in sql::padded(&ends) {
        let mut query = Query::new(
            "SELECT installation_id, repository_id, present, update_time \
             FROM installation_repository WHERE (installation_id, repository_id) IN (",
        );
        query.push_values(chunk, |mut row, (installation, repository)| {
            row.push_bind(installation.0).push_bind(repository.0);
        });
        query.push(")");
        for row in query.fetch_all(&mut *connection).await? {
            links.insert(read_ends(&row)?, read(&row)?);
        }
    }
    Ok(links)
}

async fn of_installation(
    connection: &mut Connection,
    installation: InstallationId,
) -> Result<Vec<Ends>> {
    let rows = db::query(
        "SELECT installation_id, repository_id FROM installation_repository
         WHERE installation_id = $1",
    )
    .bind(installation.0)
    .fetch_all(connection)
    .await?;
    rows.iter().map(read_ends).collect()
}

fn read_ends(row: &Row) -> Result<Ends> {
    Ok((
        InstallationId(row.try_get("installation_id")?),
        RepositoryId(row.try_get("repository_id")?),
    ))
}

fn read(row: &Row) -> Result<Link> {
    let repository: i64 = row.try_get("repository_id")?;
    let time = rows::time(row, "installation_repository", "update_time", repository)?;
    let present: bool = row.try_get("present")?;
    Ok(if present {
        Link::present(time)
    } else {
        Link::absent(time)
    })
}

/// As of when all repositories of some installations were last told.
async fn list_times(
    connection: &mut Connection,
    installations: impl Iterator<Item = InstallationId>,
) -> Result<BTreeMap<InstallationId, Timestamp>> {
    let ids: BTreeSet<i64> = installations.map(|id| id.0).collect();
    let ids: Vec<i64> = ids.into_iter().collect();
    let mut times = BTreeMap::new();
    for chunk in sql::padded(&ids) {
        let mut query = Query::new(
            "SELECT id, list_time FROM installation WHERE list_time IS NOT NULL AND id IN (",
        );
        sql::push_list(&mut query, &chunk);
        query.push(")");
        for row in query.fetch_all(&mut *connection).await? {
            let id = InstallationId(row.try_get("id")?);
            times.insert(id, rows::time(&row, "installation", "list_time", id)?);
        }
    }
    Ok(times)
}

async fn write(connection: &mut Connection, links: &[(Ends, Link)]) -> Result<()> {
    for chunk in sql::chunks(links) {
        let mut query = sql::insert("installation_repository", &COLUMNS);
        query.push_values(chunk, |mut row, ((installation, repository), link)| {
            row.push_bind(installation.0)
                .push_bind(repository.0)
                .push_bind(link.is_present())
                .push_bind(link.update_time().as_microsecond());
        });
        sql::push_overwrite(&mut query, &KEY, &COLUMNS);
        query.execute(&mut *connection).await?;
    }
    Ok(())
}
