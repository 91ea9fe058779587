//! The JSON of GitHub's webhooks, every field of it.

mod account;
mod link;
mod repository;
mod time;
mod workflow;
mod workflow_job;
mod workflow_run;

use serde::Serialize;

use crate::github::change::Change;
use crate::github::job::Job;
use account::{OrganizationJson, UserJson};
use repository::RepositoryJson;
use workflow::WorkflowJson;
use workflow_job::WorkflowJobJson;
use workflow_run::WorkflowRunJson;

/// Where people look at GitHub.
const WEB: &str = "https://github.com";
/// Where programs do.
const API: &str = "https://api.github.com";

/// Writes an event `workflow_run`.
pub(crate) fn workflow_run(change: &Change) -> Vec<u8> {
    write(&Envelope {
        action: change.action,
        subject: RunSubject {
            workflow_run: WorkflowRunJson::new(change),
            workflow: WorkflowJson::new(change),
        },
        context: Context::new(change),
    })
}

/// Writes an event `workflow_job`.
pub(crate) fn workflow_job(change: &Change, job: &Job) -> Vec<u8> {
    write(&Envelope {
        action: change.action,
        subject: JobSubject {
            workflow_job: WorkflowJobJson::new(change, job),
        },
        context: Context::new(change),
    })
}

fn write(event: &impl Serialize) -> Vec<u8> {
    let mut body = Vec::with_capacity(24 * 1024);
    serde_json::to_writer(&mut body, event).expect("keys are strings and a vector takes all");
    body
}

#[derive(Serialize)]
struct Envelope<'a, S> {
    action: &'a str,
    #[serde(flatten)]
    subject: S,
    #[serde(flatten)]
    context: Context<'a>,
}

#[derive(Serialize)]
struct RunSubject<'a> {
    workflow_run: WorkflowRunJson<'a>,
    workflow: WorkflowJson<'a>,
}

#[derive(Serialize)]
struct JobSubject<'a> {
    workflow_job: WorkflowJobJson<'a>,
}

/// What every event carries.
#[derive(Serialize)]
struct Context<'a> {
    repository: RepositoryJson<'a>,
    organization: OrganizationJson<'a>,
    sender: UserJson<'a>,
    installation: InstallationJson,
}

impl<'a> Context<'a> {
    fn new(change: &'a Change) -> Self {
        Self {
            repository: RepositoryJson::new(&change.repository),
            organization: OrganizationJson::new(&change.organization),
            sender: UserJson::new(&change.attempt.triggering_actor),
            installation: InstallationJson {
                id: change.installation_id,
                node_id: node_id("MDIz", change.installation_id),
            },
        }
    }
}

#[derive(Serialize)]
struct InstallationJson {
    id: u64,
    node_id: String,
}

/// The id of GraphQL; opaque there and here.
fn node_id(kind: &str, id: u64) -> String {
    format!("{kind}_kwDO{id:012x}")
}
