//! Backfills: the loading of one repository's history, from now backwards.

use std::{fmt, str::FromStr};

use jiff::Timestamp;

use super::{InstallationId, RepositoryId};

/// Identifies a backfill: the n-th one of a repository.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct BackfillId {
    /// The repository.
    pub(crate) repository: RepositoryId,
    /// Counts the backfills of the repository, from 1.
    pub(crate) number: i32,
}

impl fmt::Display for BackfillId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.repository, self.number)
    }
}

/// A text is not the id of a backfill.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("not the id of a backfill")]
pub(crate) struct ParseBackfillIdError;

impl FromStr for BackfillId {
    type Err = ParseBackfillIdError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let parse = || {
            let (repository, number) = text.split_once('-')?;
            let id = Self {
                repository: RepositoryId(repository.parse().ok()?),
                number: number.parse().ok()?,
            };
            let positive = id.repository.0 > 0 && id.number > 0;
            // `parse` would take signs and zeros as well, and give one id two
            // texts.
            (positive && id.to_string() == text).then_some(id)
        };
        parse().ok_or(ParseBackfillIdError)
    }
}

/// The loading of one repository's history.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Backfill {
    /// Which backfill.
    pub(crate) id: BackfillId,
    /// The full name of the repository.
    pub(crate) repository: String,
    /// Runs created earlier are not loaded.
    pub(crate) since_time: Timestamp,
    /// How far it is.
    pub(crate) status: BackfillStatus,
    /// When it was asked for.
    pub(crate) create_time: Timestamp,
    /// When it last got on.
    pub(crate) update_time: Timestamp,
    /// When it was over.
    pub(crate) end_time: Option<Timestamp>,
    /// Runs created later than this are loaded.
    pub(crate) cursor_time: Option<Timestamp>,
    /// How many runs it has loaded.
    pub(crate) run_count: i64,
    /// How many requests it has spent.
    pub(crate) request_count: i64,
    /// Why it failed, or what it waits for.
    pub(crate) problem: String,
    /// Until when it waits.
    pub(crate) wait_until_time: Option<Timestamp>,
}

/// How far a backfill is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum BackfillStatus {
    /// It waits for its turn.
    Queued,
    /// It is under way.
    Running,
    /// All there is, is loaded.
    Done,
    /// It can not go on.
    Failed,
    /// Somebody stopped it.
    Cancelled,
}

impl BackfillStatus {
    const ALL: [Self; 5] = [
        Self::Queued,
        Self::Running,
        Self::Done,
        Self::Failed,
        Self::Cancelled,
    ];

    /// Reads the word it is stored as.
    pub(crate) fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.word() == word)
    }

    /// The word it is stored as.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Running => "running",
            Self::Done => "done",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
        }
    }

    /// Whether it goes no further.
    pub(crate) fn is_over(self) -> bool {
        !matches!(self, Self::Queued | Self::Running)
    }
}

/// A backfill that was handed out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct LeasedBackfill {
    /// The backfill.
    pub(crate) backfill: Backfill,
    /// Names the lease; a later one has a greater number.
    pub(crate) lease: i64,
    /// The installation that sees the repository.
    pub(crate) installation: InstallationId,
}

/// What whoever holds a backfill tells of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct BackfillUpdate {
    /// Which backfill.
    pub(crate) id: BackfillId,
    /// The lease under which it was handed out.
    pub(crate) lease: i64,
    /// Running, done or failed.
    pub(crate) status: BackfillStatus,
    /// Runs created later than this are loaded.
    pub(crate) cursor_time: Option<Timestamp>,
    /// How many runs were loaded since the last update.
    pub(crate) added_runs: i32,
    /// How many requests were spent since the last update.
    pub(crate) added_requests: i32,
    /// Why it failed, or what it waits for.
    pub(crate) problem: String,
    /// Until when it waits.
    pub(crate) wait_until_time: Option<Timestamp>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_survives_its_text() {
        let id = BackfillId {
            repository: RepositoryId(1_296_269),
            number: 2,
        };
        assert_eq!(id.to_string(), "1296269-2");
        assert_eq!(id.to_string().parse(), Ok(id));
    }

    #[test]
    fn other_texts_are_refused() {
        for text in [
            "",
            "1",
            "1-",
            "-1",
            "0-1",
            "1-0",
            "+1-2",
            "01-2",
            "1-2-3",
            "1-4294967297",
        ] {
            assert_eq!(
                text.parse::<BackfillId>(),
                Err(ParseBackfillIdError),
                "{text}"
            );
        }
    }

    #[test]
    fn words_survive_reading_and_writing() {
        for status in BackfillStatus::ALL {
            assert_eq!(BackfillStatus::from_word(status.word()), Some(status));
        }
        assert_eq!(BackfillStatus::from_word("paused"), None);
    }
}
