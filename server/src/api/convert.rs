//! Protobuf to model and back. The way in is the validation: what is past it, is valid.

mod alert;
mod backfill;
mod build;
mod channel;
mod check;
mod filter;
mod gap;
mod installation;
mod job;
mod lease;
mod report;
mod repository;
mod rule;
mod status;
mod summary;
mod system;
mod time;

pub(super) use alert::{
    alert_build, alert_kind, alert_kind_to_proto, alert_query, alert_to_proto, incident_query,
    incident_to_proto, recipient_to_proto as alert_recipient_to_proto,
};
pub(super) use backfill::{
    backfill_id, backfill_to_proto, backfill_update, history, leased_to_proto,
};
pub(super) use build::{build_key_to_proto, build_to_proto};
pub(super) use channel::{SetChannel, SetTarget, channel, channel_to_proto};
pub(super) use check::Check;
pub(super) use filter::{filter, patterns, run_id, time_range};
pub(super) use gap::{
    closed_gaps, gap_installations, gap_kind, gap_kind_to_proto, gap_repositories, gap_to_proto,
    log_read,
};
pub(super) use installation::{installation_sync, installation_to_proto, removed_repositories};
pub(super) use job::job_to_proto;
pub(super) use lease::{held_to_proto, hold_request, holder, holders_to_proto};
pub(super) use report::report;
pub(super) use repository::{repository_to_proto, workflow_to_proto};
pub(super) use rule::{rule, rule_to_proto, unsent_rule};
pub(super) use summary::{summary_to_proto, window_to_proto};
pub(super) use system::{app_status, delivery_counts_to_proto, delivery_to_proto};
pub(super) use time::{duration, timestamp_to_proto};
