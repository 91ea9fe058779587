//! The simulated GitHub as a server on this machine.

mod options;
mod server;

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::{Notify, watch};

use crate::api::limit::Limits;
use crate::api::log::{RequestLog, RequestRecord};
use crate::api::points::Points;
use crate::api::switches::Switches;
use crate::api::tokens::Tokens;
use crate::clock::VirtualClock;
use crate::faults::Faults;
use crate::github::GitHub;
use crate::github::change::Change;
use crate::github::host::Hosts;
use crate::github::id::AppId;
use crate::github::truth::Truth;
use crate::hook::deliveries::Deliveries;
use crate::hook::letter::HookTarget;
use crate::hook::log::DeliveryRecord;
use crate::notify::slack::Slack;
use crate::notify::smtp::SmtpSink;
pub use options::{Flavor, Options};
use server::Servers;

/// A GitHub that answers on loopback addresses. Clones are one GitHub.
#[derive(Clone, Debug)]
pub struct Double(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    options: Options,
    hosts: Hosts,
    control_token: String,
    github: Mutex<GitHub>,
    tokens: Mutex<Tokens>,
    limits: Mutex<Limits>,
    points: Mutex<Points>,
    faults: Faults,
    deliveries: Mutex<Deliveries>,
    log: RequestLog,
    slack: Slack,
    smtp: SmtpSink,
    request_count: AtomicU64,
    queued: Notify,
    stop: watch::Sender<bool>,
    servers: Mutex<Option<Servers>>,
}

impl Double {
    /// Starts one with nothing in it but an organisation.
    pub async fn start(options: Options) -> std::io::Result<Self> {
        let listeners = server::listen(&options).await?;
        let hosts = listeners.hosts(&options.flavor)?;
        let github = options.github(&hosts);
        let inner = Inner {
            hosts,
            control_token: format!("{:016x}", fastrand::Rng::with_seed(!options.seed).u64(..)),
            github: Mutex::new(github),
            tokens: Mutex::new(Tokens::new(options.seed)),
            limits: Mutex::default(),
            points: Mutex::default(),
            faults: Faults::new(options.seed),
            deliveries: Mutex::new(options.deliveries()),
            log: RequestLog::default(),
            slack: Slack::default(),
            smtp: SmtpSink::start().await?,
            request_count: AtomicU64::new(0),
            queued: Notify::new(),
            stop: watch::Sender::new(false),
            servers: Mutex::new(None),
            options,
        };
        let double = Self(Arc::new(inner));
        let servers = Servers::start(listeners, &double);
        *lock(&double.0.servers) = Some(servers);
        Ok(double)
    }

    /// Where people look at it.
    pub fn web_url(&self) -> &str {
        &self.0.hosts.web
    }

    /// Where programs do.
    pub fn api_url(&self) -> &str {
        &self.0.hosts.api
    }

    /// Where it is controlled, with the [token](Self::control_token).
    pub fn control_url(&self) -> String {
        format!("{}/_double", self.0.hosts.web)
    }

    /// What `Authorization: Bearer` must bear to control it.
    pub fn control_token(&self) -> &str {
        &self.0.control_token
    }

    /// Its clock.
    pub fn clock(&self) -> &VirtualClock {
        &self.0.options.clock
    }

    /// What it was started with.
    pub fn options(&self) -> &Options {
        &self.0.options
    }

    /// Looks at what it holds, or lets something happen in it, at the time that its clock tells.
    /// What Apps are to be told of it is put in line for [`deliver`](Self::deliver).
    pub fn github<R>(&self, f: impl FnOnce(&mut GitHub) -> R) -> R {
        let mut github = lock(&self.0.github);
        github.set_now(self.clock().now());
        let result = f(&mut github);
        let changes = github.take_changes();
        if !changes.is_empty() {
            self.log_of_deliveries().queue(changes);
            self.0.queued.notify_one();
        }
        result
    }

    /// Posts the webhooks that are in line and due, and returns when all were answered or given up.
    pub async fn deliver(&self) {
        let (enterprise, target_type) = self.github(|github| {
            let version = self.enterprise_version().map(str::to_owned);
            let host = github.hosts().name().to_owned();
            (
                version.map(|version| (version, host)),
                github.assumptions().hook_target_type,
            )
        });
        let target = |app| {
            let target = self.github(|github| github.app(app).map(HookTarget::of))?;
            Some(HookTarget {
                enterprise: enterprise.clone(),
                target_type,
                ..target
            })
        };
        let faults = |change: &Change, time| self.faults().of_delivery(change, time);
        self.log_of_deliveries().deliver(target, faults).await;
    }

    /// How many webhooks are in line, held back ones included.
    pub fn undelivered(&self) -> usize {
        self.log_of_deliveries().waiting()
    }

