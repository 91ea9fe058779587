//! Who watches, and what they are sent: every change after its commit, or word to list again.

use std::{pin::pin, sync::Arc, time::Duration};

use tokio::sync::{OwnedSemaphorePermit, Semaphore, broadcast, watch};

use crate::{
    Error, Result,
    model::{BuildId, Change, Filter},
    store::{Heard, News},
};

/// How many changes a watcher may lag behind before it has to list again.
const BACKLOG: usize = 4096;
/// How many may watch at once.
const WATCHERS: usize = 2048;
/// How long nothing may be sent: proxies and browsers give silent streams up.
pub(crate) const HEARTBEAT: Duration = Duration::from_secs(15);

/// Tells watchers of changes.
#[derive(Clone)]
pub(crate) struct Live {
    messages: broadcast::Sender<Message>,
    places: Arc<Semaphore>,
    stopping: watch::Sender<bool>,
}

/// What is told to all watchers.
#[derive(Clone, Debug)]
enum Message {
    Change(Arc<Change>),
    /// Another server took it in: what it was before is not known here.
    Elsewhere(Arc<Change>),
    /// Another server took it in, and it is not shown any more.
    Gone(BuildId),
    ListAgain,
}

/// What a watcher is told.
#[derive(Clone, Debug)]
pub(crate) enum Event {
    /// Changes may have been missed: list again.
    Sync,
    /// A build that matches was reported; the change says what it is now.
    Build(Arc<Change>),
    /// A build that matched does not match any more.
    Gone(BuildId),
    /// Nothing happened for a while.
    Heartbeat,
}

impl Live {
    pub(crate) fn new() -> Self {
        Self {
            messages: broadcast::Sender::new(BACKLOG),
            places: Arc::new(Semaphore::new(WATCHERS)),
            stopping: watch::Sender::new(false),
        }
    }

    /// Tells all watchers. Nobody is waited for.
    pub(crate) fn publish(&self, news: News) {
        let changes = news.changes.into_iter();
        let changes = changes.map(|change| Message::Change(Arc::new(change)));
        self.send(changes, news.list_again);
    }

    /// Tells all watchers what the servers on one database took in.
    pub(crate) fn publish_heard(&self, heard: Heard) {
        let own = heard.own.into_iter();
        let own = own.map(|change| Message::Change(Arc::new(change)));
        let builds = heard.builds.into_iter().map(|after| {
            let before = None;
            Message::Elsewhere(Arc::new(Change { before, after }))
        });
        let gone = heard.gone.into_iter().map(Message::Gone);
        self.send(own.chain(builds).chain(gone), heard.list_again);
    }

    fn send(&self, messages: impl Iterator<Item = Message>, list_again: bool) {
        if self.messages.receiver_count() == 0 {
            return;
        }
        for message in messages.chain(list_again.then_some(Message::ListAgain)) {
            // Fails only when the last watcher has just left.
            let _ = self.messages.send(message);
        }
    }

    /// Starts to watch. The first event is a sync, and no change after it is
    /// missed unseen.
    pub(crate) fn watch(&self, filter: Filter) -> Result<Watcher> {
        let place = Arc::clone(&self.places)
            .try_acquire_owned()
            .map_err(|_| Error::Busy("too many streams are open"))?;
        Ok(Watcher {
            messages: self.messages.subscribe(),
            stopping: self.stopping.subscribe(),
            filter,
            synced: false,
            _place: place,
        })
    }

    /// How many watch.
    pub(crate) fn watchers(&self) -> usize {
        WATCHERS - self.places.available_permits()
    }

    /// Ends all watching.
    pub(crate) fn stop(&self) {
        self.stopping.send_replace(true);
    }

    /// Whether watching has ended.
    pub(crate) fn is_stopped(&self) -> bool {
        *self.stopping.borrow()
    }

    /// Waits until watching ends.
    pub(crate) async fn stopped(&self) {
        // Fails only when the sender is gone, which we hold.
        let _ = self.stopping.subscribe().wait_for(|stopped| *stopped).await;
    }
}

/// One who watches.
pub(crate) struct Watcher {
    messages: broadcast::Receiver<Message>,
    stopping: watch::Receiver<bool>,
    filter: Filter,
    synced: bool,
    _place: OwnedSemaphorePermit,
}

impl Watcher {
    /// Waits for the next event. None once the server stops.
    pub(crate) async fn next(&mut self) -> Option<Event> {
        if *self.stopping.borrow() {
            return None;
        }
        if !self.synced {
            self.synced = true;
            return Some(Event::Sync);
        }
        let mut silence = pin!(tokio::time::sleep(HEARTBEAT));
        loop {
            let message = tokio::select! {
                message = self.messages.recv() => message,
                _ = self.stopping.wait_for(|stopping| *stopping) => return None,
                () = silence.as_mut() => return Some(Event::Heartbeat),
            };
            match message {
                Ok(Message::ListAgain) => return Some(Event::Sync),
                Ok(Message::Gone(id)) => return Some(Event::Gone(id)),
                // It may have matched before: that it is gone does no harm to who
                // never had it.
                Ok(Message::Elsewhere(change)) if !self.filter.matches(&change.after) => {
                    return Some(Event::Gone(change.after.record.id));
                }
                Ok(Message::Elsewhere(change)) => return Some(Event::Build(change)),
                Ok(Message::Change(change)) => {
                    if let Some(event) = event(change, &self.filter) {
                        return Some(event);
                    }
                }
                Err(broadcast::error::RecvError::Lagged(_)) => {
                    // What is buffered is older than the list that follows.
                    self.messages = self.messages.resubscribe();
                    return Some(Event::Sync);
                }
                Err(broadcast::error::RecvError::Closed) => return None,
            }
        }
    }
}

