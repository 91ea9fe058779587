//! The numbers: completed attempts of some intervals, added up by what they have in common.

use std::collections::HashMap;

use super::{
    Store, bad_value,
    db::{Executor, Query, Row},
    filter::{BRANCH_NAME, push_condition},
    rollup::{self, Scope},
    rows,
};
use crate::{
    Result,
    model::{Each, Filter, Finished, Intervals, Spread, Summary, Tally, TimeRange, elapsed},
};

/// Up to how many builds the numbers are made from the builds themselves. Beyond,
/// percentiles are of sketches, if there are rollups of what is asked for.
const EXACT: i64 = 500;

/// What builds are told apart by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Dimension {
    /// The repository.
    Repository,
    /// The workflow of a repository.
    Workflow,
    /// The branch of a repository, or of the fork that holds it.
    Branch,
    /// Who started the attempt.
    Actor,
}

/// What the builds of one row of a breakdown have in common.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Slice {
    /// The full name of the repository. Empty by actor.
    pub(crate) repository: String,
    /// The workflow, branch or actor. Empty by repository.
    pub(crate) value: String,
    /// The id of the repository. Zero by actor.
    pub(crate) repository_id: i64,
    /// The id of the workflow. Zero unless by workflow.
    pub(crate) workflow_id: i64,
}

/// Sums by what builds have in common, and by interval.
pub(super) type Sums<S> = HashMap<(Slice, usize), Tally<S>>;

impl Dimension {
    /// Writes the columns of `Slice`, of `b` joined to `repository r` and `workflow
    /// w`. A branch and an actor are in the columns that are given.
    pub(super) fn push_columns(self, query: &mut Query, [branch, actor]: [&str; 2]) {
        let (repository, repository_id) = match self {
            Self::Actor => ("''", "CAST(0 AS BIGINT)"),
            _ => ("r.name", "r.id"),
        };
        let (value, workflow_id) = match self {
            Self::Repository => ("''", "CAST(0 AS BIGINT)"),
            Self::Workflow => ("w.name", "w.id"),
            Self::Branch => (branch, "CAST(0 AS BIGINT)"),
            Self::Actor => (actor, "CAST(0 AS BIGINT)"),
        };
        query.push(repository).push(" AS slice_repository, ");
        query.push(value).push(" AS slice_value, ");
        query.push(repository_id).push(" AS slice_repository_id, ");
        query.push(workflow_id).push(" AS slice_workflow_id");
    }
}

impl Store {
    /// Sums up the builds of each interval.
    pub(crate) async fn summaries(
        &self,
        filter: &Filter,
        intervals: &Intervals,
    ) -> Result<Vec<Summary>> {
        let mut all = self.sum_up(filter, intervals, None, EXACT).await?;
        let nothing = vec![Summary::default(); intervals.ends.len()];
        Ok(all.remove(&Slice::default()).unwrap_or(nothing))
    }

    /// Sums up the builds of an interval, and those that run now, by what they have
    /// in common.
    pub(crate) async fn summaries_by(
        &self,
        filter: &Filter,
        intervals: &Intervals,
        dimension: Dimension,
    ) -> Result<HashMap<Slice, Summary>> {
        let sums = self
            .sum_up(filter, intervals, Some(dimension), EXACT)
            .await?;
        let of_one = |(slice, mut all): (Slice, Vec<Summary>)| Some((slice, all.pop()?));
        let mut summaries: HashMap<_, _> = sums.into_iter().filter_map(of_one).collect();
        for (slice, running) in self.running(filter, Some(dimension)).await? {
            summaries.entry(slice).or_default().running = running;
        }
        Ok(summaries)
    }

    /// How many builds run now.
    pub(crate) async fn count_running(&self, filter: &Filter) -> Result<usize> {
        let counts = self.running(filter, None).await?;
        Ok(counts.iter().map(|(_, count)| count).sum())
    }

    /// Sums up each interval of each slice: from the builds themselves where they
    /// are at most `exact`, from rollups where there are more.
    pub(super) async fn sum_up(
        &self,
        filter: &Filter,
        intervals: &Intervals,
        dimension: Option<Dimension>,
        exact: i64,
    ) -> Result<HashMap<Slice, Vec<Summary>>> {
        let mut snapshot = self.readers.snapshot().await?;
        let scope = Scope::of(filter, dimension);
        let scope = match scope {
            Some(scope) if rollup::at_most(&mut snapshot, intervals).await? > exact => Some(scope),
            _ => None,
        };
        let Some(scope) = scope else {
            let mut sums = Sums::<Each>::new();
            let all = intervals.range();
            add_builds(&mut snapshot, filter, intervals, all, dimension, &mut sums).await?;
            return Ok(summaries(&sums, intervals));
        };
        let mut sums = Sums::new();
        for part in rollup::read(&mut snapshot, &scope, intervals, &mut sums).await? {
            add_builds(&mut snapshot, filter, intervals, part, dimension, &mut sums).await?;
        }
        Ok(summaries(&sums, intervals))
    }

