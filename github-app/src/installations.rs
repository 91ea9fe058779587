//! Asks GitHub which installations there are and what they see, and tells the
//! server. Events say when to ask; GitHub's answer is what counts.

use std::collections::BTreeSet;

use jiff::Timestamp;
use lampboard_proto::v1::{
    Installation, InstallationState, ListInstallationsRequest, Repository, SyncInstallationRequest,
};

use tokio::time::Instant;

use crate::{
    app::App,
    github::{self, GitHub, Purpose},
    normalize::timestamp,
    server::{self, PATIENCE},
    trouble::Trouble,
    wanted,
};

impl App {
    /// Asks about every installation, those that only the server knows included; those
    /// of other processes, by them. Gives the trouble that it had with single ones,
    /// which are asked about again, and whether there is any installation.
    pub(crate) async fn sync_installations(
        &self,
        github: &GitHub,
    ) -> Result<(Vec<Trouble>, bool), Trouble> {
        let _turn = self.asked.turn.lock().await;
        let time = self.clock.now();
        let known = self.known_installations().await?;
        let installations = github.installations().await?;
        let found: BTreeSet<i64> = installations.iter().filter_map(|it| it.id).collect();
        let not_held = found.iter().filter(|id| !self.leases.holds(**id));
        let not_held: Vec<i64> = not_held.copied().collect();
        if !not_held.is_empty() {
            let deadline = Instant::now() + PATIENCE;
            self.leases.ask(not_held, deadline).await?;
        }
        let mut troubles = Vec::new();
        for installation in installations {
            if let Some(id) = installation.id.filter(|id| self.leases.holds(*id)) {
                self.asked.settle(id);
                let synced = self.sync(github, id, installation, time).await;
                troubles.extend(self.ask_again_after(id, synced)?);
            }
        }
        for id in known {
            if !found.contains(&id) {
                self.lose(id, time).await?;
            }
        }
        Ok((troubles, !found.is_empty()))
    }

    /// Asks about the installations that events were about, in the same way.
    pub(crate) async fn sync_asked(&self, github: &GitHub) -> Result<Vec<Trouble>, Trouble> {
        let _turn = self.asked.turn.lock().await;
        let mut troubles = Vec::new();
        let mut asked = self.asked.take();
        while let Some(id) = asked.pop_first() {
            if !self.leases.holds(id) {
                // Whoever got it asks about it first of all.
                continue;
            }
            let synced = self.sync_installation(github, id).await;
            let after = self.ask_again_after(id, synced);
            if after.is_err() {
                self.asked.put_all_back(&asked);
            }
            troubles.extend(after?);
        }
        Ok(troubles)
    }

    /// One installation that GitHub gives nothing of must not hold up the others.
    fn ask_again_after(
        &self,
        id: i64,
        synced: Result<(), Trouble>,
    ) -> Result<Option<Trouble>, Trouble> {
        let Err(trouble) = synced else {
            return Ok(None);
        };
        self.asked.put_back(id);
        match trouble {
            Trouble::Server(_) => Err(trouble),
            trouble if trouble.is_not_held() => Ok(None),
            trouble => Ok(Some(trouble)),
        }
    }

    async fn sync_installation(&self, github: &GitHub, id: i64) -> Result<(), Trouble> {
        let time = self.clock.now();
        match github.installation(id).await {
            Ok(installation) => self.sync(github, id, installation, time).await,
            Err(github::Error::InstallationGone { .. }) => self.lose(id, time).await,
            Err(error) => Err(error.into()),
        }
    }

