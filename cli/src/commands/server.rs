//! `lampboard server`: gRPC and the web UI, for a github-app in another process.

use anyhow::bail;
use lampboard_server::{Database, Server};

use super::parts;
use crate::{
    args::ServerArgs,
    listen::{self, Port, Terms},
};

/// Runs until the process is asked to stop.
pub(crate) async fn run(args: ServerArgs) -> anyhow::Result<()> {
    parts::require_loopback(&args.auth, &args.listen)?;
    let write_keys = args.write_key.keys()?;
    if write_keys.is_empty() {
        bail!(
            "no write key: make one with `openssl rand -hex 32` and set it as LAMPBOARD_WRITE_KEY \
             here and for github-app"
        );
    }
    let terms = parts::terms(&args.ports, args.callers.tls_client_ca.as_deref())?;
    let public_url = parts::public_url(args.public_url.as_deref(), &args.listen, &terms);
    let port = parts::port(
        &args.sites,
        &args.callers,
        write_keys,
        args.webhook.secrets()?,
    )?;
    let database = args.store.database.database()?;
    let server =
        parts::open_server(&args.store, &database, &args.alerts, &public_url, port).await?;
    parts::or_close(&server, serve(&args, &database, &server, terms)).await
}

async fn serve(
    args: &ServerArgs,
    database: &Database,
    server: &Server,
    terms: Terms,
) -> anyhow::Result<()> {
    let socket = parts::open_socket(&args.store.database, database, server).await?;
    let listener = listen::bind(args.listen.listen, "LAMPBOARD_LISTEN").await?;
    let address = listener.local_addr()?;
    tracing::info!("listening on {}://{address}", terms.scheme());
    let router = server.router().merge(parts::counters()?);
    let board = Port {
        listener,
        router,
        terms,
    };
    let wind_down = async || {
        socket.stop();
        server.end_streams().await;
    };
    parts::serve([board], wind_down).await?;
    socket.ended().await;
    server.close().await;
    Ok(())
}
