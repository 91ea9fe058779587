//! Large bodies are not worked on by the threads that serve everybody.

use std::{
    pin::pin,
    sync::mpsc,
    task::{Context, Waker},
};

use http::StatusCode;
use serde_json::json;
use tokio::{runtime, sync::oneshot, task::spawn_blocking};

use crate::support::{App, delivery};

/// Keeps the one thread beside the runtime busy, from its turn until this is
/// dropped.
struct Busy {
    has_begun: oneshot::Receiver<()>,
    _end: mpsc::Sender<()>,
}

impl Busy {
    fn new() -> Self {
        let (begin, has_begun) = oneshot::channel();
        let (end, ended) = mpsc::channel();
        spawn_blocking(move || {
            begin.send(()).unwrap();
            ended.recv().unwrap_err();
        });
        Self {
            has_begun,
            _end: end,
        }
    }

    async fn has_begun(&mut self) {
        (&mut self.has_begun).await.unwrap();
    }
}

#[test]
fn large_bodies_are_checked_and_read_beside_the_runtime() {
    let runtime = runtime::Builder::new_current_thread()
        .enable_time()
        .max_blocking_threads(1)
        .build()
        .unwrap();
    runtime.block_on(async {
        let app = App::new();
        let mut before = Busy::new();
        before.has_begun().await;

        let ordinary = app.deliver("ping", &json!({})).await;
        assert_eq!(ordinary.status, StatusCode::ACCEPTED);

        let mut body = b"{}".to_vec();
        body.resize(256 * 1024 + 1, b' ');
        let mut large = pin!(app.send(delivery("ping", body)));
        let mut context = Context::from_waker(Waker::noop());
        let answer = large.as_mut().poll(&mut context);
        assert!(answer.is_pending(), "all of it was done on the runtime");

        let mut between = Busy::new();
        drop(before);
        between.has_begun().await;
        let answer = large.as_mut().poll(&mut context);
        assert!(answer.is_pending(), "half of it was done on the runtime");

        drop(between);
        assert_eq!(large.await.status, StatusCode::ACCEPTED);
    });
}
