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

/// How many repositories break at once, and how often.
const AT_ONCE: i64 = 5;
const STEPS: i64 = 60;
/// A step, in seconds: all break within five minutes.
const STEP: i64 = 5;
/// How many steps are looked at: until the last digest is out, too.
const LOOKS: i64 = 96;

impl Team {
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
    let mut told = [Vec::new(), Vec::new()];
    for step in 0..LOOKS {
        let second = step * STEP;
        team.set_clock(second);
        if step < STEPS {
            let first = step * AT_ONCE + 1;
            team.break_repositories(first..first + AT_ONCE, second)
                .await;
        }
        for (channel, told) in channels.iter().zip(&mut told) {
            let sizes = team.drain(channel).await.into_iter();
            told.extend(sizes.map(|size| (second, size)));
        }
    }
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
