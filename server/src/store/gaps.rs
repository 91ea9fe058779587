//! Gaps: found in what is stored, listed, counted and closed.
//!
//! Each kind has a partial index that holds little else than its gaps.

use futures_util::FutureExt as _;
use jiff::Timestamp;

use super::{
    Store, attempts,
    db::{Connection, Pool, Query, Snapshot},
    missed, rows, sql,
};
use crate::{
    Result,
    model::{BuildId, Closing, Gap, GapKind, GapName, InstallationId, Missing, RepositoryId},
};

/// Attempts that lack attempts below them.
const LACKS_ATTEMPTS: &str = "b.missing_attempts > 0";
/// Failed attempts whose jobs are missing, however old they are.
const LACKS_JOBS_FAILED: &str =
    "NOT b.jobs_complete AND NOT b.jobs_closed AND b.conclusion IN ('failure', 'timed_out')";
/// Others whose jobs are missing, if they have any and ended after a time.
const LACKS_JOBS_RECENT: &str = "NOT b.jobs_complete AND NOT b.jobs_closed \
     AND b.conclusion NOT IN ('failure', 'timed_out', 'startup_failure', 'action_required') \
     AND b.end_time >= ";
/// Attempts that are not over and did not change after a time.
const LACKS_END: &str = "b.end_time IS NULL AND NOT b.end_closed AND b.update_time < ";
/// Said of the columns that the indexes hold, so that counting reads them alone.
const SHOWN: &str =
    "b.repository_id NOT IN (SELECT id FROM repository WHERE hidden_time IS NOT NULL)";

/// What has the jobs of attempts, or their ends, not asked for any more.
const CLOSE_JOBS: &str = "UPDATE build SET jobs_closed = TRUE";
const CLOSE_END: &str = "UPDATE build SET end_closed = TRUE";

/// Which gaps to list.
pub(crate) struct GapQuery {
    pub(crate) kind: GapKind,
    /// Only those of these. None means any.
    pub(crate) repositories: Vec<RepositoryId>,
    /// Of deliveries, only those of these, the whole App standing for what nobody
    /// holds. None means any.
    pub(crate) installations: Vec<InstallationId>,
    pub(crate) limit: usize,
}

/// One way in which builds may lack something.
pub(super) struct Lack {
    condition: &'static str,
    /// What stands behind the condition.
    bound: Option<Timestamp>,
    /// Later ones come first.
    order: &'static str,
}

/// In which ways builds may have a gap of one kind.
pub(super) fn lacks(kind: GapKind, now: Timestamp) -> Vec<Lack> {
    let before = |span| now.saturating_sub(span).unwrap_or(Timestamp::MIN);
    let lack = |condition, bound, order| Lack {
        condition,
        bound,
        order,
    };
    match kind {
        GapKind::Attempt => vec![lack(LACKS_ATTEMPTS, None, "update_time")],
        GapKind::Jobs => {
            let recent = before(GapKind::RECENT);
            vec![
                lack(LACKS_JOBS_FAILED, None, "end_time"),
                lack(LACKS_JOBS_RECENT, Some(recent), "end_time"),
            ]
        }
        GapKind::End => {
            let silent = before(GapKind::SILENCE);
            vec![lack(LACKS_END, Some(silent), "update_time")]
        }
        GapKind::Delivery => Vec::new(),
    }
}

impl Store {
    /// Lists gaps of one kind: failures first, then the newest.
    pub(crate) async fn gaps(&self, asked: GapQuery, now: Timestamp) -> Result<Vec<Gap>> {
        let readers = &self.readers;
        if asked.kind == GapKind::Delivery {
            let now = self.lease_time(now).await?;
            return missed::list(readers, &asked, now).await;
        }
        let mut gaps = Vec::new();
        for lack in lacks(asked.kind, now) {
            let left = asked.limit - gaps.len();
            gaps.extend(list(readers, &asked, &lack, left).await?);
        }
        if asked.kind == GapKind::Attempt {
            gaps = below(readers, gaps).await?;
            gaps.truncate(asked.limit);
        }
        Ok(gaps)
    }

    /// Counts the gaps of one kind.
    pub(crate) async fn gap_count(&self, kind: GapKind, now: Timestamp) -> Result<i64> {
        self.answer(move |snapshot| count(snapshot, kind, now).boxed())
            .await
    }

    /// Closes gaps without a report.
    pub(crate) async fn close_gaps(&self, gaps: Vec<GapName>, closing: Closing) -> Result<()> {
        self.write(move |connection, now| close(connection, gaps, closing, now).boxed())
            .await
    }
}

