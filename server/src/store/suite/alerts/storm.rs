//! A storm: few messages, and nothing is left out.

use std::collections::BTreeSet;

use super::{
    CHANGE, Team, build,
    outbox::{of_all, sent},
};
use crate::{
    fixtures::{at, build_id, repository},
    model::{
        AlertChannel, AlertState, BuildFacts, BuildId, Report, Repository, RepositoryFacts,
        RepositoryId, Source,
    },
    store::Next,
};

/// A storm: so many repositories break, so many at once, every few seconds.
struct Storm {
    all: i64,
    at_once: i64,
    step: i64,
}

/// After a storm, until the last digest is out, too.
const CALM: i64 = 180;

impl Team {
    /// Plays a storm to some channels; gives when each message was sent to each of them, and
    /// how many it told.
    async fn play(&self, storm: &Storm, channels: &[AlertChannel]) -> Vec<Vec<(i64, usize)>> {
        let mut told = vec![Vec::new(); channels.len()];
        let end = storm.all / storm.at_once * storm.step;
        for second in (0..end + CALM).step_by(usize::try_from(storm.step).unwrap()) {
            self.set_clock(second);
            if second < end {
                let first = second / storm.step * storm.at_once + 1;
                self.break_repositories(first..first + storm.at_once, second)
                    .await;
            }
            for (channel, told) in channels.iter().zip(&mut told) {
                let sizes = self.drain(channel).await.into_iter();
                told.extend(sizes.map(|size| (second, size)));
            }
        }
        told
    }

    /// The only workflow of each of some repositories fails.
    async fn break_repositories(&self, numbers: std::ops::Range<i64>, second: i64) {
        let mut report = Report {
            source: Source::Webhook,
            ..Report::default()
        };
        for number in numbers {
            let id = BuildId {
                repository: RepositoryId(number),
                ..build_id(number, 1)
            };
            let facts = BuildFacts {
                update_time: at(second),
                ..build(1, 1, "failure")
            };
            report.builds.push((id, facts));
            report.repositories.push(Repository {
                id: id.repository,
                facts: RepositoryFacts {
                    name: format!("acme/service-{number}"),
                    ..repository().facts
                },
                ..repository()
            });
        }
        self.fixture.record(report).await;
    }

    /// Sends what may be sent now; gives the sizes of the messages.
    async fn drain(&self, channel: &AlertChannel) -> Vec<usize> {
        let (mut sizes, mut last) = (Vec::new(), None);
        while let Next::Send(outgoing) = self.next(channel, last).await {
            sizes.push(outgoing.alerts.len());
            last = Some(sent(&outgoing));
        }
        sizes
    }
}

#[tokio::test]
async fn three_hundred_repositories_that_break_are_told_in_sixteen_messages() {
    let team = Team::new().await;
    let channels = [team.channel("#ci").await, team.channel("#web").await];
    let rule = of_all(CHANGE, &channels.each_ref());
    team.rule_as(rule).await;
    let storm = Storm {
        all: 300,
        at_once: 5,
        step: 5,
    };
    let told = team.play(&storm, &channels).await;
    for told in told {
        assert!(told.len() <= 16, "{told:?}");
        let singles = told.iter().take_while(|(_, size)| *size == 1).count();
        assert!(singles <= 10, "{told:?}");
        let digests = &told[singles..];
        assert!(digests.iter().all(|(_, size)| *size > 1), "{told:?}");
        assert!(
            digests.windows(2).all(|two| two[1].0 - two[0].0 >= 60),
            "{told:?}"
        );
        let all: usize = told.iter().map(|(_, size)| size).sum();
        assert_eq!(all, 300, "{told:?}");
    }
    // Each of them, and each to both.
    let alerts = team.alerts().await;
    assert!(
        alerts
            .iter()
            .all(|alert| matches!(alert.state, AlertState::Sent { .. }))
    );
    let places: BTreeSet<_> = alerts
        .iter()
        .map(|alert| (alert.channel.id.clone(), alert.build.repository))
        .collect();
    assert_eq!(places.len(), alerts.len());
    assert_eq!(alerts.len(), 2 * 300);
}

#[tokio::test]
async fn a_storm_of_twenty_minutes_is_told_in_digests_to_its_end() {
    let team = Team::new().await;
    let ci = team.channel("#ci").await;
    team.rule_as(of_all(CHANGE, &[&ci])).await;
    let storm = Storm {
        all: 400,
        at_once: 4,
        step: 12,
    };
    let told = team.play(&storm, &[ci]).await.remove(0);
    let sizes: Vec<usize> = told.iter().map(|(_, size)| *size).collect();
    assert_eq!(sizes.iter().sum::<usize>(), 400, "{told:?}");
    // The first ten, a digest each minute, and what came in the last minute.
    let digests = told.iter().filter(|(_, size)| *size > 1);
    let digests: Vec<i64> = digests.map(|(second, _)| *second).collect();
    assert_eq!(digests.len(), 19, "{told:?}");
    assert_eq!(&sizes[..10], [1; 10], "{told:?}");
    assert!(sizes.len() <= 10 + 19 + 10, "{told:?}");
    assert!(
        digests.windows(2).all(|two| two[1] - two[0] == 60),
        "{told:?}"
    );
}
