//! Which runs a list is asked for.

use std::fmt;

use serde::Serialize;

use crate::api::created::Created;
use crate::api::query::Query;
use crate::api::refusal::Refusal;
use crate::github::query::RunView;

/// The parameters of a list of runs, all of which must hold.
#[derive(Debug)]
pub(super) struct Filter<'a> {
    actor: Option<&'a str>,
    branch: Option<&'a str>,
    event: Option<&'a str>,
    status: Option<&'a str>,
    created: Option<Created>,
    head_sha: Option<&'a str>,
    check_suite_id: Option<u64>,
    pub(super) excludes_pull_requests: bool,
}

impl<'a> Filter<'a> {
    pub(super) fn of(query: &'a Query) -> Result<Self, Refusal> {
        Ok(Self {
            actor: query.get("actor"),
            branch: query.get("branch"),
            event: query.get("event"),
            status: query.get("status"),
            created: query.parsed("created", Created::parse)?,
            head_sha: query.get("head_sha"),
            check_suite_id: query.parsed("check_suite_id", |id| id.parse().ok())?,
            excludes_pull_requests: excludes_pull_requests(query),
        })
    }

    /// Whether it is one of those that GitHub answers by searching, and so not to the end.
    pub(super) fn is_capped(&self) -> bool {
        let words = [
            self.actor,
            self.branch,
            self.event,
            self.status,
            self.head_sha,
        ];
        words.iter().any(Option::is_some) || self.created.is_some() || self.check_suite_id.is_some()
    }

    pub(super) fn holds(&self, view: &RunView<'_>) -> bool {
        let (run, attempt) = (view.run, view.attempt);
        let is_status = |wanted: &str| {
            attempt.conclusion.is_some_and(|it| word(it) == wanted)
                || word(attempt.status) == wanted
        };
        self.actor
            .is_none_or(|login| run.actor.login.eq_ignore_ascii_case(login))
            && self
                .branch
                .is_none_or(|branch| run.branch.as_deref() == Some(branch))
            && self.event.is_none_or(|event| run.event == event)
            && self.status.is_none_or(is_status)
            && self
                .created
                .is_none_or(|created| created.contains(run.created_at))
            && self.head_sha.is_none_or(|sha| run.commit.sha == sha)
            && self
                .check_suite_id
                .is_none_or(|id| run.check_suite_id == id)
    }
}

/// The word that GitHub has for it.
fn word(value: impl Serialize) -> String {
    struct Word<T>(T);
    impl<T: Serialize> fmt::Display for Word<T> {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            self.0.serialize(f)
        }
    }
    Word(value).to_string()
}

pub(super) fn excludes_pull_requests(query: &Query) -> bool {
    query.get("exclude_pull_requests") == Some("true")
}
