//! Which URLs are refused, and why.

use std::net::{IpAddr, Ipv4Addr};

use ipnet::IpNet;
use url::{Host, Url};

use super::address::is_public;

/// Why nothing is sent to a URL. It never tells the URL: that is a secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Refusal {
    /// It is none.
    #[error("it is not a URL such as https://example.com/path")]
    NotAUrl,
    /// It is neither `https` nor, where that is allowed, `http`.
    #[error(
        "it has to begin with https://; plain http goes only to ranges of LAMPBOARD_OUTBOUND_ALLOW"
    )]
    Scheme,
    /// It holds a user name or a password.
    #[error("it must not hold a user name or a password")]
    Credentials,
    /// It names a port.
    #[error("only port 443 is reached, and others in ranges of LAMPBOARD_OUTBOUND_ALLOW")]
    Port,
    /// Its host can not be told apart from another spelling of it.
    #[error("its host must not end with a dot")]
    Dot,
    /// Its host is not on the public internet.
    #[error(
        "its host is not on the public internet; if it is meant to be reached, the operator adds its range to LAMPBOARD_OUTBOUND_ALLOW"
    )]
    NotPublic,
}

/// Looks at all that needs no names.
pub(super) fn check(text: &str, allow: &[IpNet]) -> Result<Url, Refusal> {
    let mut url = Url::parse(text).map_err(|_| Refusal::NotAUrl)?;
    url.set_fragment(None);
    if !matches!(url.scheme(), "https" | "http") {
        return Err(Refusal::Scheme);
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(Refusal::Credentials);
    }
    url.as_str()
        .parse::<http::Uri>()
        .map_err(|_| Refusal::NotAUrl)?;
    let address = match url.host().ok_or(Refusal::NotAUrl)? {
        Host::Ipv4(address) => Some(IpAddr::V4(address)),
        Host::Ipv6(address) => Some(IpAddr::V6(address)),
        Host::Domain(name) if name.ends_with('.') => return Err(Refusal::Dot),
        Host::Domain(name) if is_local(name) => Some(IpAddr::V4(Ipv4Addr::LOCALHOST)),
        Host::Domain(_) => None,
    };
    let reached = match address {
        Some(address) => is_reached(&url, address, allow),
        // Which range a name belongs to is seen when it is connected to.
        None => is_plain(&url) || !allow.is_empty(),
    };
    if reached { Ok(url) } else { Err(refusal(&url)) }
}

/// Whether an address may be reached as a URL wants to.
pub(super) fn is_reached(url: &Url, address: IpAddr, allow: &[IpNet]) -> bool {
    allow.iter().any(|range| range.contains(&address)) || (is_plain(url) && is_public(address))
}

/// Why an address may not be reached.
pub(super) fn refusal(url: &Url) -> Refusal {
    if url.scheme() != "https" {
        Refusal::Scheme
    } else if !is_plain(url) {
        Refusal::Port
    } else {
        Refusal::NotPublic
    }
}

/// Whether it is reached in the way that the whole internet may be.
fn is_plain(url: &Url) -> bool {
    url.scheme() == "https" && url.port().is_none()
}

fn is_local(name: &str) -> bool {
    name == "localhost" || name.ends_with(".localhost")
}
