//! What the builds of a commit decide: incidents opened and resolved, alerts raised.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};

use super::{
    super::{
        db::{Connection, Query},
        sql,
    },
    Ids, incidents, raise,
};
use crate::{
    Result,
    model::{
        Build, BuildId, BuildRecord, Edge, Incident, IncidentKey, Outcome, Place, RepositoryId,
        Standing, is_decisive, outcome,
    },
};

/// How long after its end a build is still told.
const HORIZON: SignedDuration = SignedDuration::from_hours(6);

/// The builds of a commit that were decided in it, and how their branches stood before.
pub(in crate::store) struct Decisions {
    /// The lowest first.
    decided: Vec<BuildRecord>,
    /// Where one was decided and is not any more: GitHub corrected itself.
    withdrawn: Vec<IncidentKey>,
    standings: BTreeMap<IncidentKey, Standing>,
}

impl Decisions {
    /// Looks how things stand, before builds that change are written.
    pub(in crate::store) async fn of<'a>(
        connection: &mut Connection,
        changed: impl Iterator<Item = (Option<&'a BuildRecord>, &'a BuildRecord)>,
    ) -> Result<Self> {
        let mut decided = Vec::new();
        let mut withdrawn = Vec::new();
        for (before, after) in changed {
            let was = before.and_then(outcome);
            if was == outcome(after) {
                continue;
            }
            if is_decisive(after) {
                decided.push(after.clone());
            } else if before.is_some_and(is_decisive) {
                withdrawn.push(incident_key(after));
            }
        }
        decided.sort_by_key(Place::of);
        let keys: BTreeSet<IncidentKey> = decided.iter().map(incident_key).collect();
        let keys: Vec<IncidentKey> = keys.into_iter().collect();
        let standings = incidents::standings(connection, &keys).await?;
        Ok(Self {
            decided,
            withdrawn,
            standings,
        })
    }

    /// Whether there is nothing to tell.
    pub(in crate::store) fn is_empty(&self) -> bool {
        self.decided.is_empty() && self.withdrawn.is_empty()
    }

    /// Tells what was decided, once the builds are written; says how many alerts that raised.
    ///
    /// `shown` gives a build as it is shown, if it is; `told` are those that GitHub told of
    /// by itself.
    pub(in crate::store) async fn tell(
        mut self,
        connection: &mut Connection,
        shown: impl Fn(&BuildRecord) -> Option<Build>,
        told: &BTreeSet<BuildId>,
        now: Timestamp,
    ) -> Result<usize> {
        let mut ids = Ids::at(now);
        let edges = self.edges(connection, &mut ids).await?;
        self.mend(connection, now).await?;
        let late = late(connection, &self.decided, told).await?;
        let horizon = now.checked_sub(HORIZON).unwrap_or(Timestamp::MIN);
        let is_news = |build: &BuildRecord| {
            build.end_time().is_some_and(|end| end >= horizon) && !late.contains(&build.id)
        };
        let news = self.decided.iter().filter(|build| is_news(build));
        let news: Vec<Build> = news.filter_map(shown).collect();
        raise::of_builds(connection, &news, &edges, &mut ids, now).await
    }

    /// Opens and resolves incidents.
    async fn edges(
        &mut self,
        connection: &mut Connection,
        ids: &mut Ids,
    ) -> Result<BTreeMap<BuildId, Edge>> {
        self.find_last_successes(connection).await?;
        let mut edges = BTreeMap::new();
        let mut changed: BTreeMap<String, Incident> = BTreeMap::new();
        for build in &self.decided {
            let Some(standing) = self.standings.get_mut(&incident_key(build)) else {
                continue;
            };
            let id = ids.next()?;
            let Some(edge) = standing.take(build, || id) else {
                continue;
            };
            if let Some(incident) = edge.incident() {
                changed.insert(incident.id.clone(), incident.clone());
            }
            edges.insert(build.id, edge);
        }
        let mut changed: Vec<Incident> = changed.into_values().collect();
        // What ends makes room for what begins: one is open of each.
        changed.sort_by_key(|incident| incident.resolve_time.is_none());
        incidents::write(connection, &changed).await?;
        Ok(edges)
    }

    /// Looks for what was green before, where something may be opened.
    async fn find_last_successes(&mut self, connection: &mut Connection) -> Result<()> {
        let mut first_failures: BTreeMap<IncidentKey, Place> = BTreeMap::new();
        for build in &self.decided {
            let key = incident_key(build);
            let standing = self.standings.get(&key);
            let is_closed = standing.is_some_and(|standing| standing.open.is_none());
            if is_closed && outcome(build) == Some(Outcome::Failure) {
                first_failures.entry(key).or_insert(Place::of(build));
            }
        }
        let first_failures = Vec::from_iter(first_failures);
        for (key, build) in incidents::last_successes(connection, &first_failures).await? {
            if let Some(standing) = self.standings.get_mut(&key) {
                standing.last_success = Some(build);
            }
        }
        Ok(())
    }

    /// Where a build that had decided was withdrawn, what is open may be over. Nobody is told.
    async fn mend(&self, connection: &mut Connection, now: Timestamp) -> Result<()> {
        let standings = incidents::standings(connection, &self.withdrawn).await?;
        let all = |key: &IncidentKey| (key.clone(), Place::MAX);
        let all: Vec<(IncidentKey, Place)> = self.withdrawn.iter().map(all).collect();
        let mut successes = incidents::last_successes(connection, &all).await?;
        let mut over = Vec::new();
        for (key, standing) in standings {
            let Some(incident) = standing.open else {
                continue;
            };
            if !standing.is_red {
                over.push(Incident {
                    success: successes.remove(&key),
                    resolve_time: Some(now.max(incident.open_time)),
                    ..incident
                });
            }
        }
        incidents::write(connection, &over).await
    }
}

fn incident_key(build: &BuildRecord) -> IncidentKey {
    IncidentKey::of(build.id.repository, &build.facts)
}

/// Those that ended before Lampboard heard of their repositories, and that GitHub did not
/// tell of by itself: history.
async fn late(
    connection: &mut Connection,
    decided: &[BuildRecord],
    told: &BTreeSet<BuildId>,
) -> Result<BTreeSet<BuildId>> {
    let asked = || decided.iter().filter(|build| !told.contains(&build.id));
    let repositories: BTreeSet<i64> = asked().map(|build| build.id.repository.0).collect();
    let repositories: Vec<i64> = repositories.into_iter().collect();
    let mut first_times = BTreeMap::new();
    for chunk in sql::padded(&repositories) {
        let mut query = Query::new(
            "SELECT id, first_time FROM repository WHERE first_time IS NOT NULL AND id IN (",
        );
        sql::push_list(&mut query, &chunk);
        query.push(")");
        for row in query.fetch_all(&mut *connection).await? {
            let time: i64 = row.try_get("first_time")?;
            first_times.insert(RepositoryId(row.try_get("id")?), time);
        }
    }
    let is_late = |build: &&BuildRecord| {
        let first = first_times.get(&build.id.repository);
        let end = build.end_time().map(Timestamp::as_microsecond);
        first.zip(end).is_some_and(|(first, end)| end < *first)
    };
    Ok(asked().filter(is_late).map(|build| build.id).collect())
}
