//! Which builds are of which pull request: kept beside the builds, and looked up by lists.

use std::collections::BTreeSet;

use super::super::{
    db::{Connection, Query, query},
    recount::Recounted,
    sql,
};
use crate::{
    Result,
    model::{BuildRecord, Filter},
};

/// In the order of the table, which is that of lists.
const COLUMNS: [&str; 5] = [
    "number",
    "start_time",
    "run_id",
    "run_attempt",
    "repository_id",
];

/// One of the pull requests of a build.
type Row = (i32, i64, i64, i32, i64);

/// Keeps up with builds as they were and are.
pub(in crate::store) async fn follow<'a>(
    connection: &mut Connection,
    builds: impl Iterator<Item = (Option<&'a BuildRecord>, Option<&'a BuildRecord>)>,
) -> Result<()> {
    let (mut gone, mut new) = (Vec::new(), Vec::new());
    for (before, after) in builds {
        let (before, after) = (rows(before), rows(after));
        gone.extend(before.difference(&after).copied());
        new.extend(after.difference(&before).copied());
    }
    for chunk in sql::padded(&gone) {
        let mut query = Query::new("DELETE FROM build_pull_request WHERE number IN (");
        // The first conditions are what the index knows.
        sql::push_list(&mut query, chunk.iter().map(|row| &row.0));
        query.push(") AND start_time IN (");
        sql::push_list(&mut query, chunk.iter().map(|row| &row.1));
        query
            .push(") AND (")
            .push(COLUMNS.join(", "))
            .push(") IN (");
        push_rows(&mut query, &chunk);
        query.push(")");
        query.execute(&mut *connection).await?;
    }
    for chunk in sql::chunks(&new) {
        let mut query = sql::insert("build_pull_request", &COLUMNS);
        push_rows(&mut query, chunk);
        query.push(" ON CONFLICT DO NOTHING");
        query.execute(&mut *connection).await?;
    }
    Ok(())
}

/// Of how many pull requests a build is.
pub(in crate::store) fn count(build: &BuildRecord) -> i64 {
    i64::try_from(rows(Some(build)).len()).unwrap_or(i64::MAX)
}

/// Looks whether what is kept is what all builds say.
pub(in crate::store) async fn recount(
    snapshot: &mut Connection,
    recounted: &mut Recounted,
) -> Result<()> {
    let expected = recounted.pull_requests;
    for (series, counting) in [
        (
            "pull requests of builds",
            "SELECT COUNT(*) FROM build_pull_request",
        ),
        (
            "pull requests that builds have",
            "SELECT COUNT(*) FROM build_pull_request p
             JOIN build b ON b.run_id = p.run_id AND b.run_attempt = p.run_attempt
                 AND b.repository_id = p.repository_id AND b.start_time = p.start_time
                 AND b.pull_requests LIKE '%,' || CAST(p.number AS TEXT) || ',%'",
        ),
    ] {
        let row = query(counting).fetch_one(&mut *snapshot).await?;
        let kept: i64 = row.try_get(0)?;
        recounted.compare(
            || series.to_owned(),
            None,
            (&kept, &expected),
            i64::to_string,
        );
    }
    Ok(())
}

fn rows(build: Option<&BuildRecord>) -> BTreeSet<Row> {
    let Some(BuildRecord { id, facts, .. }) = build else {
        return BTreeSet::new();
    };
    let start = facts.start_time.as_microsecond();
    let row = |number: &i32| (*number, start, id.run.0, id.attempt, id.repository.0);
    facts.pull_requests.iter().map(row).collect()
}

fn push_rows(query: &mut Query, rows: &[Row]) {
    query.push_values(
        rows,
        |mut row, (number, start, run, attempt, repository)| {
            row.push_bind(*number)
                .push_bind(*start)
                .push_bind(*run)
                .push_bind(*attempt)
                .push_bind(*repository);
        },
    );
}

/// Begins to select the builds of the pull requests of a filter that started from the one
/// time to the other. `p` has the order of lists.
pub(super) fn push_source(query: &mut Query, filter: &Filter, (from, until): (i64, i64)) {
    query.push("(SELECT ");
    if let [number] = &filter.pull_requests[..] {
        push_columns(query);
        query.push(" WHERE number = ").push_bind(*number);
    } else {
        // A build may be of several.
        query.push("DISTINCT ");
        push_columns(query);
        query.push(" WHERE number IN (");
        sql::push_list(query, &filter.pull_requests);
        query.push(")");
    }
    query.push(" AND start_time >= ").push_bind(from);
    query.push(" AND start_time <= ").push_bind(until);
    query.push(
        ") p CROSS JOIN repository r CROSS JOIN build b \
         WHERE r.id = p.repository_id AND b.run_id = p.run_id \
           AND b.run_attempt = p.run_attempt AND b.repository_id = p.repository_id AND ",
    );
}

fn push_columns(query: &mut Query) {
    query.push("start_time, run_id, run_attempt, repository_id FROM build_pull_request");
}
