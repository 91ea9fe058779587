//! Builds out of the database, so that what is asked for is there.

use anyhow::{Context as _, Result, ensure};
use fastrand::Rng;
use lampboard_proto::v1::{Build, BuildFilter, ListBuildsRequest, TimeRange};
use prost_types::Timestamp;

use super::question::Client;

/// How many moments of the year builds are taken from.
const MOMENTS: usize = 60;
/// How many builds of the last days are taken.
const RECENT: i32 = 200;
const DAY: i64 = 86_400;

/// Builds that are there.
pub(super) struct Samples {
    /// Of the whole year.
    pub(super) any: Vec<Build>,
    /// The last ones that began.
    pub(super) recent: Vec<Build>,
    /// When the last one began: filled databases end there.
    pub(super) end: Timestamp,
}

impl Samples {
    pub(super) async fn take(client: &mut Client, rng: &mut Rng) -> Result<Self> {
        let newest = before(client, None, 1).await?;
        let end = newest
            .first()
            .and_then(|build| build.start_time)
            .context("there are no builds in the database: fill it first")?;
        let mut any = Vec::new();
        for _ in 0..MOMENTS {
            let time = end.seconds - rng.i64(DAY..360 * DAY);
            any.extend(before(client, Some(time), 3).await?);
        }
        let mut recent = Vec::new();
        for day in 0..5 {
            recent.extend(before(client, Some(end.seconds - day * DAY), RECENT).await?);
        }
        ensure!(
            !any.is_empty(),
            "the database holds less than a year of builds"
        );
        Ok(Self { any, recent, end })
    }

    /// The window that ends with the last build.
    pub(super) fn last_days(&self, days: i64) -> TimeRange {
        let start = Timestamp {
            seconds: self.end.seconds - days * DAY,
            nanos: self.end.nanos,
        };
        TimeRange {
            start_time: Some(start),
            end_time: Some(self.end),
        }
    }

    /// Different repositories, the lively ones sooner.
    pub(super) fn repositories(&self, rng: &mut Rng, count: usize) -> Vec<String> {
        let mut names: Vec<&String> = self.recent.iter().map(|build| &build.repository).collect();
        rng.shuffle(&mut names);
        let mut different: Vec<String> = Vec::with_capacity(count);
        for name in names {
            if different.len() < count && !different.contains(name) {
                different.push(name.clone());
            }
        }
        different
    }
}

async fn before(client: &mut Client, seconds: Option<i64>, count: i32) -> Result<Vec<Build>> {
    let end_time = seconds.map(|seconds| Timestamp { seconds, nanos: 0 });
    let filter = BuildFilter {
        start_time_range: Some(TimeRange {
            start_time: None,
            end_time,
        }),
        ..BuildFilter::default()
    };
    let request = ListBuildsRequest {
        filter: Some(filter),
        page_size: count,
        ..ListBuildsRequest::default()
    };
    Ok(client.list(request).await?.builds)
}
