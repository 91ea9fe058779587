//! Speaks to GitHub as an App: within its limits, one request of an installation
//! at a time, and to no other host.

mod app;
mod connection;
mod deliveries;
mod error;
mod exchange;
mod jwt;
mod lane;
mod limiter;
mod manifest;
mod model;
mod observe;
mod pages;
mod path;
mod permit;
mod read;
mod repositories;
mod skew;
mod token;
mod wire;

use std::{
    fmt,
    sync::{Arc, Mutex, atomic::AtomicU64},
};

use fastrand::Rng;
use jiff::SignedDuration;
use tokio::sync::Semaphore;
use url::Url;

pub use self::{
    app::HookConfigChange,
    connection::{Connection, ConnectionError, Limits},
    deliveries::{Deliveries, Delivery, DeliveryDetail},
    error::Error,
    limiter::{Budget, Purpose, Spent},
    manifest::{CreatedApp, convert_manifest},
    model::{Account, App, HookConfig, Installation, Repository},
    observe::RequestCounter,
    pages::{ETag, Listed},
    path::{ApiPath, PathError, RepositoryPath},
    permit::{Permit, Permits},
    wire::API_VERSION,
};
use self::{connection::Base, jwt::AppKey, lane::Lanes, skew::Skew, wire::Wire};
use crate::clock::Clock;

/// Speaks to GitHub as one App. Clones share its connections, tokens and limits.
#[derive(Clone)]
pub struct GitHub {
    inner: Arc<Inner>,
    counter: Option<Arc<RequestCounter>>,
    permits: Option<Arc<dyn Permits>>,
    /// The installation for which the App is asked; zero for the App as a whole.
    on_behalf_of: i64,
}

struct Inner {
    web_url: Url,
    base: Arc<Base>,
    wire: Wire,
    key: AppKey,
    clock: Arc<dyn Clock>,
    skew: Skew,
    lanes: Lanes,
    /// How many requests may be made at a time, over all lanes.
    places: Semaphore,
    tokens: AtomicU64,
    jitter: Mutex<Rng>,
}

impl GitHub {
    /// Makes a client; connects to nothing yet. Has to be made inside of a runtime.
    pub fn new(connection: Connection, clock: Arc<dyn Clock>) -> Result<Self, ConnectionError> {
        Self::with_limits(connection, clock, Limits::default())
    }

    /// Makes a client that waits as long, and takes as much, as it is told.
    pub fn with_limits(
        connection: Connection,
        clock: Arc<dyn Clock>,
        limits: Limits,
    ) -> Result<Self, ConnectionError> {
        connection::check(&connection.web_url)?;
        let base = Arc::new(Base::new(&connection.api_url)?);
        let wire = Wire::new(&base, connection.ca_certificates.as_deref(), limits)?;
        let issuer = connection
            .client_id
            .unwrap_or_else(|| connection.app_id.to_string());
        let key = AppKey::new(&connection.private_key, issuer)?;
        observe::describe();
        let inner = Inner {
            web_url: connection.web_url,
            base,
            wire,
            key,
            // May be foreseen: it only spreads what would come together.
            jitter: Mutex::new(Rng::with_seed(clock.now().as_microsecond().unsigned_abs())),
            clock,
            skew: Skew::default(),
            lanes: Lanes::default(),
            places: Semaphore::new(limits.concurrency),
            tokens: AtomicU64::default(),
        };
        Ok(Self {
            inner: Arc::new(inner),
            counter: None,
            permits: None,
            on_behalf_of: 0,
        })
    }

    /// The same client, which counts what it sends from here on.
    #[must_use]
    pub fn counted(&self, counter: Arc<RequestCounter>) -> Self {
        Self {
            counter: Some(counter),
            ..self.clone()
        }
    }

    /// The same client, which asks only for what it has a permit for.
    #[must_use]
    pub fn permitted_by(&self, permits: Arc<dyn Permits>) -> Self {
        Self {
            permits: Some(permits),
            ..self.clone()
        }
    }

    /// The same client, which asks as the App for one installation, and under its
    /// permit.
    #[must_use]
    pub fn on_behalf_of(&self, installation_id: i64) -> Self {
        Self {
            on_behalf_of: installation_id,
            ..self.clone()
        }
    }

    /// Where people go.
    pub fn web_url(&self) -> &Url {
        &self.inner.web_url
    }

    /// How far GitHub's clock is ahead of ours, to the second or two, once it has
    /// answered anything.
    pub fn clock_offset(&self) -> Option<SignedDuration> {
        self.inner.skew.told()
    }

    /// What the App and each installation that was spoken for may still ask.
    pub fn budgets(&self) -> Vec<Budget> {
        self.inner.lanes.budgets(self.inner.clock.now())
    }

    /// Forgets the token of an installation, because what it may do has changed or
    /// because it is gone.
    pub fn forget_token(&self, installation_id: i64) {
        let identity = lane::Identity::Installation(installation_id);
        self.inner.lanes.of(identity).forget_token();
    }
}

impl fmt::Debug for GitHub {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("GitHub")
            .field("base", &self.inner.base)
            .finish_non_exhaustive()
    }
}
