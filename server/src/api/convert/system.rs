//! How the app is, and what became of deliveries.

use lampboard_proto::v1;

use super::{
    Check,
    build::{LONGEST_NAME, LONGEST_TITLE, LONGEST_URL},
    time::{timestamp, timestamp_to_proto},
};
use crate::model::{DeliveryCounts, DeliveryRecord};

const MOST_REASONS: usize = 100;
const MOST_BUDGETS: usize = 10_000;
const MOST_PROBLEMS: usize = 100;

/// Looks how the app says it is through. The server keeps it as it came.
pub(in crate::api) fn app_status(
    check: &mut Check,
    status: Option<v1::AppStatus>,
) -> v1::AppStatus {
    let status = status.unwrap_or_default();
    check.within("status", |check| {
        if let Ok(v1::AppMode::Unspecified) | Err(_) = v1::AppMode::try_from(status.mode) {
            check.refuse("mode", "must be set to a known value");
        }
        timestamp(check, "start_time", status.start_time);
        timestamp(check, "last_webhook_time", status.last_webhook_time);
        v1::AppStatus {
            app_slug: check.text("app_slug", status.app_slug, LONGEST_NAME),
            app_url: check.text("app_url", status.app_url, LONGEST_URL),
            refused: check.each("refused", status.refused, MOST_REASONS, refused),
            budgets: check.each("budgets", status.budgets, MOST_BUDGETS, budget),
            last_round: status
                .last_round
                .map(|it| check.within("last_round", |check| round(check, it))),
            problems: check.each(
                "problems",
                status.problems,
                MOST_PROBLEMS,
                |check, problem| check.text("", problem, LONGEST_TITLE),
            ),
            ..status
        }
    })
}

fn refused(check: &mut Check, refused: v1::RefusedWebhooks) -> v1::RefusedWebhooks {
    timestamp(check, "last_time", refused.last_time);
    v1::RefusedWebhooks {
        reason: check.text("reason", refused.reason, LONGEST_NAME),
        ..refused
    }
}

fn budget(check: &mut Check, budget: v1::RequestBudget) -> v1::RequestBudget {
    if budget.installation_id < 0 {
        check.refuse("installation_id", "must not be negative");
    }
    timestamp(check, "reset_time", budget.reset_time);
    timestamp(check, "limited_until_time", budget.limited_until_time);
    budget
}

fn round(check: &mut Check, round: v1::ReconcileRound) -> v1::ReconcileRound {
    timestamp(check, "start_time", round.start_time);
    v1::ReconcileRound {
        problem: check.text("problem", round.problem, LONGEST_TITLE),
        ..round
    }
}

/// Writes how many deliveries there were.
pub(in crate::api) fn delivery_counts_to_proto(counts: DeliveryCounts) -> v1::DeliveryCounts {
    v1::DeliveryCounts {
        received: counts.received,
        recovered: counts.recovered,
        repetitions: counts.repetitions,
        quarantined: counts.quarantined,
        learnt: counts.learnt,
        lost: counts.lost,
    }
}

/// Writes a delivery.
pub(in crate::api) fn delivery_to_proto(delivery: DeliveryRecord) -> v1::DeliveryRecord {
    let count = |count| i32::try_from(count).unwrap_or(i32::MAX);
    v1::DeliveryRecord {
        guid: delivery.guid,
        event: delivery.event,
        action: delivery.action,
        repository: delivery.repository,
        receive_time: Some(timestamp_to_proto(delivery.receive_time)),
        recovered: delivery.recovered,
        receive_count: count(delivery.receive_count),
        conflict_count: count(delivery.conflict_count),
        problem: delivery.problem,
    }
}
