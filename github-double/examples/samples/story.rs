//! A story in which everything happens that an App can be told of.

use std::sync::Arc;

use jiff::ToSpan;
use lampboard_github_double::{
    Account, AppId, AppRegistration, Change, GitHub, InstallationId, JobId, Permission,
    RepositoryId, RunId, Selection, Trigger, WorkflowId,
};

/// What there is to be asked for when the story is over.
pub(crate) struct Cast {
    pub(crate) app: AppId,
    pub(crate) ada: Arc<Account>,
    /// On all repositories of the organisation.
    pub(crate) installation: InstallationId,
    /// On the person's own account, and suspended.
    pub(crate) suspended: InstallationId,
    pub(crate) workflow: WorkflowId,
    /// It failed, and then it passed.
    pub(crate) run: RunId,
    /// It goes on.
    pub(crate) open_run: RunId,
    pub(crate) job: JobId,
}

/// Tells it; what Apps are told of is handed back in order.
pub(crate) fn tell(github: &mut GitHub) -> (Cast, Vec<Change>) {
    let ada = github.create_person("ada", "Ada Example");
    let organization = Arc::clone(github.organization());
    let app = github.register_app(registration(), &organization);
    github.ping(app);
    let api = github.create_repository("api");
    github.grant(&ada, api, Permission::Write);
    let installation = github.install(app, &organization, Selection::All, &[]);
    let workflow = github.create_workflow(api, "CI", ".github/workflows/ci.yml");
    let (run, job) = fail_and_pass(github, workflow, &ada);
    other_endings(github, workflow, &ada);
    let open_run = begin(github, workflow, &ada);
    change_repositories(github, api, &ada);
    let suspended = change_installations(github, app, &ada);
    github.revoke_authorization(&ada, app);
    let cast = Cast {
        app,
        ada,
        installation,
        suspended,
        workflow,
        run,
        open_run,
        job,
    };
    (cast, github.take_changes())
}

fn registration() -> AppRegistration {
    let read = |name: &str| (name.to_owned(), "read".to_owned());
    let write = |name: &str| (name.to_owned(), "write".to_owned());
    AppRegistration {
        name: "Lampboard".to_owned(),
        url: "http://127.0.0.1:8080".to_owned(),
        description: "A board".to_owned(),
        hook_url: Some("http://127.0.0.1:8080/hook".to_owned()),
        hook_active: true,
        callback_urls: vec!["http://127.0.0.1:8080/callback".to_owned()],
        public: true,
        permissions: [write("actions"), read("metadata")].into(),
        events: ["workflow_run", "workflow_job", "repository"]
            .map(str::to_owned)
            .into(),
        ..AppRegistration::default()
    }
}

/// A run whose first attempt fails and whose second passes; the last job of that is told, too.
fn fail_and_pass(github: &mut GitHub, workflow: WorkflowId, ada: &Arc<Account>) -> (RunId, JobId) {
    let commit = github.commit(ada, "Fix the parser\n\nIt fell over empty lines.");
    let run = github.start_run(workflow, Trigger::push("main", &commit));
    let test = github.queue_job(run, "test");
    let deploy = github.wait_job(run, "deploy");
    github.advance(10.seconds());
    github.start_job(test);
    github.advance(2.minutes());
    github.fail_step(test, "Run cargo test");
    github.finish_job(test);
    github.approve_job(deploy);
    github.skip_job(run, "publish");
    github.cancel_job(deploy);
    github.finish_run(run);
    github.advance(1.hour());
    let jobs = github.rerun_jobs(run, ada);
    for job in &jobs {
        github.start_job(*job);
        github.advance(30.seconds());
        github.pass_step(*job, "Run cargo test");
        github.finish_job(*job);
    }
    github.finish_run(run);
    (run, *jobs.last().expect("all jobs run again"))
}

fn other_endings(github: &mut GitHub, workflow: WorkflowId, ada: &Arc<Account>) {
    let commit = github.commit(ada, "Try something");
    let fork = || Trigger::fork_pull_request("try", &commit);
    github.hold_run(workflow, fork());
    github.fail_to_start_run(workflow, fork());
    let cancelled = github.start_run(workflow, Trigger::pull_request(7, "try", &commit));
    github.queue_job(cancelled, "test");
    github.cancel_run(cancelled);
    let late = github.start_run(workflow, Trigger::schedule(ada, "main", &commit));
    let job = github.queue_job(late, "test");
    github.start_job(job);
    github.time_out_job(job);
    github.finish_run(late);
}

fn begin(github: &mut GitHub, workflow: WorkflowId, ada: &Arc<Account>) -> RunId {
    let commit = github.commit(ada, "Go on");
    let run = github.start_run(workflow, Trigger::dispatch(ada, "main", &commit));
    let job = github.queue_job(run, "test");
    github.start_job(job);
    run
}

fn change_repositories(github: &mut GitHub, api: RepositoryId, ada: &Arc<Account>) {
    let organization = Arc::clone(github.organization());
    let web = github.create_repository_of(&organization, "web");
    github.privatize(web);
    github.publicize(web);
    github.archive(web);
    github.unarchive(web);
    github.edit_default_branch(web, "trunk");
    github.rename_repository(web, "site");
    let notes = github.create_repository_of(ada, "notes");
    github.transfer_repository(notes, &organization);
    github.delete_repository(notes);
    github.rename_repository(api, "api2");
    github.rename_repository(api, "api");
}

/// Installs the App on the person's account, and does there all that can be done.
fn change_installations(github: &mut GitHub, app: AppId, ada: &Arc<Account>) -> InstallationId {
    let dots = github.create_repository_of(ada, "dots");
    let more = github.create_repository_of(ada, "more");
    let gone = github.install(app, ada, Selection::Selected, &[dots]);
    github.uninstall(gone);
    let installation = github.install(app, ada, Selection::Selected, &[dots]);
    github.add_repositories(installation, &[more]);
    github.remove_repositories(installation, &[dots]);
    if let Some(app) = github.app_mut(app) {
        app.permissions
            .insert("checks".to_owned(), "read".to_owned());
    }
    github.accept_permissions(installation);
    github.suspend(installation);
    github.unsuspend(installation);
    github.rename_account(ada, "ada2");
    github.suspend(installation);
    installation
}
