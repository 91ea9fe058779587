//! One request at its endpoint, and whom it may reach what.

use http::Method;
use jiff::Timestamp;
use serde::Deserialize;

use super::caller::Caller;
use super::query::Query;
use super::refusal::Refusal;
use super::switches::Switches;
use super::tokens::Tokens;
use crate::faults::ApiFaults;
use crate::github::GitHub;
use crate::github::access::Permission;
use crate::github::app::Permissions;
use crate::github::id::RepositoryId;
use crate::github::installation::Installation;
use crate::hook::deliveries::Deliveries;

/// A request that was let in.
pub(super) struct Call<'a> {
    pub(super) method: &'a Method,
    pub(super) segments: &'a [&'a str],
    pub(super) query: Query,
    pub(super) body: &'a [u8],
    pub(super) now: Timestamp,
    pub(super) caller: Caller,
    pub(super) faults: &'a ApiFaults,
    pub(super) switches: &'a Switches,
    pub(super) tokens: &'a mut Tokens,
    pub(super) deliveries: &'a Deliveries,
}

/// What an endpoint needs of the permissions of an App.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Need {
    Metadata,
    ReadActions,
    WriteActions,
}

impl Need {
    /// As `x-accepted-github-permissions` says it.
    pub(super) fn header(self) -> &'static str {
        match self {
            Self::Metadata => "metadata=read",
            Self::ReadActions => "actions=read",
            Self::WriteActions => "actions=write",
        }
    }

    fn met_by(self, permissions: &Permissions) -> bool {
        let actions = permissions.get("actions").map(String::as_str);
        match self {
            Self::Metadata => true,
            Self::ReadActions => matches!(actions, Some("read" | "write")),
            Self::WriteActions => actions == Some("write"),
        }
    }

    fn of_person(self) -> Permission {
        match self {
            Self::Metadata | Self::ReadActions => Permission::Read,
            Self::WriteActions => Permission::Write,
        }
    }
}

impl Call<'_> {
    /// The JSON of the body; an empty one is as good as `{}`.
    pub(super) fn json<T: for<'de> Deserialize<'de>>(&self) -> Result<T, Refusal> {
        let body = if self.body.is_empty() {
            b"{}"
        } else {
            self.body
        };
        serde_json::from_slice(body).map_err(|_| Refusal::bad_request("Problems parsing JSON"))
    }

    /// Whether the caller may do what it asks with the repository. What it must not know of does
    /// not exist for it.
    pub(super) fn reach(
        &self,
        github: &GitHub,
        repository: RepositoryId,
        need: Need,
    ) -> Result<(), Refusal> {
        if !github.knows_repository(repository) {
            return Err(Refusal::not_found());
        }
        match &self.caller {
            Caller::App(..) => Err(Refusal::integration(need.header())),
            Caller::Anonymous if github.repository(repository).private => Err(Refusal::not_found()),
            Caller::Anonymous if need == Need::WriteActions => {
                Err(Refusal::requires_authentication())
            }
            Caller::Anonymous => Ok(()),
            Caller::Installation(token) => {
                let installation = github.installation(token.installation);
                let installation =
                    installation.filter(|it| it.covers(github.repository(repository)));
                let narrowed = token.repositories.as_ref();
                let within = narrowed.is_none_or(|narrowed| narrowed.contains(&repository));
                let installation = installation.filter(|_| within);
                let installation = installation.ok_or_else(Refusal::not_found)?;
                let permissions = token.permissions.as_ref();
                meets(need, permissions.unwrap_or(&installation.permissions))
            }
            Caller::User(token) => {
                let may = github.can(&token.person, repository);
                let installation = github.installation_of(token.app, repository);
                let seen = may.and(installation).filter(|it| it.suspended_at.is_none());
                meets(need, &seen.ok_or_else(Refusal::not_found)?.permissions)?;
                if may < Some(need.of_person()) {
                    let message = "Must have admin rights to Repository.";
                    return Err(Refusal::new(http::StatusCode::FORBIDDEN, message));
                }
                Ok(())
            }
        }
    }

    /// The installation of the App that calls, which it must be.
    pub(super) fn own_installation<'a>(
        &self,
        github: &'a GitHub,
        is_it: impl Fn(&Installation) -> bool,
    ) -> Result<&'a Installation, Refusal> {
        let app = self.caller.app()?;
        let mut installations = github.installations();
        let installation = installations.find(|it| it.app == app && is_it(it));
        installation.ok_or_else(Refusal::not_found)
    }
}

fn meets(need: Need, permissions: &Permissions) -> Result<(), Refusal> {
    if need.met_by(permissions) {
        Ok(())
    } else {
        Err(Refusal::integration(need.header()))
    }
}
