//! Rules: set by people, read by every commit that decides something.

use futures_util::FutureExt as _;
use jiff::Timestamp;

use super::{
    super::{
        Store,
        db::{self, Connection, Executor, Query, Row},
        rows, sql,
    },
    Ids, from_json, to_json,
};
use crate::{
    Error, Result,
    model::{AlertRule, RuleContent},
};

/// How many there may be: each is looked at for every build that ends.
const MOST: i64 = 1000;

impl Store {
    /// Lists the rules by name.
    pub(crate) async fn alert_rules(&self) -> Result<Vec<AlertRule>> {
        let mut rules = all(&self.readers, false).await?;
        // Here and not in SQL: the two databases order texts differently.
        rules.sort_by(|a, b| {
            (&a.content.display_name, &a.id).cmp(&(&b.content.display_name, &b.id))
        });
        Ok(rules)
    }

    /// Finds a rule.
    pub(crate) async fn alert_rule(&self, id: &str) -> Result<Option<AlertRule>> {
        find(&self.readers, id).await
    }

    /// Creates a rule. Its channels must be there.
    pub(crate) async fn create_alert_rule(&self, content: RuleContent) -> Result<AlertRule> {
        self.write(move |connection, now| create(connection, content, now).boxed())
            .await
    }

    /// Changes a rule of a version, or of any.
    pub(crate) async fn update_alert_rule(
        &self,
        id: String,
        version: Option<i64>,
        content: RuleContent,
    ) -> Result<AlertRule> {
        self.write(move |connection, now| {
            async move {
                let rule = require(connection, &id, version).await?;
                require_channels(connection, &content).await?;
                let rule = AlertRule {
                    content,
                    version: rule.version + 1,
                    update_time: now,
                    ..rule
                };
                write(connection, &rule).await?;
                Ok(rule)
            }
            .boxed()
        })
        .await
    }

    /// Deletes a rule of a version, or of any.
    pub(crate) async fn delete_alert_rule(&self, id: String, version: Option<i64>) -> Result<()> {
        self.write(move |connection, _| {
            async move {
                require(connection, &id, version).await?;
                let delete = db::query("DELETE FROM alert_rule WHERE id = $1").bind(id);
                delete.execute(connection).await?;
                Ok(())
            }
            .boxed()
        })
        .await
    }
}

/// The rules that are not ignored, the oldest first.
pub(super) async fn enabled(connection: &mut Connection) -> Result<Vec<AlertRule>> {
    let mut rules = all(connection, true).await?;
    rules.sort_by(|a, b| a.id.cmp(&b.id));
    Ok(rules)
}

/// Takes a channel out of all rules. Those that tell nobody any more are disabled: what they say
/// is worth another channel.
pub(super) async fn leave_out(
    connection: &mut Connection,
    channel: &str,
    now: Timestamp,
) -> Result<()> {
    for mut rule in all(&mut *connection, false).await? {
        let before = rule.content.channels.len();
        rule.content.channels.retain(|id| id != channel);
        if rule.content.channels.len() < before {
            rule.content.disabled |= rule.content.channels.is_empty();
            rule.version += 1;
            rule.update_time = now;
            write(connection, &rule).await?;
        }
    }
    Ok(())
}

async fn create(
    connection: &mut Connection,
    content: RuleContent,
    now: Timestamp,
) -> Result<AlertRule> {
    let count = db::query("SELECT COUNT(*) FROM alert_rule");
    if count
        .fetch_one(&mut *connection)
        .await?
        .try_get::<i64, _>(0)?
        >= MOST
    {
        return Err(Error::Precondition(
            "there are 1000 rules already: delete one first",
        ));
    }
    require_channels(connection, &content).await?;
    let rule = AlertRule {
        id: Ids::at(now).next()?,
        content,
        version: 1,
        create_time: now,
        update_time: now,
    };
    write(connection, &rule).await?;
    Ok(rule)
}

async fn require(connection: &mut Connection, id: &str, version: Option<i64>) -> Result<AlertRule> {
    let rule = find(connection, id).await?.ok_or(Error::NotFound("rule"))?;
    if version.is_some_and(|version| version != rule.version) {
        return Err(Error::Aborted(
            "the rule was changed meanwhile: get it again",
        ));
    }
    Ok(rule)
}

async fn require_channels(connection: &mut Connection, content: &RuleContent) -> Result<()> {
    let mut query = Query::new("SELECT id FROM alert_channel WHERE id IN (");
    sql::push_list(&mut query, &content.channels);
    query.push(")");
    let mut known = Vec::new();
    for row in query.fetch_all(connection).await? {
        known.push(row.try_get::<String, _>("id")?);
    }
    let unknown = content.channels.iter().position(|id| !known.contains(id));
    match unknown {
        Some(place) => {
            let field = format!("rule.channel_ids[{place}]");
            Err(Error::invalid(field, "there is no such channel"))
        }
        None => Ok(()),
    }
}

async fn find(executor: impl Into<Executor<'_>>, id: &str) -> Result<Option<AlertRule>> {
    let mut query = select();
    query.push(" WHERE id = ").push_bind(id.to_owned());
    let row = query.fetch_optional(executor).await?;
    row.as_ref().map(read).transpose()
}

async fn all(executor: impl Into<Executor<'_>>, enabled_only: bool) -> Result<Vec<AlertRule>> {
    let mut query = select();
    if enabled_only {
        query.push(" WHERE NOT disabled");
    }
    let rows = query.fetch_all(executor).await?;
    rows.iter().map(read).collect()
}

fn select() -> Query {
    Query::new("SELECT id, content, version, create_time, update_time FROM alert_rule")
}

fn read(row: &Row) -> Result<AlertRule> {
    let id: String = row.try_get("id")?;
    Ok(AlertRule {
        content: from_json(row.try_get("content")?, ("alert_rule", "content"), &id)?,
        version: row.try_get("version")?,
        create_time: rows::time(row, "alert_rule", "create_time", &id)?,
        update_time: rows::time(row, "alert_rule", "update_time", &id)?,
        id,
    })
}

async fn write(connection: &mut Connection, rule: &AlertRule) -> Result<()> {
    let columns = [
        "id",
        "content",
        "kind",
        "disabled",
        "version",
        "create_time",
        "update_time",
    ];
    let content = to_json(&rule.content)?;
    let mut query = sql::insert("alert_rule", &columns);
    query.push_values([rule], |mut row, rule| {
        row.push_bind(rule.id.clone())
            .push_bind(content.clone())
            .push_bind(rule.content.trigger.word())
            .push_bind(rule.content.disabled)
            .push_bind(rule.version)
            .push_bind(rule.create_time.as_microsecond())
            .push_bind(rule.update_time.as_microsecond());
    });
    sql::push_overwrite(&mut query, &["id"], &columns);
    query.execute(connection).await?;
    Ok(())
}
