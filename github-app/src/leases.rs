//! Which installations this process asks GitHub for, and until when: where several run,
//! the server gives each its own.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use futures_util::{FutureExt as _, future::BoxFuture};
use jiff::Timestamp;
use lampboard_proto::v1::{
    AppMode, HoldInstallationsRequest, HoldInstallationsResponse,
    app_service_client::AppServiceClient,
};
use tokio::{sync::watch, time::Instant};
use tonic::Status;

use crate::{
    app::Asked,
    catalog::Catalog,
    clock::Clock,
    github::{Permit, Permits},
    identity::Identity,
    server::{self, Authorized},
    time::from_proto,
};

/// What belongs to the App as a whole is held like an installation: the list of its
/// installations, its webhook, and the log of its deliveries.
pub(crate) const WHOLE_APP: i64 = 0;

/// How often the server is told that this process is there. What it gave lasts for
/// more than two of these.
const INTERVAL: Duration = Duration::from_secs(10);
/// How soon it is tried again when that failed.
const AGAIN: Duration = Duration::from_secs(3);
/// How long the server may take for it.
const PATIENCE: Duration = Duration::from_secs(5);

/// Which installations this process asks GitHub for.
pub(crate) struct Leases {
    holder: String,
    client: AppServiceClient<Authorized>,
    clock: Arc<dyn Clock>,
    identity: watch::Receiver<Option<Arc<Identity>>>,
    catalog: Arc<Catalog>,
    asked: Arc<Asked>,
    /// Held by whoever calls the server, so that answers come in the order of calls.
    turn: tokio::sync::Mutex<()>,
    held: Mutex<Held>,
}

#[derive(Default)]
struct Held {
    leases: BTreeMap<i64, Lease>,
    /// Until when they are held, and when to call next, as the clock counts.
    end: Duration,
    next_call: Duration,
    is_failing: bool,
    has_left: bool,
    /// What others may have asked about since it was held here before, if it was.
    gained: BTreeSet<i64>,
}

#[derive(Clone, Copy)]
struct Lease {
    number: i64,
    ask_time: Option<Timestamp>,
}

impl Leases {
    /// Holds nothing yet.
    pub(crate) fn new(
        holder: String,
        client: AppServiceClient<Authorized>,
        clock: Arc<dyn Clock>,
        identity: watch::Receiver<Option<Arc<Identity>>>,
        catalog: Arc<Catalog>,
        asked: Arc<Asked>,
    ) -> Self {
        Self {
            holder,
            client,
            clock,
            identity,
            catalog,
            asked,
            turn: tokio::sync::Mutex::default(),
            held: Mutex::default(),
        }
    }

    /// The name of this process.
    pub(crate) fn holder(&self) -> &str {
        &self.holder
    }

    /// Whether this process asks GitHub for an installation.
    pub(crate) fn holds(&self, installation_id: i64) -> bool {
        self.number(installation_id).is_some()
    }

    /// The number of the lease of an installation, if this process holds it.
    pub(crate) fn number(&self, installation_id: i64) -> Option<i64> {
        let now = self.clock.passed();
        let held = self.lock();
        let lease = held.leases.get(&installation_id).filter(|_| now < held.end);
        lease.map(|it| it.number)
    }

    /// All that this process asks GitHub for.
    pub(crate) fn all(&self) -> Vec<i64> {
        let now = self.clock.passed();
        let held = self.lock();
        let ids = held.leases.keys().filter(|_| now < held.end);
        ids.copied().collect()
    }

    /// The installations that were gained since this was last asked.
    pub(crate) fn take_gained(&self) -> BTreeSet<i64> {
        std::mem::take(&mut self.lock().gained)
    }

    /// Calls the server if it is time to. Fails if nothing can be held.
    pub(crate) async fn keep(&self) -> Result<(), Status> {
        if !self.is_due() {
            return Ok(());
        }
        let turn = self.turn.lock().await;
        // Somebody else may have called meanwhile.
        if !self.is_due() {
            return Ok(());
        }
        let called = self.call(Vec::new(), Instant::now() + PATIENCE).await;
        drop(turn);
        match called {
            Err(status) if self.clock.passed() >= self.lock().end => Err(status),
            _ => Ok(()),
        }
    }

    /// For how long nothing has to be told to the server.
    pub(crate) fn rest(&self) -> Duration {
        self.lock().next_call.saturating_sub(self.clock.passed())
    }

