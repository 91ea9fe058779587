//! Channels: set by people, and how sending to them goes.

mod left_out;

use futures_util::FutureExt as _;
use jiff::Timestamp;

use super::{
    super::{
        Store,
        db::{self, Connection, Executor, Query, Row},
        rows, sql,
    },
    Ids, from_json,
    outbox::refused,
    rules, to_json,
};
use crate::{
    Error, Result,
    model::{AlertChannel, ChannelContent, LeftOut, Pause},
};

pub(super) use left_out::leave_out;
use left_out::take_in_again;

/// How many there may be.
const MOST: i64 = 1000;

const COLUMNS: [&str; 9] = [
    "id",
    "display_name",
    "kind",
    "target",
    "disabled",
    "holds",
    "version",
    "create_time",
    "update_time",
];

/// Seals a secret for the channel with this id.
pub(crate) type Seal = Box<dyn FnOnce(&str) -> Result<Vec<u8>> + Send>;

impl Store {
    /// Lists the channels by name.
    pub(crate) async fn alert_channels(&self) -> Result<Vec<AlertChannel>> {
        let mut channels = find(&self.readers, None).await?;
        // Here and not in SQL: the two databases order texts differently.
        channels.sort_by(|a, b| {
            (&a.content.display_name, &a.id).cmp(&(&b.content.display_name, &b.id))
        });
        Ok(channels)
    }

    /// Finds a channel.
    pub(crate) async fn alert_channel(&self, id: &str) -> Result<Option<AlertChannel>> {
        Ok(find(&self.readers, Some(id)).await?.pop())
    }

    /// The sealed secret of a channel, if it has one.
    pub(crate) async fn channel_secret(&self, id: &str) -> Result<Option<Vec<u8>>> {
        secret(&self.readers, id).await
    }

    /// Whether any channel has a sealed secret.
    pub(crate) async fn has_secrets(&self) -> Result<bool> {
        let query = db::query("SELECT 1 FROM alert_channel WHERE secret IS NOT NULL LIMIT 1");
        Ok(query.fetch_optional(&self.readers).await?.is_some())
    }

    /// Creates a channel.
    pub(crate) async fn create_alert_channel(
        &self,
        content: ChannelContent,
        seal: Option<Seal>,
    ) -> Result<AlertChannel> {
        self.write(move |connection, now| create(connection, content, seal, now).boxed())
            .await
    }

    /// Changes a channel of a version, or of any. That ends its pause, but for one that ends
    /// by itself: that one only if the channel leads elsewhere now.
    pub(crate) async fn update_alert_channel(
        &self,
        id: String,
        version: Option<i64>,
        content: ChannelContent,
        seal: Option<Seal>,
    ) -> Result<AlertChannel> {
        self.write(move |connection, now| {
            async move {
                let channel = require(connection, &id, version).await?;
                if content.disabled {
                    skip_all(connection, &id).await?;
                }
                let is_moved = seal.is_some() || content.address != channel.content.address;
                let channel = AlertChannel {
                    content,
                    version: channel.version + 1,
                    update_time: now,
                    ..channel
                };
                write(connection, &channel, seal).await?;
                take_in_again(connection, &channel).await?;
                if is_moved {
                    go_on(connection, &id).await?;
                } else {
                    see_to(connection, &id).await?;
                }
                require(connection, &id, None).await
            }
            .boxed()
        })
        .await
    }

    /// Deletes a channel of a version, or of any, from rules too.
    pub(crate) async fn delete_alert_channel(
        &self,
        id: String,
        version: Option<i64>,
    ) -> Result<()> {
        self.write(move |connection, now| {
            async move {
                require(connection, &id, version).await?;
                rules::leave_out(connection, &id, now).await?;
                skip_all(connection, &id).await?;
                for statement in [
                    "DELETE FROM alert_recipient WHERE channel_id = $1",
                    "DELETE FROM alert_channel WHERE id = $1",
                ] {
                    let delete = db::query(statement).bind(id.clone());
                    delete.execute(&mut *connection).await?;
                }
                Ok(())
            }
            .boxed()
        })
        .await
    }

