//! An authority that vouches for a server, and the server.

use std::{
    io::{Read as _, Write as _},
    net::{TcpListener, TcpStream},
    sync::Arc,
    thread,
};

use ring::{
    rand::SystemRandom,
    signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair as _},
};
use rustls::{
    ServerConfig, ServerConnection, StreamOwned,
    crypto::ring::default_provider,
    pki_types::{CertificateDer, PrivatePkcs8KeyDer},
};
use url::Url;

use super::der;

const ECDSA_WITH_SHA256: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 3, 2];
const EC_PUBLIC_KEY: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 2, 1];
const P256: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 3, 1, 7];
const COMMON_NAME: &[u8] = &[0x55, 4, 3];
const BASIC_CONSTRAINTS: &[u8] = &[0x55, 0x1d, 0x13];
const ALTERNATIVE_NAME: &[u8] = &[0x55, 0x1d, 0x11];

/// A key, and what says whose it is.
struct Holder {
    key: EcdsaKeyPair,
    pkcs8: Vec<u8>,
    name: &'static str,
}

pub(crate) struct Authority {
    holder: Holder,
    certificate: Vec<u8>,
}

impl Authority {
    pub(crate) fn new() -> Self {
        let holder = Holder::new("Authority of the tests");
        let is_authority = der::sequence(&[der::value(der::BOOLEAN, &[0xff])]);
        let certificate = holder.certify(&holder, BASIC_CONSTRAINTS, &is_authority);
        Self {
            holder,
            certificate,
        }
    }

    /// What to trust.
    pub(crate) fn pem(&self) -> String {
        der::pem("CERTIFICATE", &self.certificate)
    }

    /// Answers everybody, one after another, that the App has this number.
    pub(crate) fn serve_app(&self, id: i64) -> Url {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let server = Holder::new("Server of the tests");
        let address_name = der::value(der::IP_ADDRESS, &[127, 0, 0, 1]);
        let names = der::sequence(&[address_name]);
        let certificate = self.holder.certify(&server, ALTERNATIVE_NAME, &names);
        let config = ServerConfig::builder_with_provider(Arc::new(default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(
                vec![CertificateDer::from(certificate)],
                PrivatePkcs8KeyDer::from(server.pkcs8).into(),
            )
            .unwrap();
        let config = Arc::new(config);
        thread::spawn(move || {
            for stream in listener.incoming() {
                // Who does not trust the server hangs up on it.
                let _ = answer(&config, stream.unwrap(), id);
            }
        });
        format!("https://{address}").parse().unwrap()
    }
}

fn answer(config: &Arc<ServerConfig>, stream: TcpStream, id: i64) -> std::io::Result<()> {
    let connection = ServerConnection::new(Arc::clone(config)).unwrap();
    let mut stream = StreamOwned::new(connection, stream);
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        stream.read_exact(&mut byte)?;
        head.extend(byte);
    }
    let body = format!("{{\"id\":{id}}}");
    let length = body.len();
    write!(
        stream,
        "HTTP/1.1 200 OK\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n{body}"
    )?;
    stream.flush()
}

impl Holder {
    fn new(name: &'static str) -> Self {
        let random = SystemRandom::new();
        let algorithm = &ECDSA_P256_SHA256_ASN1_SIGNING;
        let pkcs8 = EcdsaKeyPair::generate_pkcs8(algorithm, &random).unwrap();
        let pkcs8 = pkcs8.as_ref().to_vec();
        let key = EcdsaKeyPair::from_pkcs8(algorithm, &pkcs8, &random).unwrap();
        Self { key, pkcs8, name }
    }

    /// A certificate for a subject, with one extension.
    fn certify(&self, subject: &Self, extension: &[u8], content: &[u8]) -> Vec<u8> {
        let algorithm = der::sequence(&[der::value(der::OBJECT, ECDSA_WITH_SHA256)]);
        let validity = ["20200101000000Z", "20990101000000Z"];
        let validity = validity.map(|time| der::value(der::GENERALIZED_TIME, time.as_bytes()));
        let extension = der::sequence(&[
            der::value(der::OBJECT, extension),
            der::value(der::OCTET_STRING, content),
        ]);
        let facts = der::sequence(&[
            der::value(der::EXPLICIT_0, &der::integer(&[2])),
            der::integer(&[1]),
            algorithm.clone(),
            self.distinguished_name(),
            der::sequence(&validity),
            subject.distinguished_name(),
            subject.public_key(),
            der::value(der::EXPLICIT_3, &der::sequence(&[extension])),
        ]);
        let signature = self.key.sign(&SystemRandom::new(), &facts).unwrap();
        der::sequence(&[facts, algorithm, bits(signature.as_ref())])
    }

    fn distinguished_name(&self) -> Vec<u8> {
        let name = der::sequence(&[
            der::value(der::OBJECT, COMMON_NAME),
            der::value(der::UTF8_STRING, self.name.as_bytes()),
        ]);
        der::sequence(&[der::value(der::SET, &name)])
    }

    fn public_key(&self) -> Vec<u8> {
        let algorithm = [EC_PUBLIC_KEY, P256].map(|object| der::value(der::OBJECT, object));
        der::sequence(&[
            der::sequence(&algorithm),
            bits(self.key.public_key().as_ref()),
        ])
    }
}

fn bits(bytes: &[u8]) -> Vec<u8> {
    der::value(der::BIT_STRING, &[&[0], bytes].concat())
}
