//! `lampboard server`: gRPC and the web UI, for a github-app in another process.

use anyhow::Context as _;

use super::parts;
use crate::{
    args::{SecretArg, ServerArgs},
    listen::{self, Port},
};

/// Runs until the process is asked to stop.
pub(crate) async fn run(args: ServerArgs) -> anyhow::Result<()> {
    parts::require_loopback(&args.auth, &args.listen)?;
    let write_key = args.write_key.key()?.map(SecretArg::into_secret);
    let write_key = write_key.context(
        "no write key: make one with `openssl rand -hex 32` and set it as LAMPBOARD_WRITE_KEY \
         here and for github-app",
    )?;
    let public_url = parts::public_url(args.public_url.as_deref(), &args.listen);
    let database = args.store.database.database()?;
    let port = parts::port(&args.sites, write_key)?;
    let server =
        parts::open_server(&args.store, &database, &args.alerts, &public_url, port).await?;
    let socket = parts::open_socket(&args.store.database, &database, &server).await?;
    let listener = listen::bind(args.listen.listen, "LAMPBOARD_LISTEN").await?;
    tracing::info!("listening on http://{}", listener.local_addr()?);
    let router = server.router().merge(parts::counters()?);
    let wind_down = async || {
        socket.stop();
        server.end_streams().await;
    };
    parts::serve([Port { listener, router }], wind_down).await?;
    socket.ended().await;
    server.close().await;
    Ok(())
}
