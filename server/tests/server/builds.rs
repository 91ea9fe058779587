//! `BuildService`: builds looked up by any of their names, and listed.

use lampboard_proto::v1::{
    self, BuildConclusion, BuildFilter, BuildStatus, GetBuildRequest, ListBuildsRequest,
    ListBuildsResponse, get_build_request::Key,
};
use tonic::{Code, Status};

use crate::support::{
    TestServer, code, ended, job, queued, range, refused_fields, report, repository, time,
};

async fn get(server: &TestServer, key: Option<Key>) -> Result<(String, Vec<i32>), Status> {
    let answer = server.builds().get_build(GetBuildRequest { key }).await;
    answer.map(|answer| {
        let answer = answer.into_inner();
        let attempts = answer.attempts.iter().map(|b| b.run_attempt).collect();
        (answer.build.expect("always set").id, attempts)
    })
}

fn of_run(id: i64, attempt: i32) -> Key {
    Key::Run(v1::get_build_request::Run { id, attempt })
}

fn of_url(url: &str) -> Key {
    Key::Url(url.to_owned())
}

fn of_id(id: &str) -> Key {
    Key::Id(id.to_owned())
}

#[tokio::test]
async fn a_build_is_found_by_any_of_its_names() {
    let server = TestServer::start().await;
    server
        .report(vec![queued(1, 1), queued(1, 2), queued(2, 1)])
        .await;
    let page = "https://github.com/acme/api/actions/runs/1";
    let names = [
        (of_id("7-1-1"), "7-1-1"),
        (of_run(1, 1), "7-1-1"),
        (of_run(1, 0), "7-1-2"),
        (of_url(page), "7-1-2"),
        (of_url(&format!("{page}/attempts/1")), "7-1-1"),
        (of_url(&format!("{page}/job/5?pr=1")), "7-1-2"),
        (
            of_url("https://GitHub.com/old/name/actions/runs/1"),
            "7-1-2",
        ),
    ];
    for (key, expected) in names {
        let found = get(&server, Some(key.clone())).await.unwrap();
        assert_eq!(found, (expected.to_owned(), vec![1, 2]), "{key:?}");
    }
}

#[tokio::test]
async fn what_is_not_there_is_not_found() {
    let server = TestServer::start().await;
    server.report(vec![queued(1, 1)]).await;
    let names = [
        of_id("7-1-2"),
        of_id("8-1-1"),
        of_run(2, 0),
        of_run(1, 2),
        of_url("https://github.com/acme/api/actions/runs/2"),
        of_url("https://github.com/acme/api/actions/runs/1/attempts/2"),
        of_url("https://github.example.com/acme/api/actions/runs/1"),
    ];
    for key in names {
        assert_eq!(code(get(&server, Some(key)).await), Code::NotFound);
    }
    assert_eq!(code(server.jobs("7-1-2").await), Code::NotFound);
}

#[tokio::test]
async fn what_is_no_name_is_refused() {
    let server = TestServer::start().await;
    let names = [
        (None, "key"),
        (Some(of_id("nonsense")), "id"),
        (Some(of_run(0, 1)), "run.id"),
        (Some(of_url("javascript:alert(1)")), "url"),
    ];
    for (key, field) in names {
        assert_eq!(refused_fields(get(&server, key).await), [field]);
    }
    assert_eq!(refused_fields(server.jobs("1-2").await), ["build_id"]);
}

#[tokio::test]
async fn jobs_are_listed_as_they_were_created() {
    let server = TestServer::start().await;
    let list = async || {
        let jobs = server.jobs("7-1-1").await.unwrap();
        jobs.iter().map(|job| job.id).collect::<Vec<_>>()
    };
    server.report(vec![queued(1, 1)]).await;
    assert_eq!(list().await, [] as [i64; 0]);
    let mut request = report(Vec::new());
    request.jobs = vec![job(13, 300, 400), job(12, 100, 400), job(11, 300, 400)];
    server.send(request).await.unwrap();
    assert_eq!(list().await, [12, 11, 13]);
}

async fn list(
    server: &TestServer,
    request: ListBuildsRequest,
) -> Result<ListBuildsResponse, Status> {
    let answer = server.builds().list_builds(request).await;
    answer.map(tonic::Response::into_inner)
}

fn page(filter: Option<BuildFilter>, page_size: i32, page_token: String) -> ListBuildsRequest {
    ListBuildsRequest {
        filter,
        page_size,
        page_token,
    }
}

async fn ids(server: &TestServer, filter: BuildFilter) -> Vec<String> {
    let answer = list(server, page(Some(filter), 0, String::new())).await;
    let builds = answer.unwrap().builds;
    builds.into_iter().map(|build| build.id).collect()
}

