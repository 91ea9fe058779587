//! What waited for too long for a channel that is not sent to.

use futures_util::FutureExt as _;
use jiff::Timestamp;

use super::{
    super::super::{
        Store,
        db::{Connection, Query},
    },
    HORIZON,
};
use crate::Result;

impl Store {
    /// Gives up what has waited for a day; says for how many alerts of each kind of channel.
    pub(crate) async fn give_up_old(&self, now: Timestamp) -> Result<Vec<(String, i64)>> {
        // Most of the time there is nothing, and nobody is held up for that.
        if count(now).fetch_all(&self.readers).await?.is_empty() {
            return Ok(Vec::new());
        }
        self.write(|connection, now| give_up(connection, now).boxed())
            .await
    }
}

async fn give_up(connection: &mut Connection, now: Timestamp) -> Result<Vec<(String, i64)>> {
    let mut given_up = Vec::new();
    for row in count(now).fetch_all(&mut *connection).await? {
        given_up.push((row.try_get("kind")?, row.try_get("alerts")?));
    }
    let mut query = Query::new(
        "UPDATE alert SET state = 'failed', next_time = NULL,
                error = 'given up after 24 hours; ' || CASE WHEN error <> '' THEN error
                    ELSE (SELECT c.pause_reason FROM alert_channel c WHERE c.id = channel_id) END
         WHERE id IN (SELECT a.id ",
    );
    push_old(&mut query, now);
    query.push(")");
    query.execute(connection).await?;
    Ok(given_up)
}

fn count(now: Timestamp) -> Query {
    let mut query = Query::new("SELECT c.kind, COUNT(*) AS alerts ");
    push_old(&mut query, now);
    query.push(" GROUP BY c.kind ORDER BY c.kind");
    query
}

/// What is not being sent, and was to be sent a day ago.
fn push_old(query: &mut Query, now: Timestamp) {
    let old = now.checked_sub(HORIZON).unwrap_or(Timestamp::MIN);
    query.push(
        "FROM alert_channel c CROSS JOIN alert a WHERE a.channel_id = c.id \
         AND a.state = 'pending' AND a.claim IS NULL AND c.lease_until <= ",
    );
    query.push_bind(now.as_microsecond());
    for column in [" AND a.next_time < ", " AND a.create_time < "] {
        query.push(column).push_bind(old.as_microsecond());
    }
}
