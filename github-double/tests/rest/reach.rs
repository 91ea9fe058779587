//! What a caller may know of: suspended, uninstalled, removed, renamed, deleted, private.

use lampboard_github_double::Selection;

use crate::support::Scene;

#[tokio::test]
async fn a_suspended_installation_has_no_tokens_and_its_tokens_no_use() {
    let scene = Scene::new().await;
    let token = scene.token().await;
    scene.github(|github| github.suspend(scene.stage.installation));
    let suspended = (403, "This installation has been suspended");
    assert_eq!(
        scene.new_token(&serde_json::json!({})).await.message(),
        suspended
    );
    assert_eq!(
        scene
            .get("/installation/repositories", &token)
            .await
            .message(),
        suspended
    );
    let path = format!("/app/installations/{}", scene.stage.installation);
    let reply = scene.get(&path, &scene.jwt()).await;
    assert_eq!(reply.json["suspended_at"], "2026-03-12T12:00:00Z");
    scene.github(|github| github.unsuspend(scene.stage.installation));
    assert_eq!(
        scene.get("/installation/repositories", &token).await.status,
        200
    );
}

#[tokio::test]
async fn an_uninstalled_app_has_nothing_left() {
    let scene = Scene::new().await;
    let token = scene.token().await;
    scene.github(|github| github.uninstall(scene.stage.installation));
    assert_eq!(scene.new_token(&serde_json::json!({})).await.status, 404);
    assert_eq!(
        scene.get("/installation/repositories", &token).await.status,
        401
    );
}

#[tokio::test]
async fn a_removed_repository_is_not_found() {
    let scene = Scene::new().await;
    let token = scene.token().await;
    let path = format!("/repositories/{}", scene.stage.repository);
    assert_eq!(scene.get(&path, &token).await.status, 200);
    scene.github(|github| {
        github.select_repositories(scene.stage.installation, Selection::Selected, &[]);
    });
    assert_eq!(scene.get(&path, &token).await.message(), (404, "Not Found"));
}

#[tokio::test]
async fn a_renamed_repository_has_moved_for_whoever_may_know() {
    let scene = Scene::new().await;
    let token = scene.token().await;
    let id = scene.stage.repository;
    scene.github(|github| github.rename_repository(id, "core"));
    let reply = scene
        .get("/repos/acme/api/actions/runs?per_page=5", &token)
        .await;
    assert_eq!(reply.message(), (301, "Moved Permanently"));
    let there = format!(
        "{}/repositories/{id}/actions/runs?per_page=5",
        scene.double().api_url()
    );
    assert_eq!(reply.header("location"), there);
    assert_eq!(scene.get(&there, &token).await.status, 200);
    assert_eq!(scene.get("/repos/acme/core", &token).await.json["id"], id.0);
    assert_eq!(
        scene.get("/repos/acme/api", "").await.status,
        404,
        "it is private"
    );
    let installation = scene
        .get("/repos/acme/api/installation", &scene.jwt())
        .await;
    assert_eq!(installation.status, 301);
}

#[tokio::test]
async fn a_deleted_repository_is_as_if_it_had_never_been() {
    let scene = Scene::new().await;
    let token = scene.token().await;
    scene.github(|github| github.delete_repository(scene.stage.repository));
    let path = format!("/repositories/{}/actions/runs", scene.stage.repository);
    assert_eq!(scene.get(&path, &token).await.status, 404);
    assert_eq!(scene.get("/repos/acme/api", &token).await.status, 404);
    assert_eq!(
        scene
            .get("/repos/acme/api/installation", &scene.jwt())
            .await
            .status,
        404
    );
}

#[tokio::test]
async fn strangers_see_what_is_public() {
    let scene = Scene::new().await;
    assert_eq!(scene.get("/repos/acme/api", "").await.status, 404);
    scene.github(|github| github.publicize(scene.stage.repository));
    assert_eq!(scene.get("/repos/acme/api", "").await.status, 200);
}

#[tokio::test]
async fn what_every_request_needs() {
    let scene = Scene::new().await;
    let reply = scene.get_with("/meta", "", &[("user-agent", "")]).await;
    assert_eq!(reply.status, 403, "{reply:?}");
    let asked = async |version| {
        let header = [("x-github-api-version", version)];
        scene.get_with("/meta", "", &header).await
    };
    let replies = [asked("").await, asked("2026-03-10").await];
    let selected = replies.each_ref().map(|reply| {
        assert_eq!(reply.status, 200);
        reply.header("x-github-api-version-selected").to_owned()
    });
    assert_eq!(selected, ["2022-11-28", "2026-03-10"]);
    assert_eq!(asked("2021-01-01").await.status, 400);
    assert_eq!(
        scene.get("/nowhere", "").await.message(),
        (404, "Not Found")
    );
}

#[tokio::test]
async fn runs_are_changed_by_whoever_may_write() {
    let scene = Scene::new().await;
    let run = scene.stage.whole_run(false);
    let path = format!(
        "/repositories/{}/actions/runs/{run}",
        scene.stage.repository
    );
    let token = scene.token().await;
    let reply = scene.post(&format!("{path}/rerun"), &token).await;
    assert_eq!(
        reply.message(),
        (403, "Resource not accessible by integration")
    );
    assert_eq!(
        reply.header("x-accepted-github-permissions"),
        "actions=write"
    );

    scene.github(|github| {
        let app = github.app_mut(scene.stage.app).unwrap();
        app.permissions
            .insert("actions".to_owned(), "write".to_owned());
        github.accept_permissions(scene.stage.installation);
    });
    assert_eq!(
        scene.post(&format!("{path}/rerun"), &token).await.status,
        201
    );
    assert_eq!(scene.get(&path, &token).await.json["run_attempt"], 2);
    let again = scene.post(&format!("{path}/rerun"), &token).await;
    assert_eq!(again.message(), (403, "This workflow is already running"));
    assert_eq!(
        scene.post(&format!("{path}/cancel"), &token).await.status,
        202
    );
    assert_eq!(
        scene.get(&path, &token).await.json["conclusion"],
        "cancelled"
    );
    assert_eq!(
        scene.post(&format!("{path}/cancel"), &token).await.status,
        409
    );
}
