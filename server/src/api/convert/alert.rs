//! Alerts and incidents.

use std::collections::BTreeMap;

use lampboard_proto::v1;

use super::{
    Check, build_to_proto,
    filter::time_range,
    job_to_proto, patterns,
    time::{duration_to_proto, timestamp_to_proto},
};
use crate::{
    model::{
        Alert, AlertKind, AlertState, Build, BuildId, Incident, Job, RecipientOutcome,
        RecipientState, SkipReason, elapsed,
    },
    store::{AlertQuery, IncidentQuery},
};

const MOST_WORDS: usize = 20;
const LONGEST_ID: usize = 100;

/// Reads which incidents are asked for; where the list goes on is not read here.
pub(in crate::api) fn incident_query(
    check: &mut Check,
    request: v1::ListIncidentsRequest,
    size: usize,
) -> IncidentQuery {
    let states = check.each("states", request.states, MOST_WORDS, |check, state| {
        match v1::IncidentState::try_from(state) {
            Ok(v1::IncidentState::Open) => Some(true),
            Ok(v1::IncidentState::Resolved) => Some(false),
            _ => {
                check.refuse("", "must be open or resolved");
                None
            }
        }
    });
    let has = |open| states.contains(&Some(open));
    IncidentQuery {
        repositories: patterns(check, "repositories", request.repositories),
        branches: patterns(check, "branches", request.branches),
        open: (has(true) != has(false)).then(|| has(true)),
        open_time: time_range(check, "open_time_range", request.open_time_range),
        after: None,
        size,
    }
}

/// Reads which alerts are asked for.
pub(in crate::api) fn alert_query(check: &mut Check, request: v1::ListAlertsRequest) -> AlertQuery {
    AlertQuery {
        build: (!request.build_id.is_empty()).then(|| alert_build(check, &request.build_id)),
        channel: check.text("channel_id", request.channel_id, LONGEST_ID),
        rule: check.text("rule_id", request.rule_id, LONGEST_ID),
        incident: check.text("incident_id", request.incident_id, LONGEST_ID),
        states: check.each("states", request.states, MOST_WORDS, state_word),
        kinds: check.each("kinds", request.kinds, MOST_WORDS, alert_kind),
        create_time: time_range(check, "create_time_range", request.create_time_range),
    }
}

/// Reads the id of a build.
pub(in crate::api) fn alert_build(check: &mut Check, id: &str) -> BuildId {
    id.parse().unwrap_or_else(|_| {
        check.refuse("build_id", "must be the id of a build");
        BuildId {
            run: crate::model::RunId(0),
            attempt: 0,
            repository: crate::model::RepositoryId(0),
        }
    })
}

fn state_word(check: &mut Check, state: i32) -> &'static str {
    match v1::AlertState::try_from(state) {
        Ok(v1::AlertState::Pending) => "pending",
        Ok(v1::AlertState::Sent) => "sent",
        Ok(v1::AlertState::Failed) => "failed",
        Ok(v1::AlertState::Skipped) => "skipped",
        _ => {
            check.refuse("", "must be pending, sent, failed or skipped");
            ""
        }
    }
}

/// Reads what an alert says.
pub(in crate::api) fn alert_kind(check: &mut Check, kind: i32) -> AlertKind {
    match v1::AlertKind::try_from(kind) {
        Ok(v1::AlertKind::Failure) => AlertKind::Failure,
        Ok(v1::AlertKind::Recovery) => AlertKind::Recovery,
        Ok(v1::AlertKind::StaysRed) => AlertKind::StaysRed,
        Ok(v1::AlertKind::Slow) => AlertKind::Slow,
        Ok(v1::AlertKind::Queued) => AlertKind::Queued,
        _ => {
            check.refuse("", "must be failure, recovery, stays red, slow or queued");
            AlertKind::Failure
        }
    }
}

/// Writes what an alert says.
pub(in crate::api) fn alert_kind_to_proto(kind: AlertKind) -> v1::AlertKind {
    match kind {
        AlertKind::Failure => v1::AlertKind::Failure,
        AlertKind::Recovery => v1::AlertKind::Recovery,
        AlertKind::StaysRed => v1::AlertKind::StaysRed,
        AlertKind::Slow => v1::AlertKind::Slow,
        AlertKind::Queued => v1::AlertKind::Queued,
    }
}

