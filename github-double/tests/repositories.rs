//! Repositories are renamed, change hands, hide and go, and Apps are told what GitHub tells them.

#![expect(clippy::unwrap_used, reason = "a test fails by it")]

use std::sync::Arc;

use lampboard_github_double::Found::{Here, Moved};
use lampboard_github_double::{
    Account, Found, GitHub, InstallationId, RepositoryId, Selection, Trigger,
};
use serde_json::{Value, json};

#[test]
fn a_renamed_repository_is_found_under_both_names() {
    let mut scene = Scene::new();
    scene.github.rename_repository(scene.api, "backend");
    let told = scene.told();
    assert_eq!(told.len(), 1);
    assert_eq!(told[0]["action"], "renamed");
    assert_eq!(
        told[0]["changes"],
        json!({"repository": {"name": {"from": "api"}}})
    );
    assert_eq!(told[0]["repository"]["full_name"], "acme/backend");
    assert_eq!(told[0]["organization"]["login"], "acme");
    assert!(told[0]["installation"]["id"].is_u64());
    assert_eq!(scene.find("acme", "Backend"), Some(Here(scene.api)));
    assert_eq!(scene.find("acme", "API"), Some(Moved(scene.api)));
}

#[test]
fn a_former_name_leads_elsewhere_once_another_one_has_it() {
    let mut scene = Scene::new();
    scene.github.rename_repository(scene.api, "backend");
    let other = scene.github.create_repository("api");
    assert_eq!(scene.find("acme", "api"), Some(Here(other)));
    scene.github.rename_repository(other, "frontend");
    assert_eq!(scene.find("acme", "api"), Some(Moved(other)));
    scene.github.rename_repository(other, "api");
    assert_eq!(scene.find("acme", "api"), Some(Here(other)));
}

#[test]
fn what_is_hidden_or_closed_is_told_and_seen() {
    type Operation = fn(&mut GitHub, RepositoryId);
    let table: [(&str, Operation, &str, Value); 4] = [
        (
            "privatized",
            GitHub::privatize,
            "visibility",
            json!("private"),
        ),
        (
            "publicized",
            GitHub::publicize,
            "visibility",
            json!("public"),
        ),
        ("archived", GitHub::archive, "archived", json!(true)),
        ("unarchived", GitHub::unarchive, "archived", json!(false)),
    ];
    let mut scene = Scene::new();
    for (action, operation, field, value) in table {
        operation(&mut scene.github, scene.api);
        let told = scene.told();
        assert_eq!(told.len(), 1, "{action}");
        assert_eq!(told[0]["action"], action);
        assert_eq!(told[0]["repository"][field], value, "{action}");
        assert_eq!(told[0].get("changes"), None, "{action}");
    }
}

#[test]
fn a_new_default_branch_is_an_edit() {
    let mut scene = Scene::new();
    scene.github.edit_default_branch(scene.api, "trunk");
    let told = scene.told();
    assert_eq!(told[0]["action"], "edited");
    assert_eq!(
        told[0]["changes"],
        json!({"default_branch": {"from": "main"}})
    );
    assert_eq!(told[0]["repository"]["default_branch"], "trunk");
}

#[test]
fn only_the_new_owner_is_told_of_a_transfer() {
    let mut scene = Scene::new();
    let other = scene.github.create_organization("other");
    let app = scene.github.apps().next().unwrap().id;
    let theirs = scene.install_on_all(&other);
    scene.github.transfer_repository(scene.api, &other);
    let told: Vec<_> = scene
        .github
        .take_changes()
        .iter()
        .map(|it| (it.event_name(), it.action(), it.installation, it.event()))
        .collect();
    let summary: Vec<_> = told.iter().map(|it| (it.0, it.1)).collect();
    assert_eq!(
        summary,
        [
            ("installation_repositories", "removed"),
            ("installation_repositories", "added"),
            ("repository", "transferred"),
        ]
    );
    assert_ne!(told[0].2, Some(theirs));
    assert_eq!((told[1].2, told[2].2), (Some(theirs), Some(theirs)));
    let body: Value = serde_json::from_slice(&told[2].3.body).unwrap();
    let from = &body["changes"]["owner"]["from"]["organization"];
    assert_eq!(from["login"], "acme");
    assert_eq!(body["repository"]["full_name"], "other/api");
    let installation = scene.github.installation_of(app, scene.api).unwrap();
    assert_eq!(installation.id, theirs);
    assert_eq!(scene.find("acme", "api"), Some(Moved(scene.api)));
}

