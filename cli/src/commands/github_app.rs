//! `lampboard github-app`: the receiver of webhooks, in front of a server elsewhere.

use std::{sync::Arc, time::Duration};

use anyhow::Context as _;
use axum::{Router, http::StatusCode, routing::get};
use lampboard_github_app::{
    Config, GithubApp, IdentityConfig, Limits, Reconcile, clock::SystemClock,
};
use lampboard_proto::transport;
use tonic::transport::{Channel, Endpoint};
use tonic_health::pb::{
    HealthCheckRequest, health_check_response::ServingStatus, health_client::HealthClient,
};

use super::parts;
use crate::{
    args::{GithubAppArgs, SecretArg},
    listen,
};

/// How long a connection to the server may take to come about.
const CONNECT_TIME: Duration = Duration::from_secs(3);
/// How often a silent connection is asked whether it still lives.
const PING: Duration = Duration::from_secs(10);

/// Runs until the process is asked to stop.
pub(crate) async fn run(args: GithubAppArgs) -> anyhow::Result<()> {
    let write_key = args.write_key.key()?.map(SecretArg::into_secret);
    let config = Config {
        identity: IdentityConfig::Webhooks(args.webhook.secrets()?),
        write_key: write_key
            .context("no write key: set LAMPBOARD_WRITE_KEY to the one that the server has")?,
        limits: Limits::default(),
        reconcile: Reconcile::default(),
        ca_certificates: None,
    };
    let channel = channel(&args.server_url)?;
    let app = GithubApp::new(config, transport::over(channel.clone()), Arc::new(SystemClock))?;
    let listener = listen::bind(args.listen.listen).await?;
    tracing::info!(
        "listening on http://{}, reporting to {}",
        listener.local_addr()?,
        args.server_url
    );
    let router = app
        .router()
        .merge(health(channel))
        .merge(parts::counters()?);
    parts::serve(listener, router, async || {}).await
}

/// Connects when it is first used, and again whenever the connection is lost.
fn channel(url: &str) -> anyhow::Result<Channel> {
    let endpoint = Endpoint::from_shared(url.to_owned())
        .ok()
        .filter(|endpoint| endpoint.uri().scheme_str() == Some("http"))
        .with_context(|| format!("LAMPBOARD_SERVER_URL is not like http://HOST:PORT: {url}"))?;
    let endpoint = endpoint
        .connect_timeout(CONNECT_TIME)
        .tcp_nodelay(true)
        .http2_keep_alive_interval(PING)
        .keep_alive_while_idle(true);
    Ok(endpoint.connect_lazy())
}

/// Ready means that the server says so: without it nothing can be taken in.
fn health(channel: Channel) -> Router {
    let ready = async move || {
        let mut health = HealthClient::new(channel.clone());
        // The empty name stands for the server as a whole.
        let check = health.check(HealthCheckRequest::default());
        let status = match tokio::time::timeout(CONNECT_TIME, check).await {
            Ok(Ok(response)) => response.into_inner().status(),
            _ => ServingStatus::Unknown,
        };
        match status {
            ServingStatus::Serving => (StatusCode::OK, "ready\n"),
            _ => (
                StatusCode::SERVICE_UNAVAILABLE,
                "the server can not be reached\n",
            ),
        }
    };
    Router::new()
        .route("/healthz", get(async || "ok\n"))
        .route("/readyz", get(ready))
}