    /// Ends the pause of a channel.
    pub(crate) async fn end_pause(&self, id: String) -> Result<()> {
        self.write(move |connection, _| async move { go_on(connection, &id).await }.boxed())
            .await
    }

    /// Sends to those again who were refused and then got something.
    pub(crate) async fn take_in(&self, id: String, addresses: Vec<String>) -> Result<()> {
        self.write(move |connection, _| {
            async move {
                let in_lower_case = |it: &String| it.to_ascii_lowercase();
                let addresses: Vec<String> = addresses.iter().map(in_lower_case).collect();
                let mut query = Query::new("DELETE FROM alert_recipient WHERE channel_id = ");
                query.push_bind(id);
                query.push(" AND state = 'refused' AND LOWER(address) IN (");
                sql::push_list(&mut query, &addresses);
                query.push(")");
                query.execute(connection).await?;
                Ok(())
            }
            .boxed()
        })
        .await
    }

    /// Leaves an address of a channel out from now on. Says whether the channel has it.
    pub(crate) async fn unsubscribe(&self, channel: String, address: String) -> Result<bool> {
        self.write(move |connection, now| {
            async move {
                let Some(_) = find(&mut *connection, Some(&channel)).await?.pop() else {
                    return Ok(false);
                };
                leave_out(connection, &channel, &address, ("unsubscribed", ""), now).await?;
                Ok(true)
            }
            .boxed()
        })
        .await
    }
}

pub(super) async fn secret(executor: impl Into<Executor<'_>>, id: &str) -> Result<Option<Vec<u8>>> {
    let query = db::query("SELECT secret FROM alert_channel WHERE id = $1").bind(id.to_owned());
    let row = query.fetch_optional(executor).await?;
    let secret = |row: Row| row.try_get::<Option<Vec<u8>>, _>("secret");
    Ok(row.map(secret).transpose()?.flatten())
}

/// Goes on with a channel that people saw to, and that leads where it led: not before the time
/// at which it would be tried anyway, which the provider may have asked for.
async fn see_to(connection: &mut Connection, id: &str) -> Result<()> {
    let waits = db::query("SELECT 1 FROM alert_channel WHERE id = $1 AND ready_time > 0")
        .bind(id.to_owned())
        .fetch_optional(&mut *connection)
        .await?;
    if waits.is_none() {
        return go_on(connection, id).await;
    }
    refused::waits(connection, id).await?;
    db::query("UPDATE alert_channel SET refusal_count = 0 WHERE id = $1")
        .bind(id.to_owned())
        .execute(connection)
        .await?;
    Ok(())
}

/// Forgets that sending went wrong. What was refused last is tried again.
async fn go_on(connection: &mut Connection, id: &str) -> Result<()> {
    refused::waits(connection, id).await?;
    db::query(
        "UPDATE alert_channel SET pause_reason = '', pause_time = NULL, ready_time = 0,
                failure_count = 0, refusal_count = 0 WHERE id = $1",
    )
    .bind(id.to_owned())
    .execute(connection)
    .await?;
    Ok(())
}

/// Skips what waits for a channel that is not told any more.
async fn skip_all(connection: &mut Connection, id: &str) -> Result<()> {
    db::query(
        "UPDATE alert SET state = 'skipped', skip_reason = 'channel_gone', next_time = NULL,
                claim = NULL WHERE state = 'pending' AND channel_id = $1",
    )
    .bind(id.to_owned())
    .execute(connection)
    .await?;
    Ok(())
}

async fn create(
    connection: &mut Connection,
    content: ChannelContent,
    seal: Option<Seal>,
    now: Timestamp,
) -> Result<AlertChannel> {
    let count = db::query("SELECT COUNT(*) FROM alert_channel");
    if count
        .fetch_one(&mut *connection)
        .await?
        .try_get::<i64, _>(0)?
        >= MOST
    {
        return Err(Error::Precondition(
            "there are 1000 channels already: delete one first",
        ));
    }
    let channel = AlertChannel {
        id: Ids::at(now).next()?,
        content,
        pause: None,
        pending_count: 0,
        left_out: Vec::new(),
        version: 1,
        create_time: now,
        update_time: now,
    };
    write(connection, &channel, seal).await?;
    Ok(channel)
}

