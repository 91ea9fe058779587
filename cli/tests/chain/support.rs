//! The real binary as child processes, and the ways to talk to it.

pub(crate) mod board;
pub(crate) mod crew;
pub(crate) mod database;
pub(crate) mod dump;
pub(crate) mod github;
pub(crate) mod grpcurl;
pub(crate) mod http2;
pub(crate) mod lampboard;
pub(crate) mod load;
pub(crate) mod mail;
pub(crate) mod obstacle;
pub(crate) mod postgres;
pub(crate) mod process;
pub(crate) mod raw;
pub(crate) mod receiver;
pub(crate) mod schema;
pub(crate) mod webhook;

use tokio::sync::{Mutex, MutexGuard};

/// What deliveries are signed with.
pub(crate) const WEBHOOK_SECRET: &str = "a-webhook-secret-that-no-log-may-show";
/// What github-app reports with.
pub(crate) const WRITE_KEY: &str = "a-write-key-that-no-log-may-show";

/// The path of the webhook.
pub(crate) const WEBHOOK: &str = "/api/webhook/github-actions";

/// The largest body that is taken.
pub(crate) const LARGEST: usize = 25 * 1024 * 1024;

/// Waits until no other test has the largest bodies under way: without
/// optimisation two such tests on few cores run into the limits of time.
pub(crate) async fn alone_with_large_bodies() -> MutexGuard<'static, ()> {
    static ALONE: Mutex<()> = Mutex::const_new(());
    ALONE.lock().await
}