#[tokio::test]
async fn pages_walk_all_builds_once_newest_first() {
    let server = TestServer::start().await;
    server
        .report((1..=120).map(|run| queued(run, 1)).collect())
        .await;
    let mut found = Vec::new();
    let mut token = String::new();
    // The size may change from page to page.
    for (size, expected) in [(0, 50), (7, 7), (13, 13), (500, 50)] {
        let answer = list(&server, page(None, size, token)).await.unwrap();
        assert_eq!(answer.builds.len(), expected);
        found.extend(answer.builds.iter().map(|build| build.run_id));
        token = answer.next_page_token;
    }
    assert_eq!(token, "", "that was the last one");
    assert_eq!(found, (1..=120).rev().collect::<Vec<_>>());
}

#[tokio::test]
async fn a_page_holds_at_most_two_hundred() {
    let server = TestServer::start().await;
    server
        .report((1..=201).map(|run| queued(run, 1)).collect())
        .await;
    let answer = list(&server, page(None, i32::MAX, String::new())).await;
    let answer = answer.unwrap();
    assert_eq!(answer.builds.len(), 200);
    assert_ne!(answer.next_page_token, "");
}

#[tokio::test]
async fn only_its_own_request_takes_a_page_token() {
    let server = TestServer::start().await;
    server.report(vec![queued(1, 1), queued(2, 1)]).await;
    let main = || {
        Some(BuildFilter {
            branches: vec!["main".to_owned()],
            ..BuildFilter::default()
        })
    };
    let first = list(&server, page(main(), 1, String::new())).await.unwrap();
    let token = first.next_page_token;
    let second = list(&server, page(main(), 1, token.clone())).await.unwrap();
    assert_eq!(second.builds[0].run_id, 1);

    let cut = token[..token.len() - 1].to_owned();
    let of_repositories = {
        let mut request = report(Vec::new());
        request.repositories.push(v1::Repository {
            id: 8,
            ..repository()
        });
        server.send(request).await.unwrap();
        let request = v1::ListRepositoriesRequest {
            page_size: 1,
            ..v1::ListRepositoriesRequest::default()
        };
        let answer = server.repositories().list_repositories(request).await;
        answer.unwrap().into_inner().next_page_token
    };
    let bad = [
        page(None, 1, token),
        page(main(), 1, cut),
        page(main(), 1, of_repositories),
        page(main(), 1, "AAAA".to_owned()),
        page(main(), 1, "'; DROP TABLE build; --".to_owned()),
    ];
    for request in bad {
        assert_eq!(refused_fields(list(&server, request).await), ["page_token"]);
    }
    let negative = list(&server, page(None, -1, String::new())).await;
    assert_eq!(refused_fields(negative), ["page_size"]);
}

#[tokio::test]
async fn a_token_that_is_forged_with_care_is_refused_too() {
    use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
    use sha2::{Digest as _, Sha256};

    let server = TestServer::start().await;
    // Of the empty request, so the checksum is over the position alone.
    for position in ["", "x", "1/2/3", "99999999999999999999/7-1-1", "0/7-1"] {
        let mut token = Sha256::digest(position).to_vec();
        token.truncate(8);
        token.extend_from_slice(position.as_bytes());
        let forged = page(None, 0, URL_SAFE_NO_PAD.encode(token));
        assert_eq!(refused_fields(list(&server, forged).await), ["page_token"]);
    }
}

#[tokio::test]
async fn every_field_of_a_filter_selects() {
    let server = TestServer::start().await;
    let other = v1::Build {
        workflow: "Deploy".to_owned(),
        workflow_id: 4,
        branch: "release/1".to_owned(),
        triggering_actor: "dependabot[bot]".to_owned(),
        event: "schedule".to_owned(),
        commit_sha: "ffffffffffffffffffffffffffffffffffffffff".to_owned(),
        pull_requests: vec![99],
        start_time: time(40_000),
        ..ended(2, 1, BuildConclusion::Failure, 9_000)
    };
    server.report(vec![queued(1, 1), queued(1, 2), other]).await;
    let text = |text: &str| vec![text.to_owned()];
    let any = BuildFilter::default;
    let selects_other = [
        BuildFilter {
            repositories: text("ACME/*"),
            workflows: text("D*y"),
            ..any()
        },
        BuildFilter {
            branches: text("release/*"),
            ..any()
        },
        BuildFilter {
            actors: text("*[bot]"),
            ..any()
        },
        BuildFilter {
            events: text("schedule"),
            ..any()
        },
        BuildFilter {
            statuses: vec![BuildStatus::Completed.into()],
            ..any()
        },
        BuildFilter {
            conclusions: vec![BuildConclusion::Failure.into()],
            ..any()
        },
        BuildFilter {
            start_time_range: range(Some(40_000), None),
            ..any()
        },
        BuildFilter {
            end_time_range: range(None, Some(50_000)),
            ..any()
        },
        BuildFilter {
            commit_shas: text("FFFFFFF"),
            ..any()
        },
        BuildFilter {
            run_ids: vec![2],
            ..any()
        },
        BuildFilter {
            workflow_ids: vec![4, 5],
            ..any()
        },
        BuildFilter {
            pull_requests: vec![9, 99],
            ..any()
        },
        BuildFilter {
            counted_only: true,
            ..any()
        },
    ];
    for filter in selects_other {
        assert_eq!(ids(&server, filter.clone()).await, ["7-2-1"], "{filter:?}");
    }
    let latest = BuildFilter {
        latest_attempts_only: true,
        ..any()
    };
    assert_eq!(ids(&server, latest).await, ["7-2-1", "7-1-2"]);
    let on_main = BuildFilter {
        default_branch_only: true,
        ..any()
    };
    assert_eq!(ids(&server, on_main).await, ["7-1-2", "7-1-1"]);
    let nobody = BuildFilter {
        repositories: text("acme/web"),
        ..any()
    };
    assert_eq!(ids(&server, nobody).await, [] as [&str; 0]);
    assert_eq!(ids(&server, any()).await.len(), 3);
}

