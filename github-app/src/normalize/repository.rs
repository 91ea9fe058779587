//! Makes repositories of what events say of them.

use jiff::Timestamp;
use lampboard_proto::v1;

use super::{Contents, Problem, required, text, timestamp};
use crate::event::{Payload, Repository};

/// The most repositories that one report may hold.
const MAX_REPOSITORIES: usize = 500;

/// Makes the repository that a `repository` event is about.
pub(super) fn contents(payload: &Payload<'_>) -> Result<Contents, Problem> {
    let repository = payload
        .repository
        .as_ref()
        .ok_or(Problem::Missing("repository"))?;
    let updated = (*repository.updated_at).ok_or(Problem::Missing("repository.updated_at"))?;
    let repository = of_event(payload, updated)?;
    Ok(Contents {
        repositories: vec![repository],
        ..Contents::default()
    })
}

/// Makes the repository that an event happened in, as of the event or of its own
/// last change, whichever is later.
pub(super) fn of_event(
    payload: &Payload<'_>,
    event_time: Timestamp,
) -> Result<v1::Repository, Problem> {
    let repository = payload
        .repository
        .as_ref()
        .ok_or(Problem::Missing("repository"))?;
    let time = repository.updated_at.unwrap_or(event_time).max(event_time);
    convert(repository, installation_id(payload), time)
}

/// Makes the repositories that an installation event names, which it does
/// without their default branch. Those that make no sense are left out: they
/// come again, with their builds.
pub(super) fn of_installation(
    payload: &Payload<'_>,
    named: Option<&Vec<Repository<'_>>>,
) -> Result<Contents, Problem> {
    let installation = payload
        .installation
        .as_ref()
        .ok_or(Problem::Missing("installation"))?;
    let id = required(*installation.id, "installation.id")?;
    let Some(time) = installation.updated_at.or(*installation.created_at) else {
        return Ok(Contents::default());
    };
    let repositories = named
        .into_iter()
        .flatten()
        .filter_map(|repository| convert(repository, id, time).ok())
        .take(MAX_REPOSITORIES)
        .collect();
    Ok(Contents {
        repositories,
        ..Contents::default()
    })
}

/// The full name if it is one: `owner/name`.
pub(super) fn full_name<'a>(repository: &'a Repository<'_>) -> Option<&'a str> {
    let full_name = repository.full_name.as_deref()?;
    let (owner, name) = full_name.split_once('/')?;
    let is_part = |part: &str| {
        let is_named = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
        (1..=100).contains(&part.len()) && part.chars().all(is_named)
    };
    (is_part(owner) && is_part(name)).then_some(full_name)
}

fn convert(
    repository: &Repository<'_>,
    installation_id: i64,
    time: Timestamp,
) -> Result<v1::Repository, Problem> {
    if repository.full_name.is_none() {
        return Err(Problem::Missing("repository.full_name"));
    }
    Ok(v1::Repository {
        id: required(*repository.id, "repository.id")?,
        name: full_name(repository)
            .ok_or(Problem::FullName("repository.full_name"))?
            .to_owned(),
        installation_id,
        default_branch: text::name(repository.default_branch.as_deref()),
        archived: repository.archived.unwrap_or_default(),
        // Public is what GitHub says is.
        private: repository.private.unwrap_or(true),
        update_time: Some(timestamp(time)),
        ..v1::Repository::default()
    })
}

/// Zero when the event does not say, as those of a repository's own webhook.
fn installation_id(payload: &Payload<'_>) -> i64 {
    let id = payload.installation.as_ref().and_then(|it| *it.id);
    required(id, "installation.id").unwrap_or_default()
}
