//! Handshakes with every kind of client, and files that change under way.

use std::{fs, path::Path};

use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair, date_time_ymd};
use rustls::{
    ClientConfig, ProtocolVersion, SupportedProtocolVersion, pki_types::ServerName, version,
};
use tempfile::TempDir;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _, DuplexStream, duplex},
    task::JoinHandle,
    time::{Instant, sleep},
};
use tokio_rustls::{TlsConnector, client};

use super::{files, *};

/// Signs certificates.
struct Authority {
    issuer: Issuer<'static, KeyPair>,
    pem: String,
}

/// A certificate with its key, as PEM.
struct Pair {
    certificate: String,
    key: String,
}

impl Authority {
    fn new() -> Self {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().unwrap();
        let pem = params.self_signed(&key).unwrap().pem();
        let issuer = Issuer::new(params, key);
        Self { issuer, pem }
    }

    /// A certificate that is good until the end of a year.
    fn until(&self, year: i32) -> Pair {
        let mut params = CertificateParams::new(["localhost".to_owned()]).unwrap();
        params.not_before = date_time_ymd(2020, 1, 1);
        params.not_after = date_time_ymd(year, 12, 31);
        let key = KeyPair::generate().unwrap();
        let certificate = params.signed_by(&key, &self.issuer).unwrap().pem();
        Pair {
            certificate,
            key: key.serialize_pem(),
        }
    }
}

impl Pair {
    fn write(&self, folder: &Path) {
        fs::write(folder.join("cert.pem"), &self.certificate).unwrap();
        fs::write(folder.join("key.pem"), &self.key).unwrap();
    }
}

/// A port's TLS, with its files.
struct Port {
    authority: Authority,
    folder: TempDir,
    tls: Arc<Tls>,
}

type Accepted = JoinHandle<io::Result<TlsStream<DuplexStream>>>;

impl Port {
    fn open(client_ca: Option<&Authority>) -> Self {
        let authority = Authority::new();
        let folder = tempfile::tempdir().unwrap();
        authority.until(2100).write(folder.path());
        let client_ca = client_ca.map(|authority| {
            let path = folder.path().join("ca.pem");
            fs::write(&path, &authority.pem).unwrap();
            path
        });
        let files = TlsFiles {
            certificate: folder.path().join("cert.pem"),
            key: folder.path().join("key.pem"),
            client_ca,
        };
        let tls = Arc::new(Tls::open(files).unwrap());
        Self {
            authority,
            folder,
            tls,
        }
    }

    /// Opens a connection that has said nothing yet.
    fn dial(&self) -> (DuplexStream, Accepted) {
        let (client, server) = duplex(64 << 10);
        let tls = Arc::clone(&self.tls);
        (
            client,
            tokio::spawn(async move { tls.accept(server).await }),
        )
    }

    fn trust(&self) -> RootsOf<'_> {
        RootsOf(&self.authority)
    }
}

/// Makes clients that trust an authority.
struct RootsOf<'a>(&'a Authority);

impl RootsOf<'_> {
    fn client(
        &self,
        own: Option<&Pair>,
        versions: &[&'static SupportedProtocolVersion],
    ) -> TlsConnector {
        let builder = ClientConfig::builder_with_provider(files::provider())
            .with_protocol_versions(versions)
            .unwrap()
            .with_root_certificates(files::roots(self.0.pem.as_bytes()).unwrap());
        let mut config = match own {
            None => builder.with_no_client_auth(),
            Some(own) => {
                let (chain, key) =
                    files::identity(own.certificate.as_bytes(), own.key.as_bytes()).unwrap();
                builder.with_client_auth_cert(chain, key).unwrap()
            }
        };
        config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        Arc::new(config).into()
    }

    fn usual(&self, own: Option<&Pair>) -> TlsConnector {
        self.client(own, &[&version::TLS13, &version::TLS12])
    }
}

async fn connect(
    connector: TlsConnector,
    stream: DuplexStream,
) -> io::Result<client::TlsStream<DuplexStream>> {
    let name = ServerName::try_from("localhost").unwrap();
    connector.connect(name, stream).await
}

/// Shakes hands; gives both ends.
async fn shake(
    port: &Port,
    connector: TlsConnector,
) -> io::Result<(client::TlsStream<DuplexStream>, TlsStream<DuplexStream>)> {
    let (stream, accepted) = port.dial();
    let client = connect(connector, stream).await;
    let server = accepted.await.unwrap();
    Ok((client?, server?))
}

