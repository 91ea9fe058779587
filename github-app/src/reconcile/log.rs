//! Reads GitHub's log of deliveries: which ones no attempt got through.

use std::collections::{HashMap, HashSet};

use jiff::{SignedDuration, Timestamp};
use lampboard_proto::v1::{
    GetDeliveryCursorRequest, MissedDelivery, RecordMissedDeliveriesRequest, Repository,
    StartBackfillRequest,
};
use tonic::Code;

use super::{RERUN_SPAN, Reconciler, Round};
use crate::{
    github::{Deliveries, Delivery},
    leases::WHOLE_APP,
    server,
    time::{after, before, from_proto, timestamp},
    trouble::Trouble,
};

/// For how long GitHub keeps its log. GitHub Enterprise Server keeps it longer.
const KEPT: SignedDuration = SignedDuration::from_hours(3 * 24);
/// How much of the log is read again, because deliveries that were throttled or
/// slow may appear late.
const OVERLAP: SignedDuration = SignedDuration::from_mins(2);

impl Reconciler {
    /// After an outage that GitHub's log does not reach back to, only the lists of
    /// runs can tell, of everything that may have been run again since.
    pub(super) async fn look_after_outage(&self, round: &mut Round<'_>) -> Result<(), Trouble> {
        if !self.app.leases.holds(WHOLE_APP) {
            return Ok(());
        }
        let Some(until) = self.examined_until().await? else {
            return Ok(());
        };
        if before(round.start, KEPT) <= until {
            return Ok(());
        }
        tracing::warn!(
            "GitHub's log of deliveries does not reach back to {until}, when it was last read: \
             loading the history of every repository"
        );
        // What is older than the log is dealt with then, by whoever holds what.
        let request = RecordMissedDeliveriesRequest {
            examined_until_time: Some(timestamp(before(round.start, KEPT))),
            history_since_time: Some(timestamp(before(until, RERUN_SPAN))),
            ..RecordMissedDeliveriesRequest::default()
        };
        self.record_part(request).await
    }

    /// Records every delivery that failed since the log was last read.
    pub(super) async fn read_log(&mut self, round: &mut Round<'_>) -> Result<(), Trouble> {
        // A long log is read in several rounds. Half of it says nothing: without
        // all of it, nobody knows which GUIDs got through in the end.
        let mut log = match self.log.take() {
            Some(log) => log,
            None => Log::since(self.log_start(round.start).await?),
        };
        while !log.is_read {
            if !round.may_ask() {
                self.log = Some(log);
                return Ok(());
            }
            let page = round.fetch.github.deliveries(log.cursor.as_deref()).await?;
            log.read(page);
        }
        // By GitHub's clock, which is that of its log.
        let offset = round.fetch.github.clock_offset().unwrap_or_default();
        let read_until = Some(after(round.start, offset)).max(log.newest);
        let missed = log.missed();
        for delivery in &missed {
            self.due.hurry(delivery.repository_id);
        }
        self.record(missed, read_until.unwrap_or(round.start)).await
    }

    async fn log_start(&self, now: Timestamp) -> Result<Timestamp, Trouble> {
        let until = self.examined_until().await?;
        Ok(until.map_or_else(|| before(now, KEPT), |until| before(until, OVERLAP)))
    }

    /// Until when everything was examined, by the log or by lists.
    pub(super) async fn examined_until(&self) -> Result<Option<Timestamp>, Trouble> {
        let mut client = self.app.server.app.clone();
        let request = GetDeliveryCursorRequest {};
        let cursor = server::patiently(client.get_delivery_cursor(request)).await?;
        Ok(cursor.examined_until_time.and_then(from_proto))
    }

    /// Loads what lists do not reach. A repository that nobody sees any more needs
    /// none.
    pub(super) async fn start_backfill(
        &self,
        repository: &Repository,
        since: Timestamp,
    ) -> Result<(), Trouble> {
        let request = StartBackfillRequest {
            repository: repository.name.clone(),
            since_time: Some(timestamp(since)),
        };
        let mut client = self.app.server.system.clone();
        match server::patiently(client.start_backfill(request)).await {
            Err(status) if status.code() == Code::NotFound => Ok(()),
            started => Ok(started.map(drop)?),
        }
    }

    /// Records what was missed, and until when everything was examined.
    pub(super) async fn record(
        &self,
        missed: Vec<MissedDelivery>,
        until: Timestamp,
    ) -> Result<(), Trouble> {
        // A long list goes in parts; the cursor moves with the last of them.
        let mut parts: Vec<_> = missed.chunks(10_000).map(<[_]>::to_vec).collect();
        let last = parts.pop().unwrap_or_default();
        let requests = parts.into_iter().map(|part| (part, None));
        for (deliveries, until) in requests.chain([(last, Some(until))]) {
            let request = RecordMissedDeliveriesRequest {
                deliveries,
                examined_until_time: until.map(timestamp),
                ..RecordMissedDeliveriesRequest::default()
            };
            self.record_part(request).await?;
        }
        Ok(())
    }

    async fn record_part(&self, request: RecordMissedDeliveriesRequest) -> Result<(), Trouble> {
        let request = RecordMissedDeliveriesRequest {
            // Without one, no lease has this number, and that is what is to be told.
            lease: self.app.leases.number(WHOLE_APP).unwrap_or(i64::MAX),
            ..request
        };
        let mut client = self.app.server.app.clone();
        server::patiently(client.record_missed_deliveries(request)).await?;
        Ok(())
    }
}

/// What was read of the log, the latest attempts first.
pub(super) struct Log {
    from: Timestamp,
    cursor: Option<String>,
    is_read: bool,
    newest: Option<Timestamp>,
    got_through: HashSet<String>,
    failed: HashMap<String, Delivery>,
}

impl Log {
    fn since(from: Timestamp) -> Self {
        Self {
            from,
            cursor: None,
            is_read: false,
            newest: None,
            got_through: HashSet::new(),
            failed: HashMap::new(),
        }
    }

    fn read(&mut self, page: Deliveries) {
        let from = Some(self.from);
        let reaches_back = page.items.iter().any(|it| it.delivered_at < from);
        for attempt in &page.items {
            self.note(attempt);
        }
        self.is_read = reaches_back || page.next_cursor.is_none();
        self.cursor = page.next_cursor;
    }

    fn note(&mut self, attempt: &Delivery) {
        self.newest = self.newest.max(attempt.delivered_at);
        let Some(guid) = attempt.guid.clone() else {
            return;
        };
        if attempt.is_taken() {
            self.got_through.insert(guid);
            return;
        }
        // Its payload can be had by any attempt; it happened when the first one
        // was made, which is the last one read.
        let first = self.failed.entry(guid).or_insert_with(|| attempt.clone());
        first.delivered_at = first.delivered_at.min(attempt.delivered_at);
    }

    fn missed(self) -> Vec<MissedDelivery> {
        let Self {
            from,
            got_through,
            failed,
            ..
        } = self;
        let failed = failed.into_iter();
        let failed = failed.filter(|(guid, _)| !got_through.contains(guid));
        let missed = failed.filter_map(|(guid, attempt)| {
            let time = attempt.delivered_at.filter(|time| *time >= from)?;
            Some(MissedDelivery {
                guid,
                delivery_id: attempt.id?,
                event: attempt.event.unwrap_or_default(),
                action: attempt.action.unwrap_or_default(),
                repository_id: attempt.repository_id.unwrap_or_default(),
                installation_id: attempt.installation_id.unwrap_or_default(),
                deliver_time: Some(timestamp(time)),
                problem: attempt.status.unwrap_or_default(),
            })
        });
        missed.collect()
    }
}