    /// Has GitHub asked about installations by whoever holds them, which may be this
    /// process. When this returns, that is not forgotten any more.
    pub(crate) async fn ask(
        &self,
        installation_ids: Vec<i64>,
        deadline: Instant,
    ) -> Result<(), Status> {
        let _turn = self.turn.lock().await;
        self.call(installation_ids, deadline).await
    }

    /// Holds nothing any more, so that others may have it at once.
    pub(crate) async fn leave(&self) {
        let _turn = self.turn.lock().await;
        let has_called = {
            let mut held = self.lock();
            held.has_left = true;
            held.end = Duration::ZERO;
            !std::mem::take(&mut held.leases).is_empty()
        };
        if has_called {
            let request = HoldInstallationsRequest {
                holder: self.holder.clone(),
                leave: true,
                ..HoldInstallationsRequest::default()
            };
            let mut client = self.client.clone();
            let call = client.hold_installations(request);
            if let Err(status) = server::by(Instant::now() + PATIENCE, call).await {
                tracing::debug!(%status, "can not say that I stop");
            }
        }
    }

    async fn call(&self, asks: Vec<i64>, deadline: Instant) -> Result<(), Status> {
        if self.lock().has_left {
            return Err(Status::unavailable("stopping"));
        }
        // What is given is given later than this, and so ends later than is counted.
        let before = self.clock.passed();
        let request = HoldInstallationsRequest {
            holder: self.holder.clone(),
            ask_installation_ids: asks,
            undivided: self.is_polling(),
            leave: false,
        };
        let mut client = self.client.clone();
        match server::by(deadline, client.hold_installations(request)).await {
            Ok(given) => {
                self.take(given, before);
                Ok(())
            }
            Err(status) => {
                self.fail(&status);
                Err(status)
            }
        }
    }

    fn take(&self, given: HoldInstallationsResponse, before: Duration) {
        let time = given.hold_time.unwrap_or_default();
        let leases = given.installations.into_iter().map(|it| {
            let lease = Lease {
                number: it.number,
                ask_time: it.ask_time.and_then(from_proto),
            };
            (it.installation_id, lease)
        });
        let leases: BTreeMap<i64, Lease> = leases.collect();
        let old = {
            let mut held = self.lock();
            held.end = before + Duration::try_from(time).unwrap_or_default();
            held.next_call = before + INTERVAL;
            held.is_failing = false;
            std::mem::replace(&mut held.leases, leases.clone())
        };
        self.follow(&old, &leases);
    }

    /// Lets what changed take effect.
    fn follow(&self, old: &BTreeMap<i64, Lease>, new: &BTreeMap<i64, Lease>) {
        for id in old.keys().filter(|id| !new.contains_key(id)) {
            tracing::info!("another github-app asks GitHub for installation {id} now");
            self.catalog.forget(*id);
        }
        // The first round asks about all of them together.
        let is_start = self.catalog.is_empty() && new.contains_key(&WHOLE_APP);
        for (id, lease) in new.iter().filter(|(id, _)| **id != WHOLE_APP) {
            let before = old.get(id);
            if before.is_none_or(|it| it.number != lease.number) {
                self.catalog.forget(*id);
                self.lock().gained.insert(*id);
            } else if before.is_some_and(|it| it.ask_time == lease.ask_time) {
                continue;
            }
            if is_start {
                self.asked.put_back(*id);
            } else {
                self.asked.ask(*id);
            }
        }
    }

    fn fail(&self, status: &Status) {
        let now = self.clock.passed();
        let mut held = self.lock();
        held.next_call = now + AGAIN;
        if !std::mem::replace(&mut held.is_failing, true) {
            let left = held.end.saturating_sub(now).as_secs();
            tracing::warn!(
                %status,
                "the server does not say whether I may ask GitHub: stopping that in {left} s, \
                 until it does"
            );
        }
    }

    fn is_due(&self) -> bool {
        let now = self.clock.passed();
        let held = self.lock();
        !held.has_left && held.next_call <= now
    }

    fn is_polling(&self) -> bool {
        let identity = self.identity.borrow();
        let mode = identity.as_ref().map(|it| it.mode());
        mode == Some(AppMode::Polling)
    }

    fn lock(&self) -> MutexGuard<'_, Held> {
        // Every change is made at one go, so that what a panic left is whole.
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Permits for Leases {
    fn permit(&self, installation_id: i64) -> BoxFuture<'_, Permit> {
        async move {
            // Nobody else may be there to call in time.
            let _ = self.keep().await;
            let left = self.lock().end.checked_sub(self.clock.passed())?;
            self.holds(installation_id).then_some(left)
        }
        .boxed()
    }
}
