//! A `PostgreSQL` that is stopped, restarted, killed, or does not answer: nothing that was
//! acknowledged is lost, and all goes on by itself.

use std::{collections::HashSet, time::Duration};

use http::StatusCode;
use tokio::time::{Instant, sleep, timeout};

use crate::support::{
    github::OneWorkflow,
    lampboard::{Lampboard, Mode},
    postgres::Postgres,
    webhook::Client,
};

/// How long GitHub waits for an answer.
const GITHUBS_PATIENCE: Duration = Duration::from_secs(10);
/// How long it may take until all is well again.
const PATIENCE: Duration = Duration::from_mins(1);
const TICK: Duration = Duration::from_millis(100);

/// A Lampboard on a database of its own, and what it acknowledged.
struct World {
    postgres: Postgres,
    lampboard: Lampboard,
    hook: Client,
    github: OneWorkflow,
    acknowledged: HashSet<String>,
}

impl World {
    /// None where there is no `PostgreSQL` to be had.
    async fn start() -> Option<Self> {
        let postgres = Postgres::start().await?;
        let lampboard = Lampboard::start_on(Mode::TwoProcesses, postgres.url()).await;
        let hook = lampboard.hook();
        let mut world = Self {
            postgres,
            lampboard,
            hook,
            github: OneWorkflow::new(),
            acknowledged: HashSet::new(),
        };
        for _ in 0..5 {
            assert_eq!(world.deliver().await, StatusCode::OK);
        }
        Some(world)
    }

    /// Delivers a webhook, which is answered as long as GitHub waits.
    async fn deliver(&mut self) -> StatusCode {
        let (_, event) = self.github.next_run();
        let answer = timeout(GITHUBS_PATIENCE, self.hook.deliver_event(&event)).await;
        let status = answer
            .expect("GitHub would not have waited")
            .unwrap()
            .status;
        if status.is_success() {
            self.acknowledged.insert(event.guid);
        }
        status
    }

    /// Waits until webhooks are taken in again, and looks for all that ever were.
    async fn recover(&mut self) {
        let start = Instant::now();
        while self.deliver().await != StatusCode::OK {
            assert!(start.elapsed() < PATIENCE, "it does not recover");
            sleep(TICK).await;
        }
        self.lampboard.server.wait_until_ready().await;
        let stored = self.lampboard.database().await.guids().await;
        let lost: Vec<_> = self.acknowledged.difference(&stored).collect();
        assert!(lost.is_empty(), "lost {lost:?}");
        let shown = self.lampboard.board().await.builds().await.len();
        assert!(shown >= self.acknowledged.len(), "{shown} are shown");
        assert!(self.lampboard.server.is_running());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_that_is_stopped_is_waited_for() {
    let Some(mut world) = World::start().await else {
        return;
    };
    world.postgres.stop();
    for _ in 0..3 {
        assert_eq!(world.deliver().await, StatusCode::SERVICE_UNAVAILABLE);
    }
    world.postgres.go_on();
    world.recover().await;
    world.postgres.kill();
    assert_eq!(world.deliver().await, StatusCode::SERVICE_UNAVAILABLE);
    world.postgres.go_on();
    world.recover().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_that_is_asleep_holds_no_webhook_up_for_ever() {
    let Some(mut world) = World::start().await else {
        return;
    };
    world.postgres.freeze();
    for _ in 0..2 {
        assert_eq!(world.deliver().await, StatusCode::SERVICE_UNAVAILABLE);
    }
    world.postgres.thaw();
    world.recover().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_that_takes_no_connection_is_tried_again() {
    let Some(mut world) = World::start().await else {
        return;
    };
    world.postgres.shut_out().await;
    assert_eq!(world.deliver().await, StatusCode::SERVICE_UNAVAILABLE);
    world.postgres.let_in().await;
    world.recover().await;
    // Those who terminate sessions do not shut them out.
    world.postgres.terminate_sessions().await;
    world.recover().await;
}
