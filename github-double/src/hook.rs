//! The webhook of one App: signs events and posts them to a receiver on this machine.

pub(crate) mod deliveries;
pub(crate) mod delivery;
pub(crate) mod letter;
pub(crate) mod log;
pub(crate) mod post;
pub(crate) mod signature;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use http::Uri;
use secrecy::SecretString;
use tokio::sync::Semaphore;
use tokio::time::Instant;

use crate::event::Event;
use crate::faults::Signing;
use crate::github::app::ContentType;
use crate::github::id::AppId;
use delivery::{Delivery, LastDeliveries};
use letter::{HookTarget, Letter};
use post::{HookError, Poster, loopback_url};

/// How long GitHub waits for an answer.
const TIME_LIMIT: Duration = Duration::from_secs(10);
/// How many deliveries are under way at a time.
const CONCURRENCY: usize = 16;
/// The ids of the App and its hook: two numbers that nobody else has.
const APP: AppId = AppId(1_234_567);
const HOOK: u64 = 507_123_456;

/// Posts events as GitHub posts them for an App: signed, once, and with a time limit.
///
/// For whoever needs no Apps and no log of days; [`Deliveries`](deliveries::Deliveries) has both.
/// Clones share their connections and their log.
#[derive(Clone, Debug)]
pub struct Hook(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    url: Uri,
    target: HookTarget,
    poster: Poster,
    slots: Semaphore,
    log: Mutex<LastDeliveries>,
}

impl Hook {
    /// A hook that posts to `url`, whose host must be a loopback address, and no name: a name may
    /// lead elsewhere.
    pub fn new(url: &str, secret: SecretString) -> Result<Self, HookError> {
        Self::with_time_limit(url, secret, TIME_LIMIT)
    }

    /// The same with another patience than GitHub's.
    pub fn with_time_limit(
        url: &str,
        secret: SecretString,
        time_limit: Duration,
    ) -> Result<Self, HookError> {
        let target = HookTarget {
            app: APP,
            hook: HOOK,
            url: Some(url.to_owned()),
            secret,
            content_type: ContentType::Json,
            target_type: "integration",
            enterprise: None,
        };
        Ok(Self(Arc::new(Inner {
            url: loopback_url(url)?,
            target,
            poster: Poster::new(time_limit),
            slots: Semaphore::new(CONCURRENCY),
            log: Mutex::default(),
        })))
    }

    /// Posts an event.
    pub async fn deliver(&self, event: &Event) -> Delivery {
        self.send(event, false).await
    }

    /// Posts an event once more: the same bytes under the same GUID.
    pub async fn redeliver(&self, event: &Event) -> Delivery {
        self.send(event, true).await
    }

    /// The last deliveries, newest first.
    pub fn deliveries(&self) -> Vec<Delivery> {
        self.0.lock_log().newest_first()
    }

    async fn send(&self, event: &Event, redelivery: bool) -> Delivery {
        let Inner {
            url,
            target,
            poster,
            slots,
            ..
        } = &*self.0;
        let _slot = slots
            .acquire()
            .await
            .expect("the semaphore is never closed");
        let (id, start) = (self.0.lock_log().next_id(), Instant::now());
        let letter = Letter::new(event, target, &Signing::Right, false);
        let delivery = Delivery {
            id,
            event: event.clone(),
            redelivery,
            answer: poster.post(url, &letter).await,
            duration: start.elapsed(),
        };
        self.0.lock_log().push(delivery.clone());
        delivery
    }
}

impl Inner {
    fn lock_log(&self) -> MutexGuard<'_, LastDeliveries> {
        // A push either happened or did not, so that a poisoned log is as good as any.
        self.log.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
