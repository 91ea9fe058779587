//! Lists in pages, and pages that come only if they changed.

use jiff::SignedDuration;
use lampboard_github_app::github::{ApiPath, ETag, Error, Listed, Purpose};
use serde_json::json;

use crate::support::{
    INSTALLATION, World,
    fake::{Asked, Canned, Fake},
    path,
};

const ETAG: &str = "W/\"0a1b\"";

async fn list(world: &World, etag: Option<&ETag>) -> Listed {
    let list = path("/repos/octo-org/site/actions/runs?per_page=100");
    let listed = world
        .github
        .list(INSTALLATION, Purpose::Reconcile, &list, etag);
    listed.await.unwrap()
}

async fn page(world: &World, etag: Option<&ETag>) -> (Option<ApiPath>, Option<ETag>) {
    match list(world, etag).await {
        Listed::Page { next, etag, .. } => (next, etag),
        Listed::NotModified => panic!("it is said not to have changed"),
    }
}

fn unless_known(asked: &Asked) -> Canned {
    match asked.header("if-none-match") {
        Some(ETAG) => Canned::status(304).with("etag", ETAG),
        _ => Canned::json(&json!({ "workflow_runs": [] })).with("etag", ETAG),
    }
}

#[tokio::test]
async fn asks_again_only_if_it_changed() {
    let world = World::new(Fake::answering(unless_known)).await;
    let (_, etag) = page(&world, None).await;
    assert!(matches!(
        list(&world, etag.as_ref()).await,
        Listed::NotModified
    ));
    let asked = world.fake.asked_for_data();
    assert_eq!(asked[0].header("if-none-match"), None);
    assert_eq!(asked[1].header("if-none-match"), Some(ETAG));
}

#[tokio::test]
async fn does_not_compare_across_tokens() {
    let world = World::new(Fake::answering(unless_known)).await;
    let (_, old) = page(&world, None).await;
    world.clock.step(SignedDuration::from_hours(1));
    let (_, new) = page(&world, old.as_ref()).await;
    assert_eq!(world.fake.asked_for_data()[1].header("if-none-match"), None);
    assert_ne!(old, new);
    assert!(matches!(
        list(&world, new.as_ref()).await,
        Listed::NotModified
    ));
}

#[tokio::test]
async fn does_not_compare_across_installations() {
    let world = World::new(Fake::answering(unless_known)).await;
    let (_, etag) = page(&world, None).await;
    let runs = path("/runs");
    let other = world
        .github
        .list(99, Purpose::Live, &runs, etag.as_ref())
        .await;
    assert!(matches!(other, Ok(Listed::Page { .. })));
}

#[tokio::test]
async fn does_not_believe_that_nothing_changed_if_it_did_not_ask() {
    let world = World::new(Fake::answering(|_| Canned::status(304))).await;
    let runs = path("/runs");
    let listed = world
        .github
        .list(INSTALLATION, Purpose::Live, &runs, None)
        .await;
    assert!(
        matches!(listed, Err(Error::Unreadable { .. })),
        "{listed:?}"
    );
    let got = world.github.get(INSTALLATION, Purpose::Live, &runs).await;
    assert!(matches!(got, Err(Error::Unreadable { .. })), "{got:?}");
}

#[tokio::test]
async fn forgets_what_it_compares_with_when_the_token_dies_on_the_way() {
    let fake = Fake::answering(|asked| match asked.bearer() {
        "token-1" if asked.header("if-none-match").is_some() => {
            Canned::refusal(401, "Bad credentials")
        }
        _ => unless_known(asked),
    });
    let world = World::new(fake).await;
    let (_, etag) = page(&world, None).await;
    world.clock.step(SignedDuration::from_mins(1));
    page(&world, etag.as_ref()).await;
    let asked = world.fake.asked_for_data();
    assert_eq!(asked.last().unwrap().header("if-none-match"), None);
}

/// Answers the second of two pages to who follows the link of the first.
fn two_pages(first: serde_json::Value, second: serde_json::Value) -> Fake {
    Fake::answering(move |asked| {
        if asked.path.contains("page=2") {
            return Canned::json(&second);
        }
        let host = asked.header("host").unwrap();
        let (list, _) = asked.path.split_once('?').unwrap();
        let link = format!(
            "<http://{host}/api/v3{list}?per_page=100&page=2>; rel=\"next\", \
             <http://{host}/api/v3{list}?per_page=100&page=2>; rel=\"last\""
        );
        Canned::json(&first).with("link", link)
    })
}

#[tokio::test]
async fn reads_all_repositories_and_leaves_out_odd_records() {
    let first = json!({ "total_count": 5, "repositories": [
        { "id": 1, "full_name": "octo-org/one", "private": true, "extra": { "new": 1 } },
        { "id": "two" },
        null,
    ]});
    let second = json!({ "repositories": [
        { "id": 3, "full_name": null, "pushed_at": "2026-02-28T10:00:00Z" },
    ]});
    let world = World::new(two_pages(first, second)).await;
    let found = world
        .github
        .repositories(INSTALLATION, Purpose::Live)
        .await
        .unwrap();
    let ids: Vec<_> = found.iter().map(|repository| repository.id).collect();
    assert_eq!(ids, [Some(1), Some(3)]);
    assert_eq!(found[0].private, Some(true));
    assert_eq!(
        found[1].pushed_at,
        Some("2026-02-28T10:00:00Z".parse().unwrap())
    );
    let asked = world.fake.asked_for_data();
    assert_eq!(asked[0].path, "/installation/repositories?per_page=100");
    assert_eq!(
        asked[1].path,
        "/installation/repositories?per_page=100&page=2"
    );
    assert_eq!(asked[1].bearer(), "token-1");
}

#[tokio::test]
async fn reads_all_installations() {
    let first = json!([
        { "id": 1, "account": { "login": "octo-org", "type": "Organization" } },
        { "id": 2, "suspended_at": 1_772_000_000, "permissions": { "actions": "read" } },
    ]);
    let world = World::new(two_pages(first, json!([{ "id": 3 }]))).await;
    let found = world.github.installations().await.unwrap();
    let ids: Vec<_> = found.iter().map(|installation| installation.id).collect();
    assert_eq!(ids, [Some(1), Some(2), Some(3)]);
    let kind = found[0].account.as_ref().unwrap().kind.as_deref();
    assert_eq!(kind, Some("Organization"));
    assert_eq!(found[1].suspended_at.unwrap().as_second(), 1_772_000_000);
    assert_eq!(found[1].permissions.as_ref().unwrap()["actions"], "read");
}

#[tokio::test]
async fn a_list_that_leads_back_to_itself_ends() {
    let fake = Fake::answering(|_| {
        Canned::json(&json!({ "repositories": [] }))
            .with("link", "</api/v3/installation/repositories>; rel=\"next\"")
    });
    let world = World::new(fake).await;
    let found = world.github.repositories(INSTALLATION, Purpose::Live).await;
    assert!(matches!(found, Err(Error::Unreadable { .. })), "{found:?}");
}

#[tokio::test]
async fn a_page_that_is_no_json_is_an_error_of_its_own() {
    let fake = Fake::answering(|_| Canned::status(200).with_body("<html>secret</html>"));
    let world = World::new(fake).await;
    let error = world
        .github
        .repositories(INSTALLATION, Purpose::Live)
        .await
        .unwrap_err();
    assert!(matches!(error, Error::Unreadable { .. }));
    assert!(!error.to_string().contains("secret"), "{error}");
    assert_eq!(world.fake.asked_for_data().len(), 1);
}
