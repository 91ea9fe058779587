//! Webhooks as GitHub words them.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::{
    teller::{JobReport, Report, Run, Teller},
    world::{REPOSITORIES, WORKFLOWS},
};

impl Teller<'_> {
    pub(super) fn tell(&mut self, run: &Run, report: &Report) {
        let account = |login: &str| json!({ "login": login });
        let repository = self.repository(run, report.updated);
        let name = self.workflow_name(run, report.updated);
        let head = run.fork.map_or_else(
            || repository.clone(),
            |(id, name)| json!({ "id": id, "full_name": name }),
        );
        let action = match report.status {
            word @ ("completed" | "in_progress") => word,
            _ => "requested",
        };
        let body = json!({
            "action": action,
            "workflow_run": {
                "id": run.id,
                "run_attempt": report.attempt,
                "run_number": run.id - 4999,
                "workflow_id": workflow_id(run),
                "name": name,
                "path": ".github/workflows/some.yml",
                "status": report.status,
                "conclusion": report.conclusion,
                "event": run.event,
                "head_branch": run.branch,
                "head_sha": format!("{:040x}", run.id),
                "head_repository": head,
                "html_url": format!("https://github.example/runs/{}", run.id),
                "actor": account(run.actor),
                "triggering_actor": report.starter.map(account),
                "pull_requests": [],
                "created_at": run.created,
                "run_started_at": report.started,
                "updated_at": report.updated,
            },
            "repository": repository,
            "installation": { "id": 7 },
            "sender": account("somebody-else"),
        });
        self.moments.push(report.updated);
        self.told.push((report.updated, "workflow_run", body));
    }

    pub(super) fn tell_job(&mut self, run: &Run, job: &JobReport) {
        let latest = job
            .completed
            .unwrap_or(job.created)
            .max(job.started)
            .max(job.created);
        let step = json!({ "number": 1, "name": "Run", "status": job.status });
        let body = json!({
            "action": job.status,
            "workflow_job": {
                "id": job.id,
                "run_id": run.id,
                "run_attempt": job.attempt,
                "name": "test",
                "status": job.status,
                "conclusion": job.conclusion,
                "labels": [],
                "runner_name": job.has_run.then_some("a-runner"),
                "steps": if job.has_run { vec![step] } else { vec![] },
                "created_at": job.created,
                "started_at": job.started,
                "completed_at": job.completed,
            },
            "repository": self.repository(run, latest),
            "installation": { "id": 7 },
            "sender": { "login": "somebody-else" },
        });
        self.moments.extend(job.completed);
        self.told.push((latest, "workflow_job", body));
    }

    fn repository(&self, run: &Run, when: Timestamp) -> Value {
        let (id, names, default_branches) = REPOSITORIES[run.repository];
        let place = usize::from(when >= self.renamed);
        json!({
            "id": id,
            "full_name": names[place],
            "default_branch": default_branches[place],
            "private": true,
        })
    }

    fn workflow_name(&self, run: &Run, when: Timestamp) -> &'static str {
        WORKFLOWS[run.workflow].1[usize::from(when >= self.renamed)]
    }
}

/// Ids of workflows are of their repository, too.
fn workflow_id(run: &Run) -> i64 {
    WORKFLOWS[run.workflow].0
}