/// What a change is to somebody who watches what a filter selects, if anything.
fn event(change: Arc<Change>, filter: &Filter) -> Option<Event> {
    if filter.matches(&change.after) {
        return Some(Event::Build(change));
    }
    let matched = change.before.as_ref().is_some_and(|b| filter.matches(b));
    matched.then(|| Event::Gone(change.after.record.id))
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;
    use crate::model::{
        Build, BuildFacts, BuildId, BuildRecord, RepositoryId, RunId, Status, StatusFilter,
        WorkflowId,
    };

    fn change(run: i64) -> Change {
        let id = BuildId {
            run: RunId(run),
            attempt: 1,
            repository: RepositoryId(1),
        };
        let text = String::new;
        let facts = BuildFacts {
            status: Status::Queued,
            update_time: Timestamp::UNIX_EPOCH,
            create_time: Timestamp::UNIX_EPOCH,
            start_time: Timestamp::UNIX_EPOCH,
            workflow_id: WorkflowId(1),
            workflow: text(),
            workflow_path: text(),
            run_number: 1,
            event: text(),
            branch: text(),
            head_repository: text(),
            commit_sha: text(),
            commit_title: text(),
            commit_author: text(),
            title: text(),
            actor: text(),
            triggering_actor: text(),
            pull_requests: Vec::new(),
            url: text(),
        };
        Change {
            before: None,
            after: Build {
                record: BuildRecord::new(id, facts),
                repository: text(),
                default_branch: text(),
                superseded: false,
            },
        }
    }

    fn news(changes: impl IntoIterator<Item = Change>) -> News {
        News {
            changes: changes.into_iter().collect(),
            list_again: false,
            ..News::default()
        }
    }

    async fn next_run(watcher: &mut Watcher) -> i64 {
        match watcher.next().await {
            Some(Event::Build(change)) => change.after.record.id.run.0,
            other => panic!("expected a change, got {other:?}"),
        }
    }

    #[tokio::test]
    async fn a_watcher_syncs_and_then_misses_nothing() {
        let live = Live::new();
        let mut watcher = live.watch(Filter::default()).unwrap();
        live.publish(news([change(1), change(2)]));
        assert!(matches!(watcher.next().await, Some(Event::Sync)));
        assert_eq!(next_run(&mut watcher).await, 1);
        assert_eq!(next_run(&mut watcher).await, 2);
    }

    #[tokio::test]
    async fn a_slow_watcher_is_told_to_list_again() {
        let live = Live::new();
        let mut watcher = live.watch(Filter::default()).unwrap();
        assert!(matches!(watcher.next().await, Some(Event::Sync)));
        let flood = i64::try_from(BACKLOG).unwrap() * 2;
        live.publish(news((0..flood).map(change)));
        assert!(matches!(watcher.next().await, Some(Event::Sync)));
        live.publish(news([change(-1)]));
        assert_eq!(next_run(&mut watcher).await, -1);
    }

    #[tokio::test]
    async fn a_new_name_of_a_repository_is_told_to_all() {
        let live = Live::new();
        let nothing = Filter {
            runs: vec![RunId(-1)],
            ..Filter::default()
        };
        let mut watcher = live.watch(nothing).unwrap();
        watcher.next().await;
        live.publish(News {
            changes: vec![change(1)],
            list_again: true,
            ..News::default()
        });
        assert!(matches!(watcher.next().await, Some(Event::Sync)));
    }

    #[tokio::test(start_paused = true)]
    async fn silence_is_broken_by_heartbeats() {
        let live = Live::new();
        let mut watcher = live.watch(Filter::default()).unwrap();
        watcher.next().await;
        let before = tokio::time::Instant::now();
        assert!(matches!(watcher.next().await, Some(Event::Heartbeat)));
        assert_eq!(before.elapsed(), HEARTBEAT);
    }

    #[tokio::test(start_paused = true)]
    async fn others_builds_break_no_silence() {
        let live = Live::new();
        let filter = Filter {
            runs: vec![RunId(-1)],
            ..Filter::default()
        };
        let mut watcher = live.watch(filter).unwrap();
        watcher.next().await;
        let publisher = live.clone();
        tokio::spawn(async move {
            loop {
                tokio::time::sleep(HEARTBEAT / 4).await;
                publisher.publish(news([change(1)]));
            }
        });
        let before = tokio::time::Instant::now();
        assert!(matches!(watcher.next().await, Some(Event::Heartbeat)));
        assert_eq!(before.elapsed(), HEARTBEAT);
    }

    #[tokio::test]
    async fn what_matches_no_more_is_gone() {
        let live = Live::new();
        let filter = Filter {
            statuses: vec![StatusFilter::Word("queued")],
            ..Filter::default()
        };
        let mut watcher = live.watch(filter).unwrap();
        watcher.next().await;
        let queued = change(1);
        let mut running = queued.clone();
        running.before = Some(queued.after.clone());
        running.after.record.facts.status = Status::InProgress;
        let id = running.after.record.id;
        live.publish(news([queued, running]));
        assert_eq!(next_run(&mut watcher).await, 1);
        assert!(matches!(watcher.next().await, Some(Event::Gone(gone)) if gone == id));
    }

    #[tokio::test]
    async fn stopping_ends_the_watch_and_frees_the_place() {
        let live = Live::new();
        let mut watchers: Vec<_> = (0..WATCHERS)
            .map(|_| live.watch(Filter::default()).unwrap())
            .collect();
        assert!(matches!(live.watch(Filter::default()), Err(Error::Busy(_))));
        let mut last = watchers.pop().unwrap();
        last.next().await;
        live.stop();
        assert!(last.next().await.is_none());
        drop(last);
        assert!(live.watch(Filter::default()).is_ok());
    }
}
