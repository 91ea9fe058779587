//! The numbers: completed attempts of some intervals, added up by what they have in common.
//!
//! Whoever asks may ask for much. So a question is given a few seconds, and durations are kept
//! one by one only while they are few.

mod builds;
mod counter;

#[cfg(test)]
pub(super) use builds::statements;

use std::{collections::HashMap, time::Duration};

use super::{
    Store,
    db::{Query, Row, Snapshot},
    filter::push_condition,
    rollup::{self, Scope},
};
use crate::{
    Error, Result,
    model::{Filter, Intervals, Spread, Summary, Tally, TimeRange},
};
use builds::{Way, push_slice};
use counter::Counter;

/// How long a question is looked into.
const PATIENCE: Duration = Duration::from_secs(5);

/// Up to how many builds of the window the numbers are made from the builds themselves.
/// Beyond, they are of rollups, if there are some of what is asked for.
const EXACT: i64 = 500;
/// How many times as many that is where an index leads to them alone.
const FEW: i64 = 20;

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
        self.sum_up_within(filter, intervals, dimension, exact, PATIENCE)
            .await
    }

    /// Sums up, unless that takes too long.
    pub(super) async fn sum_up_within(
        &self,
        filter: &Filter,
        intervals: &Intervals,
        dimension: Option<Dimension>,
        exact: i64,
        patience: Duration,
    ) -> Result<HashMap<Slice, Vec<Summary>>> {
        let readers = self.readers.clone();
        let question = Question {
            filter: filter.clone(),
            intervals: intervals.clone(),
            dimension,
        };
        // A statement that nobody waits for any more would hold its connection for as long as
        // it likes: so this is waited for, whoever goes away.
        let asking = tokio::spawn(async move {
            let mut snapshot = readers.snapshot_within(patience).await?;
            question.answer(&mut snapshot, exact).await
        });
        match asking.await {
            Ok(answer) => answer,
            Err(error) if error.is_panic() => std::panic::resume_unwind(error.into_panic()),
            Err(_) => Err(Error::Stopping),
        }
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
        push_slice(&mut query, &filter, dimension, Way::Usual);
        query.push("b.end_time IS NULL AND b.latest_attempt AND ");
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

/// What is to be summed up.
struct Question {
    filter: Filter,
    intervals: Intervals,
    dimension: Option<Dimension>,
}

impl Question {
    async fn answer(
        &self,
        snapshot: &mut Snapshot,
        exact: i64,
    ) -> Result<HashMap<Slice, Vec<Summary>>> {
        let intervals = &self.intervals;
        let scope = match Scope::of(&self.filter, self.dimension) {
            Some(scope)
                if rollup::at_most(snapshot, intervals).await? > exact
                    && !builds::are_of_few(snapshot, self, exact.saturating_mul(FEW)).await? =>
            {
                Some(scope)
            }
            _ => None,
        };
        let Some(scope) = scope else {
            let mut counter = Counter::default();
            let count = |key, build: &_| counter.count(key, build);
            builds::each(snapshot, self, intervals.range(), count).await?;
            return Ok(counter.summaries(intervals));
        };
        let mut sums = Sums::new();
        for part in rollup::read(snapshot, &scope, intervals, &mut sums).await? {
            let count = |key, build: &_| sums.entry(key).or_default().count(build, 1);
            builds::each(snapshot, self, part, count).await?;
        }
        Ok(summaries(&sums, intervals))
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
