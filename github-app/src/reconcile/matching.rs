//! Tells which missed webhooks say nothing new: GitHub's log does not name the run
//! of a webhook, but when it was sent, and each change of a run is told once.

use std::collections::HashMap;

use jiff::{SignedDuration, Timestamp};
use lampboard_proto::v1::{Build, BuildKey, BuildStatus, MissedDelivery};

use crate::time::{after, before, from_proto};

/// How long after a change its webhook may be sent.
const DELAY: SignedDuration = SignedDuration::from_mins(2);
/// How far the clocks of GitHub's parts may be apart.
const SLACK: SignedDuration = SignedDuration::from_secs(5);

/// A build that was learnt of without its webhooks.
#[derive(Debug, Clone)]
pub(super) struct Learnt {
    pub(super) key: BuildKey,
    start: Timestamp,
    update: Timestamp,
    is_over: bool,
}

impl Learnt {
    pub(super) fn of(build: &Build) -> Option<Self> {
        Some(Self {
            key: BuildKey {
                repository_id: build.repository_id,
                run_id: build.run_id,
                run_attempt: build.run_attempt,
            },
            start: build.start_time.and_then(from_proto)?,
            update: build.update_time.and_then(from_proto)?,
            is_over: build.status() == BuildStatus::Completed,
        })
    }

    /// When the webhook of an action of this build may have been sent.
    fn window(&self, action: &str) -> Option<(Timestamp, Timestamp)> {
        let (from, until) = match action {
            "completed" if self.is_over => (self.update, self.update),
            "completed" => return None,
            "requested" => (self.start, self.start),
            _ => (self.start, self.update),
        };
        Some((before(from, SLACK), after(until, DELAY)))
    }
}

/// Splits missed webhooks of runs into those that the learnt builds explain, each
/// by another one, and the rest.
pub(super) fn explained(
    mut missed: Vec<MissedDelivery>,
    learnt: &[Learnt],
) -> (Vec<MissedDelivery>, Vec<MissedDelivery>) {
    missed.sort_by_key(|it| it.deliver_time.and_then(from_proto));
    let mut open: HashMap<(i64, String), Vec<(Timestamp, Timestamp)>> = HashMap::new();
    missed.into_iter().partition(|delivery| {
        let Some(time) = delivery.deliver_time.and_then(from_proto) else {
            return false;
        };
        let place = (delivery.repository_id, delivery.action.clone());
        let windows = open.entry(place).or_insert_with(|| {
            let here = learnt.iter();
            let here = here.filter(|it| it.key.repository_id == delivery.repository_id);
            let mut windows: Vec<_> = here.filter_map(|it| it.window(&delivery.action)).collect();
            windows.sort_by_key(|(_, until)| *until);
            windows
        });
        // The one that ends first: the others may explain what comes later.
        let fitting = windows
            .iter()
            .position(|(from, until)| *from <= time && time <= *until);
        fitting.map(|index| windows.remove(index)).is_some()
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::timestamp;

    fn at(text: &str) -> Timestamp {
        format!("2026-03-01T{text}Z").parse().unwrap()
    }

    fn learnt(run_id: i64, start: &str, update: &str) -> Learnt {
        Learnt {
            key: BuildKey {
                repository_id: 1,
                run_id,
                run_attempt: 1,
            },
            start: at(start),
            update: at(update),
            is_over: true,
        }
    }

    fn missed(guid: &str, action: &str, time: &str) -> MissedDelivery {
        MissedDelivery {
            guid: guid.to_owned(),
            event: "workflow_run".to_owned(),
            action: action.to_owned(),
            repository_id: 1,
            deliver_time: Some(timestamp(at(time))),
            ..MissedDelivery::default()
        }
    }

    fn unexplained(deliveries: Vec<MissedDelivery>, learnt: &[Learnt]) -> Vec<String> {
        let (_, rest) = explained(deliveries, learnt);
        rest.into_iter().map(|it| it.guid).collect()
    }

    #[test]
    fn a_build_explains_each_of_its_webhooks_once() {
        let deliveries = vec![
            missed("requested", "requested", "10:00:01"),
            missed("started", "in_progress", "10:00:20"),
            missed("ended", "completed", "10:05:02"),
            missed("ended too", "completed", "10:05:03"),
        ];
        let learnt = [learnt(7, "10:00:00", "10:05:00")];
        assert_eq!(unexplained(deliveries, &learnt), ["ended too"]);
    }

    #[test]
    fn a_run_that_was_learnt_of_does_not_explain_the_end_of_another() {
        let deliveries = vec![missed("old run again", "completed", "11:00:00")];
        let learnt = [learnt(7, "10:00:00", "10:05:00")];
        assert_eq!(unexplained(deliveries, &learnt), ["old run again"]);
    }

    #[test]
    fn overlapping_builds_are_shared_out_so_that_most_is_explained() {
        let deliveries = vec![
            missed("a", "in_progress", "10:00:30"),
            missed("b", "in_progress", "10:20:00"),
        ];
        let learnt = [
            learnt(7, "10:00:00", "10:40:00"),
            learnt(8, "10:00:00", "10:01:00"),
        ];
        assert_eq!(unexplained(deliveries, &learnt), [""; 0]);
    }

    #[test]
    fn builds_of_another_repository_explain_nothing() {
        let mut elsewhere = missed("a", "completed", "10:05:00");
        elsewhere.repository_id = 2;
        let learnt = [learnt(7, "10:00:00", "10:05:00")];
        assert_eq!(unexplained(vec![elsewhere], &learnt), ["a"]);
    }
}
