//! Lists runs, the newest first, as far as they bring something new.

use jiff::{SignedDuration, Timestamp};
use lampboard_proto::v1::{BuildKey, Repository};

use super::{REQUESTS, RERUN_SPAN, Reconciler, Round, matching::Learnt};
use crate::{
    fetch::{Fetch, Page},
    github::ApiPath,
    time::{before, seconds},
    trouble::Trouble,
};

/// How long no webhook at all has to come for webhooks not to be trusted to tell of
/// what runs.
const SILENCE: SignedDuration = SignedDuration::from_mins(30);
/// The most requests of a round for lists: the rest is for what they do not tell.
const LIST_REQUESTS: u64 = REQUESTS * 6 / 10;
/// The most pages of one repository in one round; what is older is backfilled.
const PAGES: usize = 20;
/// How many runs GitHub lists at most when it is given a filter.
const CAP: usize = 1000;

impl Reconciler {
    /// Lists what is due, as far as the round may ask.
    pub(super) async fn list(&mut self, round: &mut Round<'_>) -> Result<(), Trouble> {
        let gained = self.app.leases.take_gained();
        self.due.forget(&self.app.catalog, &gained);
        let due = self.due.take(&self.app.catalog, round.start);
        round.due_count = due.len();
        for repository in due {
            if round.counter.sent() >= LIST_REQUESTS {
                round.is_all_listed = false;
                break;
            }
            if round.is_locked_out(repository.installation_id) {
                continue;
            }
            let listed = self.list_repository(round, &repository).await;
            if let Err(trouble) = listed {
                self.after_trouble(round, &repository, trouble)?;
            }
        }
        Ok(())
    }

    /// One repository that can not be listed must not hold the others up.
    fn after_trouble(
        &mut self,
        round: &mut Round<'_>,
        repository: &Repository,
        trouble: Trouble,
    ) -> Result<(), Trouble> {
        if matches!(trouble, Trouble::Server(_)) {
            return Err(trouble);
        }
        let installation = repository.installation_id;
        if trouble.is_not_found() || trouble.is_locked_out() {
            self.app.asked.ask(installation);
        }
        if !round.count_against(installation, &trouble) {
            self.due.of(repository.id, round.start).failed(round.start);
        }
        round.note_of(&repository.name, &trouble);
        Ok(())
    }

    async fn list_repository(
        &mut self,
        round: &mut Round<'_>,
        repository: &Repository,
    ) -> Result<(), Trouble> {
        let newest = Fetch::path(repository).runs(&[("per_page", "100")]);
        let etag = self.due.of(repository.id, round.start).newest.clone();
        let page = round.fetch.runs(repository, &newest, etag.as_ref()).await?;
        let changed = match page {
            None => false,
            Some(page) => {
                let etag = page.etag.clone();
                let changed = self.follow(round, repository, page).await?;
                let listing = self.due.of(repository.id, round.start);
                // Only now: what is not read yet must not pass for unchanged.
                (listing.newest, listing.is_whole) = (etag, true);
                changed
            }
        };
        round.listed.insert(repository.id);
        let changed = self.list_running(round, repository).await? || changed;
        self.sweep(round, repository).await?;
        let now = self.app.clock.now();
        let last_webhook = self.app.catalog.last_webhook(repository.id);
        if changed {
            self.app.catalog.note_activity(repository.id, now);
        }
        let listing = self.due.of(repository.id, now);
        listing.listed(changed, now, last_webhook);
        Ok(())
    }

    /// Reads on while a page is new to its end: what is older may be, too. Until a
    /// repository was listed as a whole, that is not enough: its newest page may be
    /// recorded, and those after it not.
    async fn follow(
        &mut self,
        round: &mut Round<'_>,
        repository: &Repository,
        mut page: Page,
    ) -> Result<bool, Trouble> {
        let is_whole = self.due.of(repository.id, round.start).is_whole;
        self.due.of(repository.id, round.start).is_whole = false;
        let known_until = round.known_until.filter(|_| !is_whole);
        let mut changed = round.learn(&page);
        for _ in 1..PAGES {
            let reaches_known =
                known_until.is_none_or(|until| page.last_create_time() < Some(until));
            let is_wanted = page.is_new_to_its_end() || !reaches_known;
            let Some(next) = page.next.take().filter(|_| is_wanted) else {
                return Ok(changed);
            };
            match round.fetch.runs(repository, &next, None).await? {
                Some(more) => page = more,
                None => return Ok(changed),
            }
            changed |= round.learn(&page);
        }
        if page.next.is_some() {
            let since = round.known_until.unwrap_or(round.start);
            self.start_backfill(repository, before(since, RERUN_SPAN))
                .await?;
        }
        Ok(changed)
    }

    /// Lists what runs, where no webhook tells: the newest page does not show that
    /// an old run was run again.
    async fn list_running(
        &mut self,
        round: &mut Round<'_>,
        repository: &Repository,
    ) -> Result<bool, Trouble> {
        if !self.is_deaf(round.start) {
            return Ok(false);
        }
        let path = Fetch::path(repository).runs(&[("per_page", "100"), ("status", "in_progress")]);
        let etag = self.due.of(repository.id, round.start).running.clone();
        match round.fetch.runs(repository, &path, etag.as_ref()).await? {
            None => Ok(false),
            Some(page) => {
                let listing = self.due.of(repository.id, round.start);
                listing.running.clone_from(&page.etag);
                Ok(round.learn(&page))
            }
        }
    }

    /// Whether no webhook tells of anything: none can come, or none has for long.
    fn is_deaf(&self, now: Timestamp) -> bool {
        let heard = self.app.vitals.last_webhook();
        let silent_since = heard.unwrap_or_else(|| self.app.vitals.start_time());
        self.app.is_polling() || now.duration_since(silent_since) >= SILENCE
    }

    /// Once a day, compares every run that may have been run again.
    async fn sweep(
        &mut self,
        round: &mut Round<'_>,
        repository: &Repository,
    ) -> Result<(), Trouble> {
        if !self
            .due
            .of(repository.id, round.start)
            .is_sweep_due(round.start)
        {
            return Ok(());
        }
        let begin = before(round.start, RERUN_SPAN);
        let mut next = Some(since(repository, begin));
        let mut rows = 0;
        while let Some(path) = next.take().filter(|_| rows <= CAP) {
            if let Some(page) = round.fetch.runs(repository, &path, None).await? {
                round.learn(&page);
                rows += page.runs.row_count;
                next = page.next;
            }
        }
        if rows >= CAP {
            self.start_backfill(repository, begin).await?;
        }
        self.due.of(repository.id, round.start).swept(round.start);
        Ok(())
    }
}

/// The runs of a repository that were created since a time.
fn since(repository: &Repository, time: Timestamp) -> ApiPath {
    let created = format!(">={}", seconds(time));
    Fetch::path(repository).runs(&[("per_page", "100"), ("created", &created)])
}

impl Round<'_> {
    /// Takes notice of what a page changed.
    pub(super) fn learn(&mut self, page: &Page) -> bool {
        let is_changed = |key: &BuildKey| page.changed.contains(key);
        let changed = page.runs.builds.iter().filter_map(|build| {
            let learnt = Learnt::of(build)?;
            is_changed(&learnt.key).then_some(learnt)
        });
        self.learnt.extend(changed);
        self.changed_count += page.changed.len();
        !page.changed.is_empty()
    }
}
