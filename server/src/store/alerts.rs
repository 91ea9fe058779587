//! Alerts: rules, channels, incidents, and the table that is outbox and history.
//!
//! What a commit decides is told in that commit: `decide` opens and resolves incidents and
//! raises alerts, `clock` raises those of time, `outbox` hands out what waits.

mod channels;
mod clock;
mod decide;
mod history;
mod incidents;
mod messages;
mod outbox;
mod raise;
mod rules;

#[cfg(test)]
pub(super) use self::{
    clock::candidates,
    incidents::{select_standings, select_successes},
    raise::select_usual,
};
pub(crate) use channels::Seal;
pub(super) use decide::Decisions;
pub(crate) use history::{AlertPage, AlertQuery};
pub(crate) use incidents::IncidentQuery;
pub(crate) use outbox::{Back, Next, Outcome, Outgoing, Tried};

use super::{bad_value, db::Row};
use crate::{
    Error, Result,
    ids::Ids,
    model::{BuildId, RepositoryId, RunId},
};

/// Reads the id of a build from columns that hold it together, or not at all.
fn maybe_build(
    row: &Row,
    (run, attempt): (&str, &str),
    repository: RepositoryId,
) -> Result<Option<BuildId>> {
    let run: Option<i64> = row.try_get(run)?;
    let attempt: Option<i32> = row.try_get(attempt)?;
    Ok(run.zip(attempt).map(|(run, attempt)| BuildId {
        run: RunId(run),
        attempt,
        repository,
    }))
}

/// Writes what is kept as JSON.
fn to_json(content: &impl serde::Serialize) -> Result<String> {
    serde_json::to_string(content).map_err(|error| Error::Config(error.to_string()))
}

/// Reads it.
fn from_json<T: serde::de::DeserializeOwned>(
    text: &str,
    (table, column): (&'static str, &'static str),
    id: &str,
) -> Result<T> {
    serde_json::from_str(text).map_err(|error| bad_value(table, column, &id, &error))
}
