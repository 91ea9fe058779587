//! A simulated GitHub: it has state, acts on it as GitHub does, and sends real signed webhooks.
//!
//! A test says what happens and gets the webhooks that GitHub would send:
//!
//! ```
//! use jiff::ToSpan;
//! use lampboard_github_double::{GitHub, Trigger};
//!
//! let mut github = GitHub::new("acme", 7, "2026-03-02T09:00:00Z".parse().unwrap());
//! let ada = github.create_person("ada", "Ada Example");
//! let api = github.create_repository("api");
//! let ci = github.create_workflow(api, "CI", ".github/workflows/ci.yml");
//!
//! let commit = github.commit(&ada, "Fix the parser");
//! let run = github.start_run(ci, Trigger::push("main", &commit));
//! let job = github.queue_job(run, "test");
//! github.advance(10.seconds());
//! github.start_job(job);
//! github.advance(2.minutes());
//! github.fail_step(job, "Run cargo test");
//! github.finish_job(job);
//! github.finish_run(run);
//!
//! let events: Vec<_> = github.take_changes().iter().map(|change| change.event()).collect();
//! assert_eq!(events.last().unwrap().action, "completed");
//! ```
//!
//! [`Hook`] posts events to a receiver on this machine, and [`demo`] holds a month of an invented
//! organisation's builds and an endless present.

mod api;
mod clock;
mod control;
pub mod demo;
mod double;
mod event;
mod faults;
mod github;
mod hook;
mod notify;
mod payload;
pub mod scenarios;
mod web;

pub use api::Claims;
pub use api::log::RequestRecord;
pub use api::switches::{PastTheCap, Switches};
pub use api::tokens::{InstallationToken, TokenFormat, Tokens, UserToken, UserTokens};
pub use clock::VirtualClock;
pub use double::{Double, Flavor, Options};
pub use event::Event;
pub use faults::{
    BadSignature, Dropped, EtagLie, Fault, FaultKind, Faults, HookFaults, RetryAfter, Rule,
    Signing, When,
};
pub use github::GitHub;
pub use github::access::Permission;
pub use github::account::{Account, AccountKind};
pub use github::app::{App, AppRegistration, ContentType, HookConfig, Permissions};
pub use github::assumption::Assumptions;
pub use github::change::Change;
pub use github::commit::Commit;
pub use github::host::Hosts;
pub use github::id::{AppId, InstallationId, JobId, RepositoryId, RunId, WorkflowId};
pub use github::installation::{Installation, Selection};
pub use github::job::{Job, Step};
pub use github::key::AppKey;
pub use github::query::{Found, RunView};
pub use github::repository::Repository;
pub use github::run::{Attempt, Run};
pub use github::status::{Conclusion, Status};
pub use github::trigger::Trigger;
pub use github::truth::{Access, BuildRow, JobRow, RepositoryRow, StepRow, Truth};
pub use github::workflow::{CancelInProgress, Workflow};
pub use hook::Hook;
pub use hook::deliveries::{Deliveries, DeliveryRules};
pub use hook::delivery::{Answer, Delivery, NoAnswer};
pub use hook::letter::HookTarget;
pub use hook::log::DeliveryRecord;
pub use hook::post::HookError;
pub use hook::signature::signature;
pub use notify::slack::{Slack, SlackMessage, SlackRefusal};
pub use notify::smtp::{Mail, SmtpRefusal, SmtpSink, SmtpStep};
pub use scenarios::Stage;
pub use web::options::WebOptions;
pub use web::outbox::Outbox;
