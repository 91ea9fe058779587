//! `lampboard github-app`: the receiver of webhooks, in front of a server elsewhere.

use std::{sync::Arc, time::Duration};

use anyhow::Context as _;
use axum::{Router, http::StatusCode, routing::get};
use lampboard_github_app::{Config, GithubApp, Limits, clock::SystemClock};
use lampboard_proto::transport;
use tonic::transport::Channel;
use tonic_health::pb::{
    HealthCheckRequest, health_check_response::ServingStatus, health_client::HealthClient,
};

use super::{holder::Holder, identity, link, parts};
use crate::{
    args::GithubAppArgs,
    listen::{self, Port},
};

/// How long the server may take to say how it is.
const HEALTH_TIME: Duration = Duration::from_secs(3);

/// Runs until the process is asked to stop.
pub(crate) async fn run(args: GithubAppArgs) -> anyhow::Result<()> {
    let write_key = args.write_key.keys()?.into_iter().next();
    let write_key = write_key
        .context("no write key: set LAMPBOARD_WRITE_KEY to the one that the server has")?;
    let channel = link::channel(&args.server_url, &args.server_tls)?;
    let listener = listen::bind(args.listen.listen, "LAMPBOARD_LISTEN").await?;
    let terms = parts::terms(&args.ports, None)?;
    let own = format!("{}://{}", terms.scheme(), listener.local_addr()?);
    let data_dir = &args.data.data_dir;
    let identity = identity::from_settings(&args.github, &args.webhook, data_dir, &own)?;
    let holder = Holder::find(data_dir, &identity)?;
    let config = Config {
        holder: holder.name.clone(),
        identity,
        write_key,
        limits: Limits::default(),
        reconcile: args.reconcile.settings(),
        ca_certificates: identity::ca_certificates(&args.github)?,
    };
    let transport = transport::over(channel.clone());
    let app = GithubApp::new(config, transport, Arc::new(SystemClock))?;
    tracing::info!("listening on {own}, reporting to {}", args.server_url);
    let router = app
        .router()
        .merge(health(channel))
        .merge(parts::counters()?);
    let webhooks = parts::open_webhook_port(&args.webhook_listen, &app, &terms).await?;
    parts::offer_setup(&app).await;
    let working = parts::work(app.clone());
    let port = Port {
        listener,
        router,
        terms,
    };
    parts::serve([port].into_iter().chain(webhooks), async || {}).await?;
    parts::stop_work(working, &app).await;
    Ok(())
}

/// Ready means that the server says so: without it nothing can be taken in.
fn health(channel: Channel) -> Router {
    let ready = async move || {
        let mut health = HealthClient::new(channel.clone());
        // The empty name stands for the server as a whole.
        let check = health.check(HealthCheckRequest::default());
        let status = match tokio::time::timeout(HEALTH_TIME, check).await {
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
