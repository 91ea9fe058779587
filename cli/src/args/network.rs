//! Where Lampboard listens, and to whom.

use std::net::SocketAddr;

use anyhow::{Context as _, bail};
use axum::http::HeaderValue;
use clap::Args;
use lampboard_server::Hosts;
use url::{Host, Url};

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

#[derive(Debug, Args)]
#[command(next_help_heading = "Network")]
pub(crate) struct SiteArgs {
    /// Hosts that the board is answered for besides the names of this machine, comma-separated and
    /// without ports, such as `ci.example.org`. Without sign-in, whoever gets there sees every
    /// build.
    #[arg(
        long,
        env = "LAMPBOARD_ALLOWED_HOSTS",
        value_name = "HOSTS",
        value_delimiter = ','
    )]
    allowed_hosts: Vec<String>,
    /// Sites whose pages may call by gRPC-Web, with the visitor's cookies, comma-separated, such as
    /// `https://tools.example.org`. None unless set.
    #[arg(
        long,
        env = "LAMPBOARD_CORS_ORIGINS",
        value_name = "ORIGINS",
        value_delimiter = ','
    )]
    cors_origins: Vec<String>,
}

impl SiteArgs {
    /// Which hosts are answered for.
    pub(crate) fn hosts(&self) -> anyhow::Result<Hosts> {
        let named = filled(&self.allowed_hosts).map(host);
        Ok(Hosts::Named(named.collect::<anyhow::Result<_>>()?))
    }

    /// Which sites may call.
    pub(crate) fn cors_origins(&self) -> anyhow::Result<Vec<HeaderValue>> {
        filled(&self.cors_origins).map(origin).collect()
    }
}

fn filled(texts: &[String]) -> impl Iterator<Item = &str> {
    let texts = texts.iter().map(|text| text.trim());
    texts.filter(|text| !text.is_empty())
}

/// Reads the name or the address of a host.
fn host(text: &str) -> anyhow::Result<String> {
    let name = text.trim_start_matches('[').trim_end_matches(']');
    let is_address = name.parse::<std::net::IpAddr>().is_ok();
    let is_name = !name.contains('*')
        && Host::parse(name).is_ok_and(|host| host.to_string() == name.to_lowercase());
    if !is_address && !is_name {
        bail!(
            "LAMPBOARD_ALLOWED_HOSTS: {text:?} is not a host like ci.example.org, without a port"
        );
    }
    Ok(name.to_owned())
}

/// Reads an origin as browsers write it. There is none that stands for all.
fn origin(text: &str) -> anyhow::Result<HeaderValue> {
    let url = Url::parse(text).ok();
    let origin = url.filter(|it| {
        !text.contains('*') && it.origin().is_tuple() && it.origin().ascii_serialization() == text
    });
    if origin.is_none() {
        bail!(
            "LAMPBOARD_CORS_ORIGINS: {text:?} is not like https://tools.example.org, with nothing \
             behind the host or its port"
        );
    }
    HeaderValue::from_str(text).context("LAMPBOARD_CORS_ORIGINS")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_is_a_name_or_an_address_without_a_port() {
        for text in ["ci.example.org", "CI", "10.0.0.1", "::1", "[::1]"] {
            assert!(host(text).is_ok(), "{text}");
        }
        for text in [
            "ci.example.org:80",
            "https://ci.example.org",
            "*",
            "a/b",
            "*.example.org",
        ] {
            assert!(host(text).is_err(), "{text}");
        }
    }

    #[test]
    fn an_origin_is_one_site() {
        for text in ["https://tools.example.org", "http://localhost:5173"] {
            assert!(origin(text).is_ok(), "{text}");
        }
        for text in [
            "*",
            "null",
            "tools.example.org",
            "https://tools.example.org/",
            "https://tools.example.org:443",
            "https://*.example.org",
            "file:///etc",
        ] {
            assert!(origin(text).is_err(), "{text}");
        }
    }
}
