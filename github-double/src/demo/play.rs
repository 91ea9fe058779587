//! Plays the story to a hook, in real time.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use tokio::task::JoinSet;
use tokio::time::{MissedTickBehavior, interval, sleep};

use super::story::Story;
use crate::event::Event;
use crate::github::change::Change;
use crate::hook::Hook;

/// How many days of history there are.
const DAYS: u16 = 30;
/// How often the present is looked at.
const BEAT: Duration = Duration::from_millis(250);
/// A beat that comes so late had a sleeping machine before it, or a receiver that was away.
const ASLEEP: SignedDuration = SignedDuration::from_mins(1);
/// How many events wait to be delivered at a time.
const UNDER_WAY: usize = 16;
/// How long to wait before delivering once more, at first and at most.
const FIRST_PAUSE: Duration = Duration::from_millis(200);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);
/// After so many deliveries, about two minutes, an event is given up.
const MOST_DELIVERIES: u32 = 30;

/// Posts a month of history, the newest first, and meanwhile the present as it happens.
///
/// It goes on until it is dropped, and then leaves nothing behind.
pub async fn run(hook: Hook, seed: u64, clock: impl Fn() -> Timestamp) -> ! {
    let (story, history) = Story::begin(seed, clock(), DAYS);
    let live = play_live(&hook, story, clock);
    let (never, ()) = tokio::join!(live, post_history(&hook, history));
    never
}

async fn post_history(hook: &Hook, history: Vec<Change>) {
    let mut deliveries = Deliveries::new(hook);
    for change in history.into_iter().rev() {
        deliveries.add(change.event()).await;
    }
    deliveries.finish().await;
    tracing::info!("the month of history is told");
}

async fn play_live(hook: &Hook, mut story: Story, clock: impl Fn() -> Timestamp) -> ! {
    let mut deliveries = Deliveries::new(hook);
    let mut beats = interval(BEAT);
    beats.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut last = clock();
    loop {
        beats.tick().await;
        let now = clock();
        if now.duration_since(last) > ASLEEP {
            story.skip_to(now);
        }
        last = now;
        for change in story.play_until(now) {
            deliveries.add(change.event()).await;
        }
    }
}

/// Deliveries under way; dropped, they end.
struct Deliveries {
    hook: Hook,
    tasks: JoinSet<()>,
}

impl Deliveries {
    fn new(hook: &Hook) -> Self {
        Self {
            hook: hook.clone(),
            tasks: JoinSet::new(),
        }
    }

    /// Waits for its turn, so that no more than a few events are in memory.
    async fn add(&mut self, event: Event) {
        while self.tasks.len() >= UNDER_WAY {
            self.tasks.join_next().await;
        }
        let hook = self.hook.clone();
        self.tasks.spawn(async move { insist(&hook, &event).await });
    }

    async fn finish(mut self) {
        while self.tasks.join_next().await.is_some() {}
    }
}

/// Delivers, and redelivers what failed, as an operator would: GitHub would leave it at one try.
async fn insist(hook: &Hook, event: &Event) {
    let mut delivery = hook.deliver(event).await;
    let mut pause = FIRST_PAUSE;
    for _ in 1..MOST_DELIVERIES {
        let refused = delivery
            .status()
            .is_some_and(|status| status.is_client_error());
        if delivery.is_success() || refused {
            break;
        }
        sleep(pause).await;
        pause = (pause * 2).min(LONGEST_PAUSE);
        delivery = hook.redeliver(event).await;
    }
    if !delivery.is_success() {
        let (guid, status) = (&event.guid, delivery.status());
        tracing::warn!(%guid, ?status, "the event {guid} was not taken in");
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;
    use std::sync::atomic::{AtomicI64, Ordering};
    use std::sync::{Arc, Mutex};

    use axum::Router;
    use axum::http::{HeaderMap, StatusCode};
    use axum::routing::post;
    use tokio::net::TcpListener;
    use tokio::sync::mpsc;

    use super::*;

    const NOON: Timestamp = Timestamp::constant(1_773_316_800, 0);

    #[tokio::test]
    async fn history_arrives_whole_at_a_receiver_that_fails_at_first() {
        let (hook, mut received) = receiver(true).await;
        let (_, history) = Story::begin(1, NOON, 1);
        let some: Vec<_> = history.into_iter().take(40).collect();
        let mut expected: Vec<_> = some.iter().map(|change| change.event().guid).collect();
        post_history(&hook, some).await;

        let mut guids = Vec::new();
        while let Ok(guid) = received.try_recv() {
            guids.push(guid);
        }
        guids.sort();
        expected.sort();
        assert_eq!(guids, expected);
    }

    #[tokio::test]
    async fn the_present_is_posted_as_the_clock_goes() {
        let (hook, mut received) = receiver(false).await;
        let (story, _) = Story::begin(1, NOON, 1);
        let (mut copy, _) = Story::begin(1, NOON, 1);
        let expected = copy.play_until(NOON + SignedDuration::from_secs(10));
        let mut expected: HashSet<_> = expected.iter().map(|it| it.event().guid).collect();
        assert!(expected.len() > 3, "{}", expected.len());

        let seconds = AtomicI64::new(0);
        let clock = || NOON + SignedDuration::from_secs(seconds.fetch_add(3, Ordering::Relaxed));
        let all_received = async {
            while !expected.is_empty() {
                let guid = received.recv().await.unwrap();
                expected.remove(&guid);
            }
        };
        tokio::select! {
            _ = play_live(&hook, story, clock) => unreachable!("it never ends"),
            () = all_received => {}
        }
    }

    /// A hook to somebody who names the events that they take in, but perhaps refuses each once.
    async fn receiver(refuses_once: bool) -> (Hook, mpsc::Receiver<String>) {
        let (taken, received) = mpsc::channel(1_000);
        let refused = Arc::new(Mutex::new(HashSet::new()));
        let receive = post(move |headers: HeaderMap| async move {
            let guid = headers["x-github-delivery"].to_str().unwrap().to_owned();
            if refuses_once && refused.lock().unwrap().insert(guid.clone()) {
                return StatusCode::SERVICE_UNAVAILABLE;
            }
            taken.send(guid).await.unwrap();
            StatusCode::OK
        });
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/", listener.local_addr().unwrap());
        let router = Router::new().route("/", receive);
        tokio::spawn(async move { axum::serve(listener, router).await });
        (Hook::new(&url, "secret".into()).unwrap(), received)
    }
}
