//! The parts of GitHub's payloads that are read. Everything may be missing.

use std::borrow::Cow;

use jiff::Timestamp;
use serde::{
    Deserialize,
    de::{MapAccess, value::MapAccessDeserializer},
};

use super::lenient::{FromJson, Id, Lenient};

type Text<'a> = Lenient<Cow<'a, str>>;
type Time = Lenient<Timestamp>;

/// What any of the events may carry.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Payload<'a> {
    #[serde(borrow)]
    pub(crate) action: Text<'a>,
    #[serde(borrow)]
    pub(crate) workflow_run: Lenient<WorkflowRun<'a>>,
    #[serde(borrow)]
    pub(crate) workflow_job: Lenient<WorkflowJob<'a>>,
    #[serde(borrow)]
    pub(crate) workflow: Lenient<Workflow<'a>>,
    #[serde(borrow)]
    pub(crate) repository: Lenient<Repository<'a>>,
    #[serde(borrow)]
    pub(crate) installation: Lenient<Installation<'a>>,
    /// Those that an installation starts with.
    #[serde(borrow)]
    pub(crate) repositories: Lenient<Vec<Repository<'a>>>,
    /// Those that an installation sees from now on.
    #[serde(borrow)]
    pub(crate) repositories_added: Lenient<Vec<Repository<'a>>>,
    /// Those that it does not see any more.
    #[serde(borrow)]
    pub(crate) repositories_removed: Lenient<Vec<Repository<'a>>>,
    #[serde(borrow)]
    pub(crate) sender: Lenient<Account<'a>>,
}

/// One attempt of a run, as it is now.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct WorkflowRun<'a> {
    pub(crate) id: Lenient<Id>,
    pub(crate) run_attempt: Lenient<Id>,
    pub(crate) run_number: Lenient<i64>,
    pub(crate) workflow_id: Lenient<i64>,
    #[serde(borrow)]
    pub(crate) name: Text<'a>,
    #[serde(borrow)]
    pub(crate) path: Text<'a>,
    #[serde(borrow)]
    pub(crate) display_title: Text<'a>,
    #[serde(borrow)]
    pub(crate) status: Text<'a>,
    #[serde(borrow)]
    pub(crate) conclusion: Text<'a>,
    #[serde(borrow)]
    pub(crate) event: Text<'a>,
    #[serde(borrow)]
    pub(crate) head_branch: Text<'a>,
    #[serde(borrow)]
    pub(crate) head_sha: Text<'a>,
    #[serde(borrow)]
    pub(crate) head_commit: Lenient<HeadCommit<'a>>,
    #[serde(borrow)]
    pub(crate) head_repository: Lenient<Repository<'a>>,
    #[serde(borrow)]
    pub(crate) html_url: Text<'a>,
    #[serde(borrow)]
    pub(crate) actor: Lenient<Account<'a>>,
    #[serde(borrow)]
    pub(crate) triggering_actor: Lenient<Account<'a>>,
    pub(crate) pull_requests: Lenient<Vec<PullRequest>>,
    pub(crate) created_at: Time,
    pub(crate) run_started_at: Time,
    pub(crate) updated_at: Time,
}

/// One job of an attempt, as it is now.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct WorkflowJob<'a> {
    pub(crate) id: Lenient<Id>,
    pub(crate) run_id: Lenient<Id>,
    pub(crate) run_attempt: Lenient<Id>,
    #[serde(borrow)]
    pub(crate) name: Text<'a>,
    #[serde(borrow)]
    pub(crate) status: Text<'a>,
    #[serde(borrow)]
    pub(crate) conclusion: Text<'a>,
    #[serde(borrow)]
    pub(crate) labels: Lenient<Vec<Cow<'a, str>>>,
    #[serde(borrow)]
    pub(crate) runner_name: Text<'a>,
    #[serde(borrow)]
    pub(crate) html_url: Text<'a>,
    #[serde(borrow)]
    pub(crate) steps: Lenient<Vec<Step<'a>>>,
    pub(crate) created_at: Time,
    pub(crate) started_at: Time,
    pub(crate) completed_at: Time,
}

/// One step of a job.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Step<'a> {
    pub(crate) number: Lenient<i64>,
    #[serde(borrow)]
    pub(crate) name: Text<'a>,
    #[serde(borrow)]
    pub(crate) status: Text<'a>,
    #[serde(borrow)]
    pub(crate) conclusion: Text<'a>,
    pub(crate) started_at: Time,
    pub(crate) completed_at: Time,
}

/// The workflow of a run.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Workflow<'a> {
    pub(crate) id: Lenient<i64>,
    #[serde(borrow)]
    pub(crate) name: Text<'a>,
    #[serde(borrow)]
    pub(crate) path: Text<'a>,
}

/// The repository of the event, or the one that holds a branch.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Repository<'a> {
    pub(crate) id: Lenient<Id>,
    #[serde(borrow)]
    pub(crate) full_name: Text<'a>,
    #[serde(borrow)]
    pub(crate) default_branch: Text<'a>,
    pub(crate) archived: Lenient<bool>,
    pub(crate) private: Lenient<bool>,
    pub(crate) updated_at: Time,
}

/// The commit of a run.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct HeadCommit<'a> {
    #[serde(borrow)]
    pub(crate) message: Text<'a>,
    #[serde(borrow)]
    pub(crate) author: Lenient<Author<'a>>,
}

/// Who wrote a commit. The e-mail address is not read.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Author<'a> {
    #[serde(borrow)]
    pub(crate) name: Text<'a>,
}

/// An account of GitHub: a person, a bot or an organisation.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Account<'a> {
    pub(crate) id: Lenient<i64>,
    #[serde(borrow)]
    pub(crate) login: Text<'a>,
}

/// An open pull request whose head is that of the run.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct PullRequest {
    pub(crate) number: Lenient<i64>,
    pub(crate) base: Lenient<Base>,
}

/// What a pull request is to be merged into.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Base {
    pub(crate) repo: Lenient<BaseRepository>,
}

/// The repository that numbers a pull request.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct BaseRepository {
    pub(crate) id: Lenient<i64>,
}

/// The App as installed on an account.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Installation<'a> {
    pub(crate) id: Lenient<Id>,
    #[serde(borrow)]
    pub(crate) account: Lenient<Account<'a>>,
    #[serde(borrow)]
    pub(crate) repository_selection: Text<'a>,
    #[serde(borrow)]
    pub(crate) html_url: Text<'a>,
    pub(crate) created_at: Time,
    pub(crate) updated_at: Time,
}

macro_rules! made_of_objects {
    ($($name:ident $(<$lifetime:lifetime>)?),* $(,)?) => {$(
        impl<'de $(: $lifetime, $lifetime)?> FromJson<'de> for $name $(<$lifetime>)? {
            fn from_object<A: MapAccess<'de>>(object: A) -> Result<Option<Self>, A::Error> {
                Self::deserialize(MapAccessDeserializer::new(object)).map(Some)
            }
        }
    )*};
}

made_of_objects! {
    Payload<'a>,
    WorkflowRun<'a>,
    WorkflowJob<'a>,
    Step<'a>,
    Workflow<'a>,
    Repository<'a>,
    HeadCommit<'a>,
    Author<'a>,
    Account<'a>,
    PullRequest,
    Base,
    BaseRepository,
    Installation<'a>,
}
