//! The numbers: completed attempts of some intervals, added up by what they have in common.
//!
//! Whoever asks may ask for much. So a question is given a few seconds, and what is counted takes
//! bounded room (`counter`).

mod builds;
mod counter;
mod rank;
mod running;

#[cfg(test)]
pub(super) use builds::statements;
#[cfg(test)]
pub(super) use running::statement as running_statement;

use std::{
    collections::{HashMap, HashSet},
    time::Duration,
};

use futures_util::FutureExt as _;

use super::{
    Store,
    db::{Query, Row, Snapshot},
    rollup::{self, Scope},
};
use crate::{
    Result,
    model::{Filter, Intervals, Summary},
};
pub(super) use counter::Bounds;
pub(super) use counter::Counter;
use rank::Rank;

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
        self.total(Question::new(filter, intervals)).await
    }

    /// The same, and counts in the last one what runs now.
    pub(crate) async fn summaries_and_running(
        &self,
        filter: &Filter,
        intervals: &Intervals,
    ) -> Result<Vec<Summary>> {
        let question = Question {
            running: true,
            ..Question::new(filter, intervals)
        };
        self.total(question).await
    }

    async fn total(&self, question: Question) -> Result<Vec<Summary>> {
        let nothing = vec![Summary::default(); question.intervals.ends.len()];
        let mut all = self.ask(question, self.patience).await?;
        Ok(all.remove(&Slice::default()).unwrap_or(nothing))
    }

    /// Sums up the builds of an interval, and those that run now, by what they have
    /// in common: the `limit` with the most failures, then those with the most builds.
    pub(crate) async fn summaries_by(
        &self,
        filter: &Filter,
        intervals: &Intervals,
        dimension: Dimension,
        limit: usize,
    ) -> Result<Vec<(Slice, Summary)>> {
        let question = Question {
            dimension: Some(dimension),
            running: true,
            limit,
            ..Question::new(filter, intervals)
        };
        let sums = self.ask(question, self.patience).await?.into_iter();
        let rows = sums.filter_map(|(slice, mut all)| Some((slice, all.pop()?)));
        Ok(rank::sorted(rows, limit))
    }

    /// Sums up each interval of each slice: from the builds themselves where they
    /// are at most `exact`, from rollups where there are more.
    #[cfg(test)]
    pub(super) async fn sum_up(
        &self,
        filter: &Filter,
        intervals: &Intervals,
        dimension: Option<Dimension>,
        exact: i64,
    ) -> Result<HashMap<Slice, Vec<Summary>>> {
        let question = Question {
            dimension,
            exact,
            ..Question::new(filter, intervals)
        };
        self.ask(question, self.patience).await
    }

    /// Answers a question, unless that takes too long.
    pub(super) async fn ask(
        &self,
        question: Question,
        patience: Duration,
    ) -> Result<HashMap<Slice, Vec<Summary>>> {
        self.answer_within(patience, |snapshot| question.answer(snapshot).boxed())
            .await
    }
}

/// What is to be summed up.
#[derive(Clone)]
pub(super) struct Question {
    pub(super) filter: Filter,
    pub(super) intervals: Intervals,
    pub(super) dimension: Option<Dimension>,
    /// Whether what runs now is counted in the last interval. Slices of which nothing
    /// ended are told then, too.
    pub(super) running: bool,
    /// How many slices are asked for at least.
    pub(super) limit: usize,
    /// Up to how many builds are read by themselves.
    pub(super) exact: i64,
    pub(super) bounds: Bounds,
}

impl Question {
    pub(super) fn new(filter: &Filter, intervals: &Intervals) -> Self {
        Self {
            filter: filter.clone(),
            intervals: intervals.clone(),
            dimension: None,
            running: false,
            limit: usize::MAX,
            exact: EXACT,
            bounds: Bounds::default(),
        }
    }

    async fn answer(self, snapshot: &mut Snapshot) -> Result<HashMap<Slice, Vec<Summary>>> {
        let running = if self.running {
            running::count(snapshot, &self.filter, self.dimension).await?
        } else {
            HashMap::new()
        };
        let mut shown: HashSet<Slice> = running.keys().cloned().collect();
        let mut counter = Counter::new(self.bounds, None);
        self.read(snapshot, &mut counter).await?;
        if let Some(mut ranks) = counter.take_ranks() {
            for slice in shown {
                ranks.entry(slice).or_default();
            }
            shown = rank::best(ranks, self.limit);
            counter = Counter::new(self.bounds, Some(shown.clone()));
            self.read(snapshot, &mut counter).await?;
        }
        let mut summaries = counter.summaries(&self.intervals);
        let nothing = vec![Summary::default(); self.intervals.ends.len()];
        for slice in shown {
            summaries.entry(slice).or_insert_with(|| nothing.clone());
        }
        for (slice, count) in running {
            if let Some(last) = summaries.get_mut(&slice).and_then(|all| all.last_mut()) {
                last.running = count;
            }
        }
        Ok(summaries)
    }

    /// Reads all that ended: from rollups, if there are some and that is better.
    async fn read(&self, snapshot: &mut Snapshot, counter: &mut Counter) -> Result<()> {
        let intervals = &self.intervals;
        let Some(scope) = self.scope(snapshot).await? else {
            return builds::each(snapshot, self, counter).await;
        };
        for part in rollup::read(snapshot, &scope, intervals, counter).await? {
            builds::each_ended(snapshot, self, part, counter).await?;
        }
        Ok(())
    }

    async fn scope(&self, snapshot: &mut Snapshot) -> Result<Option<Scope<'_>>> {
        let Some(scope) = Scope::of(&self.filter, self.dimension) else {
            return Ok(None);
        };
        let most = self.exact.saturating_mul(FEW);
        let are_few = rollup::at_most(snapshot, &self.intervals).await? <= self.exact
            || builds::are_of_few(snapshot, self, most).await?;
        Ok((!are_few).then_some(scope))
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
