//! Closes the gaps that the server knows: attempts, ends, and jobs.

use std::collections::HashMap;

use jiff::{SignedDuration, Timestamp};
use lampboard_proto::v1::{BuildKey, Gap, GapClosing, GapKind, Repository};

use super::{Reconciler, Round, matching::Learnt};
use crate::trouble::Trouble;

/// The most gaps of a kind that one round looks at.
const GAPS: usize = 200;
/// How long after it was asked about a build that still runs is asked about
/// again, at least; and the part of its age that is waited, beyond that.
const ASK_AGAIN: SignedDuration = SignedDuration::from_mins(10);
const AGE_PART: i32 = 6;

/// When builds that run for long are to be asked about again.
#[derive(Debug, Default)]
pub(super) struct AskedAbout(HashMap<(i64, i64, i32), Timestamp>);

impl AskedAbout {
    fn is_due(&self, key: &BuildKey, now: Timestamp) -> bool {
        self.0.get(&place(key)).is_none_or(|next| *next <= now)
    }

    fn note(&mut self, key: &BuildKey, since: Option<Timestamp>, now: Timestamp) {
        self.0
            .retain(|_, next| now - SignedDuration::from_hours(24) < *next);
        let age = since.map_or(SignedDuration::ZERO, |since| now.duration_since(since));
        let next = now + ASK_AGAIN.max(age / AGE_PART);
        self.0.insert(place(key), next);
    }
}

fn place(key: &BuildKey) -> (i64, i64, i32) {
    (key.repository_id, key.run_id, key.run_attempt)
}

impl Reconciler {
    /// Fetches attempts that are missing, and those that have not been heard of
    /// for long.
    pub(super) async fn fetch_gaps(&mut self, round: &mut Round<'_>) -> Result<(), Trouble> {
        for gap in self.gaps(GapKind::Attempt, GAPS).await? {
            self.fetch_attempt(round, gap).await?;
        }
        for gap in self.gaps(GapKind::End, GAPS).await? {
            let now = self.app.clock.now();
            let Some(key) = gap.build.filter(|key| self.asked.is_due(key, now)) else {
                continue;
            };
            let since = gap.time.and_then(super::log::from_proto);
            self.fetch_attempt(round, gap).await?;
            self.asked.note(&key, since, now);
        }
        Ok(())
    }

    /// Fetches the jobs of attempts that are over, failed ones first.
    pub(super) async fn fetch_jobs(&mut self, round: &mut Round<'_>) -> Result<(), Trouble> {
        for gap in self.gaps(GapKind::Jobs, GAPS).await? {
            let Some((repository, key)) = self.place_of(round, &gap) else {
                continue;
            };
            let fetched = round.fetch.jobs(&repository, &key).await;
            self.settle(round, gap, fetched).await?;
        }
        Ok(())
    }

    async fn fetch_attempt(&mut self, round: &mut Round<'_>, gap: Gap) -> Result<(), Trouble> {
        let Some((repository, key)) = self.place_of(round, &gap) else {
            return Ok(());
        };
        let fetched = round.fetch.attempt(&repository, &key).await;
        let fetched = fetched.map(|build| {
            round.changed_count += 1;
            round.learnt.extend(build.as_ref().and_then(Learnt::of));
        });
        self.settle(round, gap, fetched).await
    }

    /// What GitHub does not have, nobody has. An installation that GitHub gives
    /// nothing of for now must not hold the others up.
    async fn settle(
        &self,
        round: &mut Round<'_>,
        gap: Gap,
        fetched: Result<(), Trouble>,
    ) -> Result<(), Trouble> {
        match fetched {
            Ok(()) => Ok(()),
            Err(trouble @ Trouble::Server(_)) => Err(trouble),
            Err(trouble) if trouble.is_not_found() => {
                self.close_gaps(vec![gap], GapClosing::Lost).await
            }
            Err(trouble) => {
                round.locked_out.insert(gap.installation_id);
                round.note(&trouble);
                Ok(())
            }
        }
    }

    fn place_of(&self, round: &Round<'_>, gap: &Gap) -> Option<(Repository, BuildKey)> {
        let key = gap.build?;
        let repository = self.app.catalog.repository(key.repository_id)?;
        let is_open = !round.locked_out.contains(&repository.installation_id);
        (round.may_ask() && is_open).then_some((repository, key))
    }
}