async fn require(
    connection: &mut Connection,
    id: &str,
    version: Option<i64>,
) -> Result<AlertChannel> {
    let found = find(connection, Some(id)).await?.pop();
    let channel = found.ok_or(Error::NotFound("channel"))?;
    if version.is_some_and(|version| version != channel.version) {
        return Err(Error::Aborted(
            "the channel was changed meanwhile: get it again",
        ));
    }
    Ok(channel)
}

/// Writes a channel, and its secret if that is a new one.
async fn write(
    connection: &mut Connection,
    channel: &AlertChannel,
    seal: Option<Seal>,
) -> Result<()> {
    let target = to_json(&channel.content.address)?;
    let mut query = sql::insert("alert_channel", &COLUMNS);
    query.push_values([channel], |mut row, channel| {
        row.push_bind(channel.id.clone())
            .push_bind(channel.content.display_name.clone())
            .push_bind(channel.content.address.word())
            .push_bind(target.clone())
            .push_bind(channel.content.disabled)
            .push_bind(channel.content.holds)
            .push_bind(channel.version)
            .push_bind(channel.create_time.as_microsecond())
            .push_bind(channel.update_time.as_microsecond());
    });
    sql::push_overwrite(&mut query, &["id"], &COLUMNS);
    query.execute(&mut *connection).await?;
    if let Some(seal) = seal {
        db::query("UPDATE alert_channel SET secret = $1 WHERE id = $2")
            .bind(seal(&channel.id)?)
            .bind(channel.id.clone())
            .execute(connection)
            .await?;
    }
    Ok(())
}

/// Finds a channel, or all.
pub(super) async fn find(
    executor: impl Into<Executor<'_>>,
    id: Option<&str>,
) -> Result<Vec<AlertChannel>> {
    let mut executor = executor.into();
    let mut query = Query::new(
        "SELECT id, display_name, target, disabled, holds, version, create_time, update_time, \
                pause_reason, pause_time, ready_time, \
                (SELECT COUNT(*) FROM alert a WHERE a.channel_id = c.id AND a.state = 'pending') \
                AS pending_count FROM alert_channel c",
    );
    let mut left_out =
        Query::new("SELECT channel_id, address, state, answer, update_time FROM alert_recipient");
    if let Some(id) = id {
        query.push(" WHERE id = ").push_bind(id.to_owned());
        left_out
            .push(" WHERE channel_id = ")
            .push_bind(id.to_owned());
    }
    let rows = query.fetch_all(executor.again()).await?;
    let mut channels = rows.iter().map(read).collect::<Result<Vec<_>>>()?;
    for row in left_out.fetch_all(executor.again()).await? {
        let id: &str = row.try_get("channel_id")?;
        if let Some(channel) = channels.iter_mut().find(|channel| channel.id == id) {
            channel.left_out.push(read_left_out(&row)?);
        }
    }
    Ok(channels)
}

fn read(row: &Row) -> Result<AlertChannel> {
    let id: String = row.try_get("id")?;
    let at = |column| rows::time(row, "alert_channel", column, &id);
    let maybe_at = |column| rows::maybe_time(row, "alert_channel", column, &id);
    let pause = match maybe_at("pause_time")? {
        Some(start_time) => Some(Pause {
            reason: row.try_get("pause_reason")?,
            start_time,
            end_time: maybe_at("ready_time")?,
        }),
        None => None,
    };
    Ok(AlertChannel {
        content: ChannelContent {
            display_name: row.try_get("display_name")?,
            address: from_json(row.try_get("target")?, ("alert_channel", "target"), &id)?,
            disabled: row.try_get("disabled")?,
            holds: row.try_get("holds")?,
        },
        pause,
        pending_count: row.try_get("pending_count")?,
        left_out: Vec::new(),
        version: row.try_get("version")?,
        create_time: at("create_time")?,
        update_time: at("update_time")?,
        id,
    })
}

fn read_left_out(row: &Row) -> Result<LeftOut> {
    let address: String = row.try_get("address")?;
    let state: &str = row.try_get("state")?;
    Ok(LeftOut {
        unsubscribed: state == "unsubscribed",
        answer: row.try_get("answer")?,
        update_time: rows::time(row, "alert_recipient", "update_time", &address)?,
        address,
    })
}
