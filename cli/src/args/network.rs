//! Where Lampboard listens, and to whom.

use std::net::SocketAddr;

use clap::Args;

#[derive(Debug, Args)]
#[command(next_help_heading = "Network")]
pub(crate) struct ListenArgs {
    /// Address and port to listen on.
    #[arg(
        long,
        env = "LAMPBOARD_LISTEN",
        value_name = "ADDRESS",
        default_value = "127.0.0.1:8080"
    )]
    pub(crate) listen: SocketAddr,
}

#[derive(Debug, Args)]
#[command(next_help_heading = "Network")]
pub(crate) struct WebhookListenArgs {
    /// Address and port of a second listener, which answers GitHub's webhooks and nothing else, so
    /// that only it need be reached from the internet. The first one answers them, too.
    #[arg(long, env = "LAMPBOARD_WEBHOOK_LISTEN", value_name = "ADDRESS")]
    pub(crate) webhook_listen: Option<SocketAddr>,
}
