//! Turns a verified body into an event, and tells the events that concern us from
//! those that do not.

mod lenient;
mod payload;

use serde::de::IgnoredAny;

pub(crate) use self::{
    lenient::{Id, Lenient},
    payload::{
        Account, HeadCommit, Installation, Payload, Repository, Step, Workflow, WorkflowJob,
        WorkflowRun,
    },
};

/// The events of GitHub that are told apart, by their `X-GitHub-Event`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    WorkflowRun,
    WorkflowJob,
    Repository,
    Installation,
    InstallationRepositories,
    InstallationTarget,
    GithubAppAuthorization,
    Ping,
    Other,
}

impl Kind {
    const ALL: [Self; 9] = [
        Self::WorkflowRun,
        Self::WorkflowJob,
        Self::Repository,
        Self::Installation,
        Self::InstallationRepositories,
        Self::InstallationTarget,
        Self::GithubAppAuthorization,
        Self::Ping,
        Self::Other,
    ];

    /// Knows an event by its name. Never fails: GitHub adds events without notice.
    pub(crate) fn named(name: &str) -> Self {
        Self::ALL
            .into_iter()
            .find(|kind| kind.name() == name)
            .unwrap_or(Self::Other)
    }

    /// GitHub's name, or `other`.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::WorkflowRun => "workflow_run",
            Self::WorkflowJob => "workflow_job",
            Self::Repository => "repository",
            Self::Installation => "installation",
            Self::InstallationRepositories => "installation_repositories",
            Self::InstallationTarget => "installation_target",
            Self::GithubAppAuthorization => "github_app_authorization",
            Self::Ping => "ping",
            Self::Other => "other",
        }
    }

    /// The actions that are taken in; none if the event is not.
    fn actions(self) -> &'static [&'static str] {
        match self {
            Self::WorkflowRun => &["requested", "in_progress", "completed"],
            Self::WorkflowJob => &["queued", "waiting", "in_progress", "completed"],
            Self::Repository => &[
                "archived",
                "created",
                "deleted",
                "edited",
                "privatized",
                "publicized",
                "renamed",
                "transferred",
                "unarchived",
            ],
            Self::Installation => &[
                "created",
                "deleted",
                "new_permissions_accepted",
                "suspend",
                "unsuspend",
            ],
            Self::InstallationRepositories => &["added", "removed"],
            Self::InstallationTarget => &["renamed"],
            Self::GithubAppAuthorization => &["revoked"],
            Self::Ping | Self::Other => &[],
        }
    }
}

/// An event that concerns us.
#[derive(Debug)]
pub(crate) struct Event<'a> {
    pub(crate) kind: Kind,
    pub(crate) action: &'static str,
    pub(crate) payload: Payload<'a>,
}

/// Why a body is no event.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ReadError {
    #[error("the body is not JSON: {0}")]
    NotJson(String),
    #[error("the body can not be read: {0}")]
    Unreadable(serde_json::Error),
    #[error("the body is not an object")]
    NotAnObject,
    #[error("action is missing or not a string")]
    NoAction,
}

/// Reads a body. `None` is an event, or an action, that is not for us.
pub(crate) fn read(kind: Kind, body: &[u8]) -> Result<Option<Event<'_>>, ReadError> {
    let body = str::from_utf8(body).map_err(|error| ReadError::NotJson(error.to_string()))?;
    if kind.actions().is_empty() {
        check_json(body)?;
        return Ok(None);
    }
    let payload: Payload<'_> = parse(body)?.ok_or(ReadError::NotAnObject)?;
    let action = payload.action.as_deref().ok_or(ReadError::NoAction)?;
    let known = kind.actions().iter().find(|known| **known == action);
    Ok(known.map(|action| Event {
        kind,
        action,
        payload,
    }))
}

/// Parses a body once. Only a body that can not be read is looked at again, to
/// learn whether it is JSON at all: a duplicate key makes an object unreadable,
/// but not less JSON.
fn parse(body: &str) -> Result<Option<Payload<'_>>, ReadError> {
    match serde_json::from_str::<Lenient<Payload<'_>>>(body) {
        Ok(payload) => Ok(payload.into_inner()),
        Err(error) => {
            check_json(body)?;
            Err(ReadError::Unreadable(error))
        }
    }
}

fn check_json(body: &str) -> Result<(), ReadError> {
    match serde_json::from_str::<IgnoredAny>(body) {
        Ok(_) => Ok(()),
        Err(error) => Err(ReadError::NotJson(error.to_string())),
    }
}
