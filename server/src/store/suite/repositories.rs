//! Repositories: what is known of them, and their last builds.

use super::{super::RepositoryQuery, fixture::Fixture};
use crate::{
    fixtures::{at, build_id, facts, repository},
    model::{
        BuildFacts, BuildId, InstallationId, Pattern, Report, Repository, RepositoryFacts,
        RepositoryId,
    },
};

fn named(id: i64, name: &str) -> Repository {
    let mut repository = repository();
    repository.id = RepositoryId(id);
    repository.facts.name = name.to_owned();
    repository
}

async fn describe(fixture: &Fixture, facts: RepositoryFacts) -> usize {
    let described = Repository {
        facts,
        ..repository()
    };
    let report = Report {
        repositories: vec![described],
        ..Report::default()
    };
    fixture.record(report).await.changed
}

async fn list(fixture: &Fixture, installation: Option<i64>, names: &[&str]) -> Vec<Repository> {
    let names: Vec<Pattern> = names.iter().map(|name| Pattern::new(*name)).collect();
    let query = RepositoryQuery {
        installation: installation.map(InstallationId),
        names: &names,
    };
    fixture.store.repositories(query).await.unwrap()
}

fn names(repositories: &[Repository]) -> Vec<&str> {
    let names = repositories.iter().map(|r| r.facts.name.as_str());
    names.collect()
}

#[tokio::test]
async fn the_fuller_description_is_kept_then_the_later_one() {
    let fixture = Fixture::open().await;
    let partial = RepositoryFacts {
        default_branch: String::new(),
        update_time: at(50),
        ..repository().facts
    };
    let full = repository().facts;
    let renamed = RepositoryFacts {
        name: "acme/backend".to_owned(),
        update_time: at(60),
        ..full.clone()
    };
    assert_eq!(describe(&fixture, partial.clone()).await, 1);
    assert_eq!(describe(&fixture, full.clone()).await, 1);
    assert_eq!(describe(&fixture, partial).await, 0);
    assert_eq!(list(&fixture, None, &[]).await[0].facts, full);
    assert_eq!(describe(&fixture, renamed.clone()).await, 1);
    assert_eq!(describe(&fixture, full).await, 0, "older");
    assert_eq!(list(&fixture, None, &[]).await[0].facts, renamed);
}

#[tokio::test]
async fn repositories_are_listed_by_name() {
    let fixture = Fixture::open().await;
    let report = Report {
        repositories: vec![
            named(3, "acme/web"),
            named(2, "acme/API"),
            named(4, "zoo/api"),
            named(1, "acme/web"),
        ],
        ..Report::default()
    };
    fixture.record(report).await;
    let all = list(&fixture, None, &[]).await;
    assert_eq!(names(&all), ["acme/API", "acme/web", "acme/web", "zoo/api"]);
    assert_eq!((all[1].id.0, all[2].id.0), (1, 3), "then by id");
    let some = list(&fixture, None, &["*/api"]).await;
    assert_eq!(names(&some), ["acme/API", "zoo/api"]);
}

#[tokio::test]
async fn recent_builds_are_the_last_ones_of_the_default_branch() {
    let fixture = Fixture::open().await;
    let started = |start: i64, branch: &str, fork: &str| BuildFacts {
        start_time: at(start),
        branch: branch.to_owned(),
        head_repository: fork.to_owned(),
        ..facts("success", start + 30)
    };
    let builds = [
        (build_id(1, 1), started(10, "main", "")),
        (build_id(2, 1), started(20, "main", "")),
        (build_id(2, 2), started(50, "main", "")),
        (build_id(3, 1), started(30, "next", "")),
        (build_id(4, 1), started(40, "main", "eve/api")),
        (build_id(5, 1), started(45, "main", "")),
        (build_id(6, 1), started(60, "", "")),
    ];
    for (id, facts) in builds {
        fixture.report_build(id, facts).await;
    }
    let recent = async |repository: &Repository, count| {
        let asked = std::slice::from_ref(repository);
        let recent = fixture.store.recent_builds(asked, count).await;
        let recent = recent.unwrap().remove(&repository.id);
        let recent = recent.unwrap_or_default();
        let ids = recent.iter().map(|b| (b.id.run.0, b.id.attempt));
        ids.collect::<Vec<_>>()
    };
    let known = repository();
    assert_eq!(recent(&known, 9).await, [(1, 1), (5, 1), (2, 2)]);
    assert_eq!(recent(&known, 2).await, [(5, 1), (2, 2)]);
    let mut unknown = repository();
    unknown.facts.default_branch = String::new();
    assert_eq!(
        recent(&unknown, 9).await,
        [],
        "its default branch is unknown"
    );

    let all = [known.clone()];
    let shown = fixture.store.recent_builds(&all, 1).await.unwrap();
    let wall_time = jiff::SignedDuration::from_secs(30);
    assert_eq!(shown[&known.id][0].wall_time, Some(wall_time));
    assert_eq!(
        shown[&known.id][0].status,
        crate::fixtures::status("success")
    );
}

#[tokio::test]
async fn each_repository_has_its_own_last_builds() {
    let fixture = Fixture::open().await;
    let repositories: Vec<Repository> = (1..=70).map(|id| named(id, "acme/api")).collect();
    let mut report = Report {
        repositories: repositories.clone(),
        ..Report::default()
    };
    // The last one has none.
    for repository in repositories.iter().take(69) {
        for run in 1..=3 {
            let start_time = at(repository.id.0 * 100 + run);
            let id = BuildId {
                repository: repository.id,
                ..build_id(repository.id.0 * 10 + run, 1)
            };
            let facts = BuildFacts {
                start_time,
                ..facts("queued", 1)
            };
            report.builds.push((id, facts));
        }
    }
    fixture.record(report).await;
    let last = fixture.store.last_builds(&repositories).await.unwrap();
    let recent = fixture.store.recent_builds(&repositories, 2).await.unwrap();
    assert_eq!((last.len(), recent.len()), (69, 69));
    for repository in repositories.iter().take(69) {
        let id = repository.id;
        assert_eq!(last[&id], at(id.0 * 100 + 3));
        let runs: Vec<i64> = recent[&id].iter().map(|build| build.id.run.0).collect();
        assert_eq!(runs, [id.0 * 10 + 2, id.0 * 10 + 3]);
    }
    let none = fixture.store.recent_builds(&repositories, 0).await;
    assert!(none.unwrap().is_empty());
}
