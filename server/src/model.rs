//! The types that the rest of the server speaks: valid by construction, free of protobuf and SQL.

mod alert;
mod backfill;
mod backoff;
mod build;
mod channel;
mod delivery;
mod filter;
mod gap;
mod id;
mod incident;
mod installation;
mod job;
mod lease;
mod pace;
mod pattern;
mod quiet;
mod report;
mod repository;
mod rule;
mod sketch;
mod status;
mod summary;
mod tally;
mod window;

pub(crate) use alert::{
    Alert, AlertDelivery, AlertKind, AlertState, IncidentFacts, Message, Named, RecipientOutcome,
    RecipientState, SkipReason,
};
pub(crate) use backfill::{Backfill, BackfillId, BackfillStatus, BackfillUpdate, LeasedBackfill};
pub(crate) use backoff::backoff;
pub(crate) use build::{Build, BuildFacts, BuildRecord, JobSpan, elapsed, mark_attempts};
pub(crate) use channel::{
    AlertChannel, ChannelAddress, ChannelContent, ChannelSecret, LeftOut, Pause,
};
pub(crate) use delivery::{DeliveryCounts, DeliveryRecord};
pub(crate) use filter::{CommitPrefix, Filter, StatusFilter, TimeRange, any};
pub(crate) use gap::{Closing, Gap, GapKind, GapName, MissedDelivery, Missing};
pub(crate) use id::{BuildId, InstallationId, JobId, RepositoryId, RunId, WorkflowId};
pub(crate) use incident::{Edge, Incident, IncidentKey, Place, Standing, is_decisive, outcome};
pub(crate) use installation::{
    Installation, InstallationFacts, InstallationState, InstallationSummary, Link,
};
pub(crate) use job::{Job, JobFacts, Step};
pub(crate) use lease::{HOLD, HoldRequest, InstallationLease, WHOLE_APP, share_of, told_hold};
pub(crate) use pace::{PACE_WINDOW, Pace, STORM_WINDOW, Told};
pub(crate) use pattern::Pattern;
pub(crate) use quiet::QuietHours;
pub(crate) use report::{Change, Delivery, Recorded, Report, Source};
pub(crate) use repository::{RecentBuild, Repository, RepositoryFacts, Workflow, WorkflowStanding};
pub(crate) use rule::{AlertRule, Limit, RuleContent, RuleFilter, Trigger, USUAL_OF, usual};
pub(crate) use sketch::{Sketch, is_bin};
pub(crate) use status::{Conclusion, Outcome, Status};
pub(crate) use summary::{Durations, Summary};
pub(crate) use tally::{Each, Ended, Finished, Rollup, Spread, Tally};
pub(crate) use window::{Intervals, Periods, Window};
