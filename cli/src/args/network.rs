//! Where Lampboard listens, and to whom.

use std::{
    net::{IpAddr, SocketAddr},
    num::NonZeroU32,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, bail};
use axum::http::HeaderValue;
use clap::Args;
use ipnet::IpNet;
use lampboard_server::{CallLimits, Hosts};
use url::{Host, Url};

use crate::listen::TlsFiles;

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

/// How ports are reached: what every role that listens has.
#[derive(Debug, Args)]
#[command(next_help_heading = "Network")]
pub(crate) struct PortArgs {
    /// A file with the certificate of this host, as PEM, and those that lead to its authority. All
    /// ports then speak TLS, and nothing else. Read again when it changes, and on SIGHUP.
    #[arg(
        long,
        env = "LAMPBOARD_TLS_CERT",
        value_name = "FILE",
        requires = "tls_key"
    )]
    tls_cert: Option<PathBuf>,
    /// A file with the key of the certificate, as PEM.
    #[arg(
        long,
        env = "LAMPBOARD_TLS_KEY",
        value_name = "FILE",
        requires = "tls_cert"
    )]
    tls_key: Option<PathBuf>,
    /// The proxies whose `X-Forwarded-For` and `X-Forwarded-Proto` are believed, as addresses or
    /// ranges, comma-separated, such as `127.0.0.1,10.0.0.0/8`. Unset, nobody's are.
    #[arg(
        long,
        env = "LAMPBOARD_TRUSTED_PROXIES",
        value_name = "RANGES",
        value_delimiter = ','
    )]
    trusted_proxies: Vec<String>,
}

impl PortArgs {
    /// The files of TLS, if it is to be spoken; with those who sign clients, if any do.
    pub(crate) fn tls(&self, client_ca: Option<&Path>) -> anyhow::Result<Option<TlsFiles>> {
        let (Some(certificate), Some(key)) = (&self.tls_cert, &self.tls_key) else {
            if client_ca.is_some() {
                bail!("LAMPBOARD_TLS_CLIENT_CA needs LAMPBOARD_TLS_CERT and LAMPBOARD_TLS_KEY");
            }
            return Ok(None);
        };
        Ok(Some(TlsFiles {
            certificate: certificate.clone(),
            key: key.clone(),
            client_ca: client_ca.map(Path::to_owned),
        }))
    }

    /// The proxies that are believed.
    pub(crate) fn trusted_proxies(&self) -> anyhow::Result<Vec<IpNet>> {
        filled(&self.trusted_proxies).map(network).collect()
    }
}

/// Who may call the server: what `serve` and `server` have.
#[derive(Debug, Args)]
#[command(next_help_heading = "Network")]
pub(crate) struct CallerArgs {
    /// A file with the certificates, as PEM, of those who sign the certificates of `github-app`:
    /// what writes builds then needs one beside the write key. Browsers need none.
    #[arg(long, env = "LAMPBOARD_TLS_CLIENT_CA", value_name = "FILE")]
    pub(crate) tls_client_ca: Option<PathBuf>,
    /// How many calls a second an address may make in the long run, 100 of them at once; `off` for
    /// any number. Webhooks, probes, files of the UI and github-app are not counted.
    #[arg(
        long,
        env = "LAMPBOARD_CALLS_PER_SECOND",
        value_name = "NUMBER",
        default_value = "10",
        value_parser = limit
    )]
    calls_per_second: Limit,
    /// How many streams an address may have open; each tab of the board has one. `off` for any
    /// number.
    #[arg(
        long,
        env = "LAMPBOARD_STREAMS_PER_ADDRESS",
        value_name = "NUMBER",
        default_value = "100",
        value_parser = limit
    )]
    streams_per_address: Limit,
}

impl CallerArgs {
    /// How much anybody may ask for.
    pub(crate) fn limits(&self) -> CallLimits {
        CallLimits {
            calls_per_second: self.calls_per_second.0,
            streams: self.streams_per_address.0,
        }
    }
}

/// A number; None for `off`.
#[derive(Clone, Copy, Debug)]
struct Limit(Option<NonZeroU32>);

fn limit(text: &str) -> Result<Limit, String> {
    match text {
        "off" => Ok(Limit(None)),
        text => match text.parse() {
            Ok(number) => Ok(Limit(Some(number))),
            Err(_) => Err("it is neither a number above 0 nor off".to_owned()),
        },
    }
}

/// Reads a range of addresses, or one address.
fn network(text: &str) -> anyhow::Result<IpNet> {
    let one = |text: &str| text.parse::<IpAddr>().map(IpNet::from);
    text.parse().or_else(|_| one(text)).with_context(|| {
        format!("LAMPBOARD_TRUSTED_PROXIES: {text:?} is not like 10.0.0.0/8 or 127.0.0.1")
    })
}

/// What the other end of the link to a server elsewhere is asked for, and shown.
#[derive(Clone, Debug, Default, Args)]
#[command(next_help_heading = "Between the parts")]
#[expect(
    clippy::struct_field_names,
    reason = "the names of the flags are made of them"
)]
pub(crate) struct ServerTlsArgs {
    /// A file with the certificates, as PEM, of those who sign the server's. Unset, those that this
    /// machine trusts. For an address of the server that begins with `https://`.
    #[arg(long, env = "LAMPBOARD_SERVER_CA_FILE", value_name = "FILE")]
    pub(crate) server_ca_file: Option<PathBuf>,
    /// A file with the certificate to show to the server, as PEM. Read at each connection.
    #[arg(
        long,
        env = "LAMPBOARD_SERVER_CLIENT_CERT",
        value_name = "FILE",
        requires = "server_client_key"
    )]
    server_client_cert: Option<PathBuf>,
    /// A file with the key of that certificate, as PEM.
    #[arg(
        long,
        env = "LAMPBOARD_SERVER_CLIENT_KEY",
        value_name = "FILE",
        requires = "server_client_cert"
    )]
    server_client_key: Option<PathBuf>,
}

impl ServerTlsArgs {
    /// The files of the certificate to show and its key, if there is one.
    pub(crate) fn client(&self) -> Option<(&Path, &Path)> {
        self.server_client_cert
            .as_deref()
            .zip(self.server_client_key.as_deref())
    }

    /// Refuses settings that mean TLS where there is none.
    pub(crate) fn require_nothing(&self) -> anyhow::Result<()> {
        if self.server_ca_file.is_some() || self.client().is_some() {
            bail!(
                "LAMPBOARD_SERVER_URL begins with http://, so certificates are not looked at: let \
                 it begin with https://, or unset LAMPBOARD_SERVER_CA_FILE and \
                 LAMPBOARD_SERVER_CLIENT_CERT"
            );
        }
        Ok(())
    }
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
    let is_address = name.parse::<IpAddr>().is_ok();
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
