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
pub(crate) use outbox::{Next, Outcome, Outgoing, Tried};

use jiff::Timestamp;
use uuid::Builder;

use super::{bad_value, db::Row};
use crate::{
    Error, Result,
    model::{BuildId, RepositoryId, RunId},
};

/// Makes ids of one moment: each greater than the one before, and than those of before.
struct Ids {
    now: Timestamp,
    made: u16,
}

impl Ids {
    fn at(now: Timestamp) -> Self {
        Self { now, made: 0 }
    }

    /// A UUID of version 7. Below the millisecond it has the microsecond, then it counts:
    /// no two commits are of one microsecond.
    fn next(&mut self) -> Result<String> {
        let micros = u64::try_from(self.now.as_microsecond()).unwrap_or_default();
        let mut random = [0; 10];
        getrandom::fill(&mut random).map_err(|error| Error::Config(error.to_string()))?;
        let fraction = u16::try_from(micros % 1000).unwrap_or_default() << 2;
        // The first four bits and, after twelve, two more are taken by the version.
        let [high, low] = fraction.to_be_bytes();
        let [first, second] = self.made.to_be_bytes();
        (random[0], random[1]) = (high, low);
        (random[3], random[4]) = (first, second);
        (random[2], self.made) = (0, self.made.wrapping_add(1));
        let id = Builder::from_unix_timestamp_millis(micros / 1000, &random);
        Ok(id.into_uuid().to_string())
    }
}

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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_in_the_order_in_which_they_were_made() {
        let mut ids = Ids::at(crate::fixtures::at(0));
        let made: Vec<String> = (0..20_000).map(|_| ids.next().unwrap()).collect();
        assert!(made.is_sorted());
        assert_eq!(
            made.iter().collect::<std::collections::BTreeSet<_>>().len(),
            20_000
        );
        let later = Ids::at(crate::fixtures::at(1)).next().unwrap();
        assert!(made.iter().all(|id| *id < later));
    }
}
