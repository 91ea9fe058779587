//! The link to a server on another machine: plain, or by TLS with certificates of one's own.

use std::{io, sync::Arc};

use anyhow::Context as _;
use axum::http::Uri;
use hyper_util::rt::TokioIo;
use rustls::{
    ClientConfig,
    pki_types::{CertificateDer, ServerName},
};
use tokio::{net::TcpStream, task::spawn_blocking};
use tokio_rustls::{TlsConnector, client::TlsStream};
use tonic::transport::{Channel, Endpoint};
use tower::service_fn;

use super::remote;
use crate::{
    args::ServerTlsArgs,
    listen::{identity, provider, read, roots},
};

/// Connects when it is first used, and again whenever the connection is lost.
pub(crate) fn channel(url: &str, args: &ServerTlsArgs) -> anyhow::Result<Channel> {
    let endpoint = Endpoint::from_shared(url.to_owned()).ok();
    let endpoint = endpoint.filter(|it| it.uri().host().is_some());
    let scheme = endpoint.as_ref().and_then(|it| it.uri().scheme_str());
    let is_https = match scheme {
        Some("http") => false,
        Some("https") => true,
        _ => anyhow::bail!("LAMPBOARD_SERVER_URL is not like https://HOST:PORT: {url}"),
    };
    let endpoint = remote::patient(endpoint.context("an endpoint has a scheme")?);
    if !is_https {
        args.require_nothing()?;
        return Ok(endpoint.tcp_nodelay(true).connect_lazy());
    }
    // What can not be used is said now. Later it is read at each connection, so that
    // certificates can be replaced at any time.
    config(args)?;
    let args = args.clone();
    let connect = service_fn(move |uri: Uri| connect(uri, args.clone()));
    Ok(endpoint.connect_with_connector_lazy(connect))
}

async fn connect(uri: Uri, args: ServerTlsArgs) -> io::Result<TokioIo<TlsStream<TcpStream>>> {
    let host = uri.host().unwrap_or_default();
    let host = host
        .trim_start_matches('[')
        .trim_end_matches(']')
        .to_owned();
    let stream = TcpStream::connect((host.as_str(), uri.port_u16().unwrap_or(443))).await?;
    stream.set_nodelay(true)?;
    let config = spawn_blocking(move || config(&args)).await?;
    let config = config.map_err(|error| io::Error::other(format!("{error:#}")))?;
    let name = ServerName::try_from(host).map_err(io::Error::other)?;
    let stream = TlsConnector::from(Arc::new(config))
        .connect(name, stream)
        .await?;
    Ok(TokioIo::new(stream))
}

fn config(args: &ServerTlsArgs) -> anyhow::Result<ClientConfig> {
    let roots = match &args.server_ca_file {
        Some(file) => {
            let context = || format!("LAMPBOARD_SERVER_CA_FILE ({})", file.display());
            roots(&read(file)?).with_context(context)?
        }
        None => machine_roots()?,
    };
    let builder = ClientConfig::builder_with_provider(provider())
        .with_safe_default_protocol_versions()
        .context("the cipher suites are none")?
        .with_root_certificates(roots);
    let mut config = match args.client() {
        None => builder.with_no_client_auth(),
        Some((certificate, key)) => {
            let context = || {
                format!(
                    "LAMPBOARD_SERVER_CLIENT_CERT ({}) and LAMPBOARD_SERVER_CLIENT_KEY ({})",
                    certificate.display(),
                    key.display()
                )
            };
            let (chain, key) = identity(&read(certificate)?, &read(key)?).with_context(context)?;
            builder
                .with_client_auth_cert(chain, key)
                .with_context(context)?
        }
    };
    config.alpn_protocols = vec![b"h2".to_vec()];
    Ok(config)
}

/// What this machine trusts.
fn machine_roots() -> anyhow::Result<rustls::RootCertStore> {
    let mut roots = rustls::RootCertStore::empty();
    let found: Vec<CertificateDer<'static>> = rustls_native_certs::load_native_certs().certs;
    roots.add_parsable_certificates(found);
    if roots.is_empty() {
        anyhow::bail!("this machine trusts nobody: set LAMPBOARD_SERVER_CA_FILE");
    }
    Ok(roots)
}
