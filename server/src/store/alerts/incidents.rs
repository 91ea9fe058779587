//! Incidents: how workflows stand on branches, and what was red when.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::{
    super::{
        Store,
        db::{Connection, Query, Row},
        filter::patterns,
        rows, sql,
    },
    maybe_build,
};
use crate::{
    Result,
    model::{
        BuildId, Incident, IncidentKey, Pattern, Place, RepositoryId, RunId, Standing, TimeRange,
        WorkflowId,
    },
};

/// Run number, attempt and failure in one number: what is greatest decides.
const RANK: &str = "(CAST(b.run_number AS BIGINT) * 4294967296 \
     + CAST(b.run_attempt AS BIGINT) * 2 + CASE b.conclusion WHEN 'success' THEN 0 ELSE 1 END)";

const COLUMNS: [&str; 17] = [
    "id",
    "repository_id",
    "workflow_id",
    "branch",
    "head_repository",
    "workflow",
    "first_run_id",
    "first_run_attempt",
    "last_run_id",
    "last_run_attempt",
    "success_run_id",
    "success_run_attempt",
    "good_run_id",
    "good_run_attempt",
    "failure_count",
    "open_time",
    "resolve_time",
];

/// Which incidents to list, the last opened first.
pub(crate) struct IncidentQuery {
    pub(crate) repositories: Vec<Pattern>,
    pub(crate) branches: Vec<Pattern>,
    /// Open ones, resolved ones, or both.
    pub(crate) open: Option<bool>,
    pub(crate) open_time: TimeRange,
    /// Where the page before ended: its open time and id.
    pub(crate) after: Option<(i64, String)>,
    pub(crate) size: usize,
}

impl Store {
    /// Lists incidents of repositories that are seen, the last opened first, and what these
    /// are called.
    pub(crate) async fn incidents(&self, asked: IncidentQuery) -> Result<Vec<(Incident, String)>> {
        let mut query = select_shown();
        push_names(&mut query, &asked);
        match asked.open {
            Some(true) => query.push(" AND i.resolve_time IS NULL"),
            Some(false) => query.push(" AND i.resolve_time IS NOT NULL"),
            None => &mut query,
        };
        for (bound, time) in [
            (" AND i.open_time >= ", asked.open_time.start),
            (" AND i.open_time < ", asked.open_time.end),
        ] {
            if let Some(time) = time {
                query.push(bound).push_bind(time.as_microsecond());
            }
        }
        if let Some((time, id)) = asked.after {
            query.push(" AND (i.open_time, i.id) < (").push_bind(time);
            query.push(", ").push_bind(id).push(")");
        }
        query.push(" ORDER BY i.open_time DESC, i.id DESC LIMIT ");
        query.push_bind(i64::try_from(asked.size).unwrap_or(i64::MAX));
        let rows = query.fetch_all(&self.readers).await?;
        rows.iter().map(read_shown).collect()
    }

    /// Finds an incident of a repository that is seen, and what that is called.
    pub(crate) async fn incident(&self, id: &str) -> Result<Option<(Incident, String)>> {
        let mut query = select_shown();
        query.push(" AND i.id = ").push_bind(id.to_owned());
        let row = query.fetch_optional(&self.readers).await?;
        row.as_ref().map(read_shown).transpose()
    }
}

fn push_names(query: &mut Query, asked: &IncidentQuery) {
    let lower: Vec<Pattern> = asked
        .repositories
        .iter()
        .map(Pattern::to_ascii_lowercase)
        .collect();
    patterns(query, "lower(r.name)", &lower);
    patterns(
        query,
        "CASE WHEN i.head_repository = '' THEN i.branch \
         ELSE i.head_repository || ':' || i.branch END",
        &asked.branches,
    );
}

/// How workflows stand on branches, by the builds that are stored, and what is open of them.
pub(super) async fn standings(
    connection: &mut Connection,
    keys: &[IncidentKey],
) -> Result<BTreeMap<IncidentKey, Standing>> {
    let mut standings = BTreeMap::new();
    for chunk in sql::padded(keys) {
        for row in select_standings(&chunk).fetch_all(&mut *connection).await? {
            let rank: Option<i64> = row.try_get("rank")?;
            let id: Option<&str> = row.try_get("id")?;
            let standing = Standing {
                highest: rank.map(unrank),
                is_red: rank.is_some_and(|rank| rank & 1 == 1),
                open: id.map(|_| read(&row)).transpose()?,
                ..Standing::default()
            };
            if let Some(key) = of_place(&chunk, &row)? {
                standings.insert(key.clone(), standing);
            }
        }
    }
    Ok(standings)
}

/// The highest builds that decided, and open incidents, in one statement for many: each by its
/// place in the list.
pub(in crate::store) fn select_standings(keys: &[IncidentKey]) -> Query {
    let mut query = Query::new("SELECT k.column1 AS place, (SELECT ");
    query.push(RANK);
    query.push(
        " FROM build b WHERE b.repository_id = k.column2 AND b.workflow_id = k.column3 \
            AND b.branch = k.column4 AND b.head_repository = k.column5 \
            AND b.conclusion IN ('success', 'failure', 'timed_out', 'startup_failure') \
          ORDER BY b.run_number DESC, b.run_attempt DESC LIMIT 1) AS rank, ",
    );
    push_columns(&mut query);
    query.push(" FROM (");
    query.push_values(keys.iter().enumerate(), |mut row, (place, key)| {
        row.push_bind(i64::try_from(place).unwrap_or_default())
            .push_bind(key.repository.0)
            .push_bind(key.workflow.0)
            .push_bind(key.branch.clone())
            .push_bind(key.head_repository.clone());
    });
    query.push(
        ") AS k LEFT JOIN incident i ON i.repository_id = k.column2 \
            AND i.workflow_id = k.column3 AND i.branch = k.column4 \
            AND i.head_repository = k.column5 AND i.resolve_time IS NULL",
    );
    query
}

