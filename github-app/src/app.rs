//! What the parts of the app share.

use std::{
    collections::BTreeSet,
    sync::{Arc, Mutex, PoisonError},
};

use lampboard_proto::{
    transport::Transport,
    v1::{
        AppMode, Installation, InstallationState, RemoveRepositoriesRequest, Repository,
        SyncInstallationRequest,
    },
};
use tokio::{
    sync::{Notify, watch},
    time::Instant,
};
use tonic::Status;

use crate::{
    catalog::Catalog,
    clock::Clock,
    config::{Limits, Reconcile},
    github::GitHub,
    identity::Identity,
    leases::Leases,
    normalize::Effect,
    server::{self, Server},
    setup::{self, InstallationProgress, Progress, Setup, SetupConfig},
    vitals::Vitals,
};

/// What the parts of the app share.
pub(crate) struct App {
    pub(crate) server: Server,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) limits: Limits,
    pub(crate) reconcile: Reconcile,
    pub(crate) catalog: Arc<Catalog>,
    pub(crate) asked: Arc<Asked>,
    pub(crate) leases: Arc<Leases>,
    pub(crate) vitals: Vitals,
    /// Who the app is to GitHub. Empty until it is set up.
    pub(crate) identity: watch::Sender<Option<Arc<Identity>>>,
}

impl App {
    /// Who the app is to GitHub, once it is somebody.
    pub(crate) fn identity(&self) -> Option<Arc<Identity>> {
        self.identity.borrow().clone()
    }

    /// Asks GitHub, as far as this process is to. None if there is no key to ask with.
    pub(crate) fn github(&self) -> Option<GitHub> {
        let github = self.identity()?.github.clone()?;
        Some(github.permitted_by(Arc::clone(&self.leases) as _))
    }

    /// Whether no webhook can come.
    pub(crate) fn is_polling(&self) -> bool {
        let identity = self.identity();
        identity.is_some_and(|it| it.mode() == AppMode::Polling)
    }

    /// Offers set-up, which makes the app somebody, or somebody else.
    pub(crate) fn open_setup(
        self: &Arc<Self>,
        config: SetupConfig,
        ca_certificates: Option<Vec<u8>>,
        transport: Transport,
    ) -> Arc<Setup> {
        let app = Arc::clone(self);
        let connect: setup::Connect = Arc::new(move |credentials| {
            let clock = Arc::clone(&app.clock);
            let identity = Identity::of_app(&credentials, ca_certificates.clone(), clock)?;
            app.identity.send_replace(Some(Arc::new(identity)));
            Ok(())
        });
        let app = Arc::clone(self);
        let progress: setup::ReadProgress = Arc::new(move || app.progress());
        let clock = Arc::clone(&self.clock);
        Arc::new(Setup::new(config, clock, transport, connect, progress))
    }

    fn progress(&self) -> Progress {
        let installations = self.catalog.installations().into_iter();
        let active = installations.filter(|(it, _)| it.state() == InstallationState::Active);
        Progress {
            installations: active
                .map(|(it, repository_count)| InstallationProgress {
                    id: it.id,
                    account: it.account,
                    repository_count,
                })
                .collect(),
            last_webhook_time: self.vitals.last_webhook(),
        }
    }

    /// Lets what an event says of installations take effect, here and in the
    /// server.
    pub(crate) async fn apply(
        &self,
        effects: Vec<Effect>,
        time: prost_types::Timestamp,
        deadline: Instant,
    ) -> Result<(), Status> {
        for effect in effects {
            match effect {
                Effect::Installed(installation, repositories) => {
                    let installation = Installation {
                        update_time: Some(time),
                        ..*installation
                    };
                    self.installed(installation, repositories, deadline).await?;
                }
                Effect::Removed {
                    installation_id,
                    repository_ids,
                } => {
                    self.removed(installation_id, repository_ids, time, deadline)
                        .await?;
                }
                Effect::Ask { installation_id } => self.ask(installation_id, deadline).await?,
            }
        }
        Ok(())
    }

    /// Has GitHub asked about an installation, here or by whoever does that.
    async fn ask(&self, installation_id: i64, deadline: Instant) -> Result<(), Status> {
        if self.leases.holds(installation_id) || self.github().is_none() {
            self.asked.ask(installation_id);
            return Ok(());
        }
        self.leases.ask(vec![installation_id], deadline).await
    }

    async fn installed(
        &self,
        installation: Installation,
        mut repositories: Vec<Repository>,
        deadline: Instant,
    ) -> Result<(), Status> {
        repositories.retain(|it| self.reconcile.repositories.allow(&it.name));
        let is_held = self.leases.holds(installation.id);
        if is_held && installation.state() != InstallationState::Active {
            self.catalog.put(installation.clone(), &[]);
        }
        let request = SyncInstallationRequest {
            installation: Some(installation),
            repositories,
            backfill_since: None,
        };
        let mut client = self.server.ingest.clone();
        server::by(deadline, client.sync_installation(request)).await?;
        Ok(())
    }

    async fn removed(
        &self,
        installation_id: i64,
        repository_ids: Vec<i64>,
        time: prost_types::Timestamp,
        deadline: Instant,
    ) -> Result<(), Status> {
        self.catalog.remove(installation_id, &repository_ids);
        let request = RemoveRepositoriesRequest {
            installation_id,
            repository_ids,
            update_time: Some(time),
        };
        let mut client = self.server.ingest.clone();
        server::by(deadline, client.remove_repositories(request)).await?;
        Ok(())
    }
}

/// The installations that GitHub has to be asked about, soon.
#[derive(Debug, Default)]
pub(crate) struct Asked {
    ids: Mutex<BTreeSet<i64>>,
    notify: Notify,
    /// Held while GitHub is asked, so that it is not asked twice at a time.
    pub(crate) turn: tokio::sync::Mutex<()>,
}

impl Asked {
    /// Wants GitHub asked about an installation.
    pub(crate) fn ask(&self, installation_id: i64) {
        self.lock().insert(installation_id);
        self.notify.notify_one();
    }

    /// Wants it asked again some time, without waking anybody.
    pub(crate) fn put_back(&self, installation_id: i64) {
        self.lock().insert(installation_id);
    }

    /// Wants all these asked again, in the same way.
    pub(crate) fn put_all_back(&self, installation_ids: &BTreeSet<i64>) {
        self.lock().extend(installation_ids);
    }

    /// Wants one not asked about any more: it was.
    pub(crate) fn settle(&self, installation_id: i64) {
        self.lock().remove(&installation_id);
    }

    /// Takes what was asked for.
    pub(crate) fn take(&self) -> BTreeSet<i64> {
        std::mem::take(&mut *self.lock())
    }

    /// Waits until something is asked for.
    pub(crate) async fn some(&self) {
        self.notify.notified().await;
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, BTreeSet<i64>> {
        self.ids.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
