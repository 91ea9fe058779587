//! A token goes to GitHub, and to nobody else.

use std::sync::Arc;

use lampboard_github_app::github::{
    Connection, ConnectionError, Error, GitHub, Purpose, RepositoryPath,
};
use serde_json::json;
use url::Url;

use crate::support::{
    INSTALLATION, World, connection,
    fake::{Canned, Fake, serve},
    path,
};

#[tokio::test]
async fn follows_a_renamed_repository() {
    let fake = Fake::answering(|asked| match asked.path.as_str() {
        "/repos/octo-org/old" => Canned::refusal(301, "Moved Permanently").with(
            "location",
            format!(
                "http://{}/api/v3/repositories/7",
                asked.header("host").unwrap()
            ),
        ),
        "/repositories/7" => Canned::json(&json!({ "id": 7, "full_name": "octo-org/new" })),
        other => panic!("unexpected: {other}"),
    });
    let world = World::new(fake).await;
    let old = RepositoryPath::named("octo-org", "old");
    let found = world
        .github
        .repository(INSTALLATION, Purpose::Live, &old)
        .await
        .unwrap();
    assert_eq!(found.full_name.as_deref(), Some("octo-org/new"));
    let asked = world.fake.asked_for_data();
    assert_eq!(asked[1].bearer(), "token-1");
}

/// A world, and a stranger's server on the same machine.
async fn beside_a_stranger(answer: fn(&str) -> Canned) -> (World, Arc<Fake>) {
    let stranger = Arc::new(Fake::answering(|_| Canned::json(&json!({}))));
    let url = serve(&stranger).await.to_string();
    let world = World::new(Fake::answering(move |_| answer(&url))).await;
    (world, stranger)
}

#[tokio::test]
async fn does_not_follow_a_redirect_to_another_host() {
    let moved = |url: &str| Canned::status(301).with("location", format!("{url}/repositories/7"));
    let (world, stranger) = beside_a_stranger(moved).await;
    let got = world
        .github
        .get(INSTALLATION, Purpose::Live, &path("/thing"))
        .await;
    assert!(matches!(got, Err(Error::ForeignHost { .. })), "{got:?}");
    assert_eq!(stranger.asked().len(), 0);
}

#[tokio::test]
async fn does_not_follow_the_next_page_to_another_host() {
    let next = |url: &str| {
        let link = format!("<{url}/installation/repositories?page=2>; rel=\"next\"");
        Canned::json(&json!({ "repositories": [] })).with("link", link)
    };
    let (world, stranger) = beside_a_stranger(next).await;
    let all = world.github.repositories(INSTALLATION, Purpose::Live).await;
    assert!(matches!(all, Err(Error::ForeignHost { .. })), "{all:?}");
    let runs = path("/runs");
    let page = world
        .github
        .list(INSTALLATION, Purpose::Live, &runs, None)
        .await;
    assert!(matches!(page, Err(Error::ForeignHost { .. })), "{page:?}");
    assert_eq!(stranger.asked().len(), 0);
}

#[tokio::test]
async fn does_not_follow_a_redirect_that_goes_in_a_circle() {
    let fake = Fake::answering(|_| Canned::status(302).with("location", "/api/v3/thing"));
    let world = World::new(fake).await;
    let got = world
        .github
        .get(INSTALLATION, Purpose::Live, &path("/thing"))
        .await;
    assert!(matches!(got, Err(Error::Unreadable { .. })), "{got:?}");
    assert_eq!(world.fake.asked_for_data().len(), 4);
}

#[tokio::test]
async fn does_not_repeat_elsewhere_what_changes_something() {
    let fake = Fake::answering(|_| Canned::status(307).with("location", "/api/v3/thing"));
    let world = World::new(fake).await;
    let refused = world.github.redeliver(5).await;
    assert!(matches!(refused, Err(Error::Refused { .. })), "{refused:?}");
    assert_eq!(world.fake.asked().len(), 1);
}

#[tokio::test]
async fn refuses_an_address_that_is_not_safe() {
    let fake = Fake::answering(|_| Canned::json(&json!({})));
    let good: Url = "http://127.0.0.1:9".parse().unwrap();
    for url in [
        "http://ghe.example.com/api/v3",
        "https://me:secret@ghe.example.com",
    ] {
        let url: Url = url.parse().unwrap();
        let api = Connection {
            api_url: url.clone(),
            ..connection(&good)
        };
        let web = Connection {
            web_url: url,
            ..connection(&good)
        };
        for connection in [api, web] {
            let refused = GitHub::new(connection, Arc::clone(&fake.clock) as _).unwrap_err();
            assert!(matches!(&refused, ConnectionError::UnusableUrl(_)));
            assert!(!refused.to_string().contains("secret"));
        }
    }
}
