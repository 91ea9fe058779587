//! A real mail server: aiosmtpd, driven by `server/tests/mail_server/mail_server.py`.

use std::{
    ffi::OsStr,
    io::{BufRead as _, BufReader},
    path::Path,
    process::{Child, ChildStdout, Command, Stdio},
};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde_json::Value;

use super::certificates::Certificates;

const MISSING: &str =
    "aiosmtpd, the mail server of this test, does not start: run `make tools`, which installs it";

/// A server of its own for each test, on a port of its own.
pub(super) struct MailServer {
    process: Child,
    output: BufReader<ChildStdout>,
    pub(super) port: u16,
}

/// A message that the server accepted.
#[derive(Debug)]
pub(super) struct Accepted {
    pub(super) sender: String,
    pub(super) recipients: Vec<String>,
    pub(super) encrypted: bool,
    pub(super) signed_in: bool,
    pub(super) content: String,
}

/// All that happened to a server.
#[derive(Debug, Default)]
pub(super) struct Story {
    pub(super) connections: usize,
    pub(super) logins: Vec<Value>,
    pub(super) messages: Vec<Accepted>,
}

impl MailServer {
    pub(super) fn start<A: AsRef<OsStr>>(arguments: impl IntoIterator<Item = A>) -> Self {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let python = root.join("../.tools/venv/bin/python");
        let mut process = Command::new(&python)
            .arg("-B")
            .arg(root.join("tests/mail_server/mail_server.py"))
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect(MISSING);
        let mut output = BufReader::new(process.stdout.take().expect("its output"));
        let mut line = String::new();
        output.read_line(&mut line).expect("a line");
        let first: Value = serde_json::from_str(&line).expect(MISSING);
        let port = first["port"].as_u64().expect("a port");
        Self {
            process,
            output,
            port: port.try_into().expect("a port"),
        }
    }

    /// One with STARTTLS, or with TLS from the start.
    pub(super) fn with_tls(certificates: &Certificates, more: &[&str]) -> Self {
        let (leaf, key) = (certificates.leaf(), certificates.key());
        let files = [
            OsStr::new("--certificate"),
            leaf.as_ref(),
            "--key".as_ref(),
            key.as_ref(),
        ];
        Self::start(files.into_iter().chain(more.iter().map(OsStr::new)))
    }

    /// Stops it, and tells what happened to it.
    pub(super) fn stop(mut self) -> Story {
        // Closing its input ends it, and with it its output.
        drop(self.process.stdin.take());
        let mut story = Story::default();
        let mut line = String::new();
        while self.output.read_line(&mut line).expect("a line") > 0 {
            let event: Value = serde_json::from_str(&line).expect("an event");
            line.clear();
            match event["event"].as_str() {
                Some("connection") => story.connections += 1,
                Some("login") => story.logins.push(event),
                Some("message") => story.messages.push(Accepted::read(&event)),
                _ => panic!("unknown event: {event}"),
            }
        }
        story
    }
}

impl Drop for MailServer {
    fn drop(&mut self) {
        drop(self.process.kill());
        drop(self.process.wait());
    }
}

impl Accepted {
    fn read(event: &Value) -> Self {
        let content = STANDARD
            .decode(event["content"].as_str().expect("a content"))
            .expect("base64");
        let recipients = event["recipients"].as_array().expect("a list");
        Self {
            sender: event["sender"].as_str().expect("a sender").to_owned(),
            recipients: recipients
                .iter()
                .map(|name| name.as_str().expect("a name").to_owned())
                .collect(),
            encrypted: event["encrypted"] == true,
            signed_in: event["signed_in"] == true,
            content: String::from_utf8(content).expect("text"),
        }
    }
}