#[test]
fn a_repository_transferred_to_strangers_is_only_gone() {
    let mut scene = Scene::new();
    let ada = scene.github.create_person("ada", "Ada Example");
    scene.github.transfer_repository(scene.api, &ada);
    let told = scene.told();
    assert_eq!(told.len(), 1);
    assert_eq!(told[0]["action"], "removed");
}

#[test]
fn a_deleted_repository_is_gone_with_all_in_it_and_no_event_of_its_own() {
    let mut scene = Scene::new();
    let workflow = scene
        .github
        .create_workflow(scene.api, "CI", ".github/workflows/ci.yml");
    let ada = scene.github.create_person("ada", "Ada Example");
    let commit = scene.github.commit(&ada, "Fix the parser");
    let run = scene
        .github
        .start_run(workflow, Trigger::push("main", &commit));
    let job = scene.github.queue_job(run, "test");
    scene.told();

    scene.github.delete_repository(scene.api);
    let told = scene.told();
    assert_eq!(told.len(), 1);
    assert_eq!(told[0]["action"], "removed");
    assert_eq!(told[0]["repositories_removed"][0]["id"], scene.api.0);
    assert!(!scene.github.knows_repository(scene.api));
    assert!(!scene.github.knows_run(run));
    assert!(scene.github.find_job(job).is_none());
    assert_eq!(scene.find("acme", "api"), None);
    let truth = scene.github.truth();
    assert_eq!((truth.builds.len(), truth.jobs.len()), (0, 0));
}

#[test]
fn what_nobody_knows_of_deletions_and_transfers_can_be_otherwise() {
    let mut scene = Scene::new();
    let assumptions = scene.github.assumptions_mut();
    assumptions.deletion_removes_from_installations = false;
    assumptions.transfer_removes_from_installations = false;
    let web = scene.github.create_repository("web");
    let ada = scene.github.create_person("ada", "Ada Example");
    scene.github.transfer_repository(web, &ada);
    scene.github.delete_repository(scene.api);
    assert_eq!(scene.told(), [] as [Value; 0]);
}

#[test]
fn every_event_shows_the_repository_as_it_is_by_then() {
    let mut scene = Scene::new();
    let workflow = scene
        .github
        .create_workflow(scene.api, "CI", ".github/workflows/ci.yml");
    let ada = scene.github.create_person("ada", "Ada Example");
    let (api, acme) = (scene.api, Arc::clone(scene.github.organization()));
    let mut run_told = |change: &dyn Fn(&mut GitHub)| {
        change(&mut scene.github);
        let commit = scene.github.commit(&ada, "Fix the parser");
        let trigger = Trigger::push("main", &commit);
        scene.github.start_run(workflow, trigger);
        scene.told().pop().unwrap()
    };
    assert_eq!(run_told(&|_| {})["repository"]["description"], Value::Null);
    let described = run_told(&|github| {
        "Serves".clone_into(&mut github.repository_mut(api).description);
    });
    let renamed = run_told(&|github| {
        github.rename_account(&acme, "acme-corp");
    });
    for pointer in ["/repository", "/workflow_run/repository"] {
        let repository = described.pointer(pointer).unwrap();
        assert_eq!(repository["description"], "Serves", "{pointer}");
        let repository = renamed.pointer(pointer).unwrap();
        assert_eq!(repository["full_name"], "acme-corp/api", "{pointer}");
    }
}

/// An organisation with a repository and an App that sees all.
struct Scene {
    github: GitHub,
    api: RepositoryId,
}

impl Scene {
    fn new() -> Self {
        let now = "2026-03-02T09:00:00Z".parse().unwrap();
        let mut github = GitHub::new("acme", 7, now);
        let api = github.create_repository("api");
        Self { github, api }
    }

    fn install_on_all(&mut self, account: &Arc<Account>) -> InstallationId {
        let app = self.github.apps().next().unwrap().id;
        let installation = self.github.install(app, account, Selection::All, &[]);
        self.github.take_changes();
        installation
    }

    fn told(&mut self) -> Vec<Value> {
        let changes = self.github.take_changes();
        let bodies = changes.iter().map(|change| change.event().body);
        bodies
            .map(|body| serde_json::from_slice(&body).unwrap())
            .collect()
    }

    fn find(&self, owner: &str, name: &str) -> Option<Found> {
        self.github.find_repository(owner, name)
    }
}
