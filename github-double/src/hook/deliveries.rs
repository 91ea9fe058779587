//! The deliveries of all Apps: what is to be posted, what was, and how it went.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use fastrand::Rng;
use jiff::{SignedDuration, Timestamp};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use super::delivery::NoAnswer;
use super::letter::{HookTarget, Letter};
use super::log::{DeliveryLog, DeliveryRecord, Outcome};
use super::post::{Poster, loopback_url};
use crate::clock::VirtualClock;
use crate::faults::HookFaults;
use crate::github::change::Change;
use crate::github::id::AppId;

/// A larger event is not delivered at all.
const SIZE_LIMIT: usize = 25 * 1024 * 1024;
/// How far apart the ids of two deliveries are at most.
const ID_GAP: i64 = 4_000;

/// How GitHub delivers, which differs between github.com and Enterprise Server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeliveryRules {
    /// How long it waits for an answer, in real time.
    pub time_limit: Duration,
    /// For how long deliveries are listed and can be asked for once more.
    pub retention: SignedDuration,
    /// The `status_code` of a delivery that nobody answered.
    pub no_answer_status_code: u16,
}

impl DeliveryRules {
    /// Those of github.com.
    pub fn github_com() -> Self {
        Self {
            time_limit: Duration::from_secs(10),
            retention: SignedDuration::from_hours(3 * 24),
            no_answer_status_code: 0,
        }
    }

    /// Those of GitHub Enterprise Server.
    pub fn enterprise_server() -> Self {
        Self {
            time_limit: Duration::from_secs(30),
            retention: SignedDuration::from_hours(7 * 24),
            ..Self::github_com()
        }
    }
}

/// Delivers what Apps are told, once each, and keeps the log. Clones share both.
#[derive(Clone, Debug)]
pub struct Deliveries(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    clock: VirtualClock,
    rules: DeliveryRules,
    poster: Poster,
    queue: Mutex<Queue>,
    /// Held by whoever posts, so that what is queued first is posted first.
    turn: Semaphore,
}

#[derive(Debug)]
struct Queue {
    rng: Rng,
    waiting: VecDeque<Waiting>,
    log: DeliveryLog,
}

/// A delivery that is to be made.
#[derive(Clone, Debug)]
struct Waiting {
    change: Arc<Change>,
    redelivery: bool,
    /// What goes wrong with it, and when it is due, as soon as that is decided.
    plan: Option<(HookFaults, Timestamp)>,
    queued_at: Timestamp,
}

/// A delivery that is made now.
#[derive(Debug)]
struct Due {
    id: i64,
    change: Arc<Change>,
    redelivery: bool,
    faults: HookFaults,
    throttled_at: Option<Timestamp>,
    target: HookTarget,
    url: String,
}

impl Deliveries {
    /// Nothing delivered yet.
    pub fn new(rules: DeliveryRules, clock: VirtualClock, seed: u64) -> Self {
        let queue = Queue {
            rng: Rng::with_seed(seed),
            waiting: VecDeque::new(),
            log: DeliveryLog::new(rules.retention),
        };
        Self(Arc::new(Shared {
            clock,
            poster: Poster::new(rules.time_limit),
            rules,
            queue: Mutex::new(queue),
            turn: Semaphore::new(1),
        }))
    }

    /// Puts in line what Apps are to be told.
    pub fn queue(&self, changes: impl IntoIterator<Item = Change>) {
        let now = self.0.clock.now();
        let waiting = changes.into_iter().map(|change| Waiting {
            change: Arc::new(change),
            redelivery: false,
            plan: None,
            queued_at: now,
        });
        self.0.lock().waiting.extend(waiting);
    }

    /// Puts a delivery in line once more; `None` if it is not, or no longer, in the log.
    pub fn redeliver(&self, id: i64) -> Option<()> {
        let now = self.0.clock.now();
        let mut queue = self.0.lock();
        let change = Arc::clone(&queue.log.find(id, now)?.change);
        queue.waiting.push_back(Waiting {
            change,
            redelivery: true,
            plan: None,
            queued_at: now,
        });
        Some(())
    }

    /// How many are in line, held back ones included.
    pub fn waiting(&self) -> usize {
        self.0.lock().waiting.len()
    }

    /// An App's deliveries of the last days, the newest first.
    pub fn of_app(&self, app: AppId) -> Vec<Arc<DeliveryRecord>> {
        let now = self.0.clock.now();
        let queue = self.0.lock();
        queue.log.newest_first(app, now).map(Arc::clone).collect()
    }

    /// At most `count` deliveries of an App that `keep` wants, the newest first, from the id
    /// `from` on down; and the id with which the next page begins, if there is one.
    pub fn page(
        &self,
        app: AppId,
        from: Option<i64>,
        count: usize,
        keep: impl Fn(&DeliveryRecord) -> bool,
    ) -> (Vec<Arc<DeliveryRecord>>, Option<i64>) {
        let now = self.0.clock.now();
        let queue = self.0.lock();
        let listed = queue.log.newest_first(app, now);
        let mut listed = listed.filter(|it| from.is_none_or(|from| it.id <= from) && keep(it));
        let page = listed.by_ref().take(count).map(Arc::clone).collect();
        (page, listed.next().map(|next| next.id))
    }

    /// A delivery of the last days.
    pub fn find(&self, app: AppId, id: i64) -> Option<Arc<DeliveryRecord>> {
        let now = self.0.clock.now();
        let queue = self.0.lock();
        let found = queue.log.find(id, now).map(Arc::clone);
        found.filter(|it| it.app() == app)
    }