#[tokio::test]
async fn both_versions_are_spoken_and_http_2_is_liked_best() {
    let port = Port::open(None);
    for (version, expected) in [
        (&version::TLS13, ProtocolVersion::TLSv1_3),
        (&version::TLS12, ProtocolVersion::TLSv1_2),
    ] {
        let (client, server) = shake(&port, port.trust().client(None, &[version]))
            .await
            .unwrap();
        assert_eq!(client.get_ref().1.protocol_version(), Some(expected));
        assert_eq!(client.get_ref().1.alpn_protocol(), Some(&b"h2"[..]));
        assert!(!has_certificate(&server));
    }
    let stranger = Authority::new();
    assert!(shake(&port, RootsOf(&stranger).usual(None)).await.is_err());
}

#[tokio::test(start_paused = true)]
async fn who_says_nothing_is_not_waited_for_and_keeps_nobody_out() {
    let port = Port::open(None);
    let start = Instant::now();
    let silent: Vec<_> = (0..HANDSHAKES).map(|_| port.dial()).collect();
    sleep(Duration::from_secs(5)).await;
    // All places are taken, until those who were first have had their time.
    shake(&port, port.trust().usual(None)).await.unwrap();
    assert_eq!(start.elapsed().as_secs(), 10);
    for (_stream, accepted) in silent {
        let error = accepted.await.unwrap().unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::TimedOut);
    }
    let (mut plain, accepted) = port.dial();
    plain.write_all(b"GET / HTTP/1.1\r\n\r\n").await.unwrap();
    assert!(accepted.await.unwrap().is_err());
}

#[tokio::test]
async fn a_client_certificate_is_ours_and_in_its_time_or_there_is_no_connection() {
    let clients = Authority::new();
    let port = Port::open(Some(&clients));
    let (_, server) = shake(&port, port.trust().usual(None)).await.unwrap();
    assert!(!has_certificate(&server), "browsers have none");
    let good = clients.until(2100);
    let (_, server) = shake(&port, port.trust().usual(Some(&good))).await.unwrap();
    assert!(has_certificate(&server));
    let expired = clients.until(2021);
    let foreign = Authority::new().until(2100);
    for wrong in [expired, foreign] {
        let (stream, accepted) = port.dial();
        // With TLS 1.3 the client is done before it is refused.
        let _client = connect(port.trust().usual(Some(&wrong)), stream).await;
        assert!(accepted.await.unwrap().is_err());
    }
}

#[tokio::test]
async fn files_are_taken_up_when_they_change_and_connections_stay() {
    let mut port = Port::open(None);
    let older = port.trust().usual(None);
    let (mut client, mut server) = shake(&port, older.clone()).await.unwrap();

    let (first, second) = (Authority::new(), Authority::new());
    first.until(2100).write(port.folder.path());
    port.tls.look(false).await;
    assert!(
        shake(&port, older).await.is_err(),
        "it still has the old one"
    );
    let newer = RootsOf(&first).usual(None);
    shake(&port, newer.clone()).await.unwrap();

    // A certificate without its key, nonsense, and nothing at all: the good one stays.
    let other = second.until(2100);
    fs::write(port.folder.path().join("cert.pem"), &other.certificate).unwrap();
    port.tls.look(false).await;
    shake(&port, newer.clone()).await.unwrap();
    fs::write(port.folder.path().join("key.pem"), "nonsense").unwrap();
    port.tls.look(true).await;
    shake(&port, newer.clone()).await.unwrap();
    fs::remove_file(port.folder.path().join("cert.pem")).unwrap();
    port.tls.look(false).await;
    shake(&port, newer).await.unwrap();

    other.write(port.folder.path());
    port.tls.look(false).await;
    port.authority = second;
    shake(&port, port.trust().usual(None)).await.unwrap();

    client.write_all(b"still here").await.unwrap();
    client.flush().await.unwrap();
    let mut heard = [0; 10];
    server.read_exact(&mut heard).await.unwrap();
    assert_eq!(&heard, b"still here");
}

#[test]
fn what_can_not_be_used_is_said_at_the_start() {
    let folder = tempfile::tempdir().unwrap();
    let (one, other) = (Authority::new().until(2100), Authority::new().until(2100));
    let cases = [
        ("", one.key.as_str(), "no certificate in PEM"),
        (&one.certificate, "", "no private key in PEM"),
        (&one.certificate, &other.key, "do not go together"),
    ];
    for (certificate, key, words) in cases {
        let files = TlsFiles {
            certificate: folder.path().join("cert.pem"),
            key: folder.path().join("key.pem"),
            client_ca: None,
        };
        fs::write(&files.certificate, certificate).unwrap();
        fs::write(&files.key, key).unwrap();
        let problem = format!("{:#}", Tls::open(files).err().unwrap());
        assert!(problem.contains(words), "{problem}");
        assert!(problem.contains("LAMPBOARD_TLS_CERT"), "{problem}");
        assert!(!problem.contains("BEGIN"), "{problem}");
    }
}
