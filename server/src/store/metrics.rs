//! The numbers: completed attempts of a window, tallied by what they have in common.

use std::collections::HashMap;

use jiff::Timestamp;
use sqlx::{QueryBuilder, Row as _, sqlite::SqliteRow};

use super::{Db, Store, bad_value, rows};
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
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Slice {
    /// The full name of the repository. Empty by actor.
    pub(crate) repository: String,
    /// The workflow, branch or actor. Empty by repository.
    pub(crate) value: String,
}

impl Dimension {
    /// The columns for `Slice`, of `build b` joined to `repository r`. A fork's
    /// `main` is not our `main`, so it goes by the name of the fork too.
    fn columns(self) -> &'static str {
        match self {
            Self::Repository => "r.name AS slice_repository, '' AS slice_value",
            Self::Workflow => {
                "r.name AS slice_repository, \
                 COALESCE((SELECT w.name FROM workflow w WHERE w.repository_id = b.repository_id \
                           AND w.id = b.workflow_id), b.workflow) AS slice_value"
            }
            Self::Branch => {
                "r.name AS slice_repository, \
                 CASE WHEN b.head_repository = '' THEN b.branch \
                      ELSE b.head_repository || ':' || b.branch END AS slice_value"
            }
            Self::Actor => "'' AS slice_repository, b.triggering_actor AS slice_value",
        }
    }
}

impl Store {
    /// Tallies all builds that match.
    pub(crate) async fn tally(&self, filter: &Filter, window: Window) -> Result<Tally> {
        let mut tally = Tally::default();
        self.each_finished(filter, window, None, |_, _, build| tally.add(&build))
            .await?;
        self.each_running(filter, None, |_, count| tally.add_running(count))
            .await?;
        Ok(tally)
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

    /// Tallies by what builds have in common.
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
        let Some(condition) = self.condition(&filter).await? else {
            return Ok(());
        };
        let mut query = QueryBuilder::<Db>::new(
            "SELECT b.status, b.conclusion, b.run_id, b.run_attempt, b.counted, b.start_time, \
             b.jobs_start_time, b.end_time, ",
        );
        push_slice(&mut query, dimension);
        query.push(" WHERE b.end_time IS NOT NULL AND ");
        condition.push(&mut query);
        for row in query.build().fetch_all(&self.readers).await? {
            let (end, finished) = finished(&row)?;
            each(slice(&row)?, end, finished);
        }
        Ok(())
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
        let Some(condition) = self.condition(&filter).await? else {
            return Ok(());
        };
        let mut query = QueryBuilder::<Db>::new("SELECT COUNT(*) AS running, ");
        push_slice(&mut query, dimension);
        query.push(" WHERE b.end_time IS NULL AND b.latest_attempt AND ");
        condition.push(&mut query);
        query.push(" GROUP BY slice_repository, slice_value");
        for row in query.build().fetch_all(&self.readers).await? {
            let running: i64 = row.try_get("running")?;
            each(slice(&row)?, usize::try_from(running).unwrap_or_default());
        }
        Ok(())
    }
}

fn push_slice(query: &mut QueryBuilder<Db>, dimension: Option<Dimension>) {
    query.push(dimension.map_or(
        "'' AS slice_repository, '' AS slice_value",
        Dimension::columns,
    ));
    query.push(" FROM build b JOIN repository r ON r.id = b.repository_id");
}

fn slice(row: &SqliteRow) -> Result<Slice> {
    Ok(Slice {
        repository: row.try_get("slice_repository")?,
        value: row.try_get("slice_value")?,
    })
}

fn finished(row: &SqliteRow) -> Result<(Timestamp, Finished)> {
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
