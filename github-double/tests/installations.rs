//! Installations come, change and go, and the App is told as GitHub tells it.

#![expect(clippy::unwrap_used, reason = "a test fails by it")]

use std::collections::BTreeSet;
use std::sync::Arc;

use lampboard_github_double::Found::{Here, Moved};
use lampboard_github_double::{
    Access, AppId, AppRegistration, GitHub, InstallationId, Permissions, RepositoryId, RunId,
    Selection, Trigger,
};
use serde_json::{Value, json};

// The fields of GitHub's published examples, the newest taken together, and `client_id`, which
// its API describes.
const INSTALLATION: &str = "
    access_tokens_url account app_id app_slug client_id created_at events
    has_multiple_single_files html_url id permissions repositories_url repository_selection
    single_file_name single_file_paths suspended_at suspended_by target_id target_type updated_at";

const LISTED_REPOSITORY: &str = "full_name id name node_id private";

#[test]
fn an_installation_has_the_fields_of_the_examples() {
    let mut scene = Scene::new(Selection::Selected);
    let created = scene.told().remove(0);
    assert_eq!(
        keys(&created),
        words("action installation repositories requester sender")
    );
    assert_eq!(keys(&created["installation"]), words(INSTALLATION));
    assert_eq!(keys(&created["repositories"][0]), words(LISTED_REPOSITORY));
    scene.github.remove_repositories(scene.id, &[scene.api]);
    let removed = scene.told().remove(0);
    assert_eq!(
        keys(&removed),
        words(
            "action installation repositories_added repositories_removed repository_selection
             requester sender"
        )
    );
}

#[test]
fn what_was_selected_is_told_and_seen() {
    let mut scene = Scene::new(Selection::Selected);
    let created = &scene.told()[0];
    assert_eq!(created["action"], "created");
    assert_eq!(created["installation"]["repository_selection"], "selected");
    assert_eq!(created["installation"]["created_at"], 1_772_442_000);
    assert_eq!(names(&created["repositories"]), ["api"]);
    assert_eq!(scene.seen(), ["api"]);
    let installation = |repository| {
        let found = scene.github.installation_of(scene.app, repository);
        found.map(|it| it.id)
    };
    assert_eq!(installation(scene.api), Some(scene.id));
    assert_eq!(installation(scene.web), None);
}

#[test]
fn a_large_installation_may_not_list_all_it_sees() {
    let mut scene = Scene::new(Selection::All);
    scene.told();
    scene.github.assumptions_mut().installation_lists_at_most = Some(1);
    scene.github.accept_permissions(scene.id);
    assert_eq!(names(&scene.told()[0]["repositories"]), ["api"]);
    assert_eq!(scene.seen(), ["api", "web"]);
}

#[test]
fn an_installation_on_all_sees_later_ones_too() {
    let mut scene = Scene::new(Selection::All);
    scene.told();
    let acme = Arc::clone(scene.github.organization());
    scene.github.create_repository_of(&acme, "new");
    let told = scene.told();
    assert_eq!(told[0]["action"], "added");
    assert_eq!(names(&told[0]["repositories_added"]), ["new"]);
    assert_eq!(told[0]["repository_selection"], "all");
    assert_eq!(told[1]["action"], "created");
    assert_eq!(told[1]["repository"]["name"], "new");
    assert_eq!(scene.seen(), ["api", "web", "new"]);
}

#[test]
fn repositories_come_and_go() {
    let mut scene = Scene::new(Selection::Selected);
    scene.told();
    scene.github.add_repositories(scene.id, &[scene.web]);
    let added = scene.told();
    assert_eq!(names(&added[0]["repositories_added"]), ["web"]);
    assert_eq!(added[0]["repositories_removed"], json!([]));
    assert_eq!(scene.seen(), ["api", "web"]);
    scene.github.remove_repositories(scene.id, &[scene.api]);
    let removed = scene.told();
    assert_eq!(removed[0]["action"], "removed");
    assert_eq!(names(&removed[0]["repositories_removed"]), ["api"]);
    assert_eq!(scene.seen(), ["web"]);
}

#[test]
fn a_new_selection_tells_only_of_what_it_changes() {
    let mut scene = Scene::new(Selection::Selected);
    scene.told();
    let select = |scene: &mut Scene, selection, repositories: &[RepositoryId]| {
        scene
            .github
            .select_repositories(scene.id, selection, repositories);
        scene.told()
    };
    let all = select(&mut scene, Selection::All, &[]);
    assert_eq!(all.len(), 1);
    assert_eq!(names(&all[0]["repositories_added"]), ["web"]);
    let (api, web) = (scene.api, scene.web);
    assert_eq!(
        select(&mut scene, Selection::Selected, &[api, web]).len(),
        0
    );
    let one = select(&mut scene, Selection::Selected, &[web]);
    assert_eq!(one.len(), 1);
    assert_eq!(names(&one[0]["repositories_removed"]), ["api"]);
    assert_eq!(scene.seen(), ["web"]);
}

#[test]
fn a_suspended_app_hears_nothing_until_it_is_back() {
    let mut scene = Scene::new(Selection::All);
    scene.told();
    scene.github.suspend(scene.id);
    let told = scene.told();
    assert_eq!(told[0]["action"], "suspend");
    assert_eq!(
        told[0]["installation"]["suspended_at"],
        "2026-03-02T09:00:00Z"
    );
    assert_eq!(
        told[0]["installation"]["suspended_by"]["login"],
        "acme-admin"
    );
    assert_eq!(told[0].get("repositories"), None);
    assert_eq!(scene.access(), Access::Suspended);

    scene.push();
    scene.github.archive(scene.api);
    let acme = Arc::clone(scene.github.organization());
    scene.github.create_repository_of(&acme, "new");
    assert_eq!(scene.told(), [] as [Value; 0]);

    scene.github.unsuspend(scene.id);
    let told = scene.told();
    assert_eq!(told[0]["action"], "unsuspend");
    assert_eq!(told[0]["installation"]["suspended_at"], Value::Null);
    assert_eq!(scene.access(), Access::Open);
    scene.push();
    assert_eq!(scene.told().len(), 1);
}

