//! The payloads have exactly the fields of GitHub's own examples, and about their size.

use std::collections::BTreeSet;

use jiff::ToSpan;
use lampboard_github_double::{Change, Event, GitHub, Trigger};
use serde_json::Value;

// The fields that GitHub's published examples have, the newest of each kind taken together, with
// `installation`, which every delivery to an App has, and `referenced_workflows`, which the
// schema has.
const RUN_EVENT: &str = "
    action installation organization repository sender workflow workflow_run";

const JOB_EVENT: &str = "
    action installation organization repository sender workflow_job";

const RUN: &str = "
    actor artifacts_url cancel_url check_suite_id check_suite_node_id check_suite_url
    conclusion created_at display_title event head_branch head_commit head_repository
    head_sha html_url id jobs_url logs_url name node_id path previous_attempt_url
    pull_requests referenced_workflows repository rerun_url run_attempt run_number
    run_started_at status triggering_actor updated_at url workflow_id workflow_url";

const JOB: &str = "
    check_run_url completed_at conclusion created_at head_branch head_sha html_url id labels
    name node_id run_attempt run_id run_url runner_group_id runner_group_name runner_id
    runner_name started_at status steps url workflow_name";

const STEP: &str = "
    completed_at conclusion name number started_at status";

const WORKFLOW: &str = "
    badge_url created_at html_url id name node_id path state updated_at url";

const REPOSITORY: &str = "
    allow_forking archive_url archived assignees_url blobs_url branches_url clone_url
    collaborators_url comments_url commits_url compare_url contents_url contributors_url
    created_at custom_properties default_branch deployments_url description disabled
    downloads_url events_url fork forks forks_count forks_url full_name git_commits_url
    git_refs_url git_tags_url git_url has_discussions has_downloads has_issues has_pages
    has_projects has_wiki homepage hooks_url html_url id is_template issue_comment_url
    issue_events_url issues_url keys_url labels_url language languages_url license
    merges_url milestones_url mirror_url name node_id notifications_url open_issues
    open_issues_count owner private pulls_url pushed_at releases_url size ssh_url
    stargazers_count stargazers_url statuses_url subscribers_url subscription_url svn_url
    tags_url teams_url topics trees_url updated_at url visibility watchers watchers_count
    web_commit_signoff_required";

const RUN_REPOSITORY: &str = "
    archive_url assignees_url blobs_url branches_url collaborators_url comments_url
    commits_url compare_url contents_url contributors_url deployments_url description
    downloads_url events_url fork forks_url full_name git_commits_url git_refs_url
    git_tags_url hooks_url html_url id issue_comment_url issue_events_url issues_url
    keys_url labels_url languages_url merges_url milestones_url name node_id
    notifications_url owner private pulls_url releases_url stargazers_url statuses_url
    subscribers_url subscription_url tags_url teams_url trees_url url";

const USER: &str = "
    avatar_url events_url followers_url following_url gists_url gravatar_id html_url id
    login node_id organizations_url received_events_url repos_url site_admin starred_url
    subscriptions_url type url";

const ORGANIZATION: &str = "
    avatar_url description events_url hooks_url id issues_url login members_url node_id
    public_members_url repos_url url";

const COMMIT: &str = "
    author committer id message timestamp tree_id";

const LICENSE: &str = "
    key name node_id spdx_id url";

const PULL_REQUEST: &str = "
    base head id number url";

const INSTALLATION: &str = "
    id node_id";

const AUTHOR: &str = "
    email name";

#[test]
fn runs_have_the_fields_of_the_examples() {
    let body = json(&event_of("workflow_run", "completed"));
    assert_keys(&body, "", RUN_EVENT);
    assert_keys(&body, "/workflow_run", RUN);
    assert_keys(&body, "/workflow_run/actor", USER);
    assert_keys(&body, "/workflow_run/triggering_actor", USER);
    assert_keys(&body, "/workflow_run/head_commit", COMMIT);
    assert_keys(&body, "/workflow_run/head_commit/author", AUTHOR);
    assert_keys(&body, "/workflow_run/pull_requests/0", PULL_REQUEST);
    assert_keys(&body, "/workflow_run/repository", RUN_REPOSITORY);
    assert_keys(&body, "/workflow_run/repository/owner", USER);
    assert_keys(&body, "/workflow_run/head_repository", RUN_REPOSITORY);
    assert_keys(&body, "/workflow", WORKFLOW);
    assert_keys(&body, "/repository", REPOSITORY);
    assert_keys(&body, "/repository/license", LICENSE);
    assert_keys(&body, "/repository/owner", USER);
    assert_keys(&body, "/organization", ORGANIZATION);
    assert_keys(&body, "/sender", USER);
    assert_keys(&body, "/installation", INSTALLATION);
}

