//! What an alert says: the build as it is now, and what is known around it.

use std::collections::BTreeMap;

use super::{
    super::{Store, builds, db},
    raise,
};
use crate::{
    Result,
    model::{
        self, Alert, Build, BuildId, Conclusion, Incident, IncidentFacts, Job, Message, Outcome,
    },
};

impl Store {
    /// What an alert says by what is known now. None once its build is not shown any more.
    pub(crate) async fn message(&self, alert: &Alert) -> Result<Option<Message>> {
        let Some(build) = self.build(alert.build).await? else {
            return Ok(None);
        };
        let incident = match self.incident(&alert.incident).await? {
            Some((incident, _)) => Some(self.incident_facts(incident).await?),
            None => None,
        };
        Ok(Some(Message {
            kind: alert.kind,
            create_time: alert.create_time,
            rule: alert.rule.display_name.clone(),
            failed_jobs: self.failed(alert.build).await?,
            usual: self.usual(&build).await?,
            build,
            incident,
        }))
    }

    /// Some builds, those of them that are shown.
    pub(crate) async fn builds_by_id(&self, ids: &[BuildId]) -> Result<BTreeMap<BuildId, Build>> {
        let builds = builds::shown_of(&self.readers, ids).await?.into_iter();
        Ok(builds.map(|build| (build.record.id, build)).collect())
    }

    /// The jobs of a build that failed, in the order in which they were created.
    pub(crate) async fn failed(&self, build: BuildId) -> Result<Vec<Job>> {
        let failed = |job: &Job| {
            let conclusion = job.facts.status.conclusion();
            conclusion.map(Conclusion::outcome) == Some(Outcome::Failure)
        };
        Ok(self.jobs(build).await?.into_iter().filter(failed).collect())
    }

    /// What successes of a build's workflow and branch usually take.
    pub(crate) async fn usual(&self, build: &Build) -> Result<Option<jiff::SignedDuration>> {
        let mut spans = Vec::new();
        for row in raise::select_usual(build).fetch_all(&self.readers).await? {
            spans.push(row.try_get::<i64, _>("span")?);
        }
        Ok(model::usual(spans))
    }

    /// The incident that a build belongs to, if one is known.
    pub(crate) async fn incident_of(&self, build: &Build) -> Result<Option<String>> {
        let id = build.record.id;
        let row = db::query(
            "SELECT id FROM incident WHERE repository_id = $1
               AND ((first_run_id = $2 AND first_run_attempt = $3)
                 OR (last_run_id = $2 AND last_run_attempt = $3)
                 OR (success_run_id = $2 AND success_run_attempt = $3))
             ORDER BY id DESC LIMIT 1",
        )
        .bind(id.repository.0)
        .bind(id.run.0)
        .bind(id.attempt)
        .fetch_optional(&self.readers)
        .await?;
        Ok(row.map(|row| row.try_get("id")).transpose()?)
    }

    async fn incident_facts(&self, incident: Incident) -> Result<IncidentFacts> {
        let ids: Vec<BuildId> = [Some(incident.first_failure), incident.last_success]
            .into_iter()
            .flatten()
            .collect();
        let mut builds = self.builds_by_id(&ids).await?;
        Ok(IncidentFacts {
            first_failure: builds.remove(&incident.first_failure),
            last_success: incident.last_success.and_then(|id| builds.remove(&id)),
            id: incident.id,
            open_time: incident.open_time,
            resolve_time: incident.resolve_time,
            failures: incident.failure_count,
        })
    }
}