    /// An App's deliveries of the last days, the newest first.
    pub fn deliveries(&self, app: AppId) -> Vec<Arc<DeliveryRecord>> {
        self.log_of_deliveries().of_app(app)
    }

    /// What a board that follows it should show in the end.
    pub fn truth(&self) -> Truth {
        self.github(|github| github.truth())
    }

    /// The tokens that are out. Not to be asked for within [`github`](Self::github) and the other
    /// way round: the API takes them in that order.
    pub fn tokens<R>(&self, f: impl FnOnce(&mut Tokens) -> R) -> R {
        f(&mut lock(&self.0.tokens))
    }

    /// What goes wrong with it.
    pub fn faults(&self) -> &Faults {
        &self.0.faults
    }

    /// The requests that its API answered, oldest first.
    pub fn requests(&self) -> Vec<RequestRecord> {
        self.0.log.records()
    }

    /// The most requests that were under way at a time, for each installation and for none.
    pub fn request_peaks(&self) -> BTreeMap<Option<u64>, u64> {
        self.0.log.peaks()
    }

    /// Forgets the requests so far.
    pub fn clear_requests(&self) {
        self.0.log.clear();
    }

    /// The Slack that listens at [`Slack::PATH`] of its pages' address.
    pub fn slack(&self) -> &Slack {
        &self.0.slack
    }

    /// The mail server beside it.
    pub fn smtp(&self) -> &SmtpSink {
        &self.0.smtp
    }

    /// Begins anew: of what it held and saw nothing is left, and no faults; but its clock goes on.
    pub fn reset(&self) {
        let options = self.options();
        *lock(&self.0.github) = options.github(&self.0.hosts);
        *lock(&self.0.tokens) = Tokens::new(options.seed);
        *lock(&self.0.limits) = Limits::default();
        *lock(&self.0.points) = Points::default();
        *lock(&self.0.deliveries) = options.deliveries();
        self.0.faults.clear();
        self.0.log.clear();
        self.0.slack.clear();
        self.0.slack.relent();
        self.0.smtp.clear();
        self.0.smtp.relent();
    }

    /// Stops answering; what is under way is answered to its end.
    pub async fn stop(self) {
        self.0.stop.send_replace(true);
        let servers = lock(&self.0.servers).take();
        if let Some(servers) = servers {
            servers.join().await;
        }
    }

    /// Waits until it is to stop.
    pub(crate) async fn stopped(&self) {
        let mut stop = self.0.stop.subscribe();
        let stopped = stop.wait_for(|stop| *stop).await;
        drop(stopped.expect("the sender is held by who is asked"));
    }

    pub(crate) fn switches(&self) -> &Switches {
        &self.0.options.switches
    }

    pub(crate) fn limits_requests(&self) -> bool {
        self.0.options.limits_requests
    }

    pub(crate) fn limits<R>(&self, f: impl FnOnce(&mut Limits) -> R) -> R {
        f(&mut lock(&self.0.limits))
    }

    pub(crate) fn points<R>(&self, f: impl FnOnce(&mut Points) -> R) -> R {
        f(&mut lock(&self.0.points))
    }

    pub(crate) fn log_of_deliveries(&self) -> Deliveries {
        lock(&self.0.deliveries).clone()
    }

    /// Waits until something is in line to be delivered.
    pub(crate) async fn queued(&self) {
        self.0.queued.notified().await;
    }

    pub(crate) fn note_queued(&self) {
        self.0.queued.notify_one();
    }

    pub(crate) fn log(&self) -> &RequestLog {
        &self.0.log
    }

    /// A path of the API as `github.com` has it.
    pub(crate) fn api_path<'a>(&self, path: &'a str) -> &'a str {
        match self.0.options.flavor {
            Flavor::GithubCom => path,
            Flavor::Ghes { .. } => path.strip_prefix("/api/v3").unwrap_or(path),
        }
    }

    pub(crate) fn enterprise_version(&self) -> Option<&str> {
        match &self.0.options.flavor {
            Flavor::GithubCom => None,
            Flavor::Ghes { version } => Some(version),
        }
    }

    /// `X-GitHub-Request-Id`: as long as the real one, and different for each request.
    pub(crate) fn request_id(&self) -> String {
        let count = self.0.request_count.fetch_add(1, Ordering::Relaxed);
        format!(
            "D0B1:{:06X}:{:08X}:{count:08X}:0D0B1E00",
            count >> 32,
            count >> 16
        )
    }

    /// Lets the time pass that an answer takes.
    pub(crate) fn spend_answer_time(&self) {
        if let Some(time) = self.0.options.answer_time {
            self.clock().advance(time);
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // Whoever panicked was a test's own closure; the next one is told by what it finds.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