async fn count(snapshot: &mut Snapshot, kind: GapKind, now: Timestamp) -> Result<i64> {
    if kind == GapKind::Delivery {
        return missed::count(snapshot).await;
    }
    let mut count = 0;
    for lack in lacks(kind, now) {
        let query = counting(kind, &lack);
        let row = query.fetch_one(&mut *snapshot).await?;
        count += row.try_get::<i64, _>(0)?;
    }
    Ok(count)
}

/// A query for the number of gaps of one lack.
pub(super) fn counting(kind: GapKind, lack: &Lack) -> Query {
    let mut query = Query::new(match kind {
        GapKind::Attempt => "SELECT COALESCE(SUM(b.missing_attempts), 0)",
        _ => "SELECT COUNT(*)",
    });
    query.push(" FROM build b WHERE ");
    push_lack(&mut query, lack);
    query
}

fn push_lack(query: &mut Query, lack: &Lack) {
    query.push(lack.condition);
    if let Some(bound) = lack.bound {
        query.push_bind(bound.as_microsecond());
    }
    query.push(" AND ").push(SHOWN);
}

/// A query for the builds of one lack.
pub(super) fn listing(asked: &GapQuery, lack: &Lack, limit: usize) -> Query {
    // The few builds first, and then their repositories: not the other way round.
    let mut query = Query::new(
        "SELECT g.run_id, g.run_attempt, g.repository_id, g.update_time, r.name, \
                r.installation_id \
         FROM (SELECT b.run_id, b.run_attempt, b.repository_id, b.update_time, b.end_time \
               FROM build b WHERE ",
    );
    push_lack(&mut query, lack);
    if !asked.repositories.is_empty() {
        query.push(" AND b.repository_id IN (");
        sql::push_list(&mut query, asked.repositories.iter().map(|id| &id.0));
        query.push(")");
    }
    query.push(" ORDER BY b.").push(lack.order);
    query.push(" DESC LIMIT ");
    query.push_bind(i64::try_from(limit).unwrap_or(i64::MAX));
    query.push(") g JOIN repository r ON r.id = g.repository_id ORDER BY g.");
    query.push(lack.order);
    query.push(" DESC, g.run_id DESC, g.run_attempt DESC");
    query
}

async fn list(readers: &Pool, asked: &GapQuery, lack: &Lack, limit: usize) -> Result<Vec<Gap>> {
    let query = listing(asked, lack, limit);
    let mut gaps = Vec::new();
    for row in query.fetch_all(readers).await? {
        let id = attempts::read(&row)?;
        gaps.push(Gap {
            missing: Missing::Build(asked.kind, id),
            repository: row.try_get("name")?,
            installation: InstallationId(row.try_get("installation_id")?),
            time: rows::time(&row, "build", "update_time", id)?,
        });
    }
    Ok(gaps)
}

/// From the latest attempts of runs to those that are missing below them, the
/// later ones first.
async fn below(readers: &Pool, latest: Vec<Gap>) -> Result<Vec<Gap>> {
    let builds = latest.iter().filter_map(|gap| match gap.missing {
        Missing::Build(_, id) => Some(id),
        Missing::Delivery(_) => None,
    });
    let builds: Vec<BuildId> = builds.collect();
    let runs: Vec<i64> = builds.iter().map(|id| id.run.0).collect();
    let found = attempts::known_or_given_up(readers, &runs).await?;
    let mut gaps = Vec::new();
    for (id, gap) in builds.into_iter().zip(latest) {
        let run = (id.run.0, id.repository);
        let is_found = |attempt: &i32| found.get(&run).is_some_and(|it| it.contains(attempt));
        let missing = (1..id.attempt).rev().filter(|attempt| !is_found(attempt));
        // A listing holds no more, and GitHub knows fewer.
        gaps.extend(missing.take(super::MOST_LISTED).map(|attempt| Gap {
            missing: Missing::Build(GapKind::Attempt, BuildId { attempt, ..id }),
            ..gap.clone()
        }));
    }
    Ok(gaps)
}

async fn close(
    connection: &mut Connection,
    gaps: Vec<GapName>,
    closing: Closing,
    now: Timestamp,
) -> Result<()> {
    let (mut lost, mut jobs, mut ends, mut guids) = (vec![], vec![], vec![], vec![]);
    for gap in gaps {
        match gap {
            GapName::Attempt(id) => lost.push(id),
            GapName::Jobs(id) => jobs.push(id),
            GapName::End(id) => ends.push(id),
            GapName::Delivery(guid) => guids.push(guid),
        }
    }
    attempts::give_up(connection, &lost, now).await?;
    attempts::run_on(connection, CLOSE_JOBS, &jobs).await?;
    attempts::run_on(connection, CLOSE_END, &ends).await?;
    missed::close(connection, &guids, closing, now).await
}
