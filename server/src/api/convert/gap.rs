//! Gaps and missed deliveries.

use lampboard_proto::v1;

use super::{
    Check,
    build::{LONGEST_NAME, LONGEST_TITLE, build_key, build_key_to_proto},
    report::LONGEST_GUID,
    time::{required, timestamp, timestamp_to_proto},
};
use crate::{
    model::{
        Closing, Gap, GapKind, GapName, InstallationId, MissedDelivery, Missing, RepositoryId,
    },
    store::LogRead,
};

const MOST_MISSED: usize = 10_000;
const MOST_CLOSED: usize = 1000;
const MOST_REPOSITORIES: usize = 10_000;

/// Reads what GitHub could not deliver, and until when that was looked for.
pub(in crate::api) fn log_read(
    check: &mut Check,
    request: v1::RecordMissedDeliveriesRequest,
) -> LogRead {
    if request.lease < 0 {
        check.refuse("lease", "must not be negative");
    }
    LogRead {
        missed: check.each("deliveries", request.deliveries, MOST_MISSED, missed),
        until: timestamp(check, "examined_until_time", request.examined_until_time),
        lease: (request.lease != 0).then_some(request.lease),
        history_since: timestamp(check, "history_since_time", request.history_since_time),
    }
}

fn missed(check: &mut Check, delivery: v1::MissedDelivery) -> MissedDelivery {
    if delivery.repository_id < 0 {
        check.refuse("repository_id", "must not be negative");
    }
    if delivery.installation_id < 0 {
        check.refuse("installation_id", "must not be negative");
    }
    MissedDelivery {
        guid: guid(check, delivery.guid),
        delivery_id: check.positive("delivery_id", delivery.delivery_id),
        event: check.text("event", delivery.event, LONGEST_NAME),
        action: check.text("action", delivery.action, LONGEST_NAME),
        repository: RepositoryId(delivery.repository_id),
        installation: InstallationId(delivery.installation_id),
        deliver_time: required(check, "deliver_time", delivery.deliver_time),
        problem: check.text("problem", delivery.problem, LONGEST_TITLE),
    }
}

fn guid(check: &mut Check, guid: String) -> String {
    if guid.is_empty() {
        check.refuse("guid", "must be set");
    }
    check.text("guid", guid, LONGEST_GUID)
}

/// Reads a kind of gaps to list.
pub(in crate::api) fn gap_kind(check: &mut Check, kind: i32) -> GapKind {
    match v1::GapKind::try_from(kind) {
        Ok(v1::GapKind::Attempt) => GapKind::Attempt,
        Ok(v1::GapKind::Jobs) => GapKind::Jobs,
        Ok(v1::GapKind::End) => GapKind::End,
        Ok(v1::GapKind::Delivery) => GapKind::Delivery,
        Ok(v1::GapKind::Unspecified) | Err(_) => {
            check.refuse("kind", "must be set to a known value");
            GapKind::Attempt
        }
    }
}

/// Reads the repositories whose gaps are asked for.
pub(in crate::api) fn gap_repositories(check: &mut Check, ids: Vec<i64>) -> Vec<RepositoryId> {
    check.each("repository_ids", ids, MOST_REPOSITORIES, |check, id| {
        RepositoryId(check.positive("", id))
    })
}

/// Reads the installations whose missed deliveries are asked for; zero is one.
pub(in crate::api) fn gap_installations(check: &mut Check, ids: Vec<i64>) -> Vec<InstallationId> {
    check.each("installation_ids", ids, MOST_REPOSITORIES, |check, id| {
        if id < 0 {
            check.refuse("", "must not be negative");
        }
        InstallationId(id)
    })
}

/// Reads which gaps are to be closed, and how.
pub(in crate::api) fn closed_gaps(
    check: &mut Check,
    request: v1::CloseGapsRequest,
) -> (Vec<GapName>, Closing) {
    let closing = match v1::GapClosing::try_from(request.closing) {
        Ok(v1::GapClosing::Learnt) => Closing::Learnt,
        Ok(v1::GapClosing::Lost) => Closing::Lost,
        Ok(v1::GapClosing::Unspecified) | Err(_) => {
            check.refuse("closing", "must be set to a known value");
            Closing::Lost
        }
    };
    let gaps = check.each("gaps", request.gaps, MOST_CLOSED, gap_name);
    (gaps, closing)
}

fn gap_name(check: &mut Check, gap: v1::Gap) -> GapName {
    let name = match gap_kind(check, gap.kind) {
        GapKind::Attempt => GapName::Attempt,
        GapKind::Jobs => GapName::Jobs,
        GapKind::End => GapName::End,
        GapKind::Delivery => {
            let delivery = gap.delivery.unwrap_or_default();
            return check.within("delivery", |check| {
                GapName::Delivery(guid(check, delivery.guid))
            });
        }
    };
    let key = gap.build.unwrap_or_default();
    name(check.within("build", |check| build_key(check, &key)))
}

/// Writes a gap.
pub(in crate::api) fn gap_to_proto(gap: Gap) -> v1::Gap {
    let (kind, build, delivery) = match gap.missing {
        Missing::Build(kind, id) => (kind, Some(build_key_to_proto(id)), None),
        Missing::Delivery(missed) => (GapKind::Delivery, None, Some(missed_to_proto(missed))),
    };
    v1::Gap {
        kind: gap_kind_to_proto(kind).into(),
        build,
        repository: gap.repository,
        installation_id: gap.installation.0,
        delivery,
        time: Some(timestamp_to_proto(gap.time)),
    }
}

/// Writes a kind of gaps.
pub(in crate::api) fn gap_kind_to_proto(kind: GapKind) -> v1::GapKind {
    match kind {
        GapKind::Attempt => v1::GapKind::Attempt,
        GapKind::Jobs => v1::GapKind::Jobs,
        GapKind::End => v1::GapKind::End,
        GapKind::Delivery => v1::GapKind::Delivery,
    }
}

fn missed_to_proto(missed: MissedDelivery) -> v1::MissedDelivery {
    v1::MissedDelivery {
        guid: missed.guid,
        delivery_id: missed.delivery_id,
        event: missed.event,
        action: missed.action,
        repository_id: missed.repository.0,
        installation_id: missed.installation.0,
        deliver_time: Some(timestamp_to_proto(missed.deliver_time)),
        problem: missed.problem,
    }
}
