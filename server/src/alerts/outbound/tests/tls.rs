//! Whom https trusts.

use std::{
    io::{Read as _, Write as _},
    net::{IpAddr, Ipv4Addr, TcpListener},
    sync::Arc,
    time::Duration,
};

use bytes::Bytes;
use futures_util::FutureExt as _;
use http::{HeaderMap, StatusCode};
use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use rustls::{
    ServerConfig, ServerConnection, StreamOwned,
    crypto::ring,
    pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer},
};
use secrecy::SecretString;

use crate::{
    alerts::outbound::{Answer, Failure, Outbound, OutboundConfig, Post},
    fixtures::at,
};

/// An authority that vouches for a server of a name, on loopback.
struct Server {
    authority: CertificateDer<'static>,
    port: u16,
}

impl Server {
    /// Accepts one connection, and answers what is asked on it.
    fn start(name: &str) -> Self {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let authority_key = KeyPair::generate().unwrap();
        let authority = params.self_signed(&authority_key).unwrap().der().clone();
        let issuer = Issuer::new(params, authority_key);
        let key = KeyPair::generate().unwrap();
        let leaf = CertificateParams::new([name.to_owned()])
            .unwrap()
            .signed_by(&key, &issuer)
            .unwrap();
        let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
        let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![leaf.der().clone()], key)
            .unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        std::thread::spawn(move || {
            let (socket, _) = listener.accept().unwrap();
            let connection = ServerConnection::new(Arc::new(config)).unwrap();
            let mut stream = StreamOwned::new(connection, socket);
            let mut asked = [0; 4096];
            if stream.read(&mut asked).is_ok() {
                let _ = stream.write_all(b"HTTP/1.1 204 No Content\r\n\r\n");
            }
        });
        Self { authority, port }
    }

    async fn post(&self, trust: Option<&CertificateDer<'static>>) -> Result<Answer, Failure> {
        let config = OutboundConfig {
            slack_hosts: Vec::new(),
            allow: vec!["127.0.0.1".to_owned()],
        };
        let here = |_| std::future::ready(Ok(vec![IpAddr::V4(Ipv4Addr::LOCALHOST)])).boxed();
        let mut outbound =
            Outbound::with(&config, Arc::new(here), Duration::from_secs(10)).unwrap();
        if let Some(authority) = trust {
            outbound = outbound.trusting(authority.clone());
        }
        let url = format!("https://receiver.example:{}/", self.port);
        let post = Post {
            url: &SecretString::from(url),
            headers: HeaderMap::new(),
            body: Bytes::from_static(b"{}"),
        };
        outbound.post(post, at(0)).await
    }
}

#[tokio::test]
async fn a_receiver_with_a_trusted_name_is_reached() {
    let server = Server::start("receiver.example");
    let answer = server.post(Some(&server.authority)).await.unwrap();
    assert_eq!(answer.status, StatusCode::NO_CONTENT);
}

#[tokio::test]
async fn who_is_not_vouched_for_is_not_told_anything() {
    let stranger = Server::start("receiver.example");
    let answer = stranger.post(None).await.unwrap_err();
    assert!(answer.to_string().contains("UnknownIssuer"), "{answer}");
    let other = Server::start("other.example");
    let answer = other.post(Some(&other.authority)).await.unwrap_err();
    assert!(
        answer
            .to_string()
            .contains("certificate not valid for name"),
        "{answer}"
    );
}
