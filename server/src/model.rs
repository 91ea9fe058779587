//! The types that the rest of the server speaks: valid by construction, free of protobuf and SQL.

mod alert;
mod backfill;
mod build;
mod delivery;
mod filter;
mod gap;
mod id;
mod installation;
mod job;
mod lease;
mod pattern;
mod report;
mod repository;
mod sketch;
mod status;
mod summary;
mod tally;
mod window;

pub(crate) use alert::{AlertKind, IncidentFacts, Message};
pub(crate) use backfill::{Backfill, BackfillId, BackfillStatus, BackfillUpdate, LeasedBackfill};
pub(crate) use build::{Build, BuildFacts, BuildRecord, JobSpan, elapsed, mark_attempts};
pub(crate) use delivery::{DeliveryCounts, DeliveryRecord};
pub(crate) use filter::{CommitPrefix, Filter, StatusFilter, TimeRange, any};
pub(crate) use gap::{Closing, Gap, GapKind, GapName, MissedDelivery, Missing};
pub(crate) use id::{BuildId, InstallationId, JobId, RepositoryId, RunId, WorkflowId};
pub(crate) use installation::{
    Installation, InstallationFacts, InstallationState, InstallationSummary, Link,
};
pub(crate) use job::{Job, JobFacts, Step};
pub(crate) use lease::{HOLD, HoldRequest, InstallationLease, WHOLE_APP, share_of, told_hold};
pub(crate) use pattern::Pattern;
pub(crate) use report::{Change, Delivery, Recorded, Report, Source};
pub(crate) use repository::{RecentBuild, Repository, RepositoryFacts, Workflow, WorkflowStanding};
pub(crate) use sketch::Sketch;
pub(crate) use status::{Conclusion, Outcome, Status};
pub(crate) use summary::{Durations, Summary};
pub(crate) use tally::{Each, Ended, Finished, Rollup, Spread, Tally};
pub(crate) use window::{Intervals, Periods, Window};
