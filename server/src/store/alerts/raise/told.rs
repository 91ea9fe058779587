//! What channels were told already, as far as that decides what they are told now.
//!
//! A branch may fail for years: of an incident only what is needed is read.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    super::super::{
        attempts,
        db::{Connection, Query, Row},
        sql,
    },
    Wanted,
};
use crate::{
    Result,
    model::{AlertKind, BuildId, Trigger},
};

/// What tells a failure. A second rule's alert counts, though another one said it.
const TELLS_FAILURE: &str = "a.incident_id <> '' AND a.kind IN ('failure', 'stays_red') \
     AND (a.state <> 'skipped' OR a.skip_reason = 'duplicate')";

/// What is to become of an alert.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Judged {
    New,
    /// This one tells the channel.
    Duplicate(String),
    FailureNotSent,
}

/// What channels were told already.
#[derive(Default)]
pub(super) struct Told {
    /// Of a build or, if it stays red, of an incident: by the alert.
    once: BTreeMap<(String, Subject), String>,
    /// Of an incident's failure, by rule and channel.
    failures: BTreeSet<(String, String, String)>,
    /// Whether one was sent or is about to be, by channel and incident.
    going: BTreeSet<(String, String)>,
    /// Whether one went wrong, in the same way.
    failed: BTreeSet<(String, String)>,
}

/// What a channel is told once.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Subject {
    Build(BuildId),
    Wait(BuildId),
    Red(String),
}

impl Subject {
    fn of(kind: AlertKind, build: BuildId, incident: &str) -> Self {
        match kind {
            AlertKind::Failure | AlertKind::Recovery | AlertKind::Slow => Self::Build(build),
            AlertKind::Queued => Self::Wait(build),
            AlertKind::StaysRed => Self::Red(incident.to_owned()),
        }
    }
}

