//! Examples for the tests of this crate: one of each thing, for a test to alter.

use jiff::Timestamp;

use crate::model::{
    BuildFacts, BuildId, Conclusion, InstallationId, Job, JobFacts, JobId, Repository,
    RepositoryFacts, RepositoryId, RunId, Status, WorkflowId,
};

/// The repository that everything belongs to unless a test says otherwise.
pub(crate) const REPOSITORY: RepositoryId = RepositoryId(7);

/// So many seconds into the morning on which all tests take place.
pub(crate) fn at(second: i64) -> Timestamp {
    "2026-03-02T09:00:00Z"
        .parse::<Timestamp>()
        .expect("a time")
        .checked_add(jiff::SignedDuration::from_secs(second))
        .expect("a time in range")
}

/// Reads one word: a status, or the conclusion of what is over.
pub(crate) fn status(word: &str) -> Status {
    match Status::from_words(word, None) {
        Status::Unknown(word) => Status::Completed(Conclusion::from_word(&word)),
        status => status,
    }
}

/// An attempt of a run of `REPOSITORY`.
pub(crate) fn build_id(run: i64, attempt: i32) -> BuildId {
    BuildId {
        run: RunId(run),
        attempt,
        repository: REPOSITORY,
    }
}

/// What is said of a build of `main` that started at 0, as of a second.
pub(crate) fn facts(word: &str, update: i64) -> BuildFacts {
    BuildFacts {
        status: status(word),
        update_time: at(update),
        create_time: at(0),
        start_time: at(0),
        workflow_id: WorkflowId(3),
        workflow: "CI".to_owned(),
        workflow_path: ".github/workflows/ci.yml".to_owned(),
        run_number: 1,
        event: "push".to_owned(),
        branch: "main".to_owned(),
        head_repository: String::new(),
        commit_sha: "4f8fdcc1c3a5a2a1fdf4b5b0f2f3c5e9d1a7b6c8".to_owned(),
        commit_title: "Fix the parser".to_owned(),
        commit_author: "Ada Example".to_owned(),
        title: "Fix the parser".to_owned(),
        actor: "ada".to_owned(),
        triggering_actor: "ada".to_owned(),
        pull_requests: Vec::new(),
        url: "https://github.com/acme/api/actions/runs/1".to_owned(),
    }
}

/// A job that started and ended as told.
pub(crate) fn job(id: i64, build: BuildId, word: &str, span: (Option<i64>, Option<i64>)) -> Job {
    Job {
        id: JobId(id),
        build,
        facts: JobFacts {
            status: status(word),
            end_time: span.1.map(at),
            start_time: span.0.map(at),
            create_time: at(0),
            name: format!("job {id}"),
            labels: vec!["ubuntu-latest".to_owned()],
            runner: String::new(),
            url: format!("https://github.com/acme/api/actions/runs/1/job/{id}"),
            steps: Vec::new(),
        },
    }
}

/// `acme/api`, whose default branch is `main`.
pub(crate) fn repository() -> Repository {
    Repository {
        id: REPOSITORY,
        facts: RepositoryFacts {
            update_time: at(0),
            name: "acme/api".to_owned(),
            default_branch: "main".to_owned(),
            archived: false,
            private: false,
        },
        installation: InstallationId(5),
    }
}
