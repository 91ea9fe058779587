//! Plays the story to a hook, in real time.

use std::time::Duration;

use jiff::Timestamp;
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
    loop {
        beats.tick().await;
        for change in story.play_until(clock()) {
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
