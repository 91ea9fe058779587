//! Makes repositories of what events say of them.

use jiff::Timestamp;
use lampboard_proto::v1;

use super::{Contents, Effect, Problem, required, text, timestamp};
use crate::event::{Payload, Repository};

/// Makes the repository that a `repository` event is about. Whether it came to
/// the installation or left it, only GitHub can tell.
pub(super) fn contents(payload: &Payload<'_>, action: &str) -> Result<Contents, Problem> {
    let repository = payload
        .repository
        .as_ref()
        .ok_or(Problem::Missing("repository"))?;
    let updated = (*repository.updated_at).ok_or(Problem::Missing("repository.updated_at"))?;
    let repository = of_event(payload, updated)?;
    let installation_id = repository.installation_id;
    let moved = matches!(action, "transferred" | "created") && installation_id != 0;
    Ok(Contents {
        effects: moved
            .then_some(Effect::Ask { installation_id })
            .into_iter()
            .collect(),
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

pub(super) fn convert(
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
