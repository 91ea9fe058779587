//! What each port answers, and what it does not.

use std::net::SocketAddr;

use http::{Request, StatusCode};
use http_body_util::Full;

use crate::support::{
    WEBHOOK_SECRET, WRITE_KEY,
    board::Board,
    github::OneWorkflow,
    process::{Process, lampboard},
    webhook::{Client, unsigned},
};

const SECRET: (&str, &str) = ("LAMPBOARD_WEBHOOK_SECRET", WEBHOOK_SECRET);
const KEY: (&str, &str) = ("LAMPBOARD_WRITE_KEY", WRITE_KEY);
const ANYWHERE: (&str, &str) = ("LAMPBOARD_LISTEN", "127.0.0.1:0");
const WEBHOOKS: (&str, &str) = ("LAMPBOARD_WEBHOOK_LISTEN", "127.0.0.1:0");

/// What else is answered somewhere.
const ELSEWHERE: [&str; 9] = [
    "/",
    "/builds",
    "/setup",
    "/healthz",
    "/readyz",
    "/metrics",
    "/lampboard.v1.BuildService/ListBuilds",
    "/lampboard.v1.IngestService/Report",
    "/api/webhook",
];

const DATA: &str = "LAMPBOARD_DATA_DIR";

/// Asks the port of webhooks for everything else, and delivers one run at each port.
async fn try_out(app: &mut Process, board: SocketAddr) {
    let words = "listening for webhooks alone on http";
    let webhooks = Client::new(app.address_after(words).await);
    for path in ELSEWHERE {
        for request in [Request::get(path), Request::post(path)] {
            let request = request
                .header("content-type", "application/grpc-web+proto")
                .header("authorization", format!("Bearer {WRITE_KEY}"))
                .body(Full::default())
                .unwrap();
            let answer = webhooks.send(request).await.unwrap();
            assert_eq!(answer.status, StatusCode::NOT_FOUND, "{path}");
        }
    }
    let mut workflow = OneWorkflow::new();
    let mut board = Board::connect(board).await;
    for (count, client) in [(1, webhooks), (2, Client::new(app.address()))] {
        let (_, event) = workflow.next_run();
        let forged = unsigned(&event.name, &event.guid).body(Full::default());
        let forged = client.send(forged.unwrap()).await.unwrap();
        assert_eq!(forged.status, StatusCode::UNAUTHORIZED);
        let answer = client.deliver_event(&event).await.unwrap();
        assert_eq!(answer.status, StatusCode::OK);
        assert_eq!(board.builds().await.len(), count);
    }
}

#[tokio::test]
async fn a_port_for_webhooks_answers_nothing_else() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data").display().to_string();
    let settings = [SECRET, KEY, ANYWHERE, WEBHOOKS, (DATA, &data)];
    let mut serve = Process::start(lampboard(&["serve"], &settings), folder.path()).await;
    serve.wait_until_ready().await;
    let board = serve.address();
    try_out(&mut serve, board).await;
}

#[tokio::test]
async fn github_app_has_one_too() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data").display().to_string();
    let settings = [KEY, ANYWHERE, (DATA, &data)];
    let server = Process::start(lampboard(&["server"], &settings), folder.path()).await;
    let url = format!("http://{}", server.address());
    let data = folder.path().join("app").display().to_string();
    let url = ("LAMPBOARD_SERVER_URL", url.as_str());
    let settings = [SECRET, KEY, ANYWHERE, WEBHOOKS, url, (DATA, &data)];
    let mut app = Process::start(lampboard(&["github-app"], &settings), folder.path()).await;
    app.wait_until_ready().await;
    try_out(&mut app, server.address()).await;
}
