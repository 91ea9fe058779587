//! `lampboard demo`: a board full of builds, fed by a simulated GitHub through real signed webhooks.

mod alerts;

use std::{io, net::SocketAddr};

use anyhow::Context as _;
use lampboard_github_app::{IdentityConfig, Limits, Reconcile};
use lampboard_github_double::{Hook, Outbox, demo};
use lampboard_proto::transport;
use lampboard_server::{Clock, Config, Database, PortConfig, Retention, Server};
use tokio::net::TcpListener;
use url::Url;

use super::{parts, serve};
use crate::{args::DemoArgs, listen::Terms};

/// Runs until the process is asked to stop; then everything is gone.
pub(crate) async fn run(args: DemoArgs) -> anyhow::Result<()> {
    let listener = bind(args.listen).await?;
    let board = format!("http://{}", listener.local_addr()?);
    let folder = tempfile::tempdir().context("can not make a temporary folder")?;
    let write_key = parts::make_secret()?;
    let outbox = Outbox::start().await.context("can not catch messages")?;
    let server = Server::open(Config {
        database: Database::Sqlite(folder.path().join("lampboard.db")),
        port: PortConfig::new(write_key.clone()),
        retention: Retention::default(),
        alerts: alerts::config(Url::parse(&board)?, &outbox)?,
        clock: Clock::system(),
    })
    .await?;

    alerts::begin(transport::over(server.routes()), &outbox).await?;

    let webhook_secret = parts::make_secret()?;
    let hook = Hook::new(
        &format!("{board}/api/webhook/github-actions"),
        webhook_secret.clone(),
    )?;
    let config = lampboard_github_app::Config {
        holder: "demo".to_owned(),
        identity: IdentityConfig::Webhooks(vec![webhook_secret]),
        write_key,
        limits: Limits::default(),
        reconcile: Reconcile::default(),
        ca_certificates: None,
    };
    let app = serve::app_of(&server, config)?;
    introduce(&board);
    let board = (listener, Terms::default());
    tokio::select! {
        never = demo::run(hook, args.seed, parts::now) => never,
        ended = serve::all_in_one(board, None, server, app, None, outbox.router()) => ended,
    }
}

fn introduce(board: &str) {
    println!(
        "\n  Lampboard, with an invented organisation: 30 days of builds, and new ones live.\n\n  \
         Open   {board}\n  Sent   {board}{}\n  Ask    grpcurl -plaintext {} list\n  Stop   Ctrl-C; nothing is kept\n",
        Outbox::PATH,
        board.trim_start_matches("http://")
    );
}

/// Takes another port when the wanted one is taken: a demo must not fail for
/// that.
async fn bind(address: SocketAddr) -> anyhow::Result<TcpListener> {
    match TcpListener::bind(address).await {
        Err(error) if error.kind() == io::ErrorKind::AddrInUse => {
            TcpListener::bind(SocketAddr::new(address.ip(), 0)).await
        }
        bound => bound,
    }
    .with_context(|| format!("can not listen on {address}"))
}
