//! What commits added and took away, until it is folded into the rollups.

use jiff::SignedDuration;
use prost::Message;

use crate::{
    Result,
    model::{BuildRecord, Conclusion, Ended, Finished, RepositoryId, WorkflowId},
    store::{
        bad_value,
        db::{self, Connection, Executor},
        rows,
    },
};

/// A build that is to be counted, or taken away if `times` is -1.
pub(super) struct Change {
    pub(super) build: Ended,
    pub(super) times: i64,
}

/// Leaves what a commit changed: how builds were before it and are after it. Says
/// how much that is.
pub(in crate::store) async fn leave<'a>(
    connection: &mut Connection,
    builds: impl Iterator<Item = (Option<&'a BuildRecord>, Option<&'a BuildRecord>)>,
) -> Result<usize> {
    let mut changes = Vec::new();
    for (before, after) in builds {
        let before = before.and_then(Ended::of);
        let after = after.and_then(Ended::of);
        if before != after {
            changes.extend(before.map(|build| ChangeBytes::of(&build, -1)));
            changes.extend(after.map(|build| ChangeBytes::of(&build, 1)));
        }
    }
    let count = changes.len();
    if count == 0 {
        return Ok(0);
    }
    let added: i64 = changes.iter().map(|change| change.times).sum();
    db::query(
        "INSERT INTO rollup_change (number, builds, content)
         SELECT COALESCE(MAX(number), 0) + 1, $1, $2 FROM rollup_change",
    )
    .bind(added)
    .bind(ChangesBytes { changes }.encode_to_vec())
    .execute(connection)
    .await?;
    Ok(count)
}

/// All that is not folded in yet.
pub(super) async fn unfolded(executor: impl Into<Executor<'_>>) -> Result<Vec<Change>> {
    let (_, changes) = oldest(executor, usize::MAX).await?;
    Ok(changes)
}

/// The oldest commits' worth of it, until there are so many changes, and the number of the last.
pub(super) async fn oldest(
    executor: impl Into<Executor<'_>>,
    count: usize,
) -> Result<(i64, Vec<Change>)> {
    // Each commit left at least one.
    let rows = db::query("SELECT number, content FROM rollup_change ORDER BY number LIMIT $1")
        .bind(i64::try_from(count).unwrap_or(i64::MAX))
        .fetch_all(executor)
        .await?;
    let mut last = 0;
    let mut changes = Vec::new();
    for row in rows {
        if changes.len() >= count {
            break;
        }
        last = row.try_get("number")?;
        let content: &[u8] = row.try_get("content")?;
        let bytes = ChangesBytes::decode(content)
            .map_err(|error| bad_value("rollup_change", "content", &last, &error))?;
        for change in bytes.changes {
            changes.push(change.read(last)?);
        }
    }
    Ok((last, changes))
}

#[derive(Clone, PartialEq, Message)]
struct ChangesBytes {
    #[prost(message, repeated, tag = "1")]
    changes: Vec<ChangeBytes>,
}

#[derive(Clone, PartialEq, Message)]
struct ChangeBytes {
    #[prost(sint64, tag = "1")]
    times: i64,
    #[prost(int64, tag = "2")]
    repository: i64,
    #[prost(int64, tag = "3")]
    workflow_id: i64,
    #[prost(string, tag = "4")]
    workflow: String,
    #[prost(string, tag = "5")]
    branch: String,
    #[prost(string, tag = "6")]
    actor: String,
    #[prost(int64, tag = "7")]
    time: i64,
    #[prost(string, tag = "8")]
    conclusion: String,
    #[prost(int32, tag = "9")]
    attempt: i32,
    #[prost(bool, tag = "10")]
    counted: bool,
    #[prost(int64, tag = "11")]
    wall_time: i64,
    #[prost(int64, optional, tag = "12")]
    queue_time: Option<i64>,
    #[prost(int64, optional, tag = "13")]
    run_time: Option<i64>,
}

impl ChangeBytes {
    fn of(build: &Ended, times: i64) -> Self {
        let finished = &build.finished;
        Self {
            times,
            repository: build.repository.0,
            workflow_id: build.workflow_id.0,
            workflow: build.workflow.clone(),
            branch: build.branch.clone(),
            actor: build.actor.clone(),
            time: build.time.as_microsecond(),
            conclusion: finished.conclusion.word().to_owned(),
            attempt: finished.attempt,
            counted: finished.counted,
            wall_time: micros(finished.wall_time),
            queue_time: finished.queue_time.map(micros),
            run_time: finished.run_time.map(micros),
        }
    }

    fn read(self, number: i64) -> Result<Change> {
        Ok(Change {
            times: self.times,
            build: Ended {
                time: rows::read_time("rollup_change", "content", &number, self.time)?,
                repository: RepositoryId(self.repository),
                workflow_id: WorkflowId(self.workflow_id),
                workflow: self.workflow,
                branch: self.branch,
                actor: self.actor,
                finished: Finished {
                    conclusion: Conclusion::from_word(&self.conclusion),
                    attempt: self.attempt,
                    counted: self.counted,
                    wall_time: SignedDuration::from_micros(self.wall_time),
                    queue_time: self.queue_time.map(SignedDuration::from_micros),
                    run_time: self.run_time.map(SignedDuration::from_micros),
                },
            },
        })
    }
}

fn micros(duration: SignedDuration) -> i64 {
    i64::try_from(duration.as_micros()).unwrap_or(i64::MAX)
}
