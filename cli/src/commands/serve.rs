//! `lampboard serve`: everything in one process, without a port between the parts.

use std::sync::Arc;

use anyhow::Context as _;
use axum::Router;
use lampboard_github_app::{Config, GithubApp, Limits, Way, clock::SystemClock};
use lampboard_proto::transport;
use lampboard_server::{Database, Server};
use secrecy::SecretString;
use tokio::net::TcpListener;

use super::{holder::Holder, identity, parts};
use crate::{
    args::ServeArgs,
    listen::{self, Port, Socket, Terms},
};

/// Runs until the process is asked to stop.
pub(crate) async fn run(args: ServeArgs) -> anyhow::Result<()> {
    parts::require_loopback(&args.auth, &args.listen)?;
    let mut write_keys = args.write_key.keys()?;
    if write_keys.is_empty() {
        write_keys.push(parts::make_secret()?);
    }
    let write_key = write_keys
        .first()
        .cloned()
        .context("there is a key by now")?;
    let terms = parts::terms(&args.ports, args.callers.tls_client_ca.as_deref())?;
    let set = args.github.public_url.as_deref();
    let public_url = parts::public_url(set, &args.listen, &terms);
    let port = parts::port(
        &args.sites,
        &args.callers,
        write_keys,
        args.webhook.secrets()?,
    )?;
    let database = args.store.database.database()?;
    let server =
        parts::open_server(&args.store, &database, &args.alerts, &public_url, port).await?;
    let work = serve(&args, &database, server.clone(), (terms, write_key));
    parts::or_close(&server, work).await
}

async fn serve(
    args: &ServeArgs,
    database: &Database,
    server: Server,
    (terms, write_key): (Terms, SecretString),
) -> anyhow::Result<()> {
    let socket = parts::open_socket(&args.store.database, database, &server).await?;
    let listener = listen::bind(args.listen.listen, "LAMPBOARD_LISTEN").await?;
    let board = format!("{}://{}", terms.scheme(), listener.local_addr()?);
    tracing::info!("listening on {board}");
    let data_dir = &args.store.database.data.data_dir;
    let identity = identity::from_settings(&args.github, &args.webhook, data_dir, &board)?;
    let holder = Holder::find(data_dir, &identity)?;
    let config = Config {
        holder: holder.name.clone(),
        identity,
        write_key,
        limits: Limits::default(),
        reconcile: args.reconcile.settings(),
        ca_certificates: identity::ca_certificates(&args.github)?,
    };
    let app = app_of(&server, config)?;
    let webhooks = parts::open_webhook_port(&args.webhook_listen, &app, &terms).await?;
    let board = (listener, terms);
    all_in_one(board, webhooks, server, app, Some(socket), Router::new()).await
}

/// Makes an app whose calls to the server stay in the process.
pub(crate) fn app_of(server: &Server, config: Config) -> anyhow::Result<GithubApp> {
    let way = Way::in_process(transport::over(server.routes()), server.reports());
    Ok(GithubApp::new(config, way, Arc::new(SystemClock))?)
}

/// Serves board, webhook and further pages on one port, webhooks on one of their own if there is
/// one, and the socket if there is one.
pub(crate) async fn all_in_one(
    (listener, terms): (TcpListener, Terms),
    webhooks: Option<Port>,
    server: Server,
    app: GithubApp,
    socket: Option<Socket>,
    pages: Router,
) -> anyhow::Result<()> {
    let router = server
        .router()
        .merge(app.router())
        .merge(pages)
        .merge(parts::counters()?);
    parts::offer_setup(&app).await;
    let working = parts::work(app.clone());
    let wind_down = async || {
        if let Some(socket) = &socket {
            socket.stop();
        }
        server.end_streams().await;
    };
    let board = Port {
        listener,
        router,
        terms,
    };
    parts::serve([board].into_iter().chain(webhooks), wind_down).await?;
    if let Some(socket) = socket {
        socket.ended().await;
    }
    parts::stop_work(working, &app).await;
    server.close().await;
    Ok(())
}
