//! What rules raised that were disabled or deleted since: it is not told any more.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use super::{
    super::{
        super::super::{
            db::{Connection, Query},
            sql,
        },
        ChannelLease,
    },
    Waiting, ids, tidy,
};
use crate::{Result, model::Alert};

impl Waiting {
    /// Skips what was never tried of rules that are not there any more, unless somebody retried
    /// it. What another rule wanted to tell, too, is told for that one.
    pub(super) async fn skip_silenced(
        &mut self,
        connection: &mut Connection,
        lease: &ChannelLease,
        now: Timestamp,
    ) -> Result<()> {
        let (kept, silenced): (Vec<_>, Vec<_>) = std::mem::take(&mut self.due)
            .into_iter()
            .partition(|alert| {
                self.rules.contains_key(&alert.rule.id) || !alert.delivery.error.is_empty()
            });
        self.due = kept;
        tidy::skip(connection, &silenced, "rule_gone").await?;
        for (first, duplicates) in self.duplicates(connection, lease, &silenced).await? {
            let Some((heir, others)) = duplicates.split_first() else {
                continue;
            };
            let mut query = Query::new(
                "UPDATE alert SET state = 'pending', skip_reason = '', first_alert_id = '', \
                 next_time = ",
            );
            query.push_bind(now.as_microsecond());
            query.push(" WHERE id = ").push_bind(heir.clone());
            query.execute(&mut *connection).await?;
            tracing::debug!(
                alert.first = first,
                alert.heir = heir,
                "another rule tells it"
            );
            for chunk in sql::padded(others) {
                let mut query = Query::new("UPDATE alert SET first_alert_id = ");
                query.push_bind(heir.clone()).push(" WHERE id IN (");
                sql::push_list(&mut query, &chunk);
                query.push(")");
                query.execute(&mut *connection).await?;
            }
        }
        Ok(())
    }

    /// Those of other rules that some alerts spoke for, by these.
    async fn duplicates(
        &self,
        connection: &mut Connection,
        lease: &ChannelLease,
        firsts: &[Alert],
    ) -> Result<BTreeMap<String, Vec<String>>> {
        let of_firsts: BTreeSet<&String> = ids(firsts).into_iter().collect();
        let runs: BTreeSet<i64> = firsts.iter().map(|alert| alert.build.run.0).collect();
        let runs: Vec<i64> = runs.into_iter().collect();
        let mut found: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for chunk in sql::padded(&runs) {
            let mut query = Query::new(
                "SELECT id, first_alert_id, rule_id FROM alert \
                 WHERE skip_reason = 'duplicate' AND channel_id = ",
            );
            query.push_bind(lease.channel.clone());
            query.push(" AND run_id IN (");
            sql::push_list(&mut query, &chunk);
            query.push(")");
            for row in query.fetch_all(&mut *connection).await? {
                let first: String = row.try_get("first_alert_id")?;
                let rule: String = row.try_get("rule_id")?;
                if of_firsts.contains(&first) && self.rules.contains_key(&rule) {
                    found.entry(first).or_default().push(row.try_get("id")?);
                }
            }
        }
        for duplicates in found.values_mut() {
            duplicates.sort();
        }
        Ok(found)
    }
}
