//! What became of a backfill, for programs and for people.

use std::fmt;

use lampboard_proto::v1::{Backfill, BackfillStatus};
use serde::Serialize;
use tonic::{Code, Status};

use super::progress;
use crate::commands::{exit::End, remote};

/// What became of a backfill.
#[derive(Debug, Serialize)]
pub(super) struct Outcome {
    repository: String,
    /// Empty if it was not started.
    id: String,
    status: &'static str,
    run_count: i32,
    request_count: i32,
    /// Empty if there is nothing to say.
    problem: String,
    #[serde(skip)]
    end: End,
}

impl Outcome {
    /// What became of one that was started. If nobody waits for it, that is enough.
    pub(super) fn of(backfill: &Backfill, is_awaited: bool) -> Self {
        let (status, end) = match backfill.status() {
            BackfillStatus::Done => ("done", End::Done),
            BackfillStatus::Failed => ("failed", End::Failed),
            BackfillStatus::Cancelled => ("cancelled", End::Failed),
            BackfillStatus::Running => ("running", End::Running),
            BackfillStatus::Queued | BackfillStatus::Unspecified => ("queued", End::Running),
        };
        Self {
            repository: backfill.repository.clone(),
            id: backfill.id.clone(),
            status,
            run_count: backfill.run_count,
            request_count: backfill.request_count,
            problem: backfill.problem.clone(),
            end: if end == End::Running && !is_awaited {
                End::Done
            } else {
                end
            },
        }
    }

    /// One that the server did not start.
    pub(super) fn refused(repository: &str, status: &Status, why: String) -> Self {
        Self {
            repository: repository.to_owned(),
            status: "refused",
            problem: why,
            ..Self::lost(status)
        }
    }

    /// The server does not tell any more. What becomes of the backfills, nobody
    /// knows.
    pub(super) fn lost(status: &Status) -> Self {
        Self::nothing(match status.code() {
            Code::InvalidArgument => End::Usage,
            _ if remote::is_away(status) => End::Unavailable,
            _ => End::Failed,
        })
    }

    fn nothing(end: End) -> Self {
        Self {
            repository: String::new(),
            id: String::new(),
            status: "",
            run_count: 0,
            request_count: 0,
            problem: String::new(),
            end,
        }
    }

    /// How the command ends for it.
    pub(super) fn end(&self) -> End {
        self.end
    }

    /// Whether anything is left to be told on standard output: people have read
    /// already why something was refused.
    pub(super) fn is_told(&self, json: bool) -> bool {
        !self.repository.is_empty() && (json || self.status != "refused")
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            repository,
            status,
            problem,
            ..
        } = self;
        let counts = progress::counts(self.run_count, self.request_count);
        write!(f, "{repository}: {status}, {counts}")?;
        if problem.is_empty() {
            Ok(())
        } else {
            write!(f, ": {problem}")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outcome(status: BackfillStatus, is_awaited: bool) -> Outcome {
        let backfill = Backfill {
            repository: "acme/api".to_owned(),
            status: status.into(),
            run_count: 412,
            request_count: 9,
            ..Backfill::default()
        };
        Outcome::of(&backfill, is_awaited)
    }

    #[test]
    fn the_end_follows_from_the_status() {
        for (status, end) in [
            (BackfillStatus::Done, End::Done),
            (BackfillStatus::Failed, End::Failed),
            (BackfillStatus::Cancelled, End::Failed),
            (BackfillStatus::Running, End::Running),
        ] {
            assert_eq!(outcome(status, true).end(), end);
        }
        assert_eq!(outcome(BackfillStatus::Queued, false).end(), End::Done);
        assert_eq!(outcome(BackfillStatus::Failed, false).end(), End::Failed);
    }

    #[test]
    fn who_does_not_answer_is_told_from_who_refuses() {
        for (status, end) in [
            (Status::unavailable("away"), End::Unavailable),
            (Status::not_found("repository"), End::Failed),
            (Status::invalid_argument("since_time"), End::Usage),
        ] {
            assert_eq!(Outcome::lost(&status).end(), end);
            let refused = Outcome::refused("acme/api", &status, "so".to_owned());
            assert_eq!(refused.end(), end);
            assert!(refused.is_told(true) && !refused.is_told(false));
        }
    }

    #[test]
    fn it_is_told_in_a_line() {
        let mut outcome = outcome(BackfillStatus::Done, true);
        assert_eq!(
            outcome.to_string(),
            "acme/api: done, 412 runs by 9 requests"
        );
        outcome.problem = "a second has too many runs".to_owned();
        assert!(
            outcome
                .to_string()
                .ends_with(": a second has too many runs")
        );
    }
}
