//! Apps are registered with keys and secrets of their own, and told what concerns them.

#![expect(clippy::unwrap_used, reason = "a test fails by it")]

use std::sync::Arc;

use lampboard_github_double::{
    Account, AppId, AppRegistration, GitHub, Hosts, Installation, Permissions, Selection, Trigger,
};
use secrecy::ExposeSecret;
use serde_json::Value;

#[test]
fn every_app_has_a_slug_secrets_and_a_key_of_its_own() {
    let mut github = github();
    let owner = Arc::clone(github.organization());
    let ids = ["Lampboard", "lampboard", "Lampboard -- (staging)"]
        .map(|name| github.register_app(registration(name, &[]), &owner));
    let apps = ids.map(|id| github.app(id).unwrap().clone());
    let slugs = apps.each_ref().map(|app| app.slug.as_str());
    assert_eq!(slugs, ["lampboard", "lampboard-2", "lampboard-staging"]);
    let [one, other, _] = &apps;
    assert_eq!(one.html_url, "https://github.com/apps/lampboard");
    assert_ne!(one.client_id, other.client_id);
    let secrets = [one, other].map(|app| app.webhook_secret.expose_secret());
    assert_ne!(secrets[0], secrets[1]);
    assert_ne!(one.key.public_key_der(), other.key.public_key_der());
    assert_ne!(one.hook.id, other.hook.id);
}

#[test]
fn the_same_seed_makes_the_same_app() {
    let make = |seed| {
        let mut github = GitHub::without_app("acme", seed, "2026-03-02T09:00:00Z".parse().unwrap());
        let owner = Arc::clone(github.organization());
        let id = github.register_app(registration("Lampboard", &[]), &owner);
        let app = github.app(id).unwrap();
        let secret = app.client_secret.expose_secret().to_owned();
        (id, app.client_id.clone(), secret)
    };
    assert_eq!(make(7), make(7));
    assert_ne!(make(7), make(8));
}

#[test]
fn an_app_is_told_what_it_subscribed_to_of_what_it_sees() {
    let mut github = github();
    let acme = Arc::clone(github.organization());
    let other = github.create_organization("other");
    let runs = install(&mut github, &acme, &["workflow_run"]);
    let jobs = install(&mut github, &acme, &["workflow_job"]);
    let strange = install(&mut github, &other, &["workflow_run", "workflow_job"]);
    github.take_changes();

    let repository = github.create_repository("api");
    let workflow = github.create_workflow(repository, "CI", ".github/workflows/ci.yml");
    let ada = github.create_person("ada", "Ada Example");
    let commit = github.commit(&ada, "Fix the parser");
    let run = github.start_run(workflow, Trigger::push("main", &commit));
    github.queue_job(run, "test");
    let told: Vec<_> = github
        .take_changes()
        .iter()
        .map(|it| (it.app, it.event_name()))
        .collect();
    assert_eq!(told, [(runs, "workflow_run"), (jobs, "workflow_job")]);
    assert_ne!(runs, strange);
}

#[test]
fn all_apps_are_told_of_an_event_under_one_guid() {
    let mut github = github();
    let acme = Arc::clone(github.organization());
    let apps = [0; 2].map(|_| install(&mut github, &acme, &["repository"]));
    github.take_changes();
    let repository = github.create_repository("api");
    github.archive(repository);
    let changes = github.take_changes();
    assert_eq!(changes.iter().map(|it| it.app).collect::<Vec<_>>(), apps);
    assert_eq!(changes[0].guid(), changes[1].guid());
    assert_ne!(changes[0].event().body, changes[1].event().body);
}

#[test]
fn a_ping_shows_the_hook_and_no_secret() {
    let mut github = github();
    let owner = Arc::clone(github.organization());
    let registration = AppRegistration {
        hook_url: Some("http://127.0.0.1:8080/hook".to_owned()),
        hook_active: true,
        ..registration("Lampboard", &["workflow_run"])
    };
    let app = github.register_app(registration, &owner);
    github.ping(app);
    let [change] = &github.take_changes()[..] else {
        panic!("one ping is told");
    };
    assert_eq!((change.event_name(), change.action()), ("ping", ""));
    assert_eq!(change.installation, None);
    let app = github.app(app).unwrap();
    let ping: Value = serde_json::from_slice(&change.event().body).unwrap();
    assert_eq!(ping["hook"]["app_id"], app.id.0);
    assert_eq!(ping["hook_id"], app.hook.id);
    assert_eq!(ping["hook"]["config"]["url"], "http://127.0.0.1:8080/hook");
    assert_eq!(ping["hook"]["config"]["secret"], "********");
    assert_eq!(ping["hook"]["events"], serde_json::json!(["workflow_run"]));
    assert_eq!(ping.get("action"), None);
}

#[test]
fn a_revoked_authorization_names_the_person_and_nothing_else() {
    let mut github = github();
    let owner = Arc::clone(github.organization());
    let app = github.register_app(registration("Lampboard", &[]), &owner);
    let ada = github.create_person("ada", "Ada Example");
    github.revoke_authorization(&ada, app);
    let [change] = &github.take_changes()[..] else {
        panic!("one revocation is told");
    };
    assert_eq!(change.event_name(), "github_app_authorization");
    let body: Value = serde_json::from_slice(&change.event().body).unwrap();
    assert_eq!(body["action"], "revoked");
    assert_eq!(body["sender"]["login"], "ada");
    assert_eq!(body.as_object().unwrap().len(), 2);
}

#[test]
fn links_lead_to_where_this_github_is() {
    let mut github = github();
    github.set_hosts(Hosts {
        web: "http://127.0.0.1:4000".to_owned(),
        api: "http://127.0.0.1:4000/api/v3".to_owned(),
    });
    let acme = Arc::clone(github.organization());
    install(&mut github, &acme, &["workflow_run"]);
    let repository = github.create_repository("api");
    let workflow = github.create_workflow(repository, "CI", ".github/workflows/ci.yml");
    let ada = github.create_person("ada", "Ada Example");
    let commit = github.commit(&ada, "Fix the parser");
    github.start_run(workflow, Trigger::push("main", &commit));
    for change in github.take_changes() {
        let body = String::from_utf8(change.event().body.to_vec()).unwrap();
        let body = body.replace("avatars.githubusercontent.com", "");
        let body = body.replace("api.github.com/licenses", "");
        assert!(!body.contains("github.com"), "{body}");
        assert!(body.contains("http://127.0.0.1:4000/api/v3/"), "{body}");
    }
}

fn github() -> GitHub {
    GitHub::without_app("acme", 7, "2026-03-02T09:00:00Z".parse().unwrap())
}

fn install(github: &mut GitHub, account: &Arc<Account>, events: &[&str]) -> AppId {
    let app = github.register_app(registration("Lampboard", events), account);
    let installation = github.install(app, account, Selection::All, &[]);
    let Installation { app, .. } = github.installation(installation).unwrap();
    *app
}

fn registration(name: &str, events: &[&str]) -> AppRegistration {
    AppRegistration {
        name: name.to_owned(),
        permissions: Permissions::from([("actions".to_owned(), "read".to_owned())]),
        events: events.iter().map(|event| (*event).to_owned()).collect(),
        ..AppRegistration::default()
    }
}