/// What a row is of, by its place in the list that was asked for.
fn of_place<'a, T>(asked: &'a [T], row: &Row) -> Result<Option<&'a T>> {
    let place: i64 = row.try_get("place")?;
    Ok(usize::try_from(place).ok().and_then(|it| asked.get(it)))
}

fn unrank(rank: i64) -> Place {
    let half = |number: i64| i32::try_from(number).unwrap_or(i32::MAX);
    Place {
        run_number: half(rank >> 32),
        run_attempt: half((rank & 0xffff_ffff) >> 1),
    }
}

/// The last successes of workflows on branches, each below a place, where there are some.
pub(super) async fn last_successes(
    connection: &mut Connection,
    below: &[(IncidentKey, Place)],
) -> Result<BTreeMap<IncidentKey, BuildId>> {
    let mut found = BTreeMap::new();
    for chunk in sql::padded(below) {
        let rows = select_successes(&chunk).fetch_all(&mut *connection).await?;
        for row in rows {
            let Some((key, _)) = of_place(&chunk, &row)? else {
                continue;
            };
            let build = maybe_build(&row, ("run_id", "run_attempt"), key.repository)?;
            found.extend(build.map(|build| (key.clone(), build)));
        }
    }
    Ok(found)
}

/// Each by its own way through the index.
pub(in crate::store) fn select_successes(below: &[(IncidentKey, Place)]) -> Query {
    let mut query = Query::new("");
    for (place, (key, highest)) in below.iter().enumerate() {
        if place > 0 {
            query.push(" UNION ALL ");
        }
        query
            .push("SELECT CAST(")
            .push_bind(i64::try_from(place).unwrap_or_default());
        query.push(
            " AS BIGINT) AS place, run_id, run_attempt FROM (SELECT run_id, run_attempt \
             FROM build WHERE conclusion = 'success' AND repository_id = ",
        );
        query.push_bind(key.repository.0);
        query.push(" AND workflow_id = ").push_bind(key.workflow.0);
        query.push(" AND branch = ").push_bind(key.branch.clone());
        query
            .push(" AND head_repository = ")
            .push_bind(key.head_repository.clone());
        query.push(" AND (run_number, run_attempt) < (");
        query.push_bind(highest.run_number);
        query.push(", ").push_bind(highest.run_attempt);
        query.push(") ORDER BY run_number DESC, run_attempt DESC LIMIT 1) AS last");
    }
    query
}

/// Writes incidents as they are now.
pub(super) async fn write(connection: &mut Connection, incidents: &[Incident]) -> Result<()> {
    for chunk in sql::chunks(incidents) {
        let mut query = sql::insert("incident", &COLUMNS);
        query.push_values(chunk, |mut row, incident| {
            let key = &incident.key;
            row.push_bind(incident.id.clone())
                .push_bind(key.repository.0)
                .push_bind(key.workflow.0)
                .push_bind(key.branch.clone())
                .push_bind(key.head_repository.clone())
                .push_bind(incident.workflow.clone());
            for id in [
                Some(incident.first_failure),
                Some(incident.last_failure),
                incident.success,
                incident.last_success,
            ] {
                row.push_bind(id.map(|id| id.run.0));
                row.push_bind(id.map(|id| id.attempt));
            }
            row.push_bind(incident.failure_count)
                .push_bind(incident.open_time.as_microsecond())
                .push_bind(incident.resolve_time.map(Timestamp::as_microsecond));
        });
        sql::push_overwrite(&mut query, &["id"], &COLUMNS);
        query.execute(&mut *connection).await?;
    }
    Ok(())
}

/// Those of repositories that are seen.
fn select_shown() -> Query {
    let mut query = Query::new("SELECT r.name AS repository_name, ");
    push_columns(&mut query);
    query.push(
        " FROM incident i JOIN repository r ON r.id = i.repository_id \
         WHERE r.hidden_time IS NULL",
    );
    query
}

fn push_columns(query: &mut Query) {
    let mut columns = query.separated(", ");
    for column in COLUMNS {
        columns.push("i.").push_unseparated(column);
    }
}

fn read_shown(row: &Row) -> Result<(Incident, String)> {
    Ok((read(row)?, row.try_get("repository_name")?))
}

fn read(row: &Row) -> Result<Incident> {
    let id: String = row.try_get("id")?;
    let repository = RepositoryId(row.try_get("repository_id")?);
    let failure = |run, attempt| {
        Ok::<_, crate::Error>(BuildId {
            run: RunId(row.try_get(run)?),
            attempt: row.try_get(attempt)?,
            repository,
        })
    };
    Ok(Incident {
        key: IncidentKey {
            repository,
            workflow: WorkflowId(row.try_get("workflow_id")?),
            branch: row.try_get("branch")?,
            head_repository: row.try_get("head_repository")?,
        },
        workflow: row.try_get("workflow")?,
        first_failure: failure("first_run_id", "first_run_attempt")?,
        last_failure: failure("last_run_id", "last_run_attempt")?,
        success: maybe_build(row, ("success_run_id", "success_run_attempt"), repository)?,
        last_success: maybe_build(row, ("good_run_id", "good_run_attempt"), repository)?,
        failure_count: row.try_get("failure_count")?,
        open_time: rows::time(row, "incident", "open_time", &id)?,
        resolve_time: rows::maybe_time(row, "incident", "resolve_time", &id)?,
        id,
    })
}
