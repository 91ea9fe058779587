//! Numbers.

use std::collections::BTreeMap;

use lampboard_proto::v1;

use super::{
    status::conclusion_to_proto,
    time::{duration_to_proto, timestamp_to_proto},
};
use crate::model::{Durations, Summary, Window};

/// Writes a summary.
pub(in crate::api) fn summary_to_proto(summary: &Summary) -> v1::Summary {
    v1::Summary {
        build_count: count(summary.builds),
        success_count: count(summary.successes),
        failure_count: count(summary.failures),
        running_count: count(summary.running),
        replaced_count: count(summary.replaced),
        success_rate: summary.success_rate(),
        first_try_success_count: count(summary.first_try_successes),
        first_try_failure_count: count(summary.first_try_failures),
        first_try_rate: summary.first_try_rate(),
        wall_duration: Some(durations_to_proto(&summary.wall_time)),
        queue_duration: Some(durations_to_proto(&summary.queue_time)),
        run_duration: Some(durations_to_proto(&summary.run_time)),
        conclusion_counts: conclusion_counts(summary),
    }
}

/// All words that this version does not know are one conclusion on the wire.
fn conclusion_counts(summary: &Summary) -> Vec<v1::ConclusionCount> {
    let mut counts = BTreeMap::new();
    for (conclusion, builds) in &summary.conclusions {
        let conclusion = i32::from(conclusion_to_proto(conclusion));
        *counts.entry(conclusion).or_default() += builds;
    }
    let counts = counts.into_iter();
    counts
        .map(|(conclusion, builds)| v1::ConclusionCount {
            conclusion,
            count: count(builds),
        })
        .collect()
}

fn durations_to_proto(durations: &Durations) -> v1::DurationStatistics {
    let known = |duration| (durations.count > 0).then(|| duration_to_proto(duration));
    v1::DurationStatistics {
        count: count(durations.count),
        mean: known(durations.mean),
        p50: known(durations.p50),
        p95: known(durations.p95),
    }
}

/// Writes a window.
pub(in crate::api) fn window_to_proto(window: Window) -> v1::TimeRange {
    v1::TimeRange {
        start_time: window.start.map(timestamp_to_proto),
        end_time: Some(timestamp_to_proto(window.end)),
    }
}

fn count(count: usize) -> i32 {
    i32::try_from(count).unwrap_or(i32::MAX)
}
