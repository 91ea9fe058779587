//! Exchanges with everything that GitHub's have: the headers, weak tags, and
//! links by number.

use jiff::SignedDuration;
use lampboard_github_app::github::{Listed, Purpose, RepositoryPath};
use serde_json::json;

use crate::support::{
    INSTALLATION, World,
    fake::{Asked, Canned, Fake},
};

const WEAK: &str = "W/\"c9ffb2f2d5f9bb3b0ba5a9e0b1f4a1d8e5f3c3a4d2f1b0c9e8d7a6b5c4d3e2f1\"";

/// The headers that come with every answer.
fn with_headers(canned: Canned, asked: &Asked) -> Canned {
    let reset = asked.time + SignedDuration::from_mins(42);
    canned
        .with("content-type", "application/json; charset=utf-8")
        .with("cache-control", "private, max-age=60, s-maxage=60")
        .with(
            "vary",
            "Accept, Authorization, Cookie, X-GitHub-OTP,Accept-Encoding, Accept, X-Requested-With",
        )
        .with("etag", WEAK)
        .with("x-github-media-type", "github.v3; format=json")
        .with("x-github-api-version-selected", "2022-11-28")
        .with("x-ratelimit-limit", 5250)
        .with("x-ratelimit-remaining", 5249)
        .with("x-ratelimit-used", 1)
        .with("x-ratelimit-resource", "core")
        .with("x-ratelimit-reset", reset.as_second())
        .with("x-accepted-github-permissions", "actions=read")
        .with("access-control-allow-origin", "*")
        .with(
            "strict-transport-security",
            "max-age=31536000; includeSubdomains; preload",
        )
        .with("server", "github.com")
        .with("x-github-request-id", "C0DE:1234:5678:9ABC:65F0A1B2")
}

fn links(asked: &Asked, page: u32) -> String {
    let host = asked.header("host").unwrap();
    let link = |page: u32, rel: &str| {
        format!(
            "<http://{host}/api/v3/repositories/1296269/actions/runs?per_page=100&page={page}>; rel=\"{rel}\""
        )
    };
    match page {
        1 => [link(2, "next"), link(3, "last")].join(", "),
        2 => [
            link(1, "prev"),
            link(3, "next"),
            link(3, "last"),
            link(1, "first"),
        ]
        .join(", "),
        _ => [link(2, "prev"), link(1, "first")].join(", "),
    }
}

fn answer(asked: &Asked) -> Canned {
    let page = match asked.path.as_str() {
        "/repos/octo-org/octo-repo/actions/runs?per_page=100" => 1,
        "/repositories/1296269/actions/runs?per_page=100&page=2" => 2,
        "/repositories/1296269/actions/runs?per_page=100&page=3" => 3,
        other => panic!("unexpected: {other}"),
    };
    if asked.header("if-none-match") == Some(WEAK) {
        return with_headers(Canned::status(304), asked);
    }
    let body = json!({ "total_count": 201, "workflow_runs": [{ "id": page }] });
    with_headers(Canned::json(&body), asked).with("link", links(asked, page))
}

#[tokio::test]
async fn walks_the_pages_of_a_list_of_runs() {
    let world = World::new(Fake::answering(answer)).await;
    let repository = RepositoryPath::named("octo-org", "octo-repo");
    let mut next = Some(repository.runs(&[("per_page", "100")]));
    let mut runs = Vec::new();
    while let Some(path) = next {
        let listed = world
            .github
            .list(INSTALLATION, Purpose::Backfill, &path, None)
            .await;
        let Ok(Listed::Page {
            body,
            next: following,
            etag,
        }) = listed
        else {
            panic!("no page: {listed:?}");
        };
        let page: serde_json::Value = serde_json::from_slice(&body).unwrap();
        runs.push(page["workflow_runs"][0]["id"].as_u64().unwrap());
        let again = world
            .github
            .list(INSTALLATION, Purpose::Backfill, &path, etag.as_ref())
            .await;
        assert!(matches!(again, Ok(Listed::NotModified)), "{again:?}");
        next = following;
    }
    assert_eq!(runs, [1, 2, 3]);
    let budgets = world.github.budgets();
    assert_eq!(
        (budgets[1].limit, budgets[1].remaining),
        (Some(5250), Some(5249))
    );
    let reset = world.clock_time() + SignedDuration::from_mins(42);
    assert_eq!(budgets[1].reset_time, Some(reset));
    assert_eq!(budgets[1].spent.backfill, 3);
}
