//! Installing an App, changing that, and taking it off.

use super::Site;
use crate::github::app::AppRegistration;
use crate::github::id::{AppId, InstallationId};
use crate::github::installation::Selection;

const NEW: &str = "/apps/lampboard/installations/new";
const PERMISSIONS: &str = "/apps/lampboard/installations/new/permissions";

fn register(site: &Site, edit: impl FnOnce(&mut AppRegistration)) -> AppId {
    let mut registration = AppRegistration {
        name: "Lampboard".to_owned(),
        hook_url: Some("http://127.0.0.1:1/hook".to_owned()),
        hook_active: true,
        setup_url: Some("http://127.0.0.1:1/installed".to_owned()),
        setup_on_update: true,
        permissions: [("actions".to_owned(), "read".to_owned())].into(),
        ..AppRegistration::default()
    };
    edit(&mut registration);
    site.github(|github| {
        let organization = github.organization().clone();
        github.register_app(registration, &organization)
    })
}

/// Installs it on all repositories of `acme`; where that is changed is told, too.
async fn install(site: &Site, app: AppId) -> (InstallationId, String) {
    let id = site.github(|github| {
        let organization = github.organization().clone();
        github.install(app, &organization, Selection::All, &[])
    });
    assert_eq!(site.events(app).await, ["installation.created"]);
    let settings = format!("/organizations/acme/settings/installations/{id}");
    (id, settings)
}

fn id_of(site: &Site, login: &str) -> String {
    site.github(|github| github.find_account(login).unwrap().id.to_string())
}

#[tokio::test]
async fn an_owner_installs_on_some_repositories() {
    let site = Site::start().await;
    let app = register(&site, |_| {});
    let mut browser = site.browser_of("acme-admin").await;
    let target = id_of(&site, "acme");
    let chosen = browser.get(&format!("{NEW}?state=abc")).await;
    assert_eq!(
        chosen.location(),
        format!("{PERMISSIONS}?target_id={target}&state=abc")
    );
    let page = browser.get(chosen.location()).await;
    page.assert_shows(200, "Install Lampboard on acme");
    page.assert_shows(200, "actions: read");
    page.assert_shows(200, "acme/api</label>");
    page.assert_shows(200, "<button>Install</button>");

    let api = site.repository("api").to_string();
    let fields = [
        ("target_id", target.as_str()),
        ("selection", "selected"),
        ("repository", &api),
        ("state", "abc"),
    ];
    let installed = browser.post(PERMISSIONS, &fields).await;
    let id = site.github(|github| github.installations().next().unwrap().id);
    let expected =
        format!("http://127.0.0.1:1/installed?installation_id={id}&setup_action=install&state=abc");
    assert_eq!(installed.location(), expected);
    assert_eq!(site.events(app).await, ["installation.created"]);
    let names = site.github(|github| {
        let repositories = github.repositories_of(id).into_iter();
        repositories.map(|it| it.name.clone()).collect::<Vec<_>>()
    });
    assert_eq!(names, ["api"]);

    let again = browser.post(PERMISSIONS, &fields).await;
    assert_eq!(again.location(), format!("/settings/installations/{id}"));
    assert_eq!(site.events(app).await, [""; 0]);
}

#[tokio::test]
async fn some_repositories_are_at_least_one() {
    let site = Site::start().await;
    let app = register(&site, |_| {});
    let mut browser = site.browser_of("acme-admin").await;
    let target = id_of(&site, "acme");
    let fields = [("target_id", target.as_str()), ("selection", "selected")];
    let page = browser.post(PERMISSIONS, &fields).await;
    page.assert_shows(422, "Select at least one repository.");
    assert_eq!(site.events(app).await, [""; 0]);
}