    async fn running(
        &self,
        filter: &Filter,
        dimension: Option<Dimension>,
    ) -> Result<Vec<(Slice, usize)>> {
        let filter = Filter {
            end_time: TimeRange::default(),
            ..filter.clone()
        };
        let mut query = Query::new("SELECT COUNT(*) AS running");
        push_slice(&mut query, dimension);
        query.push(" AND b.end_time IS NULL AND b.latest_attempt AND ");
        push_condition(&mut query, &filter);
        if dimension.is_some() {
            query.push(
                " GROUP BY slice_repository, slice_value, slice_repository_id, slice_workflow_id",
            );
        }
        let mut counts = Vec::new();
        for row in query.fetch_all(&self.readers).await? {
            let running: i64 = row.try_get("running")?;
            let running = usize::try_from(running).unwrap_or_default();
            counts.push((slice(&row, dimension)?, running));
        }
        Ok(counts)
    }
}

fn summaries<S: Spread>(sums: &Sums<S>, intervals: &Intervals) -> HashMap<Slice, Vec<Summary>> {
    let mut summaries: HashMap<Slice, Vec<Summary>> = HashMap::new();
    for ((slice, index), sum) in sums {
        let all = summaries
            .entry(slice.clone())
            .or_insert_with(|| vec![Summary::default(); intervals.ends.len()]);
        if let Some(summary) = all.get_mut(*index) {
            *summary = sum.summary();
        }
    }
    summaries
}

/// Adds the builds of a part of some intervals, one row at a time: it may be as long
/// as the history.
async fn add_builds<S: Spread>(
    executor: impl Into<Executor<'_>>,
    filter: &Filter,
    intervals: &Intervals,
    part: TimeRange,
    dimension: Option<Dimension>,
    sums: &mut Sums<S>,
) -> Result<()> {
    let filter = Filter {
        end_time: part,
        ..filter.clone()
    };
    let mut query = Query::new(
        "SELECT b.status, b.conclusion, b.run_id, b.run_attempt, b.counted, b.start_time, \
         b.jobs_start_time, b.end_time",
    );
    push_slice(&mut query, dimension);
    query.push(" AND b.end_time IS NOT NULL AND ");
    push_condition(&mut query, &filter);
    let each = |row: Row| -> Result<()> {
        let (end, finished) = finished(&row)?;
        if let Some(index) = intervals.index(end) {
            let slice = slice(&row, dimension)?;
            sums.entry((slice, index)).or_default().count(&finished, 1);
        }
        Ok(())
    };
    query.fetch_each(executor, each).await
}

fn push_slice(query: &mut Query, dimension: Option<Dimension>) {
    if let Some(dimension) = dimension {
        query.push(", ");
        dimension.push_columns(query, [BRANCH_NAME, "b.triggering_actor"]);
    }
    // From the builds of a time to their repositories, not the other way round.
    query.push(" FROM build b CROSS JOIN repository r");
    if dimension == Some(Dimension::Workflow) {
        query.push(" CROSS JOIN workflow w");
    }
    query.push(" WHERE r.id = b.repository_id");
    if dimension == Some(Dimension::Workflow) {
        query.push(" AND w.repository_id = b.repository_id AND w.id = b.workflow_id");
    }
}

/// Reads what `Dimension::push_columns` wrote.
pub(super) fn slice(row: &Row, dimension: Option<Dimension>) -> Result<Slice> {
    if dimension.is_none() {
        return Ok(Slice::default());
    }
    Ok(Slice {
        repository: row.try_get("slice_repository")?,
        value: row.try_get("slice_value")?,
        repository_id: row.try_get("slice_repository_id")?,
        workflow_id: row.try_get("slice_workflow_id")?,
    })
}

fn finished(row: &Row) -> Result<(jiff::Timestamp, Finished)> {
    let run: i64 = row.try_get("run_id")?;
    let start = rows::time(row, "build", "start_time", run)?;
    let end = rows::time(row, "build", "end_time", run)?;
    let jobs_start = rows::maybe_time(row, "build", "jobs_start_time", run)?;
    let status = rows::status(row)?;
    let conclusion = status
        .conclusion()
        .ok_or_else(|| bad_value("build", "status", &run, &"has an end and is not completed"))?;
    let finished = Finished {
        conclusion: conclusion.clone(),
        attempt: row.try_get("run_attempt")?,
        counted: row.try_get("counted")?,
        wall_time: elapsed(start, end),
        queue_time: jobs_start.map(|first| elapsed(start, first)),
        run_time: jobs_start.map(|first| elapsed(first, end)),
    };
    Ok((end, finished))
}
