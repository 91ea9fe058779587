//! `lampboard alerts test`, through the socket of the server that sends.

use lampboard_proto::v1::{
    AlertChannel, CreateAlertChannelRequest, WebhookTarget, alert_channel::Target,
    alert_service_client::AlertServiceClient,
};
use tempfile::TempDir;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpListener,
};

use crate::{
    running::{Serve, Settings, serve},
    support::{Ended, lampboard, run},
};

fn settings(folder: &TempDir) -> Settings {
    vec![
        ("LAMPBOARD_LISTEN", "127.0.0.1:0".to_owned()),
        ("LAMPBOARD_DATA_DIR", folder.path().display().to_string()),
        ("LAMPBOARD_WEBHOOK_SECRET", "of the tests".to_owned()),
        ("LAMPBOARD_OUTBOUND_ALLOW", "127.0.0.0/8".to_owned()),
    ]
}

/// Answers each request with the next status, once a connection.
async fn answer_with(statuses: &'static [&'static str]) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/hook", listener.local_addr().unwrap());
    tokio::spawn(async move {
        for status in statuses {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut request = vec![0; 64 << 10];
            let _ = stream.read(&mut request).await;
            let answer = format!(
                "HTTP/1.1 {status}\r\ncontent-length: 6\r\nconnection: close\r\n\r\nsecret"
            );
            let _ = stream.write_all(answer.as_bytes()).await;
        }
    });
    url
}

async fn create(serve: &Serve, name: &str, url: &str) -> String {
    let target = WebhookTarget {
        url: url.to_owned(),
        ..WebhookTarget::default()
    };
    let channel = Some(AlertChannel {
        display_name: name.to_owned(),
        target: Some(Target::Webhook(target)),
        ..AlertChannel::default()
    });
    let mut client = AlertServiceClient::new(serve.channel());
    let created = client.create_alert_channel(CreateAlertChannelRequest { channel });
    created.await.unwrap().into_inner().channel.unwrap().id
}

async fn test(settings: &Settings, channel: &str) -> Ended {
    let arguments = ["alerts", "test", "--channel", channel];
    run(lampboard(&arguments, settings)).await
}

#[tokio::test]
async fn a_test_prints_what_was_answered_and_ends_by_it() {
    let folder = tempfile::tempdir().unwrap();
    let settings = settings(&folder);
    let serve = serve(&settings).await;
    let ended = test(&settings, "hook").await;
    assert_eq!(ended.code, Some(2), "{}", ended.err);
    assert!(ended.err.contains("no channel yet"), "{}", ended.err);

    let url = answer_with(&["200 OK", "410 Gone", "204 No Content"]).await;
    let id = create(&serve, "hook", &url).await;
    let taken = test(&settings, "hook").await;
    assert_eq!(taken.code, Some(0), "{}", taken.err);
    assert!(taken.out.starts_with("hook: taken (200"), "{}", taken.out);
    let gone = test(&settings, &id).await;
    assert_eq!(gone.code, Some(1), "{}", gone.out);
    assert!(gone.err.starts_with("hook: not taken (410"), "{}", gone.err);
    assert!(!format!("{}{}", gone.out, gone.err).contains("secret"));

    let unknown = test(&settings, "other").await;
    assert_eq!(unknown.code, Some(2), "{}", unknown.err);
    assert!(unknown.err.contains("there are: hook"), "{}", unknown.err);
    create(&serve, "hook", &url).await;
    let several = test(&settings, "hook").await;
    assert_eq!(several.code, Some(2), "{}", several.err);
    assert!(several.err.contains(&id), "{}", several.err);
    assert_eq!(test(&settings, &id).await.code, Some(0));
}

#[tokio::test]
async fn without_a_server_nothing_is_sent_and_other_commands_need_no_key() {
    let folder = tempfile::tempdir().unwrap();
    let settings = settings(&folder);
    let serve = serve(&settings).await;
    create(&serve, "hook", "http://127.0.0.1:9/").await;
    assert_eq!(serve.terminate().await, Some(0));
    let ended = test(&settings, "hook").await;
    assert_eq!(ended.code, Some(5), "{}", ended.err);
    assert!(
        ended.err.contains("no lampboard runs here"),
        "{}",
        ended.err
    );

    let arguments = ["backfill", "--repository", "acme/none"];
    let ended = run(lampboard(&arguments, &settings)).await;
    assert!(!ended.err.contains("MASTER_KEY"), "{}", ended.err);
    let ended = run(lampboard(&["doctor", "--recount"], &settings)).await;
    assert_eq!(ended.code, Some(0), "{}{}", ended.out, ended.err);
}

#[tokio::test]
async fn an_authority_of_the_mail_server_that_is_none_is_refused_by_its_setting() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("ca.pem");
    std::fs::write(&file, "no certificate").unwrap();
    let mut settings = settings(&folder);
    settings.push(("LAMPBOARD_SMTP_URL", "smtp://mail.acme.example".to_owned()));
    settings.push(("LAMPBOARD_MAIL_FROM", "ci@acme.example".to_owned()));
    for file in [file, folder.path().join("missing.pem")] {
        settings.push(("LAMPBOARD_SMTP_CA_FILE", file.display().to_string()));
        let ended = run(lampboard(&["serve"], &settings)).await;
        assert_eq!(ended.code, Some(1), "{}", ended.err);
        assert!(
            ended.err.contains("LAMPBOARD_SMTP_CA_FILE"),
            "{}",
            ended.err
        );
    }
}
