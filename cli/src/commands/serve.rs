//! `lampboard serve`: everything in one process, without a port between the parts.

use std::sync::Arc;

use anyhow::bail;
use lampboard_github_app::{
    Config, GithubApp, IdentityConfig, Limits, Reconcile, clock::SystemClock,
};
use lampboard_proto::transport;
use lampboard_server::Server;
use secrecy::SecretString;
use tokio::net::TcpListener;

use super::parts;
use crate::{
    args::{SecretArg, ServeArgs},
    listen,
};

/// Runs until the process is asked to stop.
pub(crate) async fn run(args: ServeArgs) -> anyhow::Result<()> {
    parts::require_loopback(&args.auth, &args.listen)?;
    let secrets = args.webhook.secrets()?;
    if secrets.is_empty() {
        bail!(
            "no webhook secret: make one with `openssl rand -hex 32`, set it in the webhook \
             settings of the GitHub App and as LAMPBOARD_WEBHOOK_SECRET (or put it into a file \
             that LAMPBOARD_WEBHOOK_SECRET_FILE names); to look around first, run `lampboard demo`"
        );
    }
    let write_key = args.write_key.key()?.map(SecretArg::into_secret);
    let write_key = match write_key {
        Some(key) => key,
        None => parts::make_secret()?,
    };
    let server = parts::open_server(&args.store, write_key.clone()).await?;
    let listener = listen::bind(args.listen.listen).await?;
    tracing::info!("listening on http://{}", listener.local_addr()?);
    all_in_one(listener, server, secrets, write_key).await
}

/// Serves board and webhook on one port; the app's calls to the server stay in
/// the process.
pub(crate) async fn all_in_one(
    listener: TcpListener,
    server: Server,
    webhook_secrets: Vec<SecretString>,
    write_key: SecretString,
) -> anyhow::Result<()> {
    let config = Config {
        identity: IdentityConfig::Webhooks(webhook_secrets),
        write_key,
        limits: Limits::default(),
        reconcile: Reconcile::default(),
        ca_certificates: None,
    };
    let transport = transport::over(server.routes());
    let app = GithubApp::new(config, transport, Arc::new(SystemClock))?;
    let router = server
        .router()
        .merge(app.router())
        .merge(parts::counters()?);
    parts::serve(listener, router, || server.end_streams()).await?;
    server.close().await;
    Ok(())
}
