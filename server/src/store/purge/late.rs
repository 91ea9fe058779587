//! What was asked of GitHub about runs that are older than what is kept: not taken in.

use std::collections::BTreeSet;

use jiff::Timestamp;

use super::{
    super::{PreparedReport, builds, db::Connection},
    runs::{Run, run_of},
};
use crate::{
    Result,
    model::{BuildFacts, Report, Source},
};

/// What is said of a delivery that told of nothing else.
const TOO_OLD: &str = "the run is older than builds are kept (LAMPBOARD_RETENTION_BUILDS)";

/// Takes out of some reports the runs that are unknown and too old. Each of them was
/// deleted, or would be. What GitHub sends of its own accord is taken in, and deleted
/// soon enough.
pub(in crate::store) async fn refuse(
    connection: &mut Connection,
    reports: &mut [PreparedReport],
    horizon: Timestamp,
) -> Result<()> {
    let told = |is_wanted: &dyn Fn(&BuildFacts) -> bool| -> BTreeSet<Run> {
        let builds = asked(reports).flat_map(|report| &report.builds);
        let builds = builds.filter(|(_, facts)| is_wanted(facts));
        builds.map(|(id, _)| run_of(*id)).collect()
    };
    let mut old = told(&|facts| is_old(facts, horizon));
    let jobs = asked(reports).flat_map(|report| &report.jobs);
    let jobs = jobs.filter(|job| job.facts.create_time <= horizon);
    old.extend(jobs.map(|job| run_of(job.build)));
    if old.is_empty() {
        return Ok(());
    }
    // A new attempt makes the run new.
    let new = told(&|facts| !is_old(facts, horizon));
    old.retain(|run| !new.contains(run));
    let ids: Vec<i64> = old.iter().map(|(run, _)| run.0).collect();
    for build in builds::of_runs(connection, &ids).await? {
        old.remove(&run_of(build.id));
    }
    for report in reports {
        if report.report.source != Source::Webhook {
            take_out(&mut report.report, &old);
        }
    }
    Ok(())
}

/// The reports of what was asked for.
fn asked(reports: &[PreparedReport]) -> impl Iterator<Item = &Report> {
    let reports = reports.iter().map(|it| &it.report);
    reports.filter(|report| report.source != Source::Webhook)
}

/// GitHub moves the time of change long after the end: of what is over only the
/// start can be believed.
fn is_old(facts: &BuildFacts, horizon: Timestamp) -> bool {
    facts.start_time <= horizon && (facts.status.is_completed() || facts.update_time <= horizon)
}

fn take_out(report: &mut Report, old: &BTreeSet<Run>) {
    let count = report.builds.len() + report.jobs.len();
    report.builds.retain(|(id, _)| !old.contains(&run_of(*id)));
    report.jobs.retain(|job| !old.contains(&run_of(job.build)));
    report
        .complete_builds
        .retain(|id| !old.contains(&run_of(*id)));
    let left = report.builds.len() + report.jobs.len();
    if left == count {
        return;
    }
    tracing::debug!("a report of {} builds and jobs came too late", count - left);
    if let Some(delivery) = report.delivery.as_mut().filter(|_| left == 0)
        && delivery.problem.is_empty()
    {
        TOO_OLD.clone_into(&mut delivery.problem);
    }
}
