//! A client, the clock that it goes by, and the GitHub that it speaks to.

pub(crate) mod authority;
pub(crate) mod clock;
pub(crate) mod der;
pub(crate) mod fake;
pub(crate) mod gzip;
pub(crate) mod key;

use std::sync::Arc;

use jiff::Timestamp;
use lampboard_github_app::{
    clock::Clock as _,
    github::{ApiPath, Connection, GitHub, Limits},
};
use url::Url;

use self::{clock::SteppedClock, fake::Fake};

pub(crate) const APP_ID: i64 = 4711;
pub(crate) const INSTALLATION: i64 = 88;

/// A client and what is around it.
pub(crate) struct World {
    pub(crate) github: GitHub,
    pub(crate) clock: Arc<SteppedClock>,
    pub(crate) fake: Arc<Fake>,
    url: Url,
}

impl World {
    /// A world in which GitHub answers as it is told.
    pub(crate) async fn new(fake: Fake) -> Self {
        Self::with_limits(fake, Limits::default()).await
    }

    pub(crate) async fn with_limits(fake: Fake, limits: Limits) -> Self {
        let clock = Arc::clone(&fake.clock);
        let fake = Arc::new(fake);
        let url = fake::serve(&fake).await;
        let clock_of_client = Arc::clone(&clock);
        let github = GitHub::with_limits(connection(&url), clock_of_client, limits).unwrap();
        Self {
            github,
            clock,
            fake,
            url,
        }
    }

    /// A client that shares nothing with the first one.
    pub(crate) fn another_client(&self) -> GitHub {
        let clock = Arc::clone(&self.clock);
        GitHub::new(connection(&self.url), clock).unwrap()
    }

    /// What time it is here.
    pub(crate) fn clock_time(&self) -> Timestamp {
        self.clock.now()
    }
}

/// How to speak to a GitHub that is there.
pub(crate) fn connection(url: &Url) -> Connection {
    Connection {
        web_url: url.clone(),
        api_url: url.clone(),
        ca_certificates: None,
        app_id: APP_ID,
        client_id: None,
        private_key: key::first().pkcs1_pem().into(),
    }
}

/// A path, as it is written.
pub(crate) fn path(text: &str) -> ApiPath {
    text.parse().unwrap()
}
