//! Alerts through the real binary: a signed webhook in, one message out, whatever dies in between.

mod killed;
mod stories;

use std::time::Duration;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use lampboard_github_double::{
    Conclusion::{Failure, Success},
    signature,
};

use crate::support::{
    crew::{Crew, MASTER_KEY, SIGNED_WITH, deliver, email, sent, settings, slack, webhook},
    database::{self, Database},
    dump,
    lampboard::{Lampboard, Mode},
    mail::MailServer,
    process,
    receiver::{Act, Received, Receiver},
};

const READER: &str = "ada@acme.example";

#[tokio::test]
async fn a_failure_and_its_recovery_are_told_once_however_often_they_are_delivered() {
    let mail = MailServer::start();
    let more = vec![
        ("LAMPBOARD_SMTP_URL", mail.url()),
        ("LAMPBOARD_MAIL_FROM", "ci@acme.example".to_owned()),
    ];
    let mut crew = Crew::start(Mode::TwoProcesses, more).await;
    let hook = Receiver::start().await;
    let channels = [
        crew.channel("#ci", slack(crew.receiver.url("/slack")))
            .await,
        crew.channel("mail", email(READER)).await,
        crew.channel("hook", webhook(hook.url("/hook"))).await,
    ];
    crew.rule(&channels.each_ref()).await;
    for conclusion in [Success, Failure, Failure, Success, Success] {
        for event in crew.run(conclusion) {
            for _ in 0..3 {
                deliver(&crew.lampboard, &event).await;
            }
        }
    }
    let alerts = crew.sent(6).await;
    assert_eq!(alerts.len(), 6, "{alerts:?}");
    assert!(
        alerts
            .iter()
            .all(|it| it.attempt_count == 1 && !it.possible_repeat)
    );

    let to_slack = crew.receiver.received(2).await;
    assert_eq!(to_slack.len(), 2);
    for (message, word) in to_slack.iter().zip(["failed", "recovered"]) {
        let text = message.json()["text"].as_str().unwrap().to_lowercase();
        assert!(text.contains("acme/api"), "{text}");
        assert!(text.contains(word), "{text}");
    }
    let hooked = hook.received(2).await;
    assert_eq!(hooked.len(), 2);
    hooked.iter().for_each(assert_signed);
    assert_ne!(
        hooked[0].header("webhook-id"),
        hooked[1].header("webhook-id")
    );
    let letters = mail.stop();
    assert_eq!(letters.len(), 2);
    assert!(letters.iter().all(|letter| letter.contains(READER)));
}

/// It is signed as Standard Webhooks says.
fn assert_signed(message: &Received) {
    let (id, time) = (
        message.header("webhook-id"),
        message.header("webhook-timestamp"),
    );
    let key = STANDARD
        .decode(SIGNED_WITH.strip_prefix("whsec_").unwrap())
        .unwrap();
    let content = format!("{id}.{time}.{}", message.body);
    let expected = signature(&key, content.as_bytes());
    let expected = hex::decode(expected.strip_prefix("sha256=").unwrap()).unwrap();
    let expected = format!("v1,{}", STANDARD.encode(expected));
    assert_eq!(message.header("webhook-signature"), expected);
}

#[tokio::test]
async fn slack_is_left_alone_for_as_long_as_it_asks_and_until_it_is_mended() {
    let (mut crew, channel) = Crew::with_slack(Mode::OneProcess).await;
    let asked = Duration::from_secs(2);
    crew.receiver
        .next([Act::Answer("429 Too Many Requests", "retry-after: 2\r\n")]);
    crew.told(Failure).await;
    let received = crew.receiver.received(2).await;
    assert!(received[1].at - received[0].at >= asked);
    crew.sent(1).await;

    crew.receiver.next([Act::Answer("404 Not Found", "")]);
    crew.told(Success).await;
    crew.receiver.received(3).await;
    assert!(!crew.paused(&channel).await.is_empty());
    let (status, output) = test(&crew.lampboard, "#ci").await;
    assert_eq!(status, Some(0), "{output}");
    assert!(output.contains("#ci: taken (200"), "{output}");
    let alerts = crew.sent(2).await;
    assert_eq!(alerts[1].attempt_count, 2);
    assert_eq!(crew.receiver.received(5).await.len(), 5);

    crew.receiver.next([Act::Answer("403 Forbidden", "")]);
    let (status, output) = test(&crew.lampboard, &channel.id).await;
    assert_eq!(status, Some(1), "{output}");
    assert!(output.contains("403"), "{output}");
}

async fn test(lampboard: &Lampboard, channel: &str) -> (Option<i32>, String) {
    let command = lampboard.command(&["alerts", "test", "--channel", channel]);
    let (status, output) = process::run(command).await;
    (status.code(), output)
}

