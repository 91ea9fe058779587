//! Recovers webhooks that GitHub could not deliver: by their payload, or when there
//! are many, by the lists that say the same in fewer requests.

use lampboard_proto::v1::{
    CloseGapsRequest, Delivery, Gap, GapClosing, GapKind, ListGapsRequest, MissedDelivery,
    ReportSource,
};
use tokio::time::Instant;

use super::{Reconciler, Round, matching};
use crate::{
    event::Kind,
    intake::{self, Reading, Taken},
    leases::WHOLE_APP,
    server::{self, PATIENCE},
    trouble::Trouble,
};

/// Up to how many missed webhooks each payload is fetched. It says more than any
/// list, at the price of a request each.
const FEW: usize = 100;
/// The most gaps that the server names at a time.
const GAPS: usize = 1000;

impl Reconciler {
    /// Recovers what was missed, as far as the round may ask.
    pub(super) async fn recover(&mut self, round: &mut Round<'_>) -> Result<(), Trouble> {
        loop {
            let missed = self.missed().await?;
            let is_last = missed.len() < GAPS;
            let (closed, left) = if missed.len() <= FEW {
                (0, missed)
            } else {
                self.close_learnt(round, missed).await?
            };
            self.fetch_payloads(round, left).await?;
            // More may wait behind those that were closed.
            if is_last || closed == 0 {
                return Ok(());
            }
        }
    }

    async fn missed(&self) -> Result<Vec<MissedDelivery>, Trouble> {
        let installation_ids = self.app.leases.all();
        if installation_ids.is_empty() {
            return Ok(Vec::new());
        }
        let request = ListGapsRequest {
            kind: GapKind::Delivery.into(),
            limit: i32::try_from(GAPS).unwrap_or(i32::MAX),
            installation_ids,
            ..ListGapsRequest::default()
        };
        let mut client = self.app.server.app.clone();
        let gaps = server::patiently(client.list_gaps(request)).await?.gaps;
        Ok(gaps.into_iter().filter_map(|gap| gap.delivery).collect())
    }

    /// The gaps of one kind that the server knows, the most important first.
    pub(super) async fn gaps(
        &self,
        kind: GapKind,
        limit: usize,
        repository_ids: Vec<i64>,
    ) -> Result<Vec<Gap>, Trouble> {
        let request = ListGapsRequest {
            kind: kind.into(),
            limit: i32::try_from(limit).unwrap_or(i32::MAX),
            repository_ids,
            ..ListGapsRequest::default()
        };
        let mut client = self.app.server.app.clone();
        Ok(server::patiently(client.list_gaps(request)).await?.gaps)
    }

    /// Closes what this round's lists have told already, and says how much that was
    /// and what payloads are to be fetched of. Jobs are fetched with
    /// their builds, so that their webhooks say nothing more once those are known.
    async fn close_learnt(
        &mut self,
        round: &Round<'_>,
        missed: Vec<MissedDelivery>,
    ) -> Result<(usize, Vec<MissedDelivery>), Trouble> {
        let kind = |it: &MissedDelivery| Kind::named(&it.event);
        // What is not looked at, or is locked, has lists of its own to tell when it is
        // looked at again.
        let is_looked_at = |it: &MissedDelivery| {
            let (catalog, id) = (&self.app.catalog, it.installation_id);
            // Of what was gained a moment ago, GitHub is yet to say what it sees.
            let is_to_be_seen = self.app.leases.holds(id) && !catalog.knows(id);
            catalog.is_empty() || is_to_be_seen || catalog.repository(it.repository_id).is_some()
        };
        let is_of_builds =
            |it: &MissedDelivery| matches!(kind(it), Kind::WorkflowRun | Kind::WorkflowJob);
        let (unseen, missed): (Vec<_>, Vec<_>) = missed
            .into_iter()
            .partition(|it| is_of_builds(it) && !is_looked_at(it));
        let (listed, mut left): (Vec<_>, Vec<_>) = missed
            .into_iter()
            .partition(|it| round.listed.contains(&it.repository_id));
        let (jobs, others): (Vec<_>, Vec<_>) = listed
            .into_iter()
            .partition(|it| kind(it) == Kind::WorkflowJob);
        let (runs, others): (Vec<_>, Vec<_>) = others
            .into_iter()
            .partition(|it| kind(it) == Kind::WorkflowRun);
        let (explained, unexplained) = matching::explained(runs, &round.learnt);
        left.extend(unexplained);
        left.extend(others);
        let learnt = jobs.into_iter().chain(explained).chain(unseen);
        let learnt: Vec<_> = learnt.collect();
        let closed = learnt.len();
        self.close(learnt, GapClosing::Learnt).await?;
        // What is about repositories that are to be listed yet can wait for that.
        left.retain(|it| !is_of_builds(it) || round.listed.contains(&it.repository_id));
        Ok((closed, left))
    }

