//! A real mail server: aiosmtpd, as the server's own tests drive it.

use std::{
    io::{BufRead as _, BufReader},
    path::Path,
    process::{Child, ChildStdout, Command, Stdio},
};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde_json::Value;

const MISSING: &str = "aiosmtpd does not start: `make tools` installs it";

pub(crate) struct MailServer {
    process: Child,
    output: BufReader<ChildStdout>,
    port: u64,
}

impl MailServer {
    pub(crate) fn start() -> Self {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
        let mut process = Command::new(root.join(".tools/venv/bin/python"))
            .arg("-B")
            .arg(root.join("server/tests/mail_server/mail_server.py"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect(MISSING);
        let mut output = BufReader::new(process.stdout.take().unwrap());
        let mut line = String::new();
        output.read_line(&mut line).unwrap();
        let first: Value = serde_json::from_str(&line).expect(MISSING);
        Self {
            process,
            output,
            port: first["port"].as_u64().unwrap(),
        }
    }

    pub(crate) fn url(&self) -> String {
        format!("smtp://127.0.0.1:{}?tls=none", self.port)
    }

    /// Stops it, and gives the messages that it took.
    pub(crate) fn stop(mut self) -> Vec<String> {
        drop(self.process.stdin.take());
        let mut messages = Vec::new();
        let mut line = String::new();
        while self.output.read_line(&mut line).unwrap() > 0 {
            let event: Value = serde_json::from_str(&line).unwrap();
            line.clear();
            if event["event"] == "message" {
                let content = STANDARD.decode(event["content"].as_str().unwrap()).unwrap();
                messages.push(String::from_utf8(content).unwrap());
            }
        }
        messages
    }
}

impl Drop for MailServer {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
