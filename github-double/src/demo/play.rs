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
    use std::collections::{HashMap, HashSet};
    use std::sync::{Arc, Mutex};

    use axum::Router;
    use axum::http::{HeaderMap, StatusCode};
    use axum::routing::post;
    use tokio::net::TcpListener;

    use super::*;

    #[tokio::test]
    async fn history_arrives_whole_at_a_receiver_that_fails_at_first() {
        let (_, history) = Story::begin(1, "2026-03-12T14:20:00Z".parse().unwrap(), 1);
        let some: Vec<_> = history.into_iter().take(40).collect();
        let expected: HashSet<_> = some.iter().map(|change| change.event().guid).collect();

        let counts = Arc::new(Mutex::new(HashMap::<String, u32>::new()));
        let hook = receiver(Arc::clone(&counts)).await;
        post_history(&hook, some).await;

        let counts = counts.lock().unwrap();
        let taken: HashSet<_> = counts.keys().cloned().collect();
        assert_eq!(taken, expected);
        assert!(counts.values().all(|count| *count == 2), "{counts:?}");
    }

    /// Answers 503 to the first delivery of everything, and 200 to the second.
    async fn receiver(counts: Arc<Mutex<HashMap<String, u32>>>) -> Hook {
        let router = Router::new().route(
            "/",
            post(move |headers: HeaderMap| async move {
                let guid = headers["x-github-delivery"].to_str().unwrap().to_owned();
                let mut counts = counts.lock().unwrap();
                let count = counts.entry(guid).or_default();
                *count += 1;
                match *count {
                    1 => StatusCode::SERVICE_UNAVAILABLE,
                    _ => StatusCode::OK,
                }
            }),
        );
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/", listener.local_addr().unwrap());
        tokio::spawn(async move { axum::serve(listener, router).await });
        Hook::new(&url, "secret".into()).unwrap()
    }
}