#[test]
fn an_uninstalled_app_hears_that_and_nothing_more() {
    let mut scene = Scene::new(Selection::All);
    scene.told();
    scene.github.uninstall(scene.id);
    let told = scene.told();
    assert_eq!(told[0]["action"], "deleted");
    assert_eq!(names(&told[0]["repositories"]), ["api", "web"]);
    assert!(scene.github.installation(scene.id).is_none());
    assert_eq!(scene.seen(), [""; 0]);
    assert_eq!(scene.access(), Access::None);
    scene.push();
    assert_eq!(scene.told(), [] as [Value; 0]);
}

#[test]
fn new_permissions_count_when_they_are_accepted() {
    let mut scene = Scene::new(Selection::All);
    scene.told();
    let app = scene.github.app_mut(scene.app).unwrap();
    app.permissions
        .insert("contents".to_owned(), "read".to_owned());
    app.events.push("workflow_job".to_owned());
    scene.push();
    let permissions = |scene: &Scene| {
        let installation = scene.github.installation(scene.id).unwrap();
        installation.permissions.clone()
    };
    assert!(!permissions(&scene).contains_key("contents"));
    scene.told();

    scene.github.accept_permissions(scene.id);
    let told = scene.told();
    assert_eq!(told[0]["action"], "new_permissions_accepted");
    assert_eq!(told[0]["installation"]["permissions"]["contents"], "read");
    assert!(permissions(&scene).contains_key("contents"));
    let run = scene.push();
    scene.github.queue_job(run, "test");
    assert_eq!(scene.told().len(), 2);
}

#[test]
fn a_renamed_account_keeps_its_id_and_leads_from_its_old_name() {
    let mut scene = Scene::new(Selection::All);
    scene.told();
    let acme = Arc::clone(scene.github.organization());
    let renamed = scene.github.rename_account(&acme, "acme-corp");
    assert_eq!(renamed.id, acme.id);
    let told = scene.told();
    assert_eq!(told.len(), 1);
    assert_eq!(
        keys(&told[0]),
        words("account action changes installation organization sender target_type")
    );
    assert_eq!(told[0]["action"], "renamed");
    assert_eq!(told[0]["changes"], json!({"login": {"from": "acme"}}));
    assert_eq!(told[0]["account"]["login"], "acme-corp");
    assert_eq!(told[0]["target_type"], "Organization");
    assert_eq!(told[0]["installation"]["id"], scene.id.0);

    let repository = scene.github.repository(scene.api);
    assert_eq!(repository.full_name(), "acme-corp/api");
    let installation = scene.github.installation(scene.id).unwrap();
    assert_eq!(installation.account.login, "acme-corp");
    assert!(installation.covers(repository));
    let find = |owner| scene.github.find_repository(owner, "api");
    assert_eq!(find("acme-corp"), Some(Here(scene.api)));
    assert_eq!(find("Acme"), Some(Moved(scene.api)));
}

/// An organisation with two repositories, and an App that is installed on one of them or on all.
struct Scene {
    github: GitHub,
    app: AppId,
    id: InstallationId,
    api: RepositoryId,
    web: RepositoryId,
}

impl Scene {
    fn new(selection: Selection) -> Self {
        let now = "2026-03-02T09:00:00Z".parse().unwrap();
        let mut github = GitHub::without_app("acme", 7, now);
        let acme = Arc::clone(github.organization());
        let api = github.create_repository("api");
        let web = github.create_repository("web");
        let registration = AppRegistration {
            name: "Lampboard".to_owned(),
            permissions: Permissions::from([("actions".to_owned(), "read".to_owned())]),
            events: vec!["workflow_run".to_owned(), "repository".to_owned()],
            ..AppRegistration::default()
        };
        let app = github.register_app(registration, &acme);
        let id = github.install(app, &acme, selection, &[api]);
        Self {
            github,
            app,
            id,
            api,
            web,
        }
    }

    fn push(&mut self) -> RunId {
        let workflow = ".github/workflows/ci.yml";
        let workflow = self.github.create_workflow(self.api, "CI", workflow);
        let ada = self.github.create_person("ada", "Ada Example");
        let commit = self.github.commit(&ada, "Fix the parser");
        self.github
            .start_run(workflow, Trigger::push("main", &commit))
    }

    fn told(&mut self) -> Vec<Value> {
        let changes = self.github.take_changes();
        let bodies = changes.iter().map(|change| change.event().body);
        bodies
            .map(|body| serde_json::from_slice(&body).unwrap())
            .collect()
    }

    fn seen(&self) -> Vec<&str> {
        let repositories = self.github.repositories_of(self.id).into_iter();
        repositories.map(|it| it.name.as_str()).collect()
    }

    fn access(&self) -> Access {
        self.github.truth().repositories[0].access
    }
}

fn names(repositories: &Value) -> Vec<&str> {
    let repositories = repositories.as_array().unwrap().iter();
    repositories
        .map(|it| it["name"].as_str().unwrap())
        .collect()
}

fn keys(object: &Value) -> BTreeSet<&str> {
    object
        .as_object()
        .unwrap()
        .keys()
        .map(String::as_str)
        .collect()
}

fn words(words: &str) -> BTreeSet<&str> {
    words.split_whitespace().collect()
}
