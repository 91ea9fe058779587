//! Lists runs, the newest first, as far as they bring something new.

use jiff::{SignedDuration, Timestamp};
use lampboard_proto::v1::{BuildKey, Repository};

use super::{Reconciler, Round, matching::Learnt};
use crate::{
    fetch::{Fetch, Page},
    github::ApiPath,
    trouble::Trouble,
};

/// How long no webhook at all has to come for webhooks not to be trusted to tell of
/// what runs.
const SILENCE: SignedDuration = SignedDuration::from_mins(30);
/// The most pages of one repository in one round; what is older is backfilled.
const PAGES: usize = 20;
/// For how long after its creation GitHub lets a run be re-run.
const RERUN_SPAN: SignedDuration = SignedDuration::from_hours(30 * 24);

impl Reconciler {
    /// Lists what is due, as far as the round may ask.
    pub(super) async fn list(&mut self, round: &mut Round<'_>) -> Result<(), Trouble> {
        let due = self.due.take(&self.app.catalog, round.start);
        round.due_count = due.len();
        for repository in due {
            if !round.may_ask() {
                break;
            }
            if round.locked_out.contains(&repository.installation_id) {
                continue;
            }
            match self.list_repository(round, &repository).await {
                Ok(()) => {}
                Err(trouble @ Trouble::Server(_)) => return Err(trouble),
                Err(trouble) => {
                    if trouble.is_not_found() || trouble.is_locked_out() {
                        self.app.asked.ask(repository.installation_id);
                    }
                    if !trouble.is_not_found() {
                        // Whatever it is, it is not about this one repository.
                        round.locked_out.insert(repository.installation_id);
                    }
                    round.note(&trouble);
                }
            }
        }
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
                let listing = self.due.of(repository.id, round.start);
                listing.newest.clone_from(&page.etag);
                self.follow(round, repository, page).await?
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

    /// Reads on while a page is new to its end: what is older may be, too.
    async fn follow(
        &self,
        round: &mut Round<'_>,
        repository: &Repository,
        mut page: Page,
    ) -> Result<bool, Trouble> {
        let mut changed = round.learn(&page);
        for _ in 1..PAGES {
            let is_new_to_its_end = page
                .runs
                .builds
                .last()
                .is_some_and(|last| page.changed.iter().any(|it| it.run_id == last.run_id));
            let Some(next) = page.next.take().filter(|_| is_new_to_its_end) else {
                break;
            };
            match round.fetch.runs(repository, &next, None).await? {
                Some(more) => page = more,
                None => break,
            }
            changed |= round.learn(&page);
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
            .take_sweep(round.start)
        {
            return Ok(());
        }
        let mut next = Some(since(repository, round.start - RERUN_SPAN));
        while let Some(path) = next.take().filter(|_| round.may_ask()) {
            if let Some(page) = round.fetch.runs(repository, &path, None).await? {
                round.learn(&page);
                next = page.next;
            }
        }
        Ok(())
    }
}

/// The runs of a repository that were created since a time.
fn since(repository: &Repository, time: Timestamp) -> ApiPath {
    let created = format!(">={}", seconds(time));
    Fetch::path(repository).runs(&[("per_page", "100"), ("created", &created)])
}

/// A time as GitHub's filters take it.
pub(crate) fn seconds(time: Timestamp) -> String {
    time.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
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
