//! The outbox: a Slack and a mail server on this machine, and a page that shows what they took.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};

use axum::Router;
use axum::extract::State;
use axum::routing::get;
use mail_parser::MessageParser;
use tokio::net::TcpListener;
use tokio::task::AbortHandle;

use super::html::{Html, element, paragraph};
use super::page::Page;
use crate::notify::slack::{Slack, SlackMessage};
use crate::notify::smtp::{Mail, SmtpSink};

/// Takes what is sent to it, and delivers nothing. When it is dropped, it takes no more.
#[derive(Debug)]
pub struct Outbox {
    slack: Slack,
    smtp: SmtpSink,
    slack_address: SocketAddr,
    serving: AbortHandle,
}

impl Outbox {
    /// Where its page is.
    pub const PATH: &str = "/outbox";

    /// Starts both on free ports.
    pub async fn start() -> io::Result<Self> {
        let slack = Slack::default();
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let slack_address = listener.local_addr()?;
        let router = slack.router();
        let serving = tokio::spawn(async move {
            // It ends with its task.
            let _ = axum::serve(listener, router).await;
        });
        Ok(Self {
            smtp: SmtpSink::start().await?,
            slack,
            slack_address,
            serving: serving.abort_handle(),
        })
    }

    /// What Slack is reached at, such as `http://127.0.0.1:4701`.
    pub fn slack_host(&self) -> String {
        format!("http://{}", self.slack_address)
    }

    /// An incoming webhook of Slack.
    pub fn slack_url(&self) -> String {
        format!("{}{}", self.slack_host(), Slack::PATH)
    }

    /// The mail server, such as `smtp://127.0.0.1:4702`: without TLS, which must be asked for.
    pub fn mail_server(&self) -> String {
        format!("smtp://{}", self.smtp.address())
    }

    /// The page, to be served by whoever sends.
    pub fn router(&self) -> Router {
        let caught = (self.slack.clone(), self.smtp.clone());
        Router::new()
            .route(Self::PATH, get(show))
            .with_state(caught)
    }
}

impl Drop for Outbox {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

async fn show(State((slack, smtp)): State<(Slack, SmtpSink)>) -> Page {
    page(&slack.messages(), &smtp.mails())
}

/// The last message first.
fn page(slack: &[SlackMessage], mails: &[Mail]) -> Page {
    let messages: Html = slack.iter().rev().map(slack_message).collect();
    let letters: Html = mails.iter().rev().map(mail).collect();
    let content = paragraph(
        "What Lampboard has sent: all of it came here over the network of this machine, and nothing \
         left it. Load the page again for what came since.",
    )
    .and(heading("Slack", slack.len()))
    .and(messages)
    .and(heading("E-mail", mails.len()))
    .and(letters);
    Page::new("Outbox", content)
}

fn heading(name: &str, count: usize) -> Html {
    element("h2", &[], format!("{name}: {count}"))
}

fn slack_message(message: &SlackMessage) -> Html {
    let json = serde_json::to_string_pretty(&message.body).unwrap_or_default();
    let text = element("h3", &[], read_by_slack(message.text()));
    element("article", &[], text.and(source(&json)))
}

/// What Slack shows of a text.
fn read_by_slack(text: &str) -> String {
    let text = text.replace("&lt;", "<").replace("&gt;", ">");
    text.replace("&amp;", "&")
}

fn mail(mail: &Mail) -> Html {
    let parsed = MessageParser::default().parse(&*mail.content);
    let subject = parsed
        .as_ref()
        .and_then(|it| it.subject())
        .unwrap_or("(no subject)");
    let text = parsed
        .as_ref()
        .and_then(|it| it.body_text(0))
        .unwrap_or_default();
    let content = element("h3", &[], subject)
        .and(paragraph(format!("To {}", mail.recipients.join(", "))))
        .and(element("pre", &[], &*text))
        .and(source(&String::from_utf8_lossy(&mail.content)));
    element("article", &[], content)
}

fn source(text: &str) -> Html {
    let all = element("summary", &[], "As it was sent").and(element("pre", &[], text));
    element("details", &[], all)
}

#[cfg(test)]
mod tests {
    use axum::body::to_bytes;
    use axum::response::IntoResponse as _;
    use serde_json::json;

    use super::*;

    async fn shown(slack: &[SlackMessage], mails: &[Mail]) -> String {
        let response = page(slack, mails).into_response();
        let body = to_bytes(response.into_body(), usize::MAX).await.unwrap();
        String::from_utf8(body.to_vec()).unwrap()
    }

    fn mail_of(content: &str) -> Mail {
        Mail {
            sender: "ci@acme.example".to_owned(),
            recipients: vec!["ada@acme.example".to_owned()],
            content: content.replace('\n', "\r\n").into(),
        }
    }

    #[tokio::test]
    async fn what_was_sent_is_read_and_inert() {
        let slack = SlackMessage {
            webhook: "T/B/key".to_owned(),
            body: json!({"text": "&lt;script&gt;broken &amp;amp; red</script>"}),
        };
        let mail = mail_of(
            "Subject: =?utf-8?B?RmFpbGVkIOKclw==?=\nContent-Type: text/plain; charset=utf-8\n\
             Content-Transfer-Encoding: quoted-printable\n\n<b>caf=C3=A9</b>\n",
        );
        let html = shown(&[slack], &[mail]).await;
        for shown in [
            "&lt;script&gt;broken &amp;amp; red&lt;/script&gt;",
            "Failed ✗",
            "&lt;b&gt;café&lt;/b&gt;",
            "To ada@acme.example",
        ] {
            assert!(html.contains(shown), "{shown} in {html}");
        }
        assert!(!html.contains("<script"), "{html}");
    }

    #[tokio::test]
    async fn what_is_no_mail_is_shown_as_it_is() {
        let html = shown(&[], &[mail_of("")]).await;
        assert!(html.contains("(no subject)"), "{html}");
        assert!(html.contains("Slack: 0"), "{html}");
    }
}
