//! Takes out of what waits what is not to be told, or not now.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};

use super::{
    super::{
        super::super::{
            db::{Connection, Query},
            sql,
        },
        ChannelLease, HORIZON,
    },
    Waiting, hold, ids, set, was_held,
};
use crate::{
    Result,
    model::{Alert, AlertChannel, AlertKind, AlertState, RepositoryId},
};

impl Waiting {
    /// Takes out what is too old, what is not shown any more, and what is to be quiet.
    pub(in super::super) async fn tidy(
        &mut self,
        connection: &mut Connection,
        channel: &AlertChannel,
        lease: &ChannelLease,
        now: Timestamp,
    ) -> Result<()> {
        self.give_up_old(connection, now).await?;
        self.skip_hidden(connection).await?;
        self.skip_silenced(connection, lease, now).await?;
        self.skip_over(connection, channel).await?;
        self.skip_untold(connection, channel).await?;
        self.keep_quiet(connection, now).await
    }

    async fn give_up_old(&mut self, connection: &mut Connection, now: Timestamp) -> Result<()> {
        let is_old = |alert: &Alert| {
            let since = match alert.state {
                AlertState::Pending { next_time } => next_time.max(alert.create_time),
                _ => alert.create_time,
            };
            now.duration_since(since) > HORIZON
        };
        let old = self.take_out(is_old);
        set(
            connection,
            &old,
            "state = 'failed', next_time = NULL, claim = NULL, \
             error = 'given up after 24 hours; ' || error",
        )
        .await
    }

    /// Whoever may see a channel must not read of what is not seen any more.
    async fn skip_hidden(&mut self, connection: &mut Connection) -> Result<()> {
        let repositories: BTreeSet<i64> = self.all().map(|it| it.build.repository.0).collect();
        let repositories: Vec<i64> = repositories.into_iter().collect();
        let mut hidden = BTreeSet::new();
        for chunk in sql::padded(&repositories) {
            let mut query =
                Query::new("SELECT id FROM repository WHERE hidden_time IS NOT NULL AND id IN (");
            sql::push_list(&mut query, &chunk);
            query.push(")");
            for row in query.fetch_all(&mut *connection).await? {
                hidden.insert(RepositoryId(row.try_get("id")?));
            }
        }
        let skipped = self.take_out(|alert| hidden.contains(&alert.build.repository));
        skip(connection, &skipped, "repository_hidden").await
    }

    /// What was held in quiet hours and is over: neither its beginning nor its end is told.
    /// What a limit put off is told all the same.
    async fn skip_over(
        &mut self,
        connection: &mut Connection,
        channel: &AlertChannel,
    ) -> Result<()> {
        let held = self
            .due
            .iter()
            .filter(|alert| self.was_quiet(alert) && !alert.incident.is_empty());
        let incidents: BTreeSet<&String> = held.map(|alert| &alert.incident).collect();
        let incidents: Vec<&String> = incidents.into_iter().collect();
        let mut over: BTreeSet<String> = BTreeSet::new();
        for chunk in sql::padded(&incidents) {
            let mut query =
                Query::new("SELECT id FROM incident WHERE resolve_time IS NOT NULL AND id IN (");
            sql::push_list(&mut query, chunk.iter().copied());
            // What the channel knows of is told to its end.
            query.push(
                ") AND NOT EXISTS (SELECT 1 FROM alert a WHERE a.incident_id = incident.id \
                   AND a.state = 'sent' AND a.incident_id <> '' AND a.channel_id = ",
            );
            query.push_bind(channel.id.clone());
            query.push(")");
            for row in query.fetch_all(&mut *connection).await? {
                over.insert(row.try_get("id")?);
            }
        }
        // A failure that is not held is about to be told, and its recovery after it.
        let told = self.due.iter().filter(|alert| !self.was_quiet(alert));
        for alert in told {
            over.remove(&alert.incident);
        }
        let skipped = self.take_out(|alert| over.contains(&alert.incident));
        skip(connection, &skipped, "over_while_quiet").await
    }

