//! What the port demands of whoever calls: a name, a site, a key, and patience.

use std::{net::IpAddr, num::NonZeroU32};

use http::HeaderValue;
use secrecy::SecretString;

/// What the port demands.
#[derive(Clone, Debug)]
pub struct PortConfig {
    /// What the app's services demand as bearer token: any of these, several while one
    /// replaces another.
    pub write_keys: Vec<SecretString>,
    /// Whether they demand a client certificate as well.
    pub certificate: bool,
    /// What webhooks are signed with. Unless empty, what comes through the port as a webhook
    /// is taken in only with the signature of one of these.
    pub webhook_secrets: Vec<SecretString>,
    /// Which hosts are answered for.
    pub hosts: Hosts,
    /// The sites whose pages may call by gRPC-Web, as browsers name them.
    pub cors_origins: Vec<HeaderValue>,
    /// How much anybody may ask for.
    pub limits: CallLimits,
}

impl PortConfig {
    /// Demands a key, and answers to names of this machine alone.
    pub fn new(write_key: SecretString) -> Self {
        Self {
            write_keys: vec![write_key],
            certificate: false,
            webhook_secrets: Vec::new(),
            hosts: Hosts::Named(Vec::new()),
            cors_origins: Vec::new(),
            limits: CallLimits::default(),
        }
    }
}

/// Which hosts are answered for. A page elsewhere could otherwise have its own name lead here, and
/// read what its visitors may read.
#[derive(Clone, Debug)]
pub enum Hosts {
    /// All.
    Any,
    /// The names of this machine, and these.
    Named(Vec<String>),
}

/// How much anybody may ask for who has not said who he is.
#[derive(Clone, Copy, Debug)]
pub struct CallLimits {
    /// How many calls a second an address may make in the long run; any number if unset.
    pub calls_per_second: Option<NonZeroU32>,
    /// How many streams an address may have open; any number if unset.
    pub streams: Option<NonZeroU32>,
}

impl Default for CallLimits {
    fn default() -> Self {
        Self {
            calls_per_second: NonZeroU32::new(10),
            streams: NonZeroU32::new(100),
        }
    }
}

/// Who is at the other end of a connection. The listener puts it on each request; what has none was
/// made in this process or came by its socket.
#[derive(Clone, Copy, Debug)]
pub struct Peer {
    /// The client's address, of which a proxy may have told.
    pub address: IpAddr,
    /// Whether the connection showed a client certificate that we trust.
    pub has_certificate: bool,
}

/// Marks what came through the port, and neither within the process nor by its socket.
#[derive(Clone, Copy, Debug)]
pub(crate) struct FromPort;
