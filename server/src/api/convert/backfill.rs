//! Backfills.

use jiff::Timestamp;
use lampboard_proto::v1;

use super::{
    Check,
    build::{LONGEST_NAME, LONGEST_TITLE},
    time::{required, timestamp, timestamp_to_proto},
};
use crate::model::{
    Backfill, BackfillId, BackfillStatus, BackfillUpdate, LeasedBackfill, RepositoryId,
};

/// Reads the id of a backfill.
pub(in crate::api) fn backfill_id(check: &mut Check, field: &str, text: &str) -> BackfillId {
    text.parse().unwrap_or_else(|_| {
        check.refuse(field, "must be the id of a backfill");
        BackfillId {
            repository: RepositoryId(0),
            number: 0,
        }
    })
}

/// Reads how far a backfill is.
pub(in crate::api) fn backfill_update(
    check: &mut Check,
    request: v1::UpdateBackfillRequest,
) -> BackfillUpdate {
    BackfillUpdate {
        id: backfill_id(check, "id", &request.id),
        lease: check.positive("lease", request.lease),
        status: told_status(check, request.status),
        cursor_time: timestamp(check, "cursor_time", request.cursor_time),
        added_runs: count(check, "added_run_count", request.added_run_count),
        added_requests: count(check, "added_request_count", request.added_request_count),
        problem: check.text("problem", request.problem, LONGEST_TITLE),
        wait_until_time: timestamp(check, "wait_until_time", request.wait_until_time),
    }
}

fn told_status(check: &mut Check, status: i32) -> BackfillStatus {
    match v1::BackfillStatus::try_from(status) {
        Ok(v1::BackfillStatus::Running) => BackfillStatus::Running,
        Ok(v1::BackfillStatus::Done) => BackfillStatus::Done,
        Ok(v1::BackfillStatus::Failed) => BackfillStatus::Failed,
        _ => {
            check.refuse("status", "must be running, done or failed");
            BackfillStatus::Failed
        }
    }
}

fn count(check: &mut Check, field: &str, count: i32) -> i32 {
    if count < 0 {
        check.refuse(field, "must not be negative");
    }
    count
}

/// Reads which history is to be loaded, as of now.
pub(in crate::api) fn history(
    check: &mut Check,
    request: v1::StartBackfillRequest,
    now: Timestamp,
) -> (String, Timestamp) {
    if request.repository.is_empty() {
        check.refuse("repository", "must be set");
    }
    let repository = check.text("repository", request.repository, LONGEST_NAME);
    let since = required(check, "since_time", request.since_time);
    if since >= now {
        check.refuse("since_time", "must be in the past");
    }
    (repository, since)
}

/// Writes a backfill.
pub(in crate::api) fn backfill_to_proto(backfill: &Backfill) -> v1::Backfill {
    let status = match backfill.status {
        BackfillStatus::Queued => v1::BackfillStatus::Queued,
        BackfillStatus::Running => v1::BackfillStatus::Running,
        BackfillStatus::Done => v1::BackfillStatus::Done,
        BackfillStatus::Failed => v1::BackfillStatus::Failed,
        BackfillStatus::Cancelled => v1::BackfillStatus::Cancelled,
    };
    v1::Backfill {
        id: backfill.id.to_string(),
        repository_id: backfill.id.repository.0,
        repository: backfill.repository.clone(),
        since_time: Some(timestamp_to_proto(backfill.since_time)),
        status: status.into(),
        create_time: Some(timestamp_to_proto(backfill.create_time)),
        update_time: Some(timestamp_to_proto(backfill.update_time)),
        end_time: backfill.end_time.map(timestamp_to_proto),
        cursor_time: backfill.cursor_time.map(timestamp_to_proto),
        run_count: i32::try_from(backfill.run_count).unwrap_or(i32::MAX),
        request_count: i32::try_from(backfill.request_count).unwrap_or(i32::MAX),
        problem: backfill.problem.clone(),
        wait_until_time: backfill.wait_until_time.map(timestamp_to_proto),
    }
}

/// Writes a backfill that is handed out.
pub(in crate::api) fn leased_to_proto(leased: &LeasedBackfill) -> v1::LeasedBackfill {
    v1::LeasedBackfill {
        backfill: Some(backfill_to_proto(&leased.backfill)),
        lease: leased.lease,
        installation_id: leased.installation.0,
    }
}