impl Told {
    pub(super) async fn read(connection: &mut Connection, wanted: &[Wanted<'_>]) -> Result<Self> {
        let mut told = Self::default();
        told.read_builds(connection, wanted).await?;
        told.read_red(connection, wanted).await?;
        told.read_failures(connection, wanted).await?;
        told.read_changes(connection, wanted).await?;
        Ok(told)
    }

    /// What was said of the builds.
    async fn read_builds(
        &mut self,
        connection: &mut Connection,
        wanted: &[Wanted<'_>],
    ) -> Result<()> {
        let builds: BTreeSet<i64> = wanted.iter().map(|it| it.build.run.0).collect();
        let builds: Vec<i64> = builds.into_iter().collect();
        for chunk in sql::padded(&builds) {
            let mut query = select_said();
            query.push(" AND run_id IN (");
            sql::push_list(&mut query, &chunk);
            query.push(")");
            self.add_said(query.fetch_all(&mut *connection).await?)?;
        }
        Ok(())
    }

    /// Of which incidents it was said that they stay red.
    async fn read_red(&mut self, connection: &mut Connection, wanted: &[Wanted<'_>]) -> Result<()> {
        let incidents = incidents(wanted, |want| want.kind == AlertKind::StaysRed);
        for chunk in sql::padded(&incidents) {
            let mut query = select_said();
            query.push(" AND kind = 'stays_red' AND incident_id <> '' AND incident_id IN (");
            sql::push_list(&mut query, chunk.iter().copied());
            query.push(")");
            self.add_said(query.fetch_all(&mut *connection).await?)?;
        }
        Ok(())
    }

    fn add_said(&mut self, rows: Vec<Row>) -> Result<()> {
        for row in rows {
            let kind: &str = row.try_get("kind")?;
            let Some(kind) = AlertKind::ALL.into_iter().find(|it| it.word() == kind) else {
                continue;
            };
            let subject = Subject::of(kind, attempts::read(&row)?, row.try_get("incident_id")?);
            let key = (row.try_get("channel_id")?, subject);
            self.once.insert(key, row.try_get("id")?);
        }
        Ok(())
    }

    /// Who was told of the failures that are over.
    async fn read_failures(
        &mut self,
        connection: &mut Connection,
        wanted: &[Wanted<'_>],
    ) -> Result<()> {
        let incidents = incidents(wanted, |want| want.kind == AlertKind::Recovery);
        for chunk in sql::padded(&incidents) {
            let mut query = Query::new(
                "SELECT a.rule_id, a.channel_id, a.incident_id, a.state FROM alert a WHERE ",
            );
            query.push(TELLS_FAILURE);
            query.push(" AND a.incident_id IN (");
            sql::push_list(&mut query, chunk.iter().copied());
            query.push(") GROUP BY a.rule_id, a.channel_id, a.incident_id, a.state");
            for row in query.fetch_all(&mut *connection).await? {
                let channel: String = row.try_get("channel_id")?;
                let incident: String = row.try_get("incident_id")?;
                let of_channel = (channel.clone(), incident.clone());
                match row.try_get("state")? {
                    "failed" => self.failed.insert(of_channel),
                    "pending" | "sent" => self.going.insert(of_channel),
                    _ => false,
                };
                self.failures
                    .insert((row.try_get("rule_id")?, channel, incident));
            }
        }
        Ok(())
    }

    /// Who was told of failures that go on, of those that are to be told once.
    async fn read_changes(
        &mut self,
        connection: &mut Connection,
        wanted: &[Wanted<'_>],
    ) -> Result<()> {
        let mut changes = BTreeSet::new();
        for want in wanted.iter().filter(|want| is_told_once(want)) {
            for channel in &want.rule.content.channels {
                changes.insert(key(want, channel));
            }
        }
        let changes: Vec<_> = changes.into_iter().collect();
        for chunk in sql::padded(&changes) {
            for row in select_changes(&chunk).fetch_all(&mut *connection).await? {
                let place: i64 = row.try_get("place")?;
                let change = usize::try_from(place).ok().and_then(|it| chunk.get(it));
                self.failures.extend(change.cloned());
            }
        }
        Ok(())
    }

    /// What becomes of an alert. None: it is not even noted.
    pub(super) fn judge(&self, want: &Wanted<'_>, channel: &str) -> Option<Judged> {
        let was_told = self.failures.contains(&key(want, channel));
        if (want.kind == AlertKind::Recovery && !was_told) || (is_told_once(want) && was_told) {
            return None;
        }
        let subject = Subject::of(want.kind, want.build, &want.incident);
        if let Some(first) = self.once.get(&(channel.to_owned(), subject)) {
            return Some(Judged::Duplicate(first.clone()));
        }
        let of_channel = (channel.to_owned(), want.incident.clone());
        let not_sent = self.failed.contains(&of_channel) && !self.going.contains(&of_channel);
        if want.kind == AlertKind::Recovery && not_sent {
            return Some(Judged::FailureNotSent);
        }
        Some(Judged::New)
    }

    pub(super) fn note(&mut self, want: &Wanted<'_>, channel: &str, id: &str, judged: &Judged) {
        let tells_failure = want.kind == AlertKind::Failure;
        if *judged == Judged::New {
            let subject = Subject::of(want.kind, want.build, &want.incident);
            self.once
                .insert((channel.to_owned(), subject), id.to_owned());
            if tells_failure {
                self.going
                    .insert((channel.to_owned(), want.incident.clone()));
            }
        }
        if tells_failure {
            self.failures.insert(key(want, channel));
        }
    }
}

/// Whether it is a failure that a rule tells once until it is over.
fn is_told_once(want: &Wanted<'_>) -> bool {
    let is_change = matches!(want.rule.content.trigger, Trigger::Change { .. });
    want.kind == AlertKind::Failure && is_change
}

/// A rule's failure of an incident, for a channel.
fn key(want: &Wanted<'_>, channel: &str) -> (String, String, String) {
    (
        want.rule.id.clone(),
        channel.to_owned(),
        want.incident.clone(),
    )
}

/// The incidents of some of what is wanted.
fn incidents<'a>(
    wanted: &'a [Wanted<'_>],
    is_one: impl Fn(&Wanted<'_>) -> bool,
) -> Vec<&'a String> {
    let wanted = wanted.iter().filter(|want| is_one(want));
    let incidents: BTreeSet<&String> = wanted.map(|want| &want.incident).collect();
    incidents.into_iter().filter(|id| !id.is_empty()).collect()
}

fn select_said() -> Query {
    Query::new(
        "SELECT id, channel_id, run_id, run_attempt, repository_id, incident_id, kind \
         FROM alert WHERE state <> 'skipped'",
    )
}

/// Which of some failures were told, by their places in the list. Each is looked for alone:
/// what is told once is found early among all that was told of its incident.
fn select_changes(changes: &[(String, String, String)]) -> Query {
    let mut query = Query::new("SELECT k.column1 AS place FROM (");
    query.push_values(changes.iter().enumerate(), |mut row, (place, change)| {
        let (rule, channel, incident) = change.clone();
        row.push_bind(i64::try_from(place).unwrap_or_default())
            .push_bind(rule)
            .push_bind(channel)
            .push_bind(incident);
    });
    query.push(
        ") AS k WHERE EXISTS (SELECT 1 FROM alert a WHERE a.incident_id = k.column4 \
            AND a.rule_id = k.column2 AND a.channel_id = k.column3 AND ",
    );
    query.push(TELLS_FAILURE).push(")");
    query
}