#[tokio::test]
async fn somebody_else_can_only_ask_for_it() {
    let site = Site::start().await;
    let app = register(&site, |_| {});
    let mut browser = site.browser_of("ada").await;
    let target = id_of(&site, "acme");
    let page = browser
        .get(&format!("{PERMISSIONS}?target_id={target}"))
        .await;
    page.assert_shows(200, "<button>Request</button>");
    let fields = [("target_id", target.as_str()), ("selection", "all")];
    let asked = browser.post(PERMISSIONS, &fields).await;
    assert_eq!(
        asked.location(),
        "http://127.0.0.1:1/installed?setup_action=request"
    );
    assert_eq!(site.events(app).await, [""; 0]);
    assert!(site.github(|github| github.installations().next().is_none()));
}

#[tokio::test]
async fn a_public_app_goes_on_one_s_own_account_too() {
    let site = Site::start().await;
    register(&site, |app| app.public = true);
    let page = site.browser_of("ada").await.get(NEW).await;
    for login in ["ada", "acme"] {
        page.assert_shows(
            200,
            &format!("target_id={}\">{login}</a>", id_of(&site, login)),
        );
    }
    let elsewhere = id_of(&site, "acme-admin");
    let path = format!("{PERMISSIONS}?target_id={elsewhere}");
    assert_eq!(site.browser_of("ada").await.get(&path).await.status, 404);
}

#[tokio::test]
async fn whoever_is_not_signed_in_is_asked_who_they_are() {
    let site = Site::start().await;
    let app = register(&site, |_| {});
    let (_, settings) = install(&site, app).await;
    let mut browser = site.browser();
    for path in [NEW, &settings, "/settings/installations"] {
        let location = browser.get(path).await.location().to_owned();
        let page = browser.get(&location).await;
        page.assert_shows(200, "Sign in as ada");
        page.assert_shows(200, &format!("name=\"return_to\" value=\"{path}\""));
    }
    let fields = [("login", "acme-admin"), ("return_to", settings.as_str())];
    let back = browser.post("/login", &fields).await;
    assert_eq!(back.location(), settings);
    browser
        .get(&settings)
        .await
        .assert_shows(200, "Lampboard on acme");
    assert_eq!(browser.post("/logout", &[]).await.location(), "/login");
    assert!(
        browser
            .get(&settings)
            .await
            .location()
            .starts_with("/login?")
    );
}

#[tokio::test]
async fn nobody_is_sent_to_another_site_after_signing_in() {
    let site = Site::start().await;
    for return_to in [
        "//evil.example/",
        "https://evil.example/",
        "/\\evil.example",
    ] {
        let fields = [("login", "ada"), ("return_to", return_to)];
        let back = site.browser().post("/login", &fields).await;
        assert_eq!(back.location(), "/settings/installations", "{return_to}");
    }
    let unknown = site.browser().post("/login", &[("login", "acme")]).await;
    unknown.assert_shows(422, "There is no such person.");
}

#[tokio::test]
async fn repositories_are_added_and_removed() {
    let site = Site::start().await;
    let app = register(&site, |_| {});
    let (id, settings) = install(&site, app).await;
    let mut browser = site.browser_of("acme-admin").await;
    let (api, web) = (
        site.repository("api").to_string(),
        site.repository("web").to_string(),
    );
    let save = |repository: &str| {
        [
            ("action", "save".to_owned()),
            ("selection", "selected".to_owned()),
            ("repository", repository.to_owned()),
        ]
    };
    for (repository, events) in [
        (&api, &["installation_repositories.removed"][..]),
        (
            &web,
            &[
                "installation_repositories.added",
                "installation_repositories.removed",
            ],
        ),
        (&web, &[]),
    ] {
        let fields = save(repository);
        let fields = fields
            .each_ref()
            .map(|(name, value)| (*name, value.as_str()));
        let saved = browser.post(&settings, &fields).await;
        let expected =
            format!("http://127.0.0.1:1/installed?installation_id={id}&setup_action=update");
        assert_eq!(saved.location(), expected);
        assert_eq!(site.events(app).await, events);
    }
    let all = [("action", "save"), ("selection", "all")];
    browser.post(&settings, &all).await;
    assert_eq!(site.events(app).await, ["installation_repositories.added"]);
}

