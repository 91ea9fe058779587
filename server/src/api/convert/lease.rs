//! Leases of installations.

use std::collections::{BTreeMap, BTreeSet};

use lampboard_proto::v1;

use super::{Check, build::LONGEST_NAME, time::timestamp_to_proto};
use crate::model::{HoldRequest, InstallationId, InstallationLease, WHOLE_APP, told_hold};

const MOST_ASKED: usize = 10_000;

/// Reads what an app says when it asks for installations to hold.
pub(in crate::api) fn hold_request(
    check: &mut Check,
    request: v1::HoldInstallationsRequest,
) -> HoldRequest {
    if request.holder.is_empty() {
        check.refuse("holder", "must be set");
    }
    let asked = request.ask_installation_ids;
    let asked = check.each("ask_installation_ids", asked, MOST_ASKED, |check, id| {
        InstallationId(check.positive("", id))
    });
    let asked: BTreeSet<InstallationId> = asked.into_iter().collect();
    HoldRequest {
        holder: holder(check, request.holder),
        asked: asked.into_iter().collect(),
        undivided: request.undivided,
        leave: request.leave,
    }
}

/// Reads the name of an app. Empty is none.
pub(in crate::api) fn holder(check: &mut Check, holder: String) -> String {
    check.text("holder", holder, LONGEST_NAME)
}

/// Writes what an app holds.
pub(in crate::api) fn held_to_proto(held: Vec<InstallationLease>) -> v1::HoldInstallationsResponse {
    let installations = held.into_iter().map(|it| v1::HeldInstallation {
        installation_id: it.installation.0,
        number: it.number,
        ask_time: it.ask_time.map(timestamp_to_proto),
    });
    v1::HoldInstallationsResponse {
        installations: installations.collect(),
        hold_time: prost_types::Duration::try_from(told_hold().unsigned_abs()).ok(),
    }
}

/// Writes who holds what.
pub(in crate::api) fn holders_to_proto(leases: Vec<InstallationLease>) -> Vec<v1::AppHolder> {
    let mut holders: BTreeMap<String, v1::AppHolder> = BTreeMap::new();
    for lease in leases {
        let holder = holders.entry(lease.holder.clone()).or_default();
        holder.name = lease.holder;
        if lease.installation == WHOLE_APP {
            holder.whole_app = true;
        } else {
            holder.installation_ids.push(lease.installation.0);
        }
    }
    holders.into_values().collect()
}