/// Writes an alert, with its build if that is shown.
pub(in crate::api) fn alert_to_proto(
    alert: &Alert,
    builds: &BTreeMap<BuildId, Build>,
) -> v1::Alert {
    let delivery = &alert.delivery;
    let (mut send_time, mut next_attempt_time) = (None, None);
    let (mut skip_reason, mut first) = (v1::AlertSkipReason::Unspecified, String::new());
    let state = match &alert.state {
        AlertState::Pending { next_time } => {
            next_attempt_time = Some(timestamp_to_proto(*next_time));
            v1::AlertState::Pending
        }
        AlertState::Sent { send_time: time } => {
            send_time = Some(timestamp_to_proto(*time));
            v1::AlertState::Sent
        }
        AlertState::Failed => v1::AlertState::Failed,
        AlertState::Skipped(reason) => {
            (skip_reason, first) = skip_reason_to_proto(reason);
            v1::AlertState::Skipped
        }
    };
    v1::Alert {
        id: alert.id.clone(),
        rule_id: alert.rule.id.clone(),
        rule_display_name: alert.rule.display_name.clone(),
        channel_id: alert.channel.id.clone(),
        channel_display_name: alert.channel.display_name.clone(),
        build: builds.get(&alert.build).map(build_to_proto),
        incident_id: alert.incident.clone(),
        kind: alert_kind_to_proto(alert.kind).into(),
        state: state.into(),
        skip_reason: skip_reason.into(),
        first_alert_id: first,
        attempt_count: delivery.attempt_count,
        error: delivery.error.clone(),
        answer: delivery.answer.clone(),
        possible_repeat: delivery.possible_repeat,
        message_id: delivery.message_id.clone(),
        recipients: delivery.recipients.iter().map(recipient_to_proto).collect(),
        create_time: Some(timestamp_to_proto(alert.create_time)),
        send_time,
        next_attempt_time,
    }
}

fn skip_reason_to_proto(reason: &SkipReason) -> (v1::AlertSkipReason, String) {
    use v1::AlertSkipReason as Reason;
    let word = match reason {
        SkipReason::Duplicate { first } => return (Reason::Duplicate, first.clone()),
        SkipReason::OverWhileQuiet => Reason::OverWhileQuiet,
        SkipReason::FailureNotSent => Reason::FailureNotSent,
        SkipReason::ChannelGone => Reason::ChannelGone,
        SkipReason::RuleGone => Reason::RuleGone,
        SkipReason::RepositoryHidden => Reason::RepositoryHidden,
        SkipReason::TooOld => Reason::TooOld,
    };
    (word, String::new())
}

/// Writes what became of an alert for one recipient.
pub(in crate::api) fn recipient_to_proto(recipient: &RecipientOutcome) -> v1::AlertRecipient {
    let state = match recipient.state {
        RecipientState::Pending => v1::AlertState::Pending,
        RecipientState::Sent => v1::AlertState::Sent,
        RecipientState::Failed => v1::AlertState::Failed,
    };
    v1::AlertRecipient {
        address: recipient.address.clone(),
        state: state.into(),
        answer: recipient.answer.clone(),
    }
}

/// Writes an incident, with those of its builds that are shown.
pub(in crate::api) fn incident_to_proto(
    (incident, repository): &(Incident, String),
    builds: &BTreeMap<BuildId, Build>,
    failed_jobs: &[Job],
    compare_url: String,
) -> v1::Incident {
    let build = |id: BuildId| builds.get(&id).map(build_to_proto);
    let state = match incident.resolve_time {
        None => v1::IncidentState::Open,
        Some(_) => v1::IncidentState::Resolved,
    };
    let key = &incident.key;
    let branch = if key.head_repository.is_empty() {
        key.branch.clone()
    } else {
        format!("{}:{}", key.head_repository, key.branch)
    };
    let recovered = incident
        .resolve_time
        .map(|end| elapsed(incident.open_time, end));
    v1::Incident {
        id: incident.id.clone(),
        state: state.into(),
        repository: repository.clone(),
        repository_id: key.repository.0,
        workflow: incident.workflow.clone(),
        workflow_id: key.workflow.0,
        branch,
        first_failure: build(incident.first_failure),
        last_failure: build(incident.last_failure),
        success: incident.success.and_then(build),
        last_success: incident.last_success.and_then(build),
        failed_jobs: failed_jobs.iter().map(job_to_proto).collect(),
        compare_url,
        failure_count: incident.failure_count,
        open_time: Some(timestamp_to_proto(incident.open_time)),
        resolve_time: incident.resolve_time.map(timestamp_to_proto),
        time_to_recovery: recovered.map(duration_to_proto),
    }
}
