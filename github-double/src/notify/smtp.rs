//! A mail server on this machine that takes every mail and delivers none.

mod command;
mod connection;
mod session;

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

use bytes::Bytes;
use serde::Deserialize;
use tokio::net::TcpListener;
use tokio::task::{AbortHandle, JoinSet};

use super::inbox::Inbox;
use super::orders::Orders;

/// How large a mail may be, dots stuffed and all, unless said otherwise.
const SIZE_LIMIT: usize = 1024 * 1024;

/// Speaks SMTP on a loopback port, and keeps the mails it is given.
///
/// Clones are the same server, which stops when the last of them goes.
#[derive(Clone, Debug)]
pub struct SmtpSink(Arc<Server>);

#[derive(Debug)]
struct Server {
    address: SocketAddr,
    shared: Arc<Shared>,
    accepting: AbortHandle,
}

/// What the server and its connections share.
#[derive(Debug)]
struct Shared {
    size_limit: usize,
    mails: Inbox<Mail>,
    orders: Orders<SmtpRefusal>,
}

/// One mail that was accepted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mail {
    /// Who sent it, as the envelope says; empty if nobody wants to hear of its fate.
    pub sender: String,
    /// Whom it is for, as the envelope says.
    pub recipients: Vec<String>,
    /// Header and body as they were before dots were stuffed.
    pub content: Bytes,
}

/// What the server answers instead of going on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SmtpRefusal {
    /// Where in the conversation.
    pub step: SmtpStep,
    /// The code, such as 421, 450 or 550. After 421 the server hangs up.
    pub code: u16,
}

/// Where in the conversation with a mail server one is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SmtpStep {
    /// The connection is new: the greeting.
    Connect,
    /// `EHLO` or `HELO`.
    Hello,
    /// `MAIL FROM`.
    Mail,
    /// `RCPT TO`.
    Recipient,
    /// `DATA`.
    Data,
    /// The mail has been sent in full.
    Content,
}

impl SmtpSink {
    /// A server on a free port.
    pub async fn start() -> std::io::Result<Self> {
        Self::with_size_limit(SIZE_LIMIT).await
    }

    /// The same with another limit to the size of a mail.
    pub async fn with_size_limit(size_limit: usize) -> std::io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address = listener.local_addr()?;
        let shared = Arc::new(Shared {
            size_limit,
            mails: Inbox::default(),
            orders: Orders::default(),
        });
        let accepting = tokio::spawn(accept(listener, Arc::clone(&shared))).abort_handle();
        Ok(Self(Arc::new(Server {
            address,
            shared,
            accepting,
        })))
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.0.address
    }

    /// The mails that were accepted, oldest first.
    pub fn mails(&self) -> Vec<Mail> {
        self.0.shared.mails.all()
    }

    /// The same, as soon as there are at least `count`.
    pub async fn at_least(&self, count: usize) -> Vec<Mail> {
        self.0.shared.mails.at_least(count).await
    }

    /// Forgets the mails.
    pub fn clear(&self) {
        self.0.shared.mails.clear();
    }

    /// Refuses the next so many times that a client comes to the step.
    pub fn refuse(&self, refusal: SmtpRefusal, times: u32) {
        self.0.shared.orders.give(refusal, times);
    }

    /// Accepts again what it had been told to refuse.
    pub fn relent(&self) {
        self.0.shared.orders.clear();
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // Its connections are its children, and end with it.
        self.accepting.abort();
    }
}

async fn accept(listener: TcpListener, shared: Arc<Shared>) {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            Ok((stream, _)) = listener.accept() => {
                connections.spawn(connection::serve(stream, Arc::clone(&shared)));
            }
            Some(_) = connections.join_next() => {}
        }
    }
}

impl Mail {
    /// The value of a header field, its lines joined, but what is encoded in it left so.
    pub fn header(&self, name: &str) -> Option<String> {
        let text = String::from_utf8_lossy(&self.content);
        let head = text.split("\r\n\r\n").next().unwrap_or_default();
        let unfolded = head.replace("\r\n\t", " ").replace("\r\n ", " ");
        let fields = unfolded
            .split("\r\n")
            .filter_map(|line| line.split_once(':'));
        let mut same = fields.filter(|(field, _)| field.eq_ignore_ascii_case(name));
        same.next().map(|(_, value)| value.trim().to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folded_header_is_one_value() {
        let mail = Mail {
            sender: String::new(),
            recipients: Vec::new(),
            content: "To: ada@example.org\r\nSubject: main\r\n is red\r\n\r\nTo: nobody".into(),
        };
        assert_eq!(mail.header("subject").as_deref(), Some("main is red"));
        assert_eq!(mail.header("To").as_deref(), Some("ada@example.org"));
        assert_eq!(mail.header("Cc"), None);
    }
}
