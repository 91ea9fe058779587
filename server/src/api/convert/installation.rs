//! Installations.

use std::collections::BTreeSet;

use jiff::Timestamp;
use lampboard_proto::v1;

use super::{
    Check,
    build::{LONGEST_NAME, LONGEST_URL},
    repository::repository,
    time::{required, timestamp, timestamp_to_proto},
};
use crate::{
    model::{
        Installation, InstallationFacts, InstallationId, InstallationState, InstallationSummary,
        RepositoryId,
    },
    store::InstallationSync,
};

const MOST_SYNCED: usize = 100_000;
const MOST_REMOVED: usize = 10_000;
const MOST_PERMISSIONS: usize = 100;

/// Reads an installation with all that it sees.
pub(in crate::api) fn installation_sync(
    check: &mut Check,
    request: v1::SyncInstallationRequest,
) -> InstallationSync {
    let installation = installation(check, request.installation.unwrap_or_default());
    let active = installation.facts.state == InstallationState::Active;
    if !active && !request.repositories.is_empty() {
        check.refuse("repositories", "must be empty unless it is active");
    }
    InstallationSync {
        installation,
        repositories: check.each(
            "repositories",
            request.repositories,
            MOST_SYNCED,
            repository,
        ),
        backfill_since: timestamp(check, "backfill_since", request.backfill_since),
    }
}

fn installation(check: &mut Check, installation: v1::Installation) -> Installation {
    check.within("installation", |check| {
        let id = InstallationId(check.positive("id", installation.id));
        if installation.account_id < 0 {
            check.refuse("account_id", "must not be negative");
        }
        let facts = InstallationFacts {
            state: state(check, installation.state),
            update_time: required(check, "update_time", installation.update_time),
            account: check.text("account", installation.account, LONGEST_NAME),
            account_id: installation.account_id,
            all_repositories: installation.all_repositories,
            missing_permissions: check.each(
                "missing_permissions",
                installation.missing_permissions,
                MOST_PERMISSIONS,
                |check, permission| check.text("", permission, LONGEST_NAME),
            ),
            url: check.text("url", installation.url, LONGEST_URL),
        };
        Installation { id, facts }
    })
}

fn state(check: &mut Check, state: i32) -> InstallationState {
    match v1::InstallationState::try_from(state) {
        Ok(v1::InstallationState::Active) => InstallationState::Active,
        Ok(v1::InstallationState::Suspended) => InstallationState::Suspended,
        Ok(v1::InstallationState::Deleted) => InstallationState::Deleted,
        Ok(v1::InstallationState::Unspecified) | Err(_) => {
            check.refuse("state", "must be set to a known value");
            // Whatever else is wrong is looked for as well.
            InstallationState::Active
        }
    }
}

/// Reads which repositories an installation lost, and when.
pub(in crate::api) fn removed_repositories(
    check: &mut Check,
    request: v1::RemoveRepositoriesRequest,
) -> (InstallationId, BTreeSet<RepositoryId>, Timestamp) {
    let installation = InstallationId(check.positive("installation_id", request.installation_id));
    let ids = check.each(
        "repository_ids",
        request.repository_ids,
        MOST_REMOVED,
        |check, id| RepositoryId(check.positive("", id)),
    );
    let time = required(check, "update_time", request.update_time);
    (installation, ids.into_iter().collect(), time)
}

/// Writes an installation and how much it sees.
pub(in crate::api) fn installation_to_proto(
    summary: &InstallationSummary,
) -> v1::InstallationSummary {
    let facts = &summary.installation.facts;
    let state = match facts.state {
        InstallationState::Active => v1::InstallationState::Active,
        InstallationState::Suspended => v1::InstallationState::Suspended,
        InstallationState::Deleted => v1::InstallationState::Deleted,
    };
    v1::InstallationSummary {
        installation: Some(v1::Installation {
            id: summary.installation.id.0,
            account: facts.account.clone(),
            state: state.into(),
            account_id: facts.account_id,
            all_repositories: facts.all_repositories,
            missing_permissions: facts.missing_permissions.clone(),
            url: facts.url.clone(),
            update_time: Some(timestamp_to_proto(facts.update_time)),
        }),
        repository_count: i32::try_from(summary.repository_count).unwrap_or(i32::MAX),
    }
}
