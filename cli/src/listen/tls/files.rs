//! What is in the files of certificates and keys, and what TLS makes of it.

use std::{
    fs,
    path::{Path, PathBuf},
    sync::Arc,
};

use anyhow::{Context as _, bail};
use rustls::{
    RootCertStore, ServerConfig,
    crypto::{CryptoProvider, ring},
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject as _},
    server::WebPkiClientVerifier,
};

/// What is spoken over TLS, in the order of what is liked best.
const PROTOCOLS: [&[u8]; 2] = [b"h2", b"http/1.1"];

/// Where certificates and keys are, as PEM.
#[derive(Clone, Debug)]
pub(crate) struct TlsFiles {
    /// The certificate, with those that lead to its authority.
    pub(crate) certificate: PathBuf,
    /// Its key.
    pub(crate) key: PathBuf,
    /// Who signs the certificates of clients.
    pub(crate) client_ca: Option<PathBuf>,
}

/// What was in the files.
#[derive(PartialEq, Eq)]
pub(super) struct Contents {
    certificate: Vec<u8>,
    key: Vec<u8>,
    client_ca: Option<Vec<u8>>,
}

impl TlsFiles {
    pub(super) fn read(&self) -> anyhow::Result<Contents> {
        Ok(Contents {
            certificate: read(&self.certificate)?,
            key: read(&self.key)?,
            client_ca: self.client_ca.as_deref().map(read).transpose()?,
        })
    }

    /// What they are called in messages.
    pub(super) fn names(&self) -> String {
        format!(
            "LAMPBOARD_TLS_CERT ({}) and LAMPBOARD_TLS_KEY ({})",
            self.certificate.display(),
            self.key.display()
        )
    }
}

impl Contents {
    /// TLS 1.3 and 1.2. Clients may show a certificate if we know who signs them: browsers have
    /// none, and what needs one asks for it.
    pub(super) fn config(&self) -> anyhow::Result<ServerConfig> {
        let provider = provider();
        let builder = ServerConfig::builder_with_provider(Arc::clone(&provider))
            .with_safe_default_protocol_versions()
            .context("the cipher suites are none")?;
        let builder = match &self.client_ca {
            None => builder.with_no_client_auth(),
            Some(pem) => {
                let roots = Arc::new(roots(pem).context("LAMPBOARD_TLS_CLIENT_CA")?);
                let verifier = WebPkiClientVerifier::builder_with_provider(roots, provider)
                    .allow_unauthenticated()
                    .build()
                    .context("LAMPBOARD_TLS_CLIENT_CA")?;
                builder.with_client_cert_verifier(verifier)
            }
        };
        let (chain, key) = identity(&self.certificate, &self.key)?;
        let mut config = builder
            .with_single_cert(chain, key)
            .context("certificate and key do not go together")?;
        config.alpn_protocols = PROTOCOLS.map(<[u8]>::to_vec).to_vec();
        Ok(config)
    }
}

/// The one provider of cryptography that we have.
pub(crate) fn provider() -> Arc<CryptoProvider> {
    Arc::new(ring::default_provider())
}

/// Reads a chain of certificates and the key of the first.
pub(crate) fn identity(
    certificate: &[u8],
    key: &[u8],
) -> anyhow::Result<(Vec<CertificateDer<'static>>, PrivateKeyDer<'static>)> {
    let chain = certificates(certificate)?;
    let key = PrivateKeyDer::from_pem_slice(key).context("the key is no private key in PEM")?;
    Ok((chain, key))
}

/// Reads the certificates of authorities.
pub(crate) fn roots(pem: &[u8]) -> anyhow::Result<RootCertStore> {
    let mut roots = RootCertStore::empty();
    for certificate in certificates(pem)? {
        roots
            .add(certificate)
            .context("a certificate is of no authority")?;
    }
    Ok(roots)
}

fn certificates(pem: &[u8]) -> anyhow::Result<Vec<CertificateDer<'static>>> {
    let found: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(pem).collect();
    let found = found.context("a certificate can not be read")?;
    if found.is_empty() {
        bail!("there is no certificate in PEM");
    }
    Ok(found)
}

pub(crate) fn read(path: &Path) -> anyhow::Result<Vec<u8>> {
    fs::read(path).with_context(|| format!("can not read {}", path.display()))
}
