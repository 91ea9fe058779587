//! `RepositoryService`: repositories with their last builds, and how workflows stand.

use lampboard_proto::v1::{
    self, BuildConclusion, ListRepositoriesRequest, ListRepositoriesResponse, ListWorkflowsRequest,
    ListWorkflowsResponse, Repository,
};
use tonic::Status;

use crate::support::{
    TestServer, ended, job, queued, refused_fields, report, repository, seconds, time,
};

use BuildConclusion::{Failure, Success};

async fn list(
    server: &TestServer,
    request: ListRepositoriesRequest,
) -> Result<ListRepositoriesResponse, Status> {
    let answer = server.repositories().list_repositories(request).await;
    answer.map(tonic::Response::into_inner)
}

async fn workflows(server: &TestServer, request: ListWorkflowsRequest) -> ListWorkflowsResponse {
    let answer = server.repositories().list_workflows(request).await;
    answer.unwrap().into_inner()
}

async fn with_repositories(names: &[&str]) -> TestServer {
    let server = TestServer::start().await;
    let mut request = report(Vec::new());
    request.repositories = (1..)
        .zip(names)
        .map(|(id, name)| Repository {
            id,
            name: (*name).to_owned(),
            installation_id: 4 + id % 2,
            ..repository()
        })
        .collect();
    server.send(request).await.unwrap();
    server
}

#[tokio::test]
async fn repositories_are_listed_by_name_page_by_page() {
    // One's name is the start of another's, and two have the same.
    let all = ["acme/b", "acme/a", "acme/a-1", "acme/c", "acme/a", "acme/A"];
    let server = with_repositories(&all).await;
    let sorted = ["acme/A", "acme/a", "acme/a", "acme/a-1", "acme/b", "acme/c"];
    for page_size in 1..=7 {
        let mut found = Vec::new();
        let mut request = ListRepositoriesRequest {
            page_size,
            ..ListRepositoriesRequest::default()
        };
        loop {
            let answer = list(&server, request.clone()).await.unwrap();
            found.extend(answer.repositories.iter().map(|r| (r.name.clone(), r.id)));
            if answer.next_page_token.is_empty() {
                break;
            }
            request.page_token = answer.next_page_token;
        }
        assert!(found.iter().map(|(name, _)| name).eq(sorted));
        assert_eq!((found[1].1, found[2].1), (2, 5));
    }
}

#[tokio::test]
async fn repositories_are_chosen_by_name_and_installation() {
    let server = with_repositories(&["acme/api", "acme/web", "zoo/api"]).await;
    let chosen = async |names: &[&str], installation_id| {
        let request = ListRepositoriesRequest {
            names: names.iter().map(|name| (*name).to_owned()).collect(),
            installation_id,
            ..ListRepositoriesRequest::default()
        };
        let answer = list(&server, request).await.unwrap();
        answer.repositories.iter().map(|r| r.id).collect::<Vec<_>>()
    };
    assert_eq!(chosen(&["*/API"], 0).await, [1, 3]);
    assert_eq!(chosen(&["acme/web", "zoo/*"], 0).await, [2, 3]);
    assert_eq!(chosen(&[], 5).await, [1, 3]);
    assert_eq!(chosen(&["acme/*"], 4).await, [2]);
    assert_eq!(chosen(&[], 99).await, [] as [i64; 0]);
}

#[tokio::test]
async fn recent_builds_come_only_when_asked_for() {
    let server = TestServer::start().await;
    let list = async |recent_build_count| {
        let request = ListRepositoriesRequest {
            recent_build_count,
            ..ListRepositoriesRequest::default()
        };
        let answer = list(&server, request).await.unwrap();
        answer
            .repositories
            .into_iter()
            .next()
            .expect("there is one")
    };
    server.send(report(Vec::new())).await.unwrap();
    assert_eq!(list(5).await, repository(), "without builds");

    let later = v1::Build {
        start_time: time(40_000),
        ..queued(2, 1)
    };
    server.report(vec![ended(1, 1, Success, 60), later]).await;
    let without = list(0).await;
    assert_eq!(without.recent_builds, []);
    assert_eq!(without.last_build_time, time(40_000));
    let recent = list(5).await.recent_builds;
    assert_eq!(recent.len(), 2);
    let expected = v1::RecentBuild {
        id: "7-1-1".to_owned(),
        status: v1::BuildStatus::Completed.into(),
        conclusion: Success.into(),
        run_id: 1,
        run_number: 1,
        run_attempt: 1,
        workflow: "CI".to_owned(),
        start_time: time(32_400),
        duration: seconds(60),
        ..v1::RecentBuild::default()
    };
    assert_eq!(recent[0], expected, "oldest first");
    assert_eq!(recent[1].duration, None);
}

