//! Whom to trust: the machine's certificates, and those of one's own.

use std::sync::Arc;

use rustls::{
    ClientConfig, RootCertStore,
    crypto::ring,
    pki_types::{CertificateDer, pem::PemObject as _},
};

use crate::github::{ConnectionError, connection::Base};

/// Trusts the machine's certificates and the additional ones. Where nothing is
/// encrypted, nobody needs trust.
pub(super) fn config(
    base: &Base,
    ca_certificates: Option<&[u8]>,
) -> Result<ClientConfig, ConnectionError> {
    let mut roots = RootCertStore::empty();
    if let Some(pem) = ca_certificates {
        add(&mut roots, pem)?;
    }
    if base.is_encrypted() {
        let native = rustls_native_certs::load_native_certs();
        for error in &native.errors {
            tracing::warn!(%error, "can not read a certificate of this machine");
        }
        roots.add_parsable_certificates(native.certs);
        if roots.is_empty() {
            return Err(ConnectionError::NoCertificates);
        }
    }
    let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .expect("ring knows the default versions of TLS")
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(config)
}

fn add(roots: &mut RootCertStore, pem: &[u8]) -> Result<(), ConnectionError> {
    let unusable = |problem: String| ConnectionError::UnusableCertificates(problem);
    let certificates: Vec<_> = CertificateDer::pem_slice_iter(pem)
        .collect::<Result<_, _>>()
        .map_err(|error| unusable(error.to_string()))?;
    if certificates.is_empty() {
        return Err(unusable("there are none in it".to_owned()));
    }
    for certificate in certificates {
        roots
            .add(certificate)
            .map_err(|error| unusable(error.to_string()))?;
    }
    Ok(())
}