    async fn sync(
        &self,
        github: &GitHub,
        id: i64,
        installation: github::Installation,
        time: Timestamp,
    ) -> Result<(), Trouble> {
        let mut installation = convert(installation, id, time);
        if self.catalog.may_do_other_things(&installation) {
            // Its token knows only what it was allowed when it was made.
            github.forget_token(id);
        }
        let repositories = if installation.state() == InstallationState::Active {
            match github.repositories(id, Purpose::Live).await {
                Ok(seen) => self.looked_at(seen, id, time),
                Err(github::Error::Suspended { .. }) => {
                    installation.set_state(InstallationState::Suspended);
                    Vec::new()
                }
                Err(github::Error::InstallationGone { .. }) => return self.lose(id, time).await,
                Err(error) => return Err(error.into()),
            }
        } else {
            Vec::new()
        };
        self.tell(installation, repositories, time).await
    }

    async fn lose(&self, id: i64, time: Timestamp) -> Result<(), Trouble> {
        let installation = Installation {
            id,
            state: InstallationState::Deleted.into(),
            update_time: Some(timestamp(time)),
            ..Installation::default()
        };
        self.tell(installation, Vec::new(), time).await
    }

    async fn tell(
        &self,
        installation: Installation,
        repositories: Vec<Repository>,
        time: Timestamp,
    ) -> Result<(), Trouble> {
        if self.leases.holds(installation.id) {
            self.catalog.put(installation.clone(), &repositories);
        }
        let history = self.reconcile.history;
        let since = history.and_then(|history| time.checked_sub(history).ok());
        let request = SyncInstallationRequest {
            installation: Some(installation),
            repositories,
            backfill_since: since.map(timestamp),
        };
        let mut client = self.server.ingest.clone();
        server::patiently(client.sync_installation(request)).await?;
        Ok(())
    }

    fn looked_at(
        &self,
        seen: Vec<github::Repository>,
        installation_id: i64,
        time: Timestamp,
    ) -> Vec<Repository> {
        let mut kept = Vec::with_capacity(seen.len());
        for repository in seen {
            let pushed = repository.pushed_at;
            if let Some(repository) = convert_repository(repository, installation_id, time)
                && self.reconcile.repositories.allow(&repository.name)
            {
                if let Some(pushed) = pushed {
                    self.catalog.note_activity(repository.id, pushed);
                }
                kept.push(repository);
            }
        }
        kept
    }

    /// Whether the server knows that the App is installed somewhere.
    pub(crate) async fn is_installed(&self) -> bool {
        self.known_installations()
            .await
            .is_ok_and(|known| !known.is_empty())
    }

    async fn known_installations(&self) -> Result<Vec<i64>, Trouble> {
        let mut client = self.server.system.clone();
        let request = ListInstallationsRequest {};
        let known = server::patiently(client.list_installations(request)).await?;
        let known = known.installations.into_iter();
        let active = known.filter_map(|it| it.installation);
        let active = active.filter(|it| it.state() != InstallationState::Deleted);
        Ok(active.map(|it| it.id).collect())
    }
}

fn convert(installation: github::Installation, id: i64, time: Timestamp) -> Installation {
    let account = installation.account.unwrap_or_default();
    let granted = installation.permissions.unwrap_or_default();
    let state = match installation.suspended_at {
        Some(_) => InstallationState::Suspended,
        None => InstallationState::Active,
    };
    Installation {
        id,
        account: account.login.unwrap_or_default(),
        state: state.into(),
        account_id: account.id.unwrap_or_default(),
        all_repositories: installation.repository_selection.as_deref() == Some("all"),
        missing_permissions: wanted::missing_permissions(&granted),
        url: installation.html_url.unwrap_or_default(),
        update_time: Some(timestamp(time)),
    }
}

fn convert_repository(
    repository: github::Repository,
    installation_id: i64,
    time: Timestamp,
) -> Option<Repository> {
    Some(Repository {
        id: repository.id?,
        name: repository.full_name?,
        installation_id,
        default_branch: repository.default_branch.unwrap_or_default(),
        archived: repository.archived.unwrap_or_default(),
        // Public is what GitHub says is.
        private: repository.private.unwrap_or(true),
        update_time: Some(timestamp(time)),
        ..Repository::default()
    })
}