#[tokio::test]
async fn a_backup_that_is_restored_sends_nothing_again() {
    let (mut crew, _) = Crew::with_slack(Mode::OneProcess).await;
    crew.told(Failure).await;
    crew.sent(1).await;
    let folder = tempfile::tempdir().unwrap();
    let restored = restored(&mut crew, &folder.path().join("copy")).await;
    for event in crew.run(Success) {
        deliver(&restored, &event).await;
    }
    let alerts = sent(&restored, 2).await;
    assert!(alerts.iter().all(|it| it.attempt_count == 1));
    // What waited would have gone first.
    assert_eq!(crew.receiver.received(2).await.len(), 2);
}

/// Backs up what a Lampboard has, ends it, and starts one on the copy.
async fn restored(crew: &mut Crew, copy: &std::path::Path) -> Lampboard {
    if let Some(url) = crew.lampboard.database_url() {
        dump::dump(url, copy).await;
        crew.lampboard.server.kill();
        let other = database::make().await.unwrap();
        dump::restore(copy, &other).await;
        return Lampboard::on_database_with(other, settings(&crew.receiver)).await;
    }
    let command = crew.lampboard.command(&["backup", copy.to_str().unwrap()]);
    let (status, output) = process::run(command).await;
    assert!(status.success(), "{output}");
    crew.lampboard.server.kill();
    assert_sealed(copy).await;
    Lampboard::restore_with(copy, settings(&crew.receiver)).await
}

/// What is secret of a channel can not be read in a copy.
async fn assert_sealed(copy: &std::path::Path) {
    assert!(Database::open(copy).await.is_sound().await);
    let bytes = std::fs::read(copy).unwrap();
    let secret = b"/slack";
    assert!(!bytes.windows(secret.len()).any(|it| it == secret));
}

#[tokio::test]
async fn what_can_not_be_opened_waits_until_the_key_is_back() {
    let (mut crew, channel) = Crew::with_slack(Mode::OneProcess).await;
    crew.lampboard.server.kill();
    let other = "00112233445566778899aabbccddeeff0f1e2d3c4b5a69788796a5b4c3d2e1f0";
    crew.lampboard.set("LAMPBOARD_MASTER_KEY", other.to_owned());
    crew.lampboard.restart_server().await;
    crew.told(Failure).await;
    let reason = crew.paused(&channel).await;
    assert!(reason.contains("can not be opened"), "{reason}");
    let (status, output) = test(&crew.lampboard, "#ci").await;
    assert_eq!(status, Some(1), "{output}");
    assert!(output.contains("can not be opened"), "{output}");

    crew.lampboard.server.kill();
    let both = format!("{other},{MASTER_KEY}");
    crew.lampboard.set("LAMPBOARD_MASTER_KEY", both);
    crew.lampboard.restart_server().await;
    let (status, output) = test(&crew.lampboard, "#ci").await;
    assert_eq!(status, Some(0), "{output}");
    crew.sent(1).await;
    assert_eq!(crew.receiver.received(2).await.len(), 2);
}

#[tokio::test]
async fn a_channel_that_hangs_delays_no_other() {
    let mut crew = Crew::start(Mode::OneProcess, Vec::new()).await;
    let hook = Receiver::start().await;
    let channels = [
        crew.channel("#ci", slack(crew.receiver.url("/slack")))
            .await,
        crew.channel("hook", webhook(hook.url("/hook"))).await,
    ];
    crew.rule(&channels.each_ref()).await;
    crew.receiver.next([Act::Hold; 2]);
    crew.told(Failure).await;
    crew.receiver.received(1).await;
    crew.told(Success).await;
    assert_eq!(hook.received(2).await.len(), 2);
    assert_eq!(crew.receiver.so_far(), 1, "it still hangs");
}

#[tokio::test]
async fn without_its_key_a_server_on_postgres_does_not_start() {
    let (mut crew, _) = Crew::with_slack(Mode::OneProcess).await;
    let Some(database) = crew.lampboard.database_url().map(str::to_owned) else {
        return;
    };
    crew.lampboard.server.terminate();
    crew.lampboard.server.wait().await;
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().to_str().unwrap();
    let without = [
        ("LAMPBOARD_DATABASE_URL", database.as_str()),
        ("LAMPBOARD_DATA_DIR", data),
        ("LAMPBOARD_LISTEN", "127.0.0.1:0"),
    ];
    let (status, output) = process::run(process::lampboard(&["serve"], &without)).await;
    assert!(!status.success(), "{output}");
    assert!(output.contains("LAMPBOARD_MASTER_KEY"), "{output}");
}
