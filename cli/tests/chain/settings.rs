//! What Lampboard needs to be told, and what it says when it is told nothing or nonsense.

use std::{fs, process::Command};

use http::{Request, StatusCode};
use http_body_util::Full;
use lampboard_github_double::signature;
use tempfile::TempDir;

use crate::support::{
    WEBHOOK_SECRET, WRITE_KEY,
    board::Board,
    github::a_run,
    lampboard::{Lampboard, Mode},
    process::{self, Process, lampboard},
    webhook::{Client, unsigned},
};

const SECRET: (&str, &str) = ("LAMPBOARD_WEBHOOK_SECRET", WEBHOOK_SECRET);
const KEY: (&str, &str) = ("LAMPBOARD_WRITE_KEY", WRITE_KEY);
const ANYWHERE: (&str, &str) = ("LAMPBOARD_LISTEN", "127.0.0.1:0");
const SERVER: (&str, &str) = ("LAMPBOARD_SERVER_URL", "http://127.0.0.1:1");

/// A folder for the data of one test.
struct Data(TempDir);

impl Data {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn setting(&self) -> (&'static str, &str) {
        ("LAMPBOARD_DATA_DIR", self.0.path().to_str().unwrap())
    }

    /// Writes a file as an editor would, with a line end.
    fn file(&self, name: &str, text: &str) -> String {
        let path = self.0.path().join(name);
        fs::write(&path, format!("{text}\n")).unwrap();
        path.to_str().unwrap().to_owned()
    }
}

/// Asserts that it does not start, and says these words.
async fn assert_refused(command: Command, words: &[&str]) {
    let (status, output) = process::run(command).await;
    assert!(!status.success(), "it should not have started:\n{output}");
    assert!(!output.contains("panicked"), "{output}");
    for word in words {
        assert!(output.contains(word), "{word:?} is not in:\n{output}");
    }
}

#[tokio::test]
async fn with_an_empty_webhook_secret_nothing_that_takes_webhooks_starts() {
    let words = ["no webhook secret", "openssl rand -hex 32"];
    for secret in ["", "  "] {
        let data = Data::new();
        let secret = ("LAMPBOARD_WEBHOOK_SECRET", secret);
        let settings = [secret, KEY, ANYWHERE, SERVER, data.setting()];
        assert_refused(lampboard(&["serve"], &settings), &words).await;
        assert_refused(lampboard(&["github-app"], &settings), &words).await;
    }
}