    /// A recovery is for whoever was told of the failure, and that may have been refused or
    /// given up since.
    async fn skip_untold(
        &mut self,
        connection: &mut Connection,
        channel: &AlertChannel,
    ) -> Result<()> {
        let recoveries = self.all().filter(|it| it.kind == AlertKind::Recovery);
        let incidents: BTreeSet<&String> = recoveries.map(|alert| &alert.incident).collect();
        let incidents: Vec<&String> = incidents.into_iter().collect();
        let mut untold: BTreeSet<String> = BTreeSet::new();
        for chunk in sql::padded(&incidents) {
            let mut query = Query::new("SELECT id FROM incident WHERE id IN (");
            sql::push_list(&mut query, chunk.iter().copied());
            query.push(")");
            for (exists, states) in [
                ("NOT EXISTS", "('pending', 'sent')"),
                ("EXISTS", "('failed')"),
            ] {
                query.push(" AND ").push(exists);
                query.push(" (SELECT 1 FROM alert a WHERE a.incident_id = incident.id ");
                query.push("AND a.incident_id <> '' AND a.kind IN ('failure', 'stays_red') ");
                query.push("AND a.state IN ").push(states);
                query.push(" AND a.channel_id = ");
                query.push_bind(channel.id.clone()).push(")");
            }
            for row in query.fetch_all(&mut *connection).await? {
                untold.insert(row.try_get("id")?);
            }
        }
        let skipped = self.take_out(|alert| {
            alert.kind == AlertKind::Recovery && untold.contains(&alert.incident)
        });
        skip(connection, &skipped, "failure_not_sent").await
    }

    /// Whether it was held until the end of quiet hours.
    fn was_quiet(&self, alert: &Alert) -> bool {
        let AlertState::Pending { next_time } = alert.state else {
            return false;
        };
        let rule = self.rules.get(&alert.rule.id);
        let quiet = rule.and_then(|rule| rule.content.quiet_hours.as_ref());
        let last = next_time.checked_sub(SignedDuration::from_micros(1)).ok();
        let end = quiet
            .zip(last)
            .and_then(|(quiet, last)| quiet.end_after(last));
        was_held(alert) && end == Some(next_time)
    }

    /// What is taken out of a message that was tried, and the rest of which is tried again,
    /// becomes a message of its own: who has seen that one must not take this one for it.
    async fn part(&self, connection: &mut Connection, taken: &[Alert]) -> Result<()> {
        let rest: BTreeSet<&String> = self
            .again
            .iter()
            .map(|it| &it.delivery.message_id)
            .collect();
        let parts = taken
            .iter()
            .filter(|it| rest.contains(&it.delivery.message_id));
        let parts: Vec<Alert> = parts.cloned().collect();
        set(connection, &parts, "message_id = ''").await
    }

    /// Rules may have been given quiet hours since.
    async fn keep_quiet(&mut self, connection: &mut Connection, now: Timestamp) -> Result<()> {
        let ends: BTreeMap<String, Timestamp> = self
            .rules
            .iter()
            .filter_map(|(id, rule)| {
                let quiet = rule.content.quiet_hours.as_ref()?;
                Some((id.clone(), quiet.end_after(now)?))
            })
            .collect();
        for (rule, end) in ends {
            let again = self.again.len();
            let quiet = self.take_out(|alert| alert.rule.id == rule);
            if self.again.len() < again {
                self.part(connection, &quiet).await?;
            }
            hold(connection, &quiet, end).await?;
        }
        Ok(())
    }
}

pub(super) async fn skip(
    connection: &mut Connection,
    alerts: &[Alert],
    reason: &'static str,
) -> Result<()> {
    for chunk in sql::padded(&ids(alerts)) {
        let mut query = Query::new(
            "UPDATE alert SET state = 'skipped', next_time = NULL, claim = NULL, skip_reason = ",
        );
        query.push_bind(reason);
        query.push(" WHERE id IN (");
        sql::push_list(&mut query, chunk.iter().copied());
        query.push(")");
        query.execute(&mut *connection).await?;
    }
    Ok(())
}
