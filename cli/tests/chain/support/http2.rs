//! HTTP/2 frame by frame, for what no HTTP/2 client would do.

use std::{net::SocketAddr, time::Duration};

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    time::timeout,
};

const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
const PATIENCE: Duration = Duration::from_secs(20);

pub(crate) const DATA: u8 = 0;
pub(crate) const HEADERS: u8 = 1;
pub(crate) const RST_STREAM: u8 = 3;
pub(crate) const SETTINGS: u8 = 4;
pub(crate) const GOAWAY: u8 = 7;
pub(crate) const CONTINUATION: u8 = 9;

pub(crate) const END_STREAM: u8 = 1;
pub(crate) const END_HEADERS: u8 = 4;

/// GOAWAY's code for a client that asks for too much.
pub(crate) const ENHANCE_YOUR_CALM: u32 = 11;

/// One frame.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Frame {
    pub(crate) kind: u8,
    pub(crate) flags: u8,
    pub(crate) stream: u32,
    pub(crate) payload: Vec<u8>,
}

impl Frame {
    pub(crate) fn new(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Self {
        let payload = payload.to_vec();
        Self {
            kind,
            flags,
            stream,
            payload,
        }
    }

    fn bytes(&self) -> Vec<u8> {
        let length = u32::try_from(self.payload.len()).unwrap();
        let mut bytes = length.to_be_bytes()[1..].to_vec();
        bytes.extend([self.kind, self.flags]);
        bytes.extend(self.stream.to_be_bytes());
        bytes.extend(&self.payload);
        bytes
    }

    /// The code of a GOAWAY.
    pub(crate) fn error_code(&self) -> u32 {
        assert_eq!(self.kind, GOAWAY);
        u32::from_be_bytes(self.payload[4..8].try_into().unwrap())
    }

    /// The value of a setting, if it is there.
    pub(crate) fn setting(&self, wanted: u16) -> Option<u32> {
        let settings = self.payload.chunks(6);
        let mut settings = settings.map(|setting| {
            let id = u16::from_be_bytes(setting[..2].try_into().unwrap());
            (id, u32::from_be_bytes(setting[2..].try_into().unwrap()))
        });
        settings.find_map(|(id, value)| (id == wanted).then_some(value))
    }
}

/// A connection that has greeted.
pub(crate) struct Connection(TcpStream);

impl Connection {
    pub(crate) async fn open(address: SocketAddr) -> Self {
        let mut connection = Self(TcpStream::connect(address).await.unwrap());
        connection.0.write_all(PREFACE).await.unwrap();
        assert!(connection.send(&[Frame::new(SETTINGS, 0, 0, &[])]).await);
        connection
    }

    /// Sends frames; says whether the other side still took them.
    pub(crate) async fn send(&mut self, frames: &[Frame]) -> bool {
        let bytes: Vec<u8> = frames.iter().flat_map(Frame::bytes).collect();
        self.0.write_all(&bytes).await.is_ok()
    }

    /// The next frame; none once the connection is closed.
    pub(crate) async fn next(&mut self) -> Option<Frame> {
        timeout(PATIENCE, self.read())
            .await
            .expect("no frame came in time")
    }

    async fn read(&mut self) -> Option<Frame> {
        let mut head = [0; 9];
        self.0.read_exact(&mut head).await.ok()?;
        let length = u32::from_be_bytes([0, head[0], head[1], head[2]]);
        let mut payload = vec![0; usize::try_from(length).unwrap()];
        self.0.read_exact(&mut payload).await.ok()?;
        Some(Frame {
            kind: head[3],
            flags: head[4],
            stream: u32::from_be_bytes(head[5..].try_into().unwrap()) & 0x7fff_ffff,
            payload,
        })
    }

    /// Reads until a frame of a kind comes; none if the connection is closed before.
    pub(crate) async fn next_of(&mut self, kind: u8) -> Option<Frame> {
        loop {
            let frame = self.next().await?;
            if frame.kind == kind {
                return Some(frame);
            }
        }
    }
}

/// The header block of `GET /healthz` or of a POST, with further headers.
pub(crate) fn header_block(method: &str, path: &str, further: &[(&str, &[u8])]) -> Vec<u8> {
    let mut block = Vec::new();
    literal(&mut block, ":method", method.as_bytes());
    literal(&mut block, ":scheme", b"http");
    literal(&mut block, ":path", path.as_bytes());
    literal(&mut block, ":authority", b"localhost");
    for (name, value) in further {
        literal(&mut block, name, value);
    }
    block
}

/// A header as it stands: neither indexed nor compressed.
fn literal(block: &mut Vec<u8>, name: &str, value: &[u8]) {
    block.push(0);
    for text in [name.as_bytes(), value] {
        let length = u8::try_from(text.len()).unwrap();
        assert!(length < 127, "a longer one takes more than one byte");
        block.push(length);
        block.extend(text);
    }
}
