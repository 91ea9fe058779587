//! The numbers: completed attempts of a window, tallied by what they have in common.

use std::collections::HashMap;

use jiff::Timestamp;

use super::{
    Store, bad_value,
    db::{Query, Row},
    filter::{BRANCH_NAME, push_condition},
    rows,
};
use crate::{
    Result,
    model::{Filter, Finished, Tally, TimeRange, Window, elapsed},
};

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
    /// Writes the columns of `Slice`, of `build b` joined to `repository r` and
    /// `workflow w`.
    fn push_columns(self, query: &mut Query) {
        let (repository, repository_id) = match self {
            Self::Actor => ("''", "CAST(0 AS BIGINT)"),
            _ => ("r.name", "r.id"),
        };
        let (value, workflow_id) = match self {
            Self::Repository => ("''", "CAST(0 AS BIGINT)"),
            Self::Workflow => ("w.name", "w.id"),
            Self::Branch => (BRANCH_NAME, "CAST(0 AS BIGINT)"),
            Self::Actor => ("b.triggering_actor", "CAST(0 AS BIGINT)"),
        };
        query.push(repository).push(" AS slice_repository, ");
        query.push(value).push(" AS slice_value, ");
        query.push(repository_id).push(" AS slice_repository_id, ");
        query.push(workflow_id).push(" AS slice_workflow_id");
    }
}

impl Store {
    /// Tallies the builds of a window.
    pub(crate) async fn tally(&self, filter: &Filter, window: Window) -> Result<Tally> {
        let mut tally = Tally::default();
        self.each_finished(filter, window, None, |_, _, build| tally.add(&build))
            .await?;
        Ok(tally)
    }

    /// Adds the builds that run now.
    pub(crate) async fn tally_running(&self, filter: &Filter, tally: &mut Tally) -> Result<()> {
        self.each_running(filter, None, |_, count| tally.add_running(count))
            .await
    }

    /// Tallies by time: `index` says which tally a time belongs to.
    pub(crate) async fn tally_by_time(
        &self,
        filter: &Filter,
        window: Window,
        count: usize,
        index: impl Fn(Timestamp) -> Option<usize>,
    ) -> Result<Vec<Tally>> {
        let mut tallies = vec![Tally::default(); count];
        self.each_finished(filter, window, None, |_, end, build| {
            if let Some(tally) = index(end).and_then(|index| tallies.get_mut(index)) {
                tally.add(&build);
            }
        })
        .await?;
        Ok(tallies)
    }

    /// Tallies the builds of a window, and those that run now, by what they have
    /// in common.
    pub(crate) async fn tally_by(
        &self,
        filter: &Filter,
        window: Window,
        dimension: Dimension,
    ) -> Result<HashMap<Slice, Tally>> {
        let mut tallies: HashMap<Slice, Tally> = HashMap::new();
        self.each_finished(filter, window, Some(dimension), |slice, _, build| {
            tallies.entry(slice).or_default().add(&build);
        })
        .await?;
        self.each_running(filter, Some(dimension), |slice, count| {
            tallies.entry(slice).or_default().add_running(count);
        })
        .await?;
        Ok(tallies)
    }

    async fn each_finished(
        &self,
        filter: &Filter,
        window: Window,
        dimension: Option<Dimension>,
        mut each: impl FnMut(Slice, Timestamp, Finished),
    ) -> Result<()> {
        let filter = Filter {
            end_time: window.range(),
            ..filter.clone()
        };
        let mut query = Query::new(
            "SELECT b.status, b.conclusion, b.run_id, b.run_attempt, b.counted, b.start_time, \
             b.jobs_start_time, b.end_time",
        );
        push_slice(&mut query, dimension);
        query.push(" WHERE b.end_time IS NOT NULL AND ");
        push_condition(&mut query, &filter);
        // One row at a time: a window may be as long as the history.
        let each = |row: Row| -> Result<()> {
            let (end, finished) = finished(&row)?;
            each(slice(&row, dimension)?, end, finished);
            Ok(())
        };
        query.fetch_each(&self.readers, each).await
    }

    async fn each_running(
        &self,
        filter: &Filter,
        dimension: Option<Dimension>,
        mut each: impl FnMut(Slice, usize),
    ) -> Result<()> {
        let filter = Filter {
            end_time: TimeRange::default(),
            ..filter.clone()
        };
        let mut query = Query::new("SELECT COUNT(*) AS running");
        push_slice(&mut query, dimension);
        query.push(" WHERE b.end_time IS NULL AND b.latest_attempt AND ");
        push_condition(&mut query, &filter);
        if dimension.is_some() {
            query.push(
                " GROUP BY slice_repository, slice_value, slice_repository_id, slice_workflow_id",
            );
        }
        for row in query.fetch_all(&self.readers).await? {
            let running: i64 = row.try_get("running")?;
            each(
                slice(&row, dimension)?,
                usize::try_from(running).unwrap_or_default(),
            );
        }
        Ok(())
    }
}

fn push_slice(query: &mut Query, dimension: Option<Dimension>) {
    if let Some(dimension) = dimension {
        query.push(", ");
        dimension.push_columns(query);
    }
    query.push(" FROM build b JOIN repository r ON r.id = b.repository_id");
    if dimension == Some(Dimension::Workflow) {
        query
            .push(" JOIN workflow w ON w.repository_id = b.repository_id AND w.id = b.workflow_id");
    }
}

fn slice(row: &Row, dimension: Option<Dimension>) -> Result<Slice> {
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

fn finished(row: &Row) -> Result<(Timestamp, Finished)> {
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
