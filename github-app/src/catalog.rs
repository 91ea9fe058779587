//! Which installations and repositories there are, as GitHub last said.

use std::{
    collections::{BTreeMap, HashMap},
    sync::{Mutex, MutexGuard, PoisonError},
};

use jiff::Timestamp;
use lampboard_proto::v1::{Installation, InstallationState, Repository};

use crate::time::from_proto;

/// What the app asks GitHub about. Empty until it was told.
#[derive(Debug, Default)]
pub(crate) struct Catalog(Mutex<Known>);

#[derive(Debug, Default)]
struct Known {
    installations: BTreeMap<i64, Installation>,
    /// By id, of active installations only.
    repositories: HashMap<i64, Repository>,
    /// When a webhook last came of a repository.
    webhooks: HashMap<i64, Timestamp>,
    /// When something last happened in a repository.
    activity: HashMap<i64, Timestamp>,
}

impl Catalog {
    /// Takes what an installation is and sees, all of it.
    pub(crate) fn put(&self, installation: Installation, repositories: &[Repository]) {
        let mut known = self.lock();
        let id = installation.id;
        let before = known.installations.get(&id);
        if before.is_some_and(|it| is_later(it, &installation)) {
            return;
        }
        known.repositories.retain(|_, it| it.installation_id != id);
        if installation.state() == InstallationState::Active {
            let repositories = repositories.iter().map(|it| (it.id, it.clone()));
            known.repositories.extend(repositories);
        }
        known.installations.insert(id, installation);
    }

    /// Whether an installation is known, and as one with other permissions or in
    /// another state.
    pub(crate) fn may_do_other_things(&self, installation: &Installation) -> bool {
        let known = self.lock();
        known.installations.get(&installation.id).is_some_and(|it| {
            it.missing_permissions != installation.missing_permissions
                || it.state != installation.state
        })
    }

    /// Takes what an event says of repositories that are known.
    pub(crate) fn refresh(&self, repositories: &[Repository]) {
        let mut known = self.lock();
        for repository in repositories {
            if let Some(it) = known.repositories.get_mut(&repository.id)
                && !repository.default_branch.is_empty()
            {
                *it = Repository {
                    installation_id: it.installation_id,
                    ..repository.clone()
                };
            }
        }
    }

    /// Forgets repositories, so that GitHub is not asked about them any more.
    pub(crate) fn remove(&self, installation_id: i64, repository_ids: &[i64]) {
        let mut known = self.lock();
        known
            .repositories
            .retain(|id, it| it.installation_id != installation_id || !repository_ids.contains(id));
    }

    /// Forgets an installation, which another process asks about from now on.
    pub(crate) fn forget(&self, installation_id: i64) {
        let mut known = self.lock();
        known.installations.remove(&installation_id);
        let repositories = &mut known.repositories;
        repositories.retain(|_, it| it.installation_id != installation_id);
    }

    /// Whether it is known what an installation sees.
    pub(crate) fn knows(&self, installation_id: i64) -> bool {
        self.lock().installations.contains_key(&installation_id)
    }

    /// Notes that a webhook came of a repository.
    pub(crate) fn note_webhook(&self, repository_id: i64, time: Timestamp) {
        self.lock().webhooks.insert(repository_id, time);
        self.note_activity(repository_id, time);
    }

    /// When a webhook last came of the repository.
    pub(crate) fn last_webhook(&self, repository_id: i64) -> Option<Timestamp> {
        self.lock().webhooks.get(&repository_id).copied()
    }

    /// Notes that something happened in a repository.
    pub(crate) fn note_activity(&self, repository_id: i64, time: Timestamp) {
        let mut known = self.lock();
        let last = known.activity.entry(repository_id).or_insert(time);
        *last = time.max(*last);
    }

    /// When something last happened in the repository, as far as is known.
    pub(crate) fn activity(&self, repository_id: i64) -> Option<Timestamp> {
        self.lock().activity.get(&repository_id).copied()
    }

    /// Whether no installation is known.
    pub(crate) fn is_empty(&self) -> bool {
        self.lock().installations.is_empty()
    }

    /// All installations, with the number of repositories that each sees.
    pub(crate) fn installations(&self) -> Vec<(Installation, usize)> {
        let known = self.lock();
        let seen = |id| {
            let all = known.repositories.values();
            all.filter(|it| it.installation_id == id).count()
        };
        let all = known.installations.values();
        all.map(|it| (it.clone(), seen(it.id))).collect()
    }

    /// All repositories of active installations.
    pub(crate) fn repositories(&self) -> Vec<Repository> {
        self.lock().repositories.values().cloned().collect()
    }

    /// The ids of these, those of each installation together.
    pub(crate) fn repositories_by_installation(&self) -> Vec<Vec<i64>> {
        let mut of_each: BTreeMap<i64, Vec<i64>> = BTreeMap::new();
        for (id, repository) in &self.lock().repositories {
            let ids = of_each.entry(repository.installation_id).or_default();
            ids.push(*id);
        }
        of_each.into_values().collect()
    }

    /// One repository.
    pub(crate) fn repository(&self, id: i64) -> Option<Repository> {
        self.lock().repositories.get(&id).cloned()
    }

    fn lock(&self) -> MutexGuard<'_, Known> {
        // Every change is made at one go, so that what a panic left is whole.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whether what is known of an installation is later than what is said of it.
fn is_later(known: &Installation, said: &Installation) -> bool {
    let time = |it: &Installation| it.update_time.and_then(from_proto);
    time(known) > time(said)
}