#[tokio::test]
async fn a_forks_branch_goes_by_the_forks_name() {
    let server = TestServer::start().await;
    let of_fork = v1::Build {
        head_repository: "eve/api".to_owned(),
        ..queued(2, 1)
    };
    server.report(vec![queued(1, 1), of_fork]).await;
    let table = [
        ("main", &["7-1-1"][..]),
        ("eve/api:main", &["7-2-1"]),
        ("*:main", &["7-2-1"]),
        ("eve/api:*", &["7-2-1"]),
        ("*main", &["7-2-1", "7-1-1"]),
        (":main", &[]),
    ];
    for (branch, expected) in table {
        let filter = BuildFilter {
            branches: vec![branch.to_owned()],
            ..BuildFilter::default()
        };
        assert_eq!(ids(&server, filter).await, expected, "{branch}");
    }
}

#[tokio::test]
async fn hostile_texts_are_texts() {
    let server = TestServer::start().await;
    let hostile = [
        "'; DROP TABLE build; --",
        "%_\\",
        "\"",
        "[a-z]?",
        "\u{202e}\u{200b}",
    ];
    for (run, branch) in (1..).zip(hostile) {
        server
            .report(vec![v1::Build {
                branch: branch.to_owned(),
                ..queued(run, 1)
            }])
            .await;
    }
    for (run, branch) in (1..).zip(hostile) {
        let filter = BuildFilter {
            branches: vec![branch.to_owned()],
            actors: vec!["*".to_owned()],
            ..BuildFilter::default()
        };
        assert_eq!(ids(&server, filter).await, [format!("7-{run}-1")]);
    }
    for hostile in hostile {
        let filter = BuildFilter {
            repositories: vec![hostile.to_owned()],
            workflows: vec![hostile.to_owned()],
            events: vec![hostile.to_owned()],
            ..BuildFilter::default()
        };
        assert_eq!(ids(&server, filter).await, [] as [&str; 0]);
    }
}

#[tokio::test]
async fn every_bad_field_of_a_filter_is_named() {
    type Spoil = (&'static str, fn(&mut BuildFilter));
    let spoils: &[Spoil] = &[
        ("repositories[0]", |f| f.repositories = vec![String::new()]),
        ("workflows[0]", |f| f.workflows = vec!["\0".to_owned()]),
        ("branches[1]", |f| {
            f.branches = vec!["a".to_owned(), "b".repeat(256)];
        }),
        ("actors", |f| f.actors = vec!["a".to_owned(); 101]),
        ("events[0]", |f| f.events = vec!["\0".to_owned()]),
        ("statuses[0]", |f| f.statuses = vec![0]),
        ("statuses[1]", |f| f.statuses = vec![1, 99]),
        ("conclusions[0]", |f| f.conclusions = vec![-1]),
        ("start_time_range.end_time", |f| {
            f.start_time_range = range(Some(2), Some(1));
        }),
        ("end_time_range.start_time", |f| {
            let mut range = v1::TimeRange {
                start_time: time(1),
                end_time: None,
            };
            range.start_time.as_mut().unwrap().seconds = i64::MIN;
            f.end_time_range = Some(range);
        }),
        ("commit_shas[0]", |f| f.commit_shas = vec!["abc".to_owned()]),
        ("commit_shas[0]", |f| {
            f.commit_shas = vec!["nothexadecimal".to_owned()];
        }),
        ("run_ids[0]", |f| f.run_ids = vec![0]),
        ("workflow_ids[0]", |f| f.workflow_ids = vec![-1]),
        ("pull_requests[0]", |f| f.pull_requests = vec![-3]),
    ];
    let server = TestServer::start().await;
    for (field, spoil) in spoils {
        let mut filter = BuildFilter::default();
        spoil(&mut filter);
        let expected = [format!("filter.{field}")];
        let listed = list(&server, page(Some(filter.clone()), 0, String::new())).await;
        assert_eq!(refused_fields(listed), expected);
        let watch = v1::WatchBuildsRequest {
            filter: Some(filter.clone()),
        };
        let watched = server.builds().watch_builds(watch).await;
        assert_eq!(refused_fields(watched.map(drop)), expected);
        let sum = v1::GetSummaryRequest {
            filter: Some(filter),
        };
        let summed = server.metrics().get_summary(sum).await;
        assert_eq!(refused_fields(summed), expected);
    }
}