#[tokio::test]
async fn without_any_secret_webhooks_are_refused_and_set_up_is_offered() {
    let data = Data::new();
    let settings = [ANYWHERE, data.setting()];
    let process = Process::start(lampboard(&["serve"], &settings), data.0.path()).await;
    process.wait_until_ready().await;
    let (_, event) = a_run();
    let answer = Client::new(process.address())
        .deliver_event(&event)
        .await
        .unwrap();
    // GitHub lists it as failed, so that it can be had once the App is set up.
    assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE);
    let mut board = Board::connect(process.address()).await;
    assert_eq!(board.builds().await.len(), 0);
    // There is a set-up, for whoever has the link.
    let answer = Client::new(process.address()).try_get("/setup").await;
    assert_eq!(answer.unwrap().status, StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn one_empty_webhook_secret_among_others_is_refused() {
    for secrets in [",", "one,", ",one", "one,,two"] {
        let data = Data::new();
        let secrets = ("LAMPBOARD_WEBHOOK_SECRET", secrets);
        let settings = [secrets, KEY, ANYWHERE, SERVER, data.setting()];
        let words = ["a webhook secret is empty"];
        assert_refused(lampboard(&["serve"], &settings), &words).await;
        assert_refused(lampboard(&["github-app"], &settings), &words).await;
    }
}

#[tokio::test]
async fn without_a_write_key_two_processes_do_not_start() {
    for key in [None, Some("")] {
        let data = Data::new();
        let mut settings = vec![SECRET, ANYWHERE, SERVER, data.setting()];
        settings.extend(key.map(|key| ("LAMPBOARD_WRITE_KEY", key)));
        let words = ["no write key", "LAMPBOARD_WRITE_KEY"];
        assert_refused(lampboard(&["server"], &settings), &words).await;
        assert_refused(lampboard(&["github-app"], &settings), &words).await;
    }
}

#[tokio::test]
async fn without_sign_in_only_loopback_is_listened_on() {
    let data = Data::new();
    for listen in ["0.0.0.0:0", "[::]:0"] {
        let listen = ("LAMPBOARD_LISTEN", listen);
        let none = ("LAMPBOARD_AUTH", "none");
        let settings = [SECRET, KEY, listen, none, data.setting()];
        let words = ["LAMPBOARD_AUTH=none", "LAMPBOARD_LISTEN"];
        assert_refused(lampboard(&["serve"], &settings), &words).await;
        assert_refused(lampboard(&["server"], &settings), &words).await;
    }
    let nothing_was_made = fs::read_dir(data.0.path()).unwrap().next().is_none();
    assert!(nothing_was_made);
}

#[tokio::test]
async fn an_unknown_way_to_sign_in_is_refused() {
    let data = Data::new();
    let auth = ("LAMPBOARD_AUTH", "nobody");
    let settings = [SECRET, ANYWHERE, auth, data.setting()];
    assert_refused(lampboard(&["serve"], &settings), &["nobody", "none"]).await;
}

#[tokio::test]
async fn a_database_that_can_not_be_opened_is_named_without_its_password() {
    for (url, word) in [
        ("mysql://me:hidden@localhost/lampboard", "sqlite:PATH"),
        // Nothing listens there.
        ("postgres://me:hidden@127.0.0.1:9/lampboard", "refused"),
    ] {
        let data = Data::new();
        let url = ("LAMPBOARD_DATABASE_URL", url);
        let settings = [url, KEY, ANYWHERE, data.setting()];
        let command = process::lampboard(&["server"], &settings);
        let (status, output) = process::run(command).await;
        assert!(!status.success(), "it should not have started:\n{output}");
        assert!(output.contains("LAMPBOARD_DATABASE_URL"), "{output}");
        assert!(output.contains(word), "{output}");
        assert!(!output.contains("hidden"), "{output}");
    }
}

#[tokio::test]
async fn a_second_lampboard_on_the_same_data_is_refused() {
    let data = Data::new();
    let settings = [SECRET, ANYWHERE, data.setting()];
    let first = Process::start(lampboard(&["serve"], &settings), data.0.path()).await;
    first.wait_until_ready().await;
    let words = ["another lampboard", "LAMPBOARD_DATA_DIR"];
    assert_refused(lampboard(&["serve"], &settings), &words).await;
}

#[tokio::test]
async fn a_secret_and_its_file_are_not_both_taken() {
    let data = Data::new();
    let file = data.file("secret", WEBHOOK_SECRET);
    let file = ("LAMPBOARD_WEBHOOK_SECRET_FILE", file.as_str());
    let settings = [SECRET, file, ANYWHERE, data.setting()];
    assert_refused(lampboard(&["serve"], &settings), &["cannot be used with"]).await;
}

#[tokio::test]
async fn a_secret_file_that_is_missing_or_empty_is_refused() {
    let data = Data::new();
    let missing = data.0.path().join("missing").display().to_string();
    let missing = ("LAMPBOARD_WEBHOOK_SECRET_FILE", missing.as_str());
    let settings = [missing, ANYWHERE, data.setting()];
    assert_refused(
        lampboard(&["serve"], &settings),
        &["can not read the secret"],
    )
    .await;

    let empty = data.file("empty", "");
    let empty = ("LAMPBOARD_WEBHOOK_SECRET_FILE", empty.as_str());
    let settings = [empty, ANYWHERE, data.setting()];
    assert_refused(lampboard(&["serve"], &settings), &["no webhook secret"]).await;
}

#[tokio::test]
async fn secrets_may_come_from_files_in_two_processes() {
    let data = Data::new();
    let secret = data.file("secret", WEBHOOK_SECRET);
    let key = data.file("key", WRITE_KEY);
    let secret = ("LAMPBOARD_WEBHOOK_SECRET_FILE", secret.as_str());
    let key = ("LAMPBOARD_WRITE_KEY_FILE", key.as_str());
    let settings = [key, ANYWHERE, data.setting()];
    let server = Process::start(lampboard(&["server"], &settings), data.0.path()).await;
    server.wait_until_ready().await;
    let url = format!("http://{}", server.address());
    let settings = [secret, key, ANYWHERE, ("LAMPBOARD_SERVER_URL", &url)];
    let app = Process::start(lampboard(&["github-app"], &settings), data.0.path()).await;
    app.wait_until_ready().await;

    let (_, event) = a_run();
    let hook = Client::new(app.address());
    let answer = hook.deliver_event(&event).await.unwrap();
    assert_eq!(answer.status, StatusCode::OK);
    let mut board = Board::connect(server.address()).await;
    assert_eq!(board.builds().await.len(), 1);
}

#[tokio::test]
async fn while_secrets_are_rotated_both_count_and_no_other() {
    let data = Data::new();
    let secrets = ("LAMPBOARD_WEBHOOK_SECRET", "the old one, the new one");
    let settings = [secrets, ANYWHERE, data.setting()];
    let serve = Process::start(lampboard(&["serve"], &settings), data.0.path()).await;
    serve.wait_until_ready().await;
    let (client, (_, event)) = (Client::new(serve.address()), a_run());
    for (secret, expected) in [
        ("the old one", StatusCode::OK),
        ("the new one", StatusCode::OK),
        ("the old one, the new one", StatusCode::UNAUTHORIZED),
        (" the new one", StatusCode::UNAUTHORIZED),
        ("", StatusCode::UNAUTHORIZED),
    ] {
        let signature = signature(secret.as_bytes(), &event.body);
        let request: Request<Full<_>> = unsigned(&event.name, &event.guid)
            .header("X-Hub-Signature-256", signature)
            .body(event.body.clone().into())
            .unwrap();
        let answer = client.send(request).await.unwrap();
        assert_eq!(answer.status, expected, "{secret:?}");
    }
}

#[tokio::test]
async fn a_server_that_has_another_write_key_records_nothing() {
    let lampboard_server = Lampboard::start(Mode::TwoProcesses).await;
    let data = Data::new();
    let url = format!("http://{}", lampboard_server.server.address());
    let other = ("LAMPBOARD_WRITE_KEY", "another-key");
    let settings = [SECRET, other, ANYWHERE, ("LAMPBOARD_SERVER_URL", &url)];
    let app = Process::start(lampboard(&["github-app"], &settings), data.0.path()).await;
    let (_, event) = a_run();
    let answer = Client::new(app.address()).deliver_event(&event).await;
    assert_eq!(answer.unwrap().status, StatusCode::SERVICE_UNAVAILABLE);
    assert!(app.log().contains("Unauthenticated"), "{}", app.log());
    assert!(lampboard_server.board().await.builds().await.is_empty());
}

#[tokio::test]
async fn while_write_keys_are_rotated_both_count_and_no_other() {
    let data = Data::new();
    let keys = ("LAMPBOARD_WRITE_KEY", "the-old-key, the-new-key");
    let settings = [keys, ANYWHERE, data.setting()];
    let server = Process::start(lampboard(&["server"], &settings), data.0.path()).await;
    server.wait_until_ready().await;
    let url = format!("http://{}", server.address());
    for (key, expected) in [
        ("the-old-key", StatusCode::OK),
        ("the-new-key,the-next-key", StatusCode::OK),
        ("the-next-key,the-new-key", StatusCode::SERVICE_UNAVAILABLE),
        ("the-old-key1", StatusCode::SERVICE_UNAVAILABLE),
    ] {
        let data = Data::new();
        let key = ("LAMPBOARD_WRITE_KEY", key);
        let url = ("LAMPBOARD_SERVER_URL", url.as_str());
        let settings = [SECRET, key, url, ANYWHERE, data.setting()];
        let app = Process::start(lampboard(&["github-app"], &settings), data.0.path()).await;
        let (_, event) = a_run();
        let answer = Client::new(app.address()).deliver_event(&event).await;
        assert_eq!(answer.unwrap().status, expected, "{key:?}");
    }
    let none = ("LAMPBOARD_WRITE_KEY", "one,,two");
    let settings = [SECRET, none, ANYWHERE, SERVER, data.setting()];
    for role in ["server", "github-app"] {
        assert_refused(lampboard(&[role], &settings), &["a write key is empty"]).await;
    }
}

#[tokio::test]
async fn help_names_every_setting_and_shows_no_secret() {
    let of_serve = [
        "LAMPBOARD_LISTEN",
        "LAMPBOARD_DATA_DIR",
        "LAMPBOARD_DATABASE_URL",
        "LAMPBOARD_WEBHOOK_SECRET",
        "LAMPBOARD_WEBHOOK_SECRET_FILE",
        "LAMPBOARD_WRITE_KEY",
        "LAMPBOARD_WRITE_KEY_FILE",
        "LAMPBOARD_AUTH",
        "LAMPBOARD_LOG",
        "LAMPBOARD_LOG_FORMAT",
    ];
    for (role, names) in [
        ("serve", &of_serve[..]),
        ("github-app", &["LAMPBOARD_SERVER_URL"]),
    ] {
        let (status, help) = process::run(lampboard(&[role, "--help"], &[SECRET, KEY])).await;
        assert!(status.success());
        for name in names {
            // Its value is shown behind it, unless it is a secret.
            let is_named = ["=", "]"].map(|end| help.contains(&format!("[env: {name}{end}")));
            assert!(is_named.contains(&true), "{name} is not in:\n{help}");
        }
        for secret in [WEBHOOK_SECRET, WRITE_KEY] {
            assert!(!help.contains(secret), "{help}");
        }
    }
}

#[tokio::test]
async fn no_secret_is_in_a_log_that_tells_everything() {
    let data = Data::new();
    let log = ("LAMPBOARD_LOG", "trace");
    let settings = [KEY, ANYWHERE, log, data.setting()];
    let server = Process::start(lampboard(&["server"], &settings), data.0.path()).await;
    server.wait_until_ready().await;
    let url = format!("http://{}", server.address());
    let settings = [SECRET, KEY, ANYWHERE, log, ("LAMPBOARD_SERVER_URL", &url)];
    let app = Process::start(lampboard(&["github-app"], &settings), data.0.path()).await;
    app.wait_until_ready().await;
    let (_, event) = a_run();
    let answer = Client::new(app.address()).deliver_event(&event).await;
    assert_eq!(answer.unwrap().status, StatusCode::OK);

    let logs = server.log() + &app.log();
    assert!(logs.contains(&event.guid), "the log tells nothing");
    for secret in [WEBHOOK_SECRET, WRITE_KEY] {
        assert!(!logs.contains(secret), "{secret} is in the log");
    }
}
