//! The worker: sends what waits, each channel by itself, so that a slow one delays no other.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use jiff::SignedDuration;
use tokio::{
    task::{Id, JoinSet},
    time::{MissedTickBehavior, interval, sleep},
};

use super::{
    dispatch::Dispatch,
    provider::{ChannelFault, Content, Handed, Line, Parcel, Verdict},
    readers::{self, Readers},
};
use crate::{
    Clock, Result,
    live::Live,
    model::{Alert, AlertState, ChannelAddress, RecipientOutcome, RecipientState},
    store::{Next, Outcome, Outgoing, Store, Tried},
};

/// How often it is looked for what has become due by itself.
const LOOK: Duration = Duration::from_secs(1);
/// How often it is looked for what time alone brings.
const CLOCK: Duration = Duration::from_secs(10);
/// To how many channels is sent at once.
const AT_ONCE: usize = 64;
/// How often the outcome of a send is tried to be written down: else it is sent again.
const WRITES: u32 = 20;
/// Slack takes a message a second of each sender.
const SLACK_PAUSE: SignedDuration = SignedDuration::from_secs(1);

/// What the worker works with.
#[derive(Clone)]
pub(crate) struct Worker {
    pub(crate) store: Store,
    pub(crate) dispatch: Arc<Dispatch>,
    pub(crate) clock: Clock,
}

