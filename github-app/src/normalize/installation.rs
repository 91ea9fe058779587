//! Makes of installation events what they mean for what is shown.

use lampboard_proto::v1;

use super::{Contents, Problem, repository, required, text};
use crate::event::{Installation, Payload, Repository};

/// The most repositories that one report may hold.
const MAX_REPOSITORIES: usize = 500;

/// What an event says of an installation, beside reports. It holds as of the
/// event; GitHub's own answer, asked for afterwards, is later.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Effect {
    /// The installation is like this, and sees these repositories.
    Installed(Box<v1::Installation>, Vec<v1::Repository>),
    /// It lost repositories.
    Removed {
        installation_id: i64,
        repository_ids: Vec<i64>,
    },
    /// GitHub has to be asked how it is now.
    Ask { installation_id: i64 },
}

/// Makes what an `installation` event says.
pub(super) fn contents(payload: &Payload<'_>, action: &str) -> Result<Contents, Problem> {
    let installation = of(payload)?;
    let id = required(*installation.id, "installation.id")?;
    let ask = Effect::Ask {
        installation_id: id,
    };
    let effects = match action {
        "created" => {
            let repositories = convert_all(payload.repositories.as_ref(), installation, id);
            let state = v1::InstallationState::Active;
            let installed = Box::new(convert(installation, id, state));
            let installed = Effect::Installed(installed, repositories);
            vec![installed, ask]
        }
        "deleted" => vec![gone(installation, id, v1::InstallationState::Deleted)],
        "suspend" => vec![gone(installation, id, v1::InstallationState::Suspended)],
        _ => vec![ask],
    };
    Ok(Contents {
        effects,
        ..Contents::default()
    })
}

/// Makes what an `installation_repositories` event says.
pub(super) fn repositories(payload: &Payload<'_>) -> Result<Contents, Problem> {
    let installation = of(payload)?;
    let id = required(*installation.id, "installation.id")?;
    let removed = payload.repositories_removed.iter().flatten();
    let repository_ids: Vec<i64> = removed
        .filter_map(|it| required(*it.id, "repository.id").ok())
        .collect();
    let removal = (!repository_ids.is_empty()).then_some(Effect::Removed {
        installation_id: id,
        repository_ids,
    });
    let ask = Effect::Ask {
        installation_id: id,
    };
    Ok(Contents {
        repositories: convert_all(payload.repositories_added.as_ref(), installation, id),
        effects: removal.into_iter().chain([ask]).collect(),
        ..Contents::default()
    })
}

/// Makes what an `installation_target` event says: the account has another name,
/// and so have all its repositories.
pub(super) fn renamed(payload: &Payload<'_>) -> Result<Contents, Problem> {
    let installation_id = required(*of(payload)?.id, "installation.id")?;
    Ok(Contents {
        effects: vec![Effect::Ask { installation_id }],
        ..Contents::default()
    })
}

fn of<'a, 'p>(payload: &'a Payload<'p>) -> Result<&'a Installation<'p>, Problem> {
    let installation = payload.installation.as_ref();
    installation.ok_or(Problem::Missing("installation"))
}

fn gone(installation: &Installation<'_>, id: i64, state: v1::InstallationState) -> Effect {
    Effect::Installed(Box::new(convert(installation, id, state)), Vec::new())
}

fn convert(
    installation: &Installation<'_>,
    id: i64,
    state: v1::InstallationState,
) -> v1::Installation {
    let account = installation.account.as_ref();
    v1::Installation {
        id,
        account: text::name(account.and_then(|it| it.login.as_deref())),
        state: state.into(),
        account_id: account.and_then(|it| *it.id).unwrap_or_default(),
        all_repositories: installation.repository_selection.as_deref() == Some("all"),
        url: text::url(installation.html_url.as_deref()).to_owned(),
        // What is missing, and as of when, is not the event's to say.
        ..v1::Installation::default()
    }
}

/// The repositories that an event names, which it does without their default
/// branch. Those that make no sense are left out: they come again, with their
/// builds.
fn convert_all(
    named: Option<&Vec<Repository<'_>>>,
    installation: &Installation<'_>,
    id: i64,
) -> Vec<v1::Repository> {
    let Some(time) = installation.updated_at.or(*installation.created_at) else {
        return Vec::new();
    };
    named
        .into_iter()
        .flatten()
        .filter_map(|it| repository::convert(it, id, time).ok())
        .take(MAX_REPOSITORIES)
        .collect()
}