    /// Posts what is in line and due, and returns when all of it was answered or given up.
    ///
    /// `target` knows the hook of each App, and `faults` what goes wrong with what came in line at
    /// a certain time.
    pub async fn deliver(
        &self,
        target: impl Fn(AppId) -> Option<HookTarget>,
        faults: impl FnMut(&Change, Timestamp) -> HookFaults,
    ) {
        let turn = self.0.turn.acquire().await;
        let _turn = turn.expect("the semaphore is never closed");
        let due = self.0.take_due(target, faults);
        let at_a_time = due.iter().filter_map(|due| due.faults.at_a_time).max();
        if let Some(at_a_time @ 2..) = at_a_time {
            self.surge(due, at_a_time).await;
        } else {
            for due in due {
                self.0.make(due).await;
            }
        }
        self.0.lock().log.prune(self.0.clock.now());
    }

    async fn surge(&self, due: Vec<Due>, at_a_time: u32) {
        let mut under_way = JoinSet::new();
        for due in due {
            while under_way.len() >= at_a_time as usize {
                under_way.join_next().await;
            }
            let shared = Arc::clone(&self.0);
            under_way.spawn(async move { shared.make(due).await });
        }
        while under_way.join_next().await.is_some() {}
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Queue> {
        // What is in line and what is logged are each right by themselves at any time.
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes from the line what is due, in the order it is to be posted.
    fn take_due(
        &self,
        target: impl Fn(AppId) -> Option<HookTarget>,
        mut faults: impl FnMut(&Change, Timestamp) -> HookFaults,
    ) -> Vec<Due> {
        let now = self.clock.now();
        let waiting = std::mem::take(&mut self.lock().waiting);
        let planned = waiting.into_iter().map(|it| it.decide(&mut faults));
        let (held_back, due): (Vec<_>, Vec<_>) = planned.partition(|(_, _, time)| *time > now);
        // Asked for while the line is unlocked: who answers may hold a lock of their own, under
        // which they put something in line.
        let due = due.into_iter().filter_map(|(waiting, faults, _)| {
            let target = target(waiting.change.app)?;
            Some((waiting, faults, target))
        });
        let due: Vec<_> = due.collect();
        let mut queue = self.lock();
        queue.hold_back(held_back.into_iter().map(|(waiting, ..)| waiting));
        queue.in_order(due)
    }

    /// Makes one delivery and logs it.
    async fn make(&self, due: Due) {
        let event = due.change.event();
        if event.body.len() > SIZE_LIMIT {
            return;
        }
        let Due { target, faults, .. } = &due;
        let letter = Letter::new(&event, target, &faults.signing, faults.form);
        let start = self.clock.now();
        let outcome = match &faults.drop {
            Some(drop) => Outcome::dropped(drop),
            None => self.post(&due.url, &letter).await,
        };
        let took = self.clock.now().duration_since(start);
        let record = DeliveryRecord {
            id: due.id,
            delivered_at: start,
            redelivery: due.redelivery,
            duration: took.try_into().unwrap_or_default(),
            throttled_at: due.throttled_at,
            status: outcome.status,
            status_code: outcome.status_code,
            url: due.url,
            request_headers: letter.headers,
            answer: outcome.answer,
            change: due.change,
        };
        self.lock().log.add(record);
    }

    async fn post(&self, url: &str, letter: &Letter) -> Outcome {
        let answer = match loopback_url(url) {
            Ok(url) => self.poster.post(&url, letter).await,
            Err(_) => Err(NoAnswer::NotConnected),
        };
        Outcome::of(answer, self.rules.no_answer_status_code)
    }
}

impl Waiting {
    /// Decides what goes wrong with it and when it is due, unless that was done before.
    fn decide(
        mut self,
        faults: &mut impl FnMut(&Change, Timestamp) -> HookFaults,
    ) -> (Self, HookFaults, Timestamp) {
        let plan = self.plan.take().unwrap_or_else(|| {
            let faults = faults(&self.change, self.queued_at);
            let time = self.queued_at + faults.delay;
            (faults, time)
        });
        self.plan = Some(plan.clone());
        (self, plan.0, plan.1)
    }
}

impl Queue {
    /// Puts what is not due yet back in line, before what came in the meantime.
    fn hold_back(&mut self, waiting: impl DoubleEndedIterator<Item = Waiting>) {
        for it in waiting.rev() {
            self.waiting.push_front(it);
        }
    }

    /// The deliveries in the order they are to be posted, each as often as it is.
    fn in_order(&mut self, due: Vec<(Waiting, HookFaults, HookTarget)>) -> Vec<Due> {
        let place = |(place, (waiting, faults, target)): (usize, (_, HookFaults, _))| {
            let place = place + self.rng.usize(..=faults.reorder as usize);
            (place, waiting, faults, target)
        };
        let mut due: Vec<(_, Waiting, _, HookTarget)> =
            due.into_iter().enumerate().map(place).collect();
        due.sort_by_key(|(place, ..)| *place);
        due.into_iter()
            .flat_map(|(_, waiting, faults, target)| self.copies(&waiting, &faults, &target))
            .collect()
    }

    /// The deliveries that are made of one in line: none if its App wants none.
    fn copies(&mut self, waiting: &Waiting, faults: &HookFaults, target: &HookTarget) -> Vec<Due> {
        let Some(url) = &target.url else {
            return Vec::new();
        };
        let throttled = !faults.delay.is_zero();
        let copy = |_| {
            let gap = self.rng.i64(1..=ID_GAP);
            Due {
                id: self.log.next_id(gap),
                change: Arc::clone(&waiting.change),
                redelivery: waiting.redelivery,
                faults: faults.clone(),
                throttled_at: throttled.then_some(waiting.queued_at),
                target: target.clone(),
                url: url.clone(),
            }
        };
        (0..=faults.duplicates).map(copy).collect()
    }
}
