//! What all stories begin with: an organisation, its people, a repository, and the App in it.

use std::sync::Arc;

use jiff::SignedDuration;

use crate::double::Double;
use crate::github::GitHub;
use crate::github::access::Permission;
use crate::github::account::Account;
use crate::github::app::AppRegistration;
use crate::github::id::{AppId, InstallationId, RepositoryId, RunId, WorkflowId};
use crate::github::installation::Selection;
use crate::github::trigger::Trigger;

/// A double with an App installed on all of an organisation, and somebody who works there.
#[derive(Clone, Debug)]
pub struct Stage {
    /// The double.
    pub double: Double,
    /// The App.
    pub app: AppId,
    /// Where it is installed.
    pub installation: InstallationId,
    /// A private repository.
    pub repository: RepositoryId,
    /// Its workflow.
    pub workflow: WorkflowId,
    /// Somebody who may push to it.
    pub ada: Arc<Account>,
}

impl Stage {
    /// Sets the stage; the App's webhooks go to `hook_url`, if anywhere.
    pub fn set(double: &Double, hook_url: Option<&str>) -> Self {
        let double = double.clone();
        let stage = double.github(|github| {
            let organization = github.organization().clone();
            let ada = github.create_person("ada", "Ada Example");
            let (repository, workflow) = repository(github, "api");
            github.repository_mut(repository).private = true;
            github.grant(&ada, repository, Permission::Write);
            let app = github.register_app(registration(hook_url), &organization);
            let installation = github.install(app, &organization, Selection::All, &[]);
            (app, installation, repository, workflow, ada)
        });
        let (app, installation, repository, workflow, ada) = stage;
        Self {
            double,
            app,
            installation,
            repository,
            workflow,
            ada,
        }
    }

    /// The stage that is there already: the first installation with a repository and a workflow.
    pub fn find(double: &Double) -> Option<Self> {
        let double = double.clone();
        double.clone().github(|github| {
            let mut stages = github.installations().flat_map(|it| {
                let repositories = github.repositories_of(it.id).into_iter();
                repositories.map(move |repository| (it, repository.id))
            });
            stages.find_map(|(installation, repository)| {
                let workflow = github.workflows_of(repository).next()?.id;
                Some(Self {
                    double: double.clone(),
                    app: installation.app,
                    installation: installation.id,
                    repository,
                    workflow,
                    ada: Arc::clone(github.find_account("ada").unwrap_or(github.administrator())),
                })
            })
        })
    }

    /// Lets time pass.
    pub fn wait(&self, time: SignedDuration) {
        self.double.clock().advance(time);
    }

    /// Starts a run of the workflow by a push to `main`.
    pub fn push(&self) -> RunId {
        self.push_to("main")
    }

    /// Starts a run of the workflow by a push to a branch.
    pub fn push_to(&self, branch: &str) -> RunId {
        self.double.github(|github| {
            let commit = github.commit(&self.ada, "Fix the parser");
            github.start_run(self.workflow, Trigger::push(branch, &commit))
        })
    }

    /// Runs one job to its end, which takes a minute and a half, and the run with it.
    pub fn play(&self, run: RunId, passes: bool) {
        let job = self.double.github(|github| github.queue_job(run, "test"));
        self.wait(SignedDuration::from_secs(10));
        self.double.github(|github| github.start_job(job));
        self.wait(SignedDuration::from_secs(80));
        self.double.github(|github| {
            if passes {
                github.pass_step(job, "Run tests");
            } else {
                github.fail_step(job, "Run tests");
            }
            github.finish_job(job);
            github.finish_run(run);
        });
    }

    /// A run that was pushed and played to its end.
    pub fn whole_run(&self, passes: bool) -> RunId {
        let run = self.push();
        self.play(run, passes);
        run
    }
}

/// A repository with a workflow, of the first organisation.
pub(super) fn repository(github: &mut GitHub, name: &str) -> (RepositoryId, WorkflowId) {
    let repository = github.create_repository(name);
    let workflow = github.create_workflow(repository, "CI", ".github/workflows/ci.yml");
    (repository, workflow)
}

fn registration(hook_url: Option<&str>) -> AppRegistration {
    let read = |name: &str| (name.to_owned(), "read".to_owned());
    AppRegistration {
        name: "Lampboard".to_owned(),
        url: "http://127.0.0.1/".to_owned(),
        hook_url: hook_url.map(str::to_owned),
        hook_active: true,
        permissions: ["actions", "metadata"].map(read).into(),
        events: ["workflow_run", "workflow_job", "repository"]
            .map(str::to_owned)
            .into(),
        ..AppRegistration::default()
    }
}
