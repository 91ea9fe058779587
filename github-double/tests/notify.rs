//! Slack messages and mails are caught, and refused when a test says so.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

use std::net::SocketAddr;

use axum::body::Body;
use bytes::Bytes;
use http::{Method, Request, Response, StatusCode};
use http_body_util::{BodyExt, Full};
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;
use jiff::Timestamp;
use lampboard_github_double::{
    Double, Options, Slack, SlackRefusal, SmtpRefusal, SmtpSink, SmtpStep,
};
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};

#[tokio::test]
async fn slack_catches_what_is_posted() {
    let (slack, address) = slack().await;
    let (status, answer) = post(address, Slack::PATH, r#"{"text":"main is red"}"#).await;
    assert_eq!((status, answer.as_str()), (StatusCode::OK, "ok"));
    let messages = slack.at_least(1).await;
    assert_eq!(messages[0].text(), "main is red");
    assert_eq!(messages[0].webhook, "T-DOUBLE/B-DOUBLE/key");
    slack.clear();
    assert_eq!(slack.messages(), []);
}

#[tokio::test]
async fn slack_refuses_what_is_no_message() {
    let (slack, address) = slack().await;
    for (body, word) in [("{", "invalid_payload"), ("{}", "no_text")] {
        let (status, answer) = post(address, Slack::PATH, body).await;
        assert_eq!((status, answer.as_str()), (StatusCode::BAD_REQUEST, word));
    }
    assert_eq!(slack.messages(), []);
}

#[tokio::test]
async fn slack_refuses_as_often_as_it_is_told_to() {
    let (slack, address) = slack().await;
    slack.refuse(SlackRefusal::RateLimited { retry_after: 30 }, 1);
    slack.refuse(SlackRefusal::ServerError(StatusCode::BAD_GATEWAY), 1);
    slack.refuse(SlackRefusal::NoService, 1);
    slack.refuse(SlackRefusal::ChannelIsArchived, 1);
    let first = exchange(address, Slack::PATH, r#"{"text":"x"}"#).await;
    assert_eq!(first.status(), StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(first.headers()["retry-after"], "30");
    for expected in [502, 404, 410, 200] {
        let (status, _) = post(address, Slack::PATH, r#"{"text":"x"}"#).await;
        assert_eq!(status, expected);
    }
    assert_eq!(slack.messages().len(), 1);
}

#[tokio::test]
async fn a_mail_arrives_as_it_was_written() {
    let sink = SmtpSink::start().await.unwrap();
    let mut client = SmtpClient::connect(&sink).await;
    assert_eq!(client.say("EHLO board.example").await, "250");
    assert_eq!(
        client.say("MAIL FROM:<ci@example.org> SIZE=90").await,
        "250"
    );
    assert_eq!(client.say("RCPT TO:<ada@example.org>").await, "250");
    assert_eq!(client.say("RCPT TO:<bob@example.org>").await, "250");
    assert_eq!(client.say("DATA").await, "354");
    let answer = client
        .say("Subject: main\r\n is red\r\n\r\n..hidden\r\nbye\r\n.")
        .await;
    assert_eq!(answer, "250");
    assert_eq!(client.say("QUIT").await, "221");
    client.assert_hung_up().await;

    let mail = sink.at_least(1).await.remove(0);
    assert_eq!(mail.sender, "ci@example.org");
    assert_eq!(mail.recipients, ["ada@example.org", "bob@example.org"]);
    assert_eq!(mail.header("Subject").unwrap(), "main is red");
    assert_eq!(
        mail.content,
        "Subject: main\r\n is red\r\n\r\n.hidden\r\nbye\r\n"
    );
}

#[tokio::test]
async fn several_mails_go_through_one_connection() {
    let sink = SmtpSink::start().await.unwrap();
    let mut client = SmtpClient::connect(&sink).await;
    client.say("EHLO board.example").await;
    client.prepare("forgotten@example.org").await;
    assert_eq!(client.say("RSET").await, "250");
    for recipient in ["ada@example.org", "bob@example.org"] {
        client.prepare(recipient).await;
        assert_eq!(client.say("DATA").await, "354");
        assert_eq!(client.say("Hello\r\n.").await, "250");
    }
    let recipients: Vec<_> = sink
        .mails()
        .into_iter()
        .flat_map(|it| it.recipients)
        .collect();
    assert_eq!(recipients, ["ada@example.org", "bob@example.org"]);
    sink.clear();
    assert_eq!(sink.mails(), []);
}

#[tokio::test]
async fn what_comes_out_of_order_is_refused() {
    let sink = SmtpSink::start().await.unwrap();
    let mut client = SmtpClient::connect(&sink).await;
    assert_eq!(client.say("NOOP").await, "250");
    assert_eq!(client.say("MAIL FROM:<ci@example.org>").await, "503");
    assert_eq!(client.say("HELO board.example").await, "250");
    assert_eq!(client.say("RCPT TO:<ada@example.org>").await, "503");
    assert_eq!(client.say("DATA").await, "503");
    assert_eq!(client.say("MAIL FROM:<ci@example.org>").await, "250");
    assert_eq!(client.say("MAIL FROM:<ci@example.org>").await, "503");
    assert_eq!(client.say("DATA").await, "554");
    assert_eq!(client.say("STARTTLS").await, "500");
    assert_eq!(client.say("RCPT TO:nobody").await, "501");
    assert_eq!(client.say("EHLO board.example").await, "250");
    assert_eq!(
        client.say("MAIL FROM:<ci@example.org> RET=FULL").await,
        "555"
    );
    assert_eq!(sink.mails(), []);
}

#[tokio::test]
async fn a_mail_that_is_too_large_is_refused() {
    let sink = SmtpSink::with_size_limit(20).await.unwrap();
    let mut client = SmtpClient::connect(&sink).await;
    client.say("EHLO board.example").await;
    assert_eq!(
        client.say("MAIL FROM:<ci@example.org> SIZE=21").await,
        "552"
    );
    client.prepare("ada@example.org").await;
    assert_eq!(client.say("DATA").await, "354");
    assert_eq!(client.say("0123456789\r\n0123456789\r\n.").await, "552");
    assert_eq!(sink.mails(), []);
    client.prepare("ada@example.org").await;
    assert_eq!(client.say("DATA").await, "354");
    assert_eq!(client.say("012345678901234567\r\n.").await, "250");
}

#[tokio::test]
async fn every_step_can_be_refused() {
    let steps = [
        (SmtpStep::Hello, "EHLO board.example"),
        (SmtpStep::Mail, "MAIL FROM:<ci@example.org>"),
        (SmtpStep::Recipient, "RCPT TO:<ada@example.org>"),
        (SmtpStep::Data, "DATA"),
        (SmtpStep::Content, "Hello\r\n."),
    ];
    for (refused, _) in steps {
        let sink = SmtpSink::start().await.unwrap();
        sink.refuse(
            SmtpRefusal {
                step: refused,
                code: 450,
            },
            1,
        );
        let mut client = SmtpClient::connect(&sink).await;
        for (step, line) in steps {
            let answer = client.say(line).await;
            if step == refused {
                assert_eq!(answer, "450", "{line}");
                break;
            }
            assert_ne!(answer, "450", "{line}");
        }
        assert_eq!(
            client.say("RSET").await,
            "250",
            "it goes on after {refused:?}"
        );
    }
}

#[tokio::test]
async fn a_server_that_is_not_available_hangs_up() {
    let sink = SmtpSink::start().await.unwrap();
    sink.refuse(
        SmtpRefusal {
            step: SmtpStep::Connect,
            code: 421,
        },
        9,
    );
    let (mut client, greeting) = SmtpClient::greeted(&sink).await;
    assert_eq!(greeting, "421");
    client.assert_hung_up().await;

    sink.relent();
    sink.refuse(
        SmtpRefusal {
            step: SmtpStep::Mail,
            code: 421,
        },
        1,
    );
    let mut client = SmtpClient::connect(&sink).await;
    client.say("EHLO board.example").await;
    assert_eq!(client.say("MAIL FROM:<ci@example.org>").await, "421");
    client.assert_hung_up().await;
}

#[tokio::test]
async fn it_stops_with_its_last_clone() {
    let sink = SmtpSink::start().await.unwrap();
    let address = sink.address();
    let mut client = SmtpClient::connect(&sink).await;
    drop(sink.clone());
    assert_eq!(client.say("NOOP").await, "250");
    drop(sink);
    client.assert_hung_up().await;
    assert!(TcpStream::connect(address).await.is_err());
}

#[tokio::test]
async fn a_double_has_both_and_shows_what_they_caught() {
    let double = Double::start(Options::frozen(7, Timestamp::UNIX_EPOCH))
        .await
        .unwrap();
    let refusal = json!({"status": 503});
    assert_eq!(
        control(&double, Method::POST, "slack/refusals", &refusal)
            .await
            .0,
        204
    );
    let address = double
        .web_url()
        .strip_prefix("http://")
        .unwrap()
        .parse()
        .unwrap();
    for expected in [503, 200] {
        let (status, _) = post(address, Slack::PATH, r#"{"text":"main is red"}"#).await;
        assert_eq!(status, expected);
    }
    let (_, messages) = control(&double, Method::GET, "slack", &Value::Null).await;
    assert_eq!(messages[0]["body"]["text"], "main is red");

    let refusal = json!({"step": "mail", "code": 450});
    assert_eq!(
        control(&double, Method::POST, "mails/refusals", &refusal)
            .await
            .0,
        204
    );
    let mut client = SmtpClient::connect(double.smtp()).await;
    client.say("EHLO board.example").await;
    assert_eq!(client.say("MAIL FROM:<ci@example.org>").await, "450");
    client.prepare("ada@example.org").await;
    client.say("DATA").await;
    client.say("Hello\r\n.").await;
    let (_, mails) = control(&double, Method::GET, "mails", &Value::Null).await;
    assert_eq!(mails["address"], double.smtp().address().to_string());
    assert_eq!(mails["mails"][0]["content"], "Hello\r\n");

    for path in ["slack", "mails"] {
        assert_eq!(
            control(&double, Method::DELETE, path, &Value::Null).await.0,
            204
        );
    }
    assert!(double.slack().messages().is_empty() && double.smtp().mails().is_empty());
    for (path, order) in [
        ("slack/refusals", json!({"status": 200})),
        ("mails/refusals", json!({"step": "mail", "code": 250})),
    ] {
        assert_eq!(
            control(&double, Method::POST, path, &order).await.0,
            422,
            "{path}"
        );
    }
}

/// Pulls a string of the double.
async fn control(double: &Double, method: Method, path: &str, body: &Value) -> (StatusCode, Value) {
    let client = Client::builder(TokioExecutor::new()).build_http::<Full<Bytes>>();
    let request = Request::builder()
        .method(method)
        .uri(format!("{}/{path}", double.control_url()))
        .header(
            "authorization",
            format!("Bearer {}", double.control_token()),
        )
        .header("content-type", "application/json")
        .body(body.to_string().into())
        .unwrap();
    let response = client.request(request).await.unwrap();
    let status = response.status();
    let body = response.into_body().collect().await.unwrap().to_bytes();
    (status, serde_json::from_slice(&body).unwrap_or_default())
}

async fn slack() -> (Slack, SocketAddr) {
    let slack = Slack::default();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let router = slack.router::<()>();
    tokio::spawn(async move { axum::serve(listener, router).await });
    (slack, address)
}

async fn post(address: SocketAddr, path: &str, body: &'static str) -> (StatusCode, String) {
    let response = exchange(address, path, body).await;
    let status = response.status();
    let body = response.into_body().collect().await.unwrap().to_bytes();
    (status, String::from_utf8(body.to_vec()).unwrap())
}

async fn exchange(address: SocketAddr, path: &str, body: &'static str) -> Response<Body> {
    let client = Client::builder(TokioExecutor::new()).build_http::<Full<Bytes>>();
    let request = Request::post(format!("http://{address}{path}"))
        .header("content-type", "application/json")
        .body(body.into())
        .unwrap();
    client.request(request).await.unwrap().map(Body::new)
}

/// Says lines, and hears the code of the answer.
struct SmtpClient(BufReader<TcpStream>);

impl SmtpClient {
    async fn connect(sink: &SmtpSink) -> Self {
        let (client, greeting) = Self::greeted(sink).await;
        assert_eq!(greeting, "220");
        client
    }

    async fn greeted(sink: &SmtpSink) -> (Self, String) {
        let stream = TcpStream::connect(sink.address()).await.unwrap();
        let mut client = Self(BufReader::new(stream));
        let greeting = client.hear().await;
        (client, greeting)
    }

    /// Says all that comes before `DATA`.
    async fn prepare(&mut self, recipient: &str) {
        assert_eq!(self.say("MAIL FROM:<ci@example.org>").await, "250");
        assert_eq!(self.say(&format!("RCPT TO:<{recipient}>")).await, "250");
    }

    async fn say(&mut self, line: &str) -> String {
        let line = format!("{line}\r\n");
        self.0.write_all(line.as_bytes()).await.unwrap();
        self.hear().await
    }

    async fn hear(&mut self) -> String {
        loop {
            let mut line = String::new();
            self.0.read_line(&mut line).await.unwrap();
            assert!(line.ends_with("\r\n"), "{line:?}");
            if line.as_bytes()[3] == b' ' {
                return line[..3].to_owned();
            }
        }
    }

    async fn assert_hung_up(&mut self) {
        let mut rest = Vec::new();
        // Hung up with or without a farewell: what counts is that nothing more comes.
        let _ = self.0.read_to_end(&mut rest).await;
        assert_eq!(rest, b"");
    }
}
