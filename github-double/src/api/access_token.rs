//! Tokens of installations.

use http::StatusCode;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::answer::{Answer, Answered};
use super::call::Call;
use super::refusal::Refusal;
use super::tokens::InstallationToken;
use crate::github::GitHub;
use crate::github::app::Permissions;
use crate::github::id::RepositoryId;
use crate::github::installation::{Installation, Selection};
use crate::payload::repository::RepositoryJson;

/// How long a token lives.
const TTL: SignedDuration = SignedDuration::from_hours(1);
/// To how many repositories one can be narrowed.
const MOST_REPOSITORIES: usize = 500;

#[derive(Default, Deserialize)]
struct NarrowJson {
    repository_ids: Option<Vec<RepositoryId>>,
    repositories: Option<Vec<String>>,
    permissions: Option<Permissions>,
}

#[derive(Serialize)]
struct TokenJson<'a, R> {
    token: String,
    expires_at: Timestamp,
    permissions: &'a Permissions,
    repository_selection: Selection,
    #[serde(skip_serializing_if = "Option::is_none")]
    repositories: Option<Vec<R>>,
}

/// `POST /app/installations/{id}/access_tokens`
pub(super) fn create(call: &mut Call<'_>, github: &GitHub, id: &str) -> Answered {
    let installation = call.own_installation(github, |it| it.id.to_string() == id)?;
    if installation.suspended_at.is_some() {
        return Err(Refusal::suspended());
    }
    let narrow: NarrowJson = call.json()?;
    let repositories = narrowed(github, installation, &narrow)?;
    let permissions = narrow.permissions;
    permissions
        .as_ref()
        .map_or(Ok(()), |wanted| granted(installation, wanted))?;
    let expires_at = whole_seconds(call.now + call.faults.token_ttl.unwrap_or(TTL));
    let grant = InstallationToken {
        number: 0,
        installation: installation.id,
        repositories: repositories.clone(),
        permissions: permissions.clone(),
        known_at: call.now + call.faults.token_lag,
        expires_at,
    };
    let format = call.faults.token_format.unwrap_or_default();
    let token = call
        .tokens
        .issue_installation_token(installation.app, format, grant);
    let selection = repositories.as_ref().map(|_| Selection::Selected);
    let json = TokenJson {
        token,
        expires_at,
        permissions: permissions.as_ref().unwrap_or(&installation.permissions),
        repository_selection: selection.unwrap_or(installation.selection),
        repositories: repositories.map(|ids| {
            let listed = ids.iter().map(|id| github.repository(*id));
            listed
                .map(|it| RepositoryJson::new(github.hosts(), it))
                .collect()
        }),
    };
    Ok(Answer::json_with(StatusCode::CREATED, &json))
}

/// The repositories that were named, all of which the installation must have.
fn narrowed(
    github: &GitHub,
    installation: &Installation,
    narrow: &NarrowJson,
) -> Result<Option<Vec<RepositoryId>>, Refusal> {
    if narrow.repository_ids.is_none() && narrow.repositories.is_none() {
        return Ok(None);
    }
    let reachable = github.repositories_of(installation.id);
    let by_id = narrow.repository_ids.iter().flatten();
    let by_id = by_id.map(|id| reachable.iter().find(|it| it.id == *id));
    let by_name = narrow.repositories.iter().flatten();
    let by_name = by_name.map(|name| reachable.iter().find(|it| it.name == *name));
    let found: Option<Vec<_>> = by_id.chain(by_name).map(|it| it.map(|it| it.id)).collect();
    let few = found.filter(|found| found.len() <= MOST_REPOSITORIES);
    let few = few.ok_or_else(|| {
        Refusal::unprocessable(
            "There is at least one repository that does not exist or is not accessible to the parent installation.",
        )
    });
    few.map(Some)
}

/// Whether the installation has all of the permissions, and as much of each.
fn granted(installation: &Installation, wanted: &Permissions) -> Result<(), Refusal> {
    let has = |(name, level): (&String, &String)| {
        let granted = installation.permissions.get(name);
        granted.is_some_and(|granted| granted == level || granted == "write")
    };
    if wanted.iter().all(has) {
        return Ok(());
    }
    let message = "The permissions requested are not granted to this installation.";
    Err(Refusal::unprocessable(message))
}

fn whole_seconds(time: Timestamp) -> Timestamp {
    Timestamp::from_second(time.as_second()).expect("a time without its fraction is a time")
}
