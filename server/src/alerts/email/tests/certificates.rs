//! Certificates made for one test: an authority, and what it says of the mail server.

use std::path::PathBuf;

use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use tempfile::TempDir;

/// A certificate of `127.0.0.1` in files, and who vouches for it.
pub(super) struct Certificates {
    folder: TempDir,
    pub(super) authority: Vec<u8>,
}

impl Certificates {
    pub(super) fn new() -> Self {
        Self::of("127.0.0.1")
    }

    /// Those of a server of another name or address.
    pub(super) fn of(name: &str) -> Self {
        let mut params = CertificateParams::new(Vec::new()).expect("parameters");
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let authority_key = KeyPair::generate().expect("a key");
        let authority = params.self_signed(&authority_key).expect("a certificate");
        let issuer = Issuer::new(params, authority_key);
        let key = KeyPair::generate().expect("a key");
        let leaf = CertificateParams::new([name.to_owned()])
            .and_then(|params| params.signed_by(&key, &issuer))
            .expect("a certificate");
        let folder = tempfile::tempdir().expect("a folder");
        std::fs::write(folder.path().join("leaf.pem"), leaf.pem()).expect("written");
        std::fs::write(folder.path().join("key.pem"), key.serialize_pem()).expect("written");
        Self {
            folder,
            authority: authority.pem().into_bytes(),
        }
    }

    pub(super) fn leaf(&self) -> PathBuf {
        self.folder.path().join("leaf.pem")
    }

    pub(super) fn key(&self) -> PathBuf {
        self.folder.path().join("key.pem")
    }
}
