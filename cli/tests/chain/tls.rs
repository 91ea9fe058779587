//! TLS on the ports, and between the parts with certificates of both.

use std::{fs, net::SocketAddr, path::PathBuf, sync::Arc, time::Duration};

use http::StatusCode;
use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair, date_time_ymd};
use rustls::{
    ClientConfig, RootCertStore,
    crypto::ring,
    pki_types::{CertificateDer, ServerName, pem::PemObject as _},
};
use tempfile::TempDir;
use tokio::{io::AsyncWriteExt as _, net::TcpStream, time::sleep};
use tokio_rustls::TlsConnector;

use crate::support::{
    WEBHOOK_SECRET, WRITE_KEY,
    github::a_run,
    process::{Process, lampboard},
    raw,
    webhook::Client,
};

const ANYWHERE: (&str, &str) = ("LAMPBOARD_LISTEN", "127.0.0.1:0");
const KEY: (&str, &str) = ("LAMPBOARD_WRITE_KEY", WRITE_KEY);
const SECRET: (&str, &str) = ("LAMPBOARD_WEBHOOK_SECRET", WEBHOOK_SECRET);
const HEALTH: &[u8] = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";

/// An authority that keeps what it signs in a folder.
struct Authority {
    folder: TempDir,
    issuer: Issuer<'static, KeyPair>,
    certificate: CertificateDer<'static>,
}

impl Authority {
    fn new() -> Self {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().unwrap();
        let pem = params.self_signed(&key).unwrap().pem();
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("ca.pem"), &pem).unwrap();
        Self {
            folder,
            issuer: Issuer::new(params, key),
            certificate: CertificateDer::from_pem_slice(pem.as_bytes()).unwrap(),
        }
    }

    /// Signs for this machine until the end of a year; gives the files of certificate and key.
    fn sign(&self, name: &str, year: i32) -> [String; 2] {
        let mut params = CertificateParams::new(["localhost".to_owned()]).unwrap();
        params.not_before = date_time_ymd(2020, 1, 1);
        params.not_after = date_time_ymd(year, 12, 31);
        let key = KeyPair::generate().unwrap();
        let certificate = params.signed_by(&key, &self.issuer).unwrap().pem();
        let path = |what: &str| self.folder.path().join(format!("{name}-{what}.pem"));
        let files = [
            (path("cert"), certificate),
            (path("key"), key.serialize_pem()),
        ];
        files.map(|(path, text)| {
            fs::write(&path, text).unwrap();
            shown(path)
        })
    }

    fn file(&self) -> String {
        shown(self.folder.path().join("ca.pem"))
    }

    /// Writes all over TLS, trusting this authority, and reads until the other side closes.
    async fn exchange(&self, address: SocketAddr, request: &[u8]) -> std::io::Result<String> {
        let mut roots = RootCertStore::empty();
        roots.add(self.certificate.clone()).unwrap();
        let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(roots)
            .with_no_client_auth();
        let name = ServerName::try_from("localhost").unwrap();
        let stream = TcpStream::connect(address).await.unwrap();
        let connector = TlsConnector::from(Arc::new(config));
        let mut stream = connector.connect(name, stream).await?;
        stream.write_all(request).await.unwrap();
        Ok(raw::read_to_end(&mut stream).await)
    }
}

fn shown(path: PathBuf) -> String {
    path.into_os_string().into_string().unwrap()
}