    async fn close(
        &self,
        deliveries: Vec<MissedDelivery>,
        closing: GapClosing,
    ) -> Result<(), Trouble> {
        let gap = |delivery| Gap {
            kind: GapKind::Delivery.into(),
            delivery: Some(delivery),
            ..Gap::default()
        };
        for part in deliveries.chunks(GAPS) {
            self.close_gaps(part.iter().cloned().map(gap).collect(), closing)
                .await?;
        }
        Ok(())
    }

    /// Closes gaps that no report will close.
    pub(super) async fn close_gaps(
        &self,
        gaps: Vec<Gap>,
        closing: GapClosing,
    ) -> Result<(), Trouble> {
        let request = CloseGapsRequest {
            gaps,
            closing: closing.into(),
        };
        let mut client = self.app.server.app.clone();
        server::patiently(client.close_gaps(request)).await?;
        Ok(())
    }

    /// What is about installations and repositories comes first: it says who may
    /// see what.
    async fn fetch_payloads(
        &self,
        round: &mut Round<'_>,
        mut missed: Vec<MissedDelivery>,
    ) -> Result<(), Trouble> {
        missed.sort_by_key(|it| {
            matches!(
                Kind::named(&it.event),
                Kind::WorkflowRun | Kind::WorkflowJob
            )
        });
        for delivery in missed {
            if !round.may_ask() {
                break;
            }
            match self.fetch_payload(round, &delivery).await {
                Err(trouble) if trouble.is_not_found() => {
                    self.close(vec![delivery], GapClosing::Lost).await?;
                }
                outcome => outcome?,
            }
        }
        Ok(())
    }

    async fn fetch_payload(
        &self,
        round: &mut Round<'_>,
        missed: &MissedDelivery,
    ) -> Result<(), Trouble> {
        let installation = missed.installation_id;
        let is_held = self.app.leases.holds(installation);
        // What is nobody's is the App's.
        let on_behalf_of = if is_held { installation } else { WHOLE_APP };
        let github = round.fetch.github.on_behalf_of(on_behalf_of);
        let detail = github.delivery(missed.delivery_id).await?;
        let payload = detail.payload.get().as_bytes().to_vec();
        let Reading::Event { action, contents } =
            intake::read(Kind::named(&missed.event), &payload)
        else {
            return self.close(vec![missed.clone()], GapClosing::Learnt).await;
        };
        let delivery = Delivery {
            guid: missed.guid.clone(),
            event: missed.event.clone(),
            action: action.to_owned(),
            receive_time: missed.deliver_time,
            payload: payload.into(),
            // GitHub tells of none when it is asked.
            ..Delivery::default()
        };
        let deadline = Instant::now() + PATIENCE;
        let source = ReportSource::Reconcile;
        let taken = self.app.take_in(contents, delivery, source, deadline);
        match taken.await? {
            Taken::Recorded(recorded) => round.changed_count += recorded.changed_builds.len(),
            Taken::Quarantined(_) => {}
            Taken::LeftOut => self.close(vec![missed.clone()], GapClosing::Learnt).await?,
        }
        Ok(())
    }
}