impl Worker {
    /// Works until the server stops. The messages that are being sent then are finished.
    pub(crate) async fn run(self, live: Live) {
        let mut sending = JoinSet::new();
        let mut busy = BTreeMap::new();
        let mut clock = interval(CLOCK);
        clock.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            // Before looking: what is raised meanwhile is not overlooked.
            let woken = self.dispatch.wake.notified();
            self.begin(&mut sending, &mut busy, &live).await;
            tokio::select! {
                () = woken => {}
                () = sleep(LOOK) => {}
                _ = clock.tick() => {
                    self.raise_by_time().await;
                    self.give_up_old().await;
                }
                Some(done) = sending.join_next_with_id(), if !sending.is_empty() => {
                    let task = done.map_or_else(
                        |error| {
                            tracing::error!(%error, "sending alerts broke off: {error}");
                            error.id()
                        },
                        |(task, ())| task,
                    );
                    busy.remove(&task);
                }
                () = live.stopped() => break,
            }
        }
        while sending.join_next().await.is_some() {}
    }

    /// Begins to send to the channels that are due.
    async fn begin(&self, sending: &mut JoinSet<()>, busy: &mut BTreeMap<Id, String>, live: &Live) {
        if sending.len() >= AT_ONCE {
            return;
        }
        let due = match self.store.due_channels(self.clock.now()).await {
            Ok(due) => due,
            // Health tells it.
            Err(error) => return tracing::debug!(%error, "alerts are sent later: {error}"),
        };
        for channel in due {
            if sending.len() < AT_ONCE && !busy.values().any(|it| *it == channel) {
                let worker = self.clone();
                let (to, live) = (channel.clone(), live.clone());
                let task = sending.spawn(async move {
                    if let Err(error) = worker.send_all(&to, &live).await {
                        tracing::warn!(%error, "alerts are sent later: {error}");
                    }
                });
                busy.insert(task.id(), channel);
            }
        }
    }

    async fn raise_by_time(&self) {
        if let Err(error) = self.store.raise_by_time(self.clock.now()).await {
            tracing::debug!(%error, "what stays red is told later: {error}");
        }
    }

    async fn give_up_old(&self) {
        match self.store.give_up_old(self.clock.now()).await {
            Ok(given_up) => {
                for (kind, alerts) in given_up {
                    let alerts = alerts.try_into().unwrap_or(u64::MAX);
                    metrics::counter!("lampboard_alerts_total", "channel" => kind, "result" => "failed")
                        .increment(alerts);
                }
            }
            Err(error) => tracing::debug!(%error, "what is old is given up later: {error}"),
        }
    }

    /// Sends to a channel until nothing is due, or the server stops.
    async fn send_all(&self, channel: &str, live: &Live) -> Result<()> {
        let mut next = self.store.next_message(channel.to_owned(), None).await?;
        loop {
            match next {
                Next::Send(outgoing) => {
                    let tried = self.send(*outgoing, live).await;
                    next = self.tell(channel, tried, live).await?;
                }
                Next::Wait(until) => {
                    tracing::trace!(alert.channel = channel, ?until, "channel {channel} waits");
                    return Ok(());
                }
                Next::Held => return Ok(()),
            }
        }
    }

    /// Writes down what came of a message, while there is hope: else it is sent again.
    async fn tell(&self, channel: &str, tried: Tried, live: &Live) -> Result<Next> {
        let mut wait = Duration::from_millis(100);
        for _ in 1..WRITES {
            match self.note(channel, tried.clone(), live).await {
                Ok(next) => return Ok(next),
                Err(error) => tracing::warn!(%error, "what was sent is noted later: {error}"),
            }
            sleep(wait).await;
            wait = (wait * 2).min(Duration::from_secs(2));
        }
        self.note(channel, tried, live).await
    }

    /// Notes it, and takes the next message, unless the server stops.
    async fn note(&self, channel: &str, tried: Tried, live: &Live) -> Result<Next> {
        let channel = channel.to_owned();
        if live.is_stopped() {
            self.store.last_message(channel, tried).await?;
            return Ok(Next::Wait(None));
        }
        self.store.next_message(channel, Some(tried)).await
    }

    async fn send(&self, outgoing: Outgoing, live: &Live) -> Tried {
        let earlier = outgoing
            .alerts
            .first()
            .map(|alert| alert.delivery.recipients.clone());
        let earlier = earlier.unwrap_or_default();
        let handed = match self.hand(&outgoing, &earlier, live).await {
            Ok(handed) => handed,
            // It is marked as about to be sent, and has to be known as not sent.
            Err(error) => {
                tracing::warn!(%error, "an alert is sent later: {error}");
                Ok(Handed::put_off(
                    "what it tells could not be read from the database",
                ))
            }
        };
        let kind = outgoing.channel.content.address.word();
        let result = match &handed {
            Ok(handed) => word(&handed.verdict),
            Err(_) => "failed",
        };
        metrics::counter!("lampboard_alerts_total", "channel" => kind, "result" => result)
            .increment(outgoing.alerts.len().try_into().unwrap_or(u64::MAX));
        if result == "sent" {
            for alert in &outgoing.alerts {
                let waited = self.clock.now().duration_since(since(alert));
                metrics::histogram!("lampboard_alert_delay_seconds").record(waited.as_secs_f64());
            }
        }
        tried(outgoing, earlier, handed)
    }

    /// Hands a message to its channel. What can not even be tried is an error, for people.
    async fn hand(
        &self,
        outgoing: &Outgoing,
        earlier: &[RecipientOutcome],
        live: &Live,
    ) -> Result<Result<Handed, String>> {
        let Some(content) = self.content(&outgoing.alerts).await? else {
            return Ok(Err("its build was deleted".to_owned()));
        };
        let channel = &outgoing.channel;
        let addresses = match &channel.content.address {
            ChannelAddress::Email { addresses } => match Readers::of(channel, addresses, earlier) {
                Readers::Left(mut left) => {
                    // Each time with another one: who has the server hang holds up nobody.
                    let tries = outgoing.alerts.first().map(|it| it.delivery.attempt_count);
                    let tries = tries.and_then(|tries| usize::try_from(tries).ok());
                    let first = tries.unwrap_or_default() % left.len().max(1);
                    left.rotate_left(first);
                    left
                }
                Readers::Done => return Ok(Ok(Handed::sent(String::new()))),
                Readers::Nobody(why) => return Ok(Ok(Handed::refused(why, ChannelFault::Gone))),
            },
            _ => Vec::new(),
        };
        let (address, secret) = (&channel.content.address, outgoing.secret.as_deref());
        let target = match self
            .dispatch
            .target(&channel.id, address, secret, addresses)
        {
            Ok(target) => target,
            Err(problem) => return Ok(Ok(Handed::refused(problem, ChannelFault::Gone))),
        };
        let parcel = Parcel {
            id: outgoing.message_id.clone(),
            channel: channel.id.clone(),
            content,
            thread: (!outgoing.thread.is_empty()).then(|| outgoing.thread.clone()),
            possible_repeat: outgoing.possible_repeat,
        };
        let stops = || live.is_stopped();
        let handed = self.dispatch.hand(&target, &parcel, &stops).await;
        Ok(Ok(readers::judged(handed, earlier)))
    }

    /// What some alerts say. None if nothing is left to be said.
    async fn content(&self, alerts: &[Alert]) -> Result<Option<Content>> {
        if let [alert] = alerts {
            let message = self.store.message(alert).await?;
            return Ok(message.map(|message| Content::One(Box::new(message))));
        }
        let ids: Vec<_> = alerts.iter().map(|alert| alert.build).collect();
        let builds = self.store.builds_by_id(&ids).await?;
        let mut lines: Vec<Line> = alerts
            .iter()
            .filter_map(|alert| {
                let build = builds.get(&alert.build)?;
                let facts = &build.record.facts;
                Some(Line {
                    repository: build.repository.clone(),
                    workflow: facts.workflow.clone(),
                    branch: facts.branch_name().into_owned(),
                    kind: alert.kind,
                    build: alert.build.to_string(),
                })
            })
            .collect();
        lines.sort();
        Ok((!lines.is_empty()).then_some(Content::Digest(lines)))
    }
}

