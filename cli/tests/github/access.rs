//! What the App may see, and no longer: S12 of the stories.

use lampboard_github_double::scenarios::access;
use lampboard_proto::v1::{
    GetBuildRequest, ListRepositoriesRequest, Repository, build_service_client::BuildServiceClient,
    get_build_request::Key, repository_service_client::RepositoryServiceClient,
};
use tonic::Code;

use crate::{
    board::{self, assert_is_truth},
    world::{HOUR, MINUTE, Settings, World},
};

#[tokio::test]
async fn s12_a_repository_that_was_removed_is_gone_with_its_webhook() {
    let world = World::new().await;
    world.stage.whole_run(false);
    world.deliver().await;
    world.reconcile_fully().await;
    let id = board::builds(&world).await.remove(0).id;
    access::remove(&world.stage);
    world.deliver().await;
    assert_eq!(board::builds(&world).await, []);
    let mut client = BuildServiceClient::new(world.transport());
    let request = GetBuildRequest {
        key: Some(Key::Id(id)),
    };
    let status = client.get_build(request).await.unwrap_err();
    assert_eq!(status.code(), Code::NotFound);
    // What GitHub says now is the same, so that it stays.
    world.reconcile_fully().await;
    assert_eq!(board::builds(&world).await, []);
}

#[tokio::test]
async fn s12_a_renamed_repository_keeps_its_builds_under_its_new_name() {
    let world = World::new().await;
    world.stage.whole_run(true);
    world.deliver().await;
    world.reconcile_fully().await;
    world.wait(MINUTE);
    access::rename(&world.stage, "engine");
    world.deliver().await;
    assert_eq!(board::builds(&world).await[0].repository, "acme/engine");
    world.stage.whole_run(false);
    world.deliver().await;
    world.reconcile_fully().await;
    assert_is_truth(&world).await;
}

#[tokio::test]
async fn s12_a_repository_turned_private_is_so_with_its_webhook() {
    let world = World::new().await;
    let api = world.stage.repository;
    world.double().github(|github| github.publicize(api));
    world.deliver().await;
    world.reconcile().await;
    assert!(!repositories(&world).await[0].private);
    world.wait(MINUTE);
    access::privatize(&world.stage);
    world.deliver().await;
    assert!(repositories(&world).await[0].private);
}

#[tokio::test]
async fn s12_a_transferred_repository_leaves_with_its_builds() {
    let world = World::new().await;
    world.stage.whole_run(true);
    world.deliver().await;
    world.reconcile_fully().await;
    world.wait(MINUTE);
    access::transfer(&world.stage);
    world.deliver().await;
    world.reconcile().await;
    assert_eq!(board::builds(&world).await, []);
}

#[tokio::test]
async fn s12_a_deleted_repository_is_missed_by_the_next_sync() {
    let world = World::new().await;
    world.stage.whole_run(true);
    world.deliver().await;
    world.reconcile_fully().await;
    access::delete(&world.stage);
    world.deliver().await;
    world.wait(HOUR * 25);
    world.reconcile().await;
    assert_eq!(board::builds(&world).await, []);
}

#[tokio::test]
async fn what_an_uninstalled_account_had_is_hidden_at_once() {
    let world = World::new().await;
    world.stage.whole_run(true);
    world.deliver().await;
    let installation = world.stage.installation;
    world
        .double()
        .github(|github| github.uninstall(installation));
    world.deliver().await;
    assert_eq!(board::builds(&world).await, []);
    world.double().clear_requests();
    world.reconcile().await;
    let asked = world.double().requests();
    assert_eq!(crate::limits::spent(&asked), [""; 0]);
}

#[tokio::test]
async fn repositories_that_are_left_out_are_not_shown_and_not_asked_about() {
    let mut settings = Settings::default();
    settings.reconcile.repositories = lampboard_github_app::Patterns::new(["!acme/api"]);
    let world = World::with(settings).await;
    world.stage.whole_run(true);
    world.deliver().await;
    world.reconcile().await;
    assert_eq!(board::builds(&world).await, []);
    let requests = world.double().requests();
    assert!(requests.iter().all(|it| !it.path.contains("/api/actions")));
}

#[tokio::test]
async fn without_webhooks_everything_comes_by_asking() {
    let world = World::with(Settings {
        polling: true,
        ..Settings::default()
    })
    .await;
    world.reconcile().await;
    let run = world.stage.whole_run(false);
    world.wait(MINUTE * 10);
    world.reconcile_fully().await;
    assert_is_truth(&world).await;
    // A re-run is not among the newest runs; while it runs, it is among the running.
    for _ in 0..130 {
        world.stage.whole_run(true);
    }
    world.wait(MINUTE * 10);
    world.reconcile_fully().await;
    lampboard_github_double::scenarios::runs::rerun_later(&world.stage, run, MINUTE);
    world.wait(HOUR * 25);
    world.reconcile_fully().await;
    assert_is_truth(&world).await;
}

async fn repositories(world: &World) -> Vec<Repository> {
    let mut client = RepositoryServiceClient::new(world.transport());
    let request = ListRepositoriesRequest::default();
    let response = client.list_repositories(request).await;
    response.unwrap().into_inner().repositories
}

#[tokio::test]
async fn a_removal_counts_even_if_our_clock_is_behind_githubs() {
    let world = World::with(Settings {
        behind: MINUTE * 2,
        ..Settings::default()
    })
    .await;
    world.reconcile().await;
    world.stage.whole_run(true);
    world.deliver().await;
    assert_eq!(board::builds(&world).await.len(), 1);
    // By our clock, this is before the run ended by GitHub's.
    access::remove(&world.stage);
    world.deliver().await;
    assert_eq!(board::builds(&world).await, []);
}