#[test]
fn jobs_have_the_fields_of_the_examples() {
    let body = json(&event_of("workflow_job", "completed"));
    assert_keys(&body, "", JOB_EVENT);
    assert_keys(&body, "/workflow_job", JOB);
    assert_keys(&body, "/workflow_job/steps/0", STEP);
    assert_keys(&body, "/repository", REPOSITORY);
    assert_keys(&body, "/organization", ORGANIZATION);
    assert_keys(&body, "/sender", USER);
    assert_keys(&body, "/installation", INSTALLATION);
}

#[test]
fn bodies_are_compact_and_about_as_long_as_github_s() {
    let run = event_of("workflow_run", "completed").body;
    assert!((19_000..23_000).contains(&run.len()), "{}", run.len());
    let job = event_of("workflow_job", "completed").body;
    assert!((8_000..13_000).contains(&job.len()), "{}", job.len());
    for body in [run, job] {
        let value: Value = serde_json::from_slice(&body).unwrap();
        assert_eq!(
            value.to_string().len(),
            body.len(),
            "no spaces, no field twice"
        );
    }
}

#[test]
fn a_failed_job_tells_where_it_was() {
    let body = json(&event_of("workflow_job", "completed"));
    let job = &body["workflow_job"];
    let steps: Vec<_> = job["steps"].as_array().unwrap().iter().collect();
    let told: Vec<_> = steps
        .iter()
        .map(|step| {
            let text = |key: &str| step[key].as_str().unwrap();
            (text("name"), text("conclusion"), text("started_at"))
        })
        .collect();
    assert_eq!(
        told,
        [
            ("Set up job", "success", "2026-03-02T09:00:10.000Z"),
            (
                "Run actions/checkout@v5",
                "success",
                "2026-03-02T09:00:12.000Z"
            ),
            ("Run cargo test", "failure", "2026-03-02T09:00:15.000Z"),
            (
                "Post Run actions/checkout@v5",
                "success",
                "2026-03-02T09:02:15.000Z"
            ),
            ("Complete job", "success", "2026-03-02T09:02:15.000Z"),
        ]
    );
    assert_eq!(job["conclusion"], "failure");
    assert_eq!(job["completed_at"], "2026-03-02T09:02:15Z");
    assert_eq!(job["labels"], serde_json::json!(["ubuntu-latest"]));
}

/// A pull request's run whose one job fails.
fn event_of(name: &str, action: &str) -> Event {
    let mut github = GitHub::new(
        "octo-org",
        1,
        "2026-03-02T09:00:00Z".parse().expect("a time"),
    );
    let ada = github.create_person("ada-lovely", "Ada Example");
    let repository = github.create_repository("octo-repo");
    let ci = github.create_workflow(repository, "CI", ".github/workflows/ci.yml");
    let commit = github.commit(&ada, "Fix the parser\n\nIt had not seen tabs.");
    let run = github.start_run(ci, Trigger::pull_request(17, "fix-parser", &commit));
    let job = github.queue_job(run, "test");
    github.advance(10.seconds());
    github.start_job(job);
    github.advance(5.seconds());
    github.pass_step(job, "Run actions/checkout@v5");
    github.advance(2.minutes());
    github.fail_step(job, "Run cargo test");
    github.finish_job(job);
    github.finish_run(run);
    let changes = github.take_changes();
    let mut events = changes.iter().map(Change::event);
    let event = events.find(|event| event.name == name && event.action == action);
    event.expect("the run sends such an event")
}

fn json(event: &Event) -> Value {
    serde_json::from_slice(&event.body).expect("bodies are JSON")
}

fn assert_keys(body: &Value, pointer: &str, expected: &str) {
    let object = body.pointer(pointer).and_then(Value::as_object);
    let object = object.unwrap_or_else(|| panic!("{pointer} is an object"));
    let keys: BTreeSet<_> = object.keys().map(String::as_str).collect();
    let expected: BTreeSet<_> = expected.split_whitespace().collect();
    let missing: Vec<_> = expected.difference(&keys).collect();
    let surplus: Vec<_> = keys.difference(&expected).collect();
    assert!(
        missing.is_empty() && surplus.is_empty(),
        "{pointer}: missing {missing:?}, surplus {surplus:?}"
    );
}
