//! Closes the gaps that the server knows: attempts, ends, and jobs.

use std::collections::HashMap;

use jiff::{SignedDuration, Timestamp};
use lampboard_proto::v1::{BuildKey, Gap, GapClosing, GapKind, Repository};

use super::{Reconciler, Round, matching::Learnt};
use crate::{
    fetch::Fetch,
    github::Purpose,
    time::{after, before, from_proto},
    trouble::Trouble,
};

/// The most gaps of a kind and an installation that one round looks at.
const GAPS: usize = 1000;
/// How long after it was asked about a build that still runs is asked about
/// again, at least; and the part of its age that is waited, beyond that.
const ASK_AGAIN: SignedDuration = SignedDuration::from_mins(10);
const AGE_PART: i32 = 6;

/// When gaps are to be asked about again that did not close.
#[derive(Debug, Default)]
pub(super) struct AskedAbout(HashMap<Place, Timestamp>);

impl AskedAbout {
    fn is_due(&self, gap: &Gap, now: Timestamp) -> bool {
        self.0.get(&place(gap)).is_none_or(|next| *next <= now)
    }

    fn note(&mut self, gap: &Gap, since: Option<Timestamp>, now: Timestamp) {
        self.0
            .retain(|_, next| before(now, SignedDuration::from_hours(24)) < *next);
        let age = since.map_or(SignedDuration::ZERO, |since| now.duration_since(since));
        let next = after(now, ASK_AGAIN.max(age / AGE_PART));
        self.0.insert(place(gap), next);
    }
}

/// What names a gap: its kind and its build.
type Place = (i32, Option<(i64, i64, i32)>);

fn place(gap: &Gap) -> Place {
    let build = gap.build;
    let build = build.map(|it| (it.repository_id, it.run_id, it.run_attempt));
    (gap.kind, build)
}

impl Reconciler {
    /// Fetches attempts that are missing, and those that have not been heard of
    /// for long.
    pub(super) async fn fetch_gaps(&mut self, round: &mut Round<'_>) -> Result<(), Trouble> {
        for gap in self.gaps_to_close(round, GapKind::Attempt).await? {
            self.fetch_attempt(round, gap).await?;
        }
        for gap in self.gaps_to_close(round, GapKind::End).await? {
            let since = gap.time.and_then(from_proto);
            self.fetch_attempt(round, gap.clone()).await?;
            self.asked.note(&gap, since, self.app.clock.now());
        }
        Ok(())
    }

    /// Fetches the jobs of attempts that are over, failed ones first. They may take
    /// no more of the limit than history does, so that there is always something
    /// left for lists.
    pub(super) async fn fetch_jobs(&mut self, round: &mut Round<'_>) -> Result<(), Trouble> {
        for gap in self.gaps_to_close(round, GapKind::Jobs).await? {
            let Some((repository, key)) = self.place_of(round, &gap) else {
                continue;
            };
            let fetch = Fetch {
                purpose: Purpose::Backfill,
                ..round.fetch
            };
            let fetched = fetch.jobs(&repository, &key).await;
            self.settle(round, gap, fetched).await?;
        }
        Ok(())
    }

    /// The gaps of a kind that may be asked about now, of each installation as
    /// many: one that GitHub gives nothing of must not stand before the others.
    async fn gaps_to_close(&self, round: &Round<'_>, kind: GapKind) -> Result<Vec<Gap>, Trouble> {
        let mut gaps = Vec::new();
        for ids in self.app.catalog.repositories_by_installation() {
            if round.may_ask() {
                gaps.extend(self.gaps(kind, GAPS, ids).await?);
            }
        }
        let now = self.app.clock.now();
        gaps.retain(|gap| self.asked.is_due(gap, now));
        Ok(gaps)
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

    /// What GitHub does not have, nobody has. What it does not give for now is asked
    /// for later.
    async fn settle(
        &mut self,
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
                let is_of_all = round.count_against(gap.installation_id, &trouble);
                if !is_of_all {
                    self.asked.note(&gap, None, self.app.clock.now());
                }
                round.note_of(&gap.repository, &trouble);
                Ok(())
            }
        }
    }

    fn place_of(&self, round: &Round<'_>, gap: &Gap) -> Option<(Repository, BuildKey)> {
        let key = gap.build?;
        let repository = self.app.catalog.repository(key.repository_id)?;
        let is_open = !round.is_locked_out(repository.installation_id);
        (round.may_ask() && is_open).then_some((repository, key))
    }
}
