//! Lists, page by page.

use super::{super::BuildPage, fixture::Fixture};
use crate::{
    fixtures::{at, build_id, facts, repository},
    model::{Build, BuildFacts, BuildId, Filter, Pattern, Report},
};

/// 60 builds of 20 runs, which started at five different times.
async fn many() -> Fixture {
    let fixture = Fixture::open().await;
    let ids = (1..=20).flat_map(|run| (1..=3).map(move |attempt| build_id(run, attempt)));
    let builds = ids.map(|id| {
        let start_time = at((id.run.0 * 7 + i64::from(id.attempt)) % 5);
        let facts = BuildFacts {
            start_time,
            branch: (if id.attempt == 2 { "main" } else { "next" }).to_owned(),
            ..facts("queued", 1)
        };
        (id, facts)
    });
    let report = Report {
        repositories: vec![repository()],
        builds: builds.collect(),
        ..Report::default()
    };
    fixture.record(report).await;
    fixture
}

async fn walk(fixture: &Fixture, filter: &Filter, size: usize) -> Vec<BuildId> {
    let mut found: Vec<BuildId> = Vec::new();
    let mut after = None;
    loop {
        let page = BuildPage {
            filter,
            after,
            size,
        };
        let mut builds = fixture.store.builds(page).await.unwrap();
        let more = builds.len() > size;
        builds.truncate(size);
        found.extend(builds.iter().map(|build| build.record.id));
        match builds.last() {
            Some(last) if more => {
                assert_eq!(builds.len(), size, "only the last page is shorter");
                after = Some((last.record.facts.start_time, last.record.id));
            }
            _ => return found,
        }
    }
}

fn newest_first(build: &Build) -> impl Ord + use<> {
    std::cmp::Reverse((build.record.facts.start_time, build.record.id))
}

#[tokio::test]
async fn pages_of_any_size_hold_every_build_once() {
    let fixture = many().await;
    let next = Filter {
        branches: vec![Pattern::new("ne*")],
        ..Filter::default()
    };
    for filter in [Filter::default(), next] {
        let all = fixture.list(&filter).await;
        assert!(all.is_sorted_by_key(newest_first));
        let all: Vec<BuildId> = all.iter().map(|build| build.record.id).collect();
        for size in 1..=all.len() + 1 {
            assert_eq!(walk(&fixture, &filter, size).await, all, "{size} a page");
        }
    }
    assert_eq!(fixture.list(&Filter::default()).await.len(), 60);
}

#[tokio::test]
async fn a_list_goes_on_where_it_was_when_builds_come() {
    let fixture = many().await;
    let filter = Filter::default();
    let page = |after| BuildPage {
        filter: &filter,
        after,
        size: 30,
    };
    let first = fixture.store.builds(page(None)).await.unwrap();
    let last = &first[29];
    let rest_before = fixture.list(&filter).await.split_off(30);

    let newer = BuildFacts {
        start_time: at(100),
        ..facts("queued", 100)
    };
    fixture.report_build(build_id(99, 1), newer).await;
    let after = Some((last.record.facts.start_time, last.record.id));
    let rest = fixture.store.builds(page(after)).await.unwrap();
    assert_eq!(rest, rest_before);
}
