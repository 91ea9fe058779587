//! GitHub's own example payloads, and runs of the simulated GitHub.

use std::{fs, path::Path, sync::LazyLock};

use jiff::{Timestamp, ToSpan as _};
use lampboard_github_double::{Change, Conclusion, Event, GitHub, RunId, Trigger, WorkflowId};
use serde::Deserialize;
use serde_json::Value;

#[derive(Deserialize)]
struct ExamplesOfEvent {
    name: String,
    examples: Vec<Value>,
}

static EXAMPLES: LazyLock<Vec<ExamplesOfEvent>> = LazyLock::new(|| {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../web-ui/node_modules/@octokit/webhooks-examples/api.github.com/index.json");
    let json = fs::read(&path).unwrap_or_else(|error| {
        panic!(
            "GitHub's example payloads are missing ({}: {error}): `npm ci --prefix web-ui` \
             installs them, and so does `make test`",
            path.display()
        )
    });
    serde_json::from_slice(&json).unwrap()
});

/// All of GitHub's examples of an event.
pub(crate) fn examples(event: &str) -> &'static [Value] {
    let of_event = EXAMPLES.iter().find(|examples| examples.name == event);
    &of_event.unwrap().examples
}

/// A GitHub with one workflow, whose runs start a second apart.
pub(crate) struct OneWorkflow {
    pub(crate) github: GitHub,
    workflow: WorkflowId,
}

impl OneWorkflow {
    pub(crate) fn new() -> Self {
        Self::at("2026-03-02T09:00:00Z".parse().unwrap())
    }

    /// The same at another time.
    pub(crate) fn at(now: Timestamp) -> Self {
        let mut github = GitHub::new("acme", 7, now);
        let api = github.create_repository("api");
        let workflow = github.create_workflow(api, "CI", ".github/workflows/ci.yml");
        Self { github, workflow }
    }

    /// Starts a run; the webhook that tells of it waits with others.
    pub(crate) fn start_run(&mut self) -> RunId {
        self.github.advance(1.second());
        let ada = self.github.create_person("ada", "Ada Example");
        let commit = self.github.commit(&ada, "Fix the parser");
        let trigger = Trigger::push("main", &commit);
        self.github.start_run(self.workflow, trigger)
    }

    /// Starts a run; gives the webhook that tells of it.
    pub(crate) fn next_run(&mut self) -> (RunId, Event) {
        let run = self.start_run();
        let events = self.take_events();
        (run, events.into_iter().next().unwrap())
    }

    /// Runs something to its end; gives the webhooks that tell of it.
    pub(crate) fn whole_run(&mut self, conclusion: Conclusion) -> Vec<Event> {
        let run = self.start_run();
        self.github.advance(1.second());
        self.github.conclude_run(run, conclusion);
        self.take_events()
    }

    /// The webhooks since the last time.
    pub(crate) fn take_events(&mut self) -> Vec<Event> {
        let changes = self.github.take_changes();
        changes.iter().map(Change::event).collect()
    }
}

/// One run of its own, with the webhook that tells of it.
pub(crate) fn a_run() -> (RunId, Event) {
    OneWorkflow::new().next_run()
}

/// The webhook of a run, its body blown up to a size.
pub(crate) fn a_run_of_size(size: usize) -> (RunId, Event) {
    let (run, mut event) = a_run();
    let body = str::from_utf8(&event.body).unwrap();
    let rest = body.strip_prefix('{').unwrap();
    let frame = r#"{"padding":"","#.len();
    let padding = "x".repeat(size - frame - rest.len());
    event.body = format!(r#"{{"padding":"{padding}",{rest}"#).into();
    assert_eq!(event.body.len(), size);
    (run, event)
}