/// Since when an alert could have been sent.
fn since(alert: &Alert) -> jiff::Timestamp {
    match alert.state {
        AlertState::Pending { next_time } => next_time,
        _ => alert.create_time,
    }
}

fn word(verdict: &Verdict) -> &'static str {
    match verdict {
        Verdict::Sent => "sent",
        Verdict::Later { .. } => "later",
        Verdict::Refused { .. } => "failed",
    }
}

fn tried(
    outgoing: Outgoing,
    earlier: Vec<RecipientOutcome>,
    handed: Result<Handed, String>,
) -> Tried {
    let handed = match handed {
        Ok(handed) => handed,
        Err(error) => {
            return Tried {
                lease: outgoing.lease,
                message_id: outgoing.message_id,
                outcome: Outcome::Unsendable { error },
                answer: String::new(),
                thread: String::new(),
                recipients: earlier,
                left_out: Vec::new(),
            };
        }
    };
    let pause = match outgoing.channel.content.address {
        ChannelAddress::SlackWebhook { .. } | ChannelAddress::SlackBot { .. } => SLACK_PAUSE,
        _ => SignedDuration::ZERO,
    };
    let left_out = readers::gone(&handed);
    Tried {
        lease: outgoing.lease,
        message_id: outgoing.message_id,
        outcome: match handed.verdict {
            Verdict::Sent => Outcome::Sent { pause },
            Verdict::Later {
                error,
                after,
                back,
                may_be_there,
            } => Outcome::Later {
                error,
                asked: after,
                chance: chance(),
                back,
                may_be_there,
            },
            Verdict::Refused { error, channel } => Outcome::Refused {
                error,
                is_gone: channel == ChannelFault::Gone,
            },
        },
        answer: handed.answer,
        thread: handed.thread.unwrap_or_default(),
        recipients: recipients(earlier, handed.recipients),
        left_out,
    }
}

/// What became of a message for each recipient, by all tries.
fn recipients(
    earlier: Vec<RecipientOutcome>,
    now: Vec<super::provider::Recipient>,
) -> Vec<RecipientOutcome> {
    let mut all: BTreeMap<String, RecipientOutcome> = earlier
        .into_iter()
        .map(|it| (it.address.clone(), it))
        .collect();
    for recipient in now {
        let outcome = recipient_outcome(recipient);
        all.insert(outcome.address.clone(), outcome);
    }
    all.into_values().collect()
}

/// What became of a message for a recipient.
pub(crate) fn recipient_outcome(recipient: super::provider::Recipient) -> RecipientOutcome {
    RecipientOutcome {
        address: recipient.address,
        state: match recipient.verdict {
            Verdict::Sent => RecipientState::Sent,
            Verdict::Later { .. } => RecipientState::Pending,
            Verdict::Refused { .. } => RecipientState::Failed,
        },
        answer: recipient.answer,
    }
}

/// Between 0 and 1, so that not all senders come back at once.
fn chance() -> f64 {
    let mut random = [0; 4];
    match getrandom::fill(&mut random) {
        Ok(()) => f64::from(u32::from_le_bytes(random)) / f64::from(u32::MAX),
        Err(_) => 0.5,
    }
}