#[tokio::test]
async fn an_installation_is_suspended_and_taken_off() {
    let site = Site::start().await;
    let app = register(&site, |_| {});
    let (id, settings) = install(&site, app).await;
    let mut browser = site.browser_of("acme-admin").await;
    let own = format!("/settings/installations/{id}");
    for (action, event, next) in [
        ("suspend", "installation.suspend", own.as_str()),
        ("unsuspend", "installation.unsuspend", &own),
        (
            "uninstall",
            "installation.deleted",
            "/settings/installations",
        ),
    ] {
        let page = browser.get(&settings).await;
        page.assert_shows(200, &format!("name=\"action\" value=\"{action}\""));
        let done = browser.post(&settings, &[("action", action)]).await;
        assert_eq!(done.location(), next, "{action}");
        assert_eq!(site.events(app).await, [event]);
    }
    assert_eq!(browser.get(&settings).await.status, 404);
}

#[tokio::test]
async fn what_an_app_newly_asks_for_is_accepted_here() {
    let site = Site::start().await;
    let app = register(&site, |_| {});
    let (id, settings) = install(&site, app).await;
    let mut browser = site.browser_of("acme-admin").await;
    let early = browser.post(&settings, &[("action", "accept")]).await;
    early.assert_shows(409, "Out of date");
    site.github(|github| {
        let app = github.app_mut(app).unwrap();
        app.permissions
            .insert("checks".to_owned(), "read".to_owned());
    });
    browser
        .get(&settings)
        .await
        .assert_shows(200, "Accept new permissions");
    browser
        .post(&settings, &[("action", "accept")])
        .await
        .location();
    assert_eq!(
        site.events(app).await,
        ["installation.new_permissions_accepted"]
    );
    let permissions = site.github(|github| github.installation(id).unwrap().permissions.clone());
    assert!(permissions.contains_key("checks"));
}

#[tokio::test]
async fn only_owners_change_an_installation() {
    let site = Site::start().await;
    let app = register(&site, |_| {});
    let (id, settings) = install(&site, app).await;
    let mut stranger = site.browser_of("ada").await;
    assert_eq!(stranger.get(&settings).await.status, 404);
    for browser in [&mut stranger, &mut site.browser()] {
        let refused = browser.post(&settings, &[("action", "uninstall")]).await;
        assert_eq!(refused.status, 404);
    }
    assert_eq!(site.events(app).await, [""; 0]);
    assert!(site.github(|github| github.installation(id).is_some()));
}

#[tokio::test]
async fn without_a_setup_page_one_stays_here() {
    let site = Site::start().await;
    register(&site, |app| app.setup_url = None);
    let mut browser = site.browser_of("acme-admin").await;
    let target = id_of(&site, "acme");
    let fields = [("target_id", target.as_str()), ("selection", "all")];
    let installed = browser.post(PERMISSIONS, &fields).await;
    assert!(installed.location().starts_with("/settings/installations/"));
    let page = browser.get("/settings/installations").await;
    page.assert_shows(200, "Lampboard on acme");
}

#[tokio::test]
async fn an_app_may_ask_for_signing_in_too() {
    let site = Site::start().await;
    register(&site, |app| {
        app.request_oauth_on_install = true;
        app.callback_urls = vec!["http://127.0.0.1:1/callback".to_owned()];
    });
    let mut browser = site.browser_of("acme-admin").await;
    let target = id_of(&site, "acme");
    let fields = [("target_id", target.as_str()), ("selection", "all")];
    let installed = browser.post(PERMISSIONS, &fields).await;
    assert!(
        installed
            .location()
            .starts_with("http://127.0.0.1:1/callback?code=")
    );
    assert_eq!(
        installed.parameter("setup_action").as_deref(),
        Some("install")
    );
    assert!(installed.parameter("installation_id").is_some());
}
