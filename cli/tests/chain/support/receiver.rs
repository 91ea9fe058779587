//! A receiver of alerts on loopback: Slack, or anything else, answering as it is told.

use std::{
    collections::VecDeque,
    net::SocketAddr,
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use serde_json::Value;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
    sync::watch,
    task::JoinHandle,
    time::timeout,
};

/// How long anything may take that is waited for.
const PATIENCE: Duration = Duration::from_mins(1);

/// What is done with a request.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Act {
    /// `200 ok`, as Slack says it.
    Take,
    /// A status, with further header lines.
    Answer(&'static str, &'static str),
    /// It is read, and never answered.
    Hold,
    /// The connection is taken, and nothing is read of it.
    Ignore,
}

/// What came.
#[derive(Clone, Debug)]
pub(crate) struct Received {
    head: String,
    pub(crate) body: String,
    pub(crate) at: Instant,
}

impl Received {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap()
    }

    /// A header line.
    pub(crate) fn header(&self, name: &str) -> &str {
        let mut lines = self.head.lines().filter_map(|line| line.split_once(": "));
        let found = lines.find(|(found, _)| found.eq_ignore_ascii_case(name));
        found.unwrap().1
    }
}

/// A receiver. It does one thing after the other, and then takes what comes.
pub(crate) struct Receiver {
    address: SocketAddr,
    acts: Arc<Mutex<VecDeque<Act>>>,
    received: watch::Receiver<Vec<Received>>,
    connected: watch::Receiver<usize>,
    task: JoinHandle<()>,
}

impl Receiver {
    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let acts = Arc::new(Mutex::new(VecDeque::new()));
        let (seen, received) = watch::channel(Vec::new());
        let (taken, connected) = watch::channel(0);
        let told = Arc::clone(&acts);
        let task = tokio::spawn(async move {
            let mut ignored = Vec::new();
            while let Ok((stream, _)) = listener.accept().await {
                let is_ignored = ignores(&told);
                taken.send_modify(|count| *count += 1);
                if is_ignored {
                    ignored.push(stream);
                    continue;
                }
                tokio::spawn(serve(stream, Arc::clone(&told), seen.clone()));
            }
        });
        Self {
            address,
            acts,
            received,
            connected,
            task,
        }
    }

    /// What it does next.
    pub(crate) fn next(&self, acts: impl IntoIterator<Item = Act>) {
        self.acts.lock().unwrap().extend(acts);
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// Waits until so much came; gives all.
    pub(crate) async fn received(&self, count: usize) -> Vec<Received> {
        let mut received = self.received.clone();
        let enough = received.wait_for(|received| received.len() >= count);
        let enough = timeout(PATIENCE, enough).await;
        enough.expect("nothing came in time").unwrap().clone()
    }

    /// Waits until somebody connected so many times.
    pub(crate) async fn connected(&self, count: usize) {
        let mut connected = self.connected.clone();
        let enough = connected.wait_for(|connected| *connected >= count);
        let enough = timeout(PATIENCE, enough).await;
        enough.expect("nobody connected in time").unwrap();
    }

    /// What came until now.
    pub(crate) fn so_far(&self) -> usize {
        self.received.borrow().len()
    }
}

impl Drop for Receiver {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// Whether the next connection is to be ignored.
fn ignores(acts: &Mutex<VecDeque<Act>>) -> bool {
    let mut acts = acts.lock().unwrap();
    let is_ignored = matches!(acts.front(), Some(Act::Ignore));
    if is_ignored {
        acts.pop_front();
    }
    is_ignored
}

async fn serve(
    mut stream: TcpStream,
    acts: Arc<Mutex<VecDeque<Act>>>,
    seen: watch::Sender<Vec<Received>>,
) {
    while let Some(received) = read(&mut stream).await {
        let act = acts.lock().unwrap().pop_front().unwrap_or(Act::Take);
        let answer = match act {
            Act::Take => "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok".to_owned(),
            Act::Answer(status, headers) => {
                format!("HTTP/1.1 {status}\r\n{headers}content-length: 0\r\n\r\n")
            }
            Act::Ignore | Act::Hold => {
                seen.send_modify(|all| all.push(received));
                let mut rest = [0];
                while stream.read(&mut rest).await.is_ok_and(|read| read > 0) {}
                return;
            }
        };
        seen.send_modify(|all| all.push(received));
        if stream.write_all(answer.as_bytes()).await.is_err() {
            return;
        }
    }
}

/// Reads a request. None: there is no more.
async fn read(stream: &mut TcpStream) -> Option<Received> {
    let mut bytes = Vec::new();
    loop {
        if let Some((head, body)) = str::from_utf8(&bytes).ok()?.split_once("\r\n\r\n") {
            let received = Received {
                head: head.to_owned(),
                body: body.to_owned(),
                at: Instant::now(),
            };
            let length: usize = received.header("content-length").parse().unwrap();
            if received.body.len() >= length {
                return Some(received);
            }
        }
        let mut chunk = [0; 4096];
        let read = stream
            .read(&mut chunk)
            .await
            .ok()
            .filter(|read| *read > 0)?;
        bytes.extend_from_slice(&chunk[..read]);
    }
}