#[tokio::test]
async fn a_port_speaks_tls_alone_and_takes_new_certificates_up() {
    let (first, second) = (Authority::new(), Authority::new());
    let [cert, key] = first.sign("server", 2100);
    let folder = tempfile::tempdir().unwrap();
    let data = shown(folder.path().join("data"));
    let settings = [
        SECRET,
        ANYWHERE,
        ("LAMPBOARD_DATA_DIR", &data),
        ("LAMPBOARD_TLS_CERT", &cert),
        ("LAMPBOARD_TLS_KEY", &key),
    ];
    let serve = Process::start(lampboard(&["serve"], &settings), folder.path()).await;
    assert!(serve.log().contains("listening on https://"));
    let answer = first.exchange(serve.address(), HEALTH).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
    assert!(
        answer.contains("strict-transport-security: max-age=31536000"),
        "{answer}"
    );
    let plain = raw::break_off(serve.address(), HEALTH).await;
    assert!(!plain.contains("HTTP/1.1 200"), "{plain}");
    assert!(second.exchange(serve.address(), HEALTH).await.is_err());

    // A certificate that its key does not fit is not taken, and the one that was stays.
    let [other_cert, other_key] = second.sign("server", 2100);
    fs::copy(&other_cert, &cert).unwrap();
    serve.hang_up();
    while !serve.log().contains("the certificate is not replaced") {
        sleep(Duration::from_millis(10)).await;
    }
    assert!(first.exchange(serve.address(), HEALTH).await.is_ok());
    fs::copy(&other_key, &key).unwrap();
    serve.hang_up();
    while !serve.log().contains("new connections get the certificate") {
        sleep(Duration::from_millis(10)).await;
    }
    assert!(second.exchange(serve.address(), HEALTH).await.is_ok());
    assert!(first.exchange(serve.address(), HEALTH).await.is_err());
}

#[tokio::test]
async fn what_writes_needs_a_certificate_beside_the_key() {
    let (servers, clients) = (Authority::new(), Authority::new());
    let [cert, key] = servers.sign("server", 2100);
    let folder = tempfile::tempdir().unwrap();
    let data = shown(folder.path().join("data"));
    let settings = [
        KEY,
        ANYWHERE,
        ("LAMPBOARD_DATA_DIR", &data),
        ("LAMPBOARD_TLS_CERT", &cert),
        ("LAMPBOARD_TLS_KEY", &key),
        ("LAMPBOARD_TLS_CLIENT_CA", &clients.file()),
    ];
    let server = Process::start(lampboard(&["server"], &settings), folder.path()).await;
    // Browsers have none.
    let answer = servers.exchange(server.address(), HEALTH).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");

    let url = format!("https://localhost:{}", server.address().port());
    let apps = [
        (
            Some(clients.sign("good", 2100)),
            servers.file(),
            StatusCode::OK,
        ),
        (None, servers.file(), StatusCode::SERVICE_UNAVAILABLE),
        (
            Some(clients.sign("old", 2021)),
            servers.file(),
            StatusCode::SERVICE_UNAVAILABLE,
        ),
        (
            Some(servers.sign("other", 2100)),
            servers.file(),
            StatusCode::SERVICE_UNAVAILABLE,
        ),
        // Whoever is at the address must be the server.
        (
            Some(clients.sign("good", 2100)),
            clients.file(),
            StatusCode::SERVICE_UNAVAILABLE,
        ),
    ];
    for (number, (shown_cert, ca, expected)) in apps.into_iter().enumerate() {
        let data = shown(folder.path().join(format!("app-{number}")));
        let [cert, key] = shown_cert.clone().unwrap_or_default();
        let mut settings = vec![
            SECRET,
            KEY,
            ANYWHERE,
            ("LAMPBOARD_DATA_DIR", &data),
            ("LAMPBOARD_SERVER_URL", &url),
            ("LAMPBOARD_SERVER_CA_FILE", &ca),
        ];
        if shown_cert.is_some() {
            settings.push(("LAMPBOARD_SERVER_CLIENT_CERT", &cert));
            settings.push(("LAMPBOARD_SERVER_CLIENT_KEY", &key));
        }
        let app = Process::start(lampboard(&["github-app"], &settings), folder.path()).await;
        let (_, event) = a_run();
        let answer = Client::new(app.address()).deliver_event(&event).await;
        assert_eq!(answer.unwrap().status, expected, "{number}: {}", app.log());
    }
}
