//! A receiver on loopback that answers as it is told.

use std::{
    collections::VecDeque,
    net::SocketAddr,
    sync::{Arc, Mutex},
};

use http::StatusCode;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
    sync::mpsc,
    task::JoinHandle,
};

/// What the receiver does with a request.
#[derive(Clone, Debug)]
pub(in crate::alerts) enum Act {
    /// A status, further header lines and a body.
    Answer(StatusCode, &'static str, &'static str),
    /// A body that never ends.
    Endless(StatusCode),
    /// Headers that never end.
    EndlessHeaders,
    /// The beginning of the headers, and then nothing.
    Stall,
    /// Nothing at all.
    Hang,
    /// The connection is cut.
    Cut,
}

/// What was asked: headers as they came, and the body.
#[derive(Clone, Debug)]
pub(in crate::alerts) struct Asked {
    pub(in crate::alerts) head: String,
    pub(in crate::alerts) body: String,
}

impl Asked {
    pub(in crate::alerts) fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.body).unwrap()
    }

    pub(in crate::alerts) fn header(&self, name: &str) -> Option<&str> {
        self.head.lines().find_map(|line| {
            let (found, value) = line.split_once(": ")?;
            found.eq_ignore_ascii_case(name).then_some(value)
        })
    }
}

/// A receiver.
pub(in crate::alerts) struct Double {
    address: SocketAddr,
    asked: Arc<Mutex<Vec<Asked>>>,
    closed: mpsc::Receiver<()>,
    task: JoinHandle<()>,
}

impl Double {
    /// Does the same each time.
    pub(in crate::alerts) async fn start(act: Act) -> Self {
        Self::start_with([act]).await
    }

    /// Does one after the other, and then the last one again.
    pub(in crate::alerts) async fn start_with(acts: impl Into<VecDeque<Act>>) -> Self {
        let mut acts = acts.into();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let asked = Arc::new(Mutex::new(Vec::new()));
        let (closing, closed) = mpsc::channel(100);
        let seen = Arc::clone(&asked);
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let act = acts.front().cloned().unwrap();
                if acts.len() > 1 {
                    acts.pop_front();
                }
                let (seen, closing) = (Arc::clone(&seen), closing.clone());
                tokio::spawn(async move {
                    serve(stream, act, &seen).await;
                    let _ = closing.send(()).await;
                });
            }
        });
        Self {
            address,
            asked,
            closed,
            task,
        }
    }

    pub(in crate::alerts) fn port(&self) -> u16 {
        self.address.port()
    }

    pub(in crate::alerts) fn origin(&self) -> String {
        format!("http://{}", self.address)
    }

    pub(in crate::alerts) fn asked(&self) -> Vec<Asked> {
        self.asked.lock().unwrap().clone()
    }

    pub(in crate::alerts) fn requests(&self) -> usize {
        self.asked.lock().unwrap().len()
    }

    /// Waits until a connection is over: answered, or left by the other side.
    pub(in crate::alerts) async fn closed(&mut self) {
        self.closed.recv().await.unwrap();
    }
}

impl Drop for Double {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn serve(mut stream: TcpStream, act: Act, seen: &Mutex<Vec<Asked>>) {
    let Some(asked) = read(&mut stream).await else {
        return;
    };
    seen.lock().unwrap().push(asked);
    match act {
        Act::Answer(status, headers, body) => {
            let length = body.len();
            let answer =
                format!("HTTP/1.1 {status}\r\ncontent-length: {length}\r\n{headers}\r\n{body}");
            let _ = stream.write_all(answer.as_bytes()).await;
        }
        Act::Endless(status) => {
            let head = format!("HTTP/1.1 {status}\r\ncontent-length: 1000000000\r\n\r\n");
            let _ = stream.write_all(head.as_bytes()).await;
            while stream.write_all(&[b'x'; 1024]).await.is_ok() {}
        }
        Act::EndlessHeaders => {
            let _ = stream.write_all(b"HTTP/1.1 200 OK\r\n").await;
            while stream.write_all(b"x-more: of the same\r\n").await.is_ok() {}
        }
        Act::Stall => {
            let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nx-mo").await;
            left(&mut stream).await;
        }
        Act::Hang => left(&mut stream).await,
        Act::Cut => {}
    }
}

/// Waits until the other side goes.
async fn left(stream: &mut TcpStream) {
    let mut byte = [0];
    while stream.read(&mut byte).await.is_ok_and(|read| read > 0) {}
}

async fn read(stream: &mut TcpStream) -> Option<Asked> {
    let mut bytes = Vec::new();
    loop {
        let text = String::from_utf8_lossy(&bytes);
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let asked = Asked {
                head: head.to_owned(),
                body: body.to_owned(),
            };
            let length = asked
                .header("content-length")
                .map_or(0, |length| length.parse().unwrap());
            if asked.body.len() >= length {
                return Some(asked);
            }
        }
        let mut chunk = [0; 4096];
        let read = stream.read(&mut chunk).await.ok()?;
        if read == 0 {
            return None;
        }
        bytes.extend_from_slice(&chunk[..read]);
    }
}