#[tokio::test]
async fn bad_requests_for_repositories_are_refused() {
    let server = with_repositories(&["acme/api", "acme/web"]).await;
    let any = ListRepositoriesRequest::default;
    let first = ListRepositoriesRequest {
        page_size: 1,
        ..any()
    };
    let page_token = list(&server, first).await.unwrap().next_page_token;
    let bad = [
        (
            "page_size",
            ListRepositoriesRequest {
                page_size: -1,
                ..any()
            },
        ),
        (
            "page_token",
            ListRepositoriesRequest {
                page_token: "?".to_owned(),
                ..any()
            },
        ),
        (
            "page_token",
            ListRepositoriesRequest {
                page_token,
                installation_id: 5,
                ..any()
            },
        ),
        (
            "installation_id",
            ListRepositoriesRequest {
                installation_id: -1,
                ..any()
            },
        ),
        (
            "names[0]",
            ListRepositoriesRequest {
                names: vec![String::new()],
                ..any()
            },
        ),
        (
            "recent_build_count",
            ListRepositoriesRequest {
                recent_build_count: 51,
                ..any()
            },
        ),
        (
            "recent_build_count",
            ListRepositoriesRequest {
                recent_build_count: -1,
                ..any()
            },
        ),
    ];
    for (field, request) in bad {
        assert_eq!(refused_fields(list(&server, request).await), [field]);
    }
    for (field, request) in [
        (
            "limit",
            ListWorkflowsRequest {
                limit: -1,
                ..ListWorkflowsRequest::default()
            },
        ),
        (
            "repositories[0]",
            ListWorkflowsRequest {
                repositories: vec!["\0".to_owned()],
                ..ListWorkflowsRequest::default()
            },
        ),
    ] {
        let answer = server.repositories().list_workflows(request).await;
        assert_eq!(refused_fields(answer), [field]);
    }
}

/// A workflow of its own, whose run went so.
fn of_workflow(name: &str, id: i64, conclusion: BuildConclusion, start: i64) -> v1::Build {
    v1::Build {
        workflow: name.to_owned(),
        workflow_id: id,
        start_time: time(start),
        ..ended(id, 1, conclusion, 60)
    }
}

#[tokio::test]
async fn broken_workflows_come_first_those_broken_longest_before_all() {
    let server = TestServer::start().await;
    let undecided = v1::Build {
        workflow: "Nightly".to_owned(),
        workflow_id: 40,
        ..queued(40, 1)
    };
    server
        .report(vec![
            of_workflow("Docs", 10, Success, 100),
            of_workflow("Deploy", 20, Failure, 300),
            of_workflow("CI", 30, Failure, 200),
            of_workflow("Audit", 50, Success, 100),
            undecided,
        ])
        .await;
    let answer = workflows(&server, ListWorkflowsRequest::default()).await;
    let order: Vec<_> = answer.workflows.iter().map(|w| w.name.as_str()).collect();
    assert_eq!(order, ["CI", "Deploy", "Audit", "Docs", "Nightly"]);
    assert_eq!((answer.decided_count, answer.broken_count), (4, 2));
    assert_eq!(answer.workflows[4].decisive_build, None);

    let broken_only = ListWorkflowsRequest {
        broken_only: true,
        limit: 1,
        ..ListWorkflowsRequest::default()
    };
    let answer = workflows(&server, broken_only).await;
    assert_eq!(answer.workflows.len(), 1);
    assert_eq!(
        (answer.decided_count, answer.broken_count),
        (4, 2),
        "in all"
    );
    let elsewhere = ListWorkflowsRequest {
        repositories: vec!["acme/web".to_owned()],
        ..ListWorkflowsRequest::default()
    };
    let answer = workflows(&server, elsewhere).await;
    assert_eq!(answer, ListWorkflowsResponse::default());
}

#[tokio::test]
async fn a_broken_workflow_says_since_when_and_what_failed() {
    let server = TestServer::start().await;
    let builds = vec![
        ended(1, 1, Success, 60),
        ended(2, 1, Failure, 60),
        ended(3, 1, Failure, 60),
    ];
    let mut request = report(builds);
    request.jobs = vec![v1::Job {
        run_id: 3,
        conclusion: Failure.into(),
        steps: vec![v1::job::Step {
            number: 1,
            name: "Run tests".to_owned(),
            status: v1::BuildStatus::Completed.into(),
            conclusion: Failure.into(),
            ..v1::job::Step::default()
        }],
        ..job(11, 32_410, 32_450)
    }];
    server.send(request).await.unwrap();
    let answer = workflows(&server, ListWorkflowsRequest::default()).await;
    let workflow = &answer.workflows[0];
    assert!(workflow.broken);
    assert_eq!(workflow.decisive_build, server.get(3, 1).await.build);
    assert_eq!(workflow.first_failure, server.get(2, 1).await.build);
    assert_eq!(workflow.failed_jobs, ["job 11 > Run tests"]);
    assert_eq!(workflow.repository, "acme/api");
    assert_eq!(workflow.path, ".github/workflows/ci.yml");

    server.report(vec![ended(4, 1, Success, 60)]).await;
    let answer = workflows(&server, ListWorkflowsRequest::default()).await;
    let workflow = &answer.workflows[0];
    assert!(!workflow.broken);
    assert_eq!(workflow.first_failure, None);
    assert_eq!(workflow.failed_jobs, [] as [&str; 0]);
}
