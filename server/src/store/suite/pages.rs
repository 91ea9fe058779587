//! Lists, page by page.

use std::time::Duration;

use super::{
    super::{
        BuildPage, Dimension,
        builds::{By, stretch},
        db::Query,
        metrics::{running_statement, statements},
    },
    fixture::Fixture,
};
use crate::{
    fixtures::{at, build_id, facts, repository},
    model::{
        Build, BuildFacts, BuildId, CommitPrefix, Filter, Pattern, Report, RunId, StatusFilter,
        TimeRange,
    },
};

const FOREVER: Duration = Duration::from_hours(1);

/// 60 builds of 20 runs, which started at five different times, days apart.
async fn many() -> Fixture {
    let fixture = Fixture::open().await;
    let ids = (1..=20).flat_map(|run| (1..=3).map(move |attempt| build_id(run, attempt)));
    let builds = ids.map(|id| {
        let start_time = at((id.run.0 * 7 + i64::from(id.attempt)) % 5 * 400_000);
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

async fn walk(fixture: &Fixture, filter: &Filter, size: usize, patience: Duration) -> Vec<BuildId> {
    let mut found: Vec<BuildId> = Vec::new();
    let mut after = None;
    loop {
        let page = BuildPage {
            filter,
            after,
            size,
        };
        let listed = fixture
            .store
            .builds_within(page, (patience, FOREVER))
            .await
            .unwrap();
        let pages_end_full = patience > Duration::ZERO && listed.next.is_some();
        if pages_end_full {
            assert_eq!(listed.builds.len(), size, "only the last page is shorter");
        }
        found.extend(listed.builds.iter().map(|build| build.record.id));
        after = listed.next;
        if after.is_none() {
            return found;
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
            let found = walk(&fixture, &filter, size, FOREVER).await;
            assert_eq!(found, all, "{size} a page");
            let found = walk(&fixture, &filter, size, Duration::ZERO).await;
            assert_eq!(found, all, "{size} a page, in no time");
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
    let first = fixture.store.builds(page(None)).await.unwrap().builds;
    let last = &first[29];
    let rest_before = fixture.list(&filter).await.split_off(30);

    let newer = BuildFacts {
        start_time: at(2_000_000),
        ..facts("queued", 100)
    };
    fixture.report_build(build_id(99, 1), newer).await;
    let after = Some((last.record.facts.start_time, last.record.id));
    let rest = fixture.store.builds(page(after)).await.unwrap().builds;
    assert_eq!(rest, rest_before);
}

/// Alters a filter that selects all.
fn by(alter: impl FnOnce(&mut Filter)) -> Filter {
    let mut filter = Filter::default();
    alter(&mut filter);
    filter
}

fn day() -> TimeRange {
    TimeRange {
        start: Some(at(0)),
        end: Some(at(86_400)),
    }
}

/// Filters, and the index that leads to the builds of each.
fn indices() -> Vec<(Filter, &'static str)> {
    let name = || vec![Pattern::new("a-name")];
    let failure = || vec![StatusFilter::Word("failure")];
    let fields = [
        (by(|_| ()), "build_start"),
        (by(|f| f.repositories = name()), "build_repository_start"),
        (by(|f| f.branches = name()), "build_branch_start"),
        (by(|f| f.workflows = name()), "build_workflow_start"),
        (by(|f| f.conclusions = failure()), "build_conclusion_start"),
    ];
    let of_repositories = fields.clone().map(|(filter, index)| {
        let repositories = name();
        (
            Filter {
                repositories,
                ..filter
            },
            index,
        )
    });
    let queued = vec![StatusFilter::Word("queued")];
    let others = [
        (by(|f| f.actors = name()), "build_actor_start"),
        (
            by(|f| f.events = vec!["schedule".to_owned()]),
            "build_event_start",
        ),
        (by(|f| f.events = vec!["push".to_owned()]), "build_start"),
        (by(|f| f.statuses = queued), "build_running"),
        (
            by(|f| f.commits.extend(CommitPrefix::parse("4f8fdcc"))),
            "build_commit",
        ),
        (
            by(|f| f.commits.extend(CommitPrefix::parse("fffffff"))),
            "build_commit",
        ),
        (
            by(|f| f.commits.extend(CommitPrefix::parse("4f8fdcc"))),
            "build_plain_commit",
        ),
        (by(|f| f.runs = vec![RunId(1)]), "sqlite_autoindex_build_1"),
        (by(|f| f.counted_only = true), "build_start"),
        (by(|f| f.end_time = day()), "build_start"),
        (
            by(|f| f.pull_requests = vec![7]),
            "sqlite_autoindex_build_pull_request_1",
        ),
        (
            by(|f| f.pull_requests = vec![7, 8]),
            "sqlite_autoindex_build_pull_request_1",
        ),
    ];
    fields
        .into_iter()
        .chain(of_repositories.into_iter().skip(1))
        .chain(others)
        .collect()
}

async fn plan(fixture: &Fixture, query: Query) -> Vec<String> {
    let rows = query.explained().fetch_all(&fixture.store.readers).await;
    let rows = rows.unwrap();
    let steps = rows.iter().map(|row| row.try_get("detail").unwrap());
    steps.collect()
}

#[tokio::test]
async fn each_field_has_its_index() {
    let fixture = Fixture::open_file().await;
    for (filter, index) in indices() {
        let steps = plan(&fixture, stretch(&filter, By::Filter)).await;
        let found = steps
            .iter()
            .any(|step| step.contains(&format!("INDEX {index} (")));
        assert!(found, "{filter:?}: {steps:#?}");
    }
}

#[tokio::test]
async fn an_index_leads_to_what_took_long() {
    let fixture = Fixture::open_file().await;
    let is_looked_up = |filter: &Filter| !filter.runs.is_empty() || !filter.commits.is_empty();
    for (mut filter, _) in indices() {
        if is_looked_up(&filter) {
            continue;
        }
        filter.end_time = day();
        let steps = plan(&fixture, stretch(&filter, By::Length)).await;
        for (step, index) in [
            (1, "build_long (end_time>?"),
            (2, "sqlite_autoindex_build_1 ("),
        ] {
            let found = steps[step].contains(&format!("INDEX {index}"));
            assert!(found, "{filter:?}: {steps:#?}");
        }
    }
}

#[tokio::test]
async fn names_are_looked_for_among_the_newest() {
    let fixture = Fixture::open_file().await;
    let name = || vec![Pattern::new("a-name")];
    for filter in [
        by(|f| f.branches = name()),
        by(|f| f.workflows = name()),
        by(|f| f.conclusions = vec![StatusFilter::Word("failure")]),
    ] {
        let steps = plan(&fixture, stretch(&filter, By::Start)).await;
        for (step, index) in [
            (
                1,
                "COVERING INDEX build_start (start_time>? AND start_time<?)",
            ),
            (2, "INDEX sqlite_autoindex_build_1 ("),
        ] {
            assert!(steps[step].contains(index), "{filter:?}: {steps:#?}");
        }
    }
}

#[tokio::test]
async fn an_index_leads_to_what_runs_whatever_is_asked_for() {
    let fixture = Fixture::open_file().await;
    let dimensions = [
        None,
        Some(Dimension::Repository),
        Some(Dimension::Workflow),
        Some(Dimension::Branch),
        Some(Dimension::Actor),
    ];
    for (filter, _) in indices() {
        // Whose builds are named are looked up by that name.
        if !filter.runs.is_empty() {
            continue;
        }
        for dimension in dimensions {
            let steps = plan(&fixture, running_statement(&filter, dimension)).await;
            let leading = steps.first().unwrap();
            assert!(
                leading.contains("INDEX build_running"),
                "{filter:?}: {steps:#?}"
            );
            let mut others = steps.iter().skip(1);
            let by_key = others
                .any(|step| step.contains("sqlite_autoindex_build_1 (run_id=? AND run_attempt=?"));
            assert!(by_key, "{filter:?}: {steps:#?}");
        }
    }
}

#[tokio::test]
async fn the_order_of_a_pull_request_is_that_of_the_list() {
    let fixture = Fixture::open_file().await;
    let filter = by(|f| f.pull_requests = vec![7]);
    let steps = plan(&fixture, stretch(&filter, By::Filter)).await;
    // Only the page itself is sorted, when its rows are read.
    let sorted = steps.iter().filter(|step| step.contains("TEMP B-TREE"));
    assert_eq!(sorted.count(), 1, "{steps:#?}");
}

/// Builds of which some took long, some ended before they started, and most did not.
#[tokio::test]
async fn what_ended_within_a_time_is_found_whenever_it_started() {
    const HOUR: i64 = 3600;
    let fixture = Fixture::open().await;
    let lengths = [0, HOUR, 5 * HOUR, 7 * HOUR, 300 * HOUR, -HOUR, -7 * HOUR];
    let builds = (1..=120).map(|run| {
        let length = lengths[usize::try_from(run).unwrap() % lengths.len()];
        let end = run * HOUR;
        let facts = BuildFacts {
            start_time: at(end - length),
            ..facts("success", end)
        };
        (build_id(run, 1), facts)
    });
    let report = Report {
        repositories: vec![repository()],
        builds: builds.collect(),
        ..Report::default()
    };
    fixture.record(report).await;
    let all = fixture.list(&Filter::default()).await;
    for (start, end) in [(None, Some(80)), (Some(40), None), (Some(40), Some(80))] {
        let time = |hour: Option<i64>| hour.map(|hour| at(hour * HOUR));
        let end_time = TimeRange {
            start: time(start),
            end: time(end),
        };
        for repositories in [vec![], vec![Pattern::new("acme/*")]] {
            let filter = Filter {
                repositories,
                end_time,
                ..Filter::default()
            };
            let matching = all.iter().filter(|build| filter.matches(build));
            let matching: Vec<BuildId> = matching.map(|build| build.record.id).collect();
            assert!(matching.len() > 10);
            for (size, patience) in [(3, FOREVER), (100, FOREVER), (3, Duration::ZERO)] {
                let found = walk(&fixture, &filter, size, patience).await;
                assert_eq!(found, matching, "{filter:?}");
            }
        }
    }
}

/// More builds than are looked at one by one, few of which have a name.
#[tokio::test]
async fn a_rare_name_is_found_beyond_the_newest() {
    let fixture = Fixture::open().await;
    let builds = (1..=1_500).map(|run| {
        let facts = BuildFacts {
            start_time: at(run * 60),
            branch: (if run % 97 == 0 { "rare" } else { "main" }).to_owned(),
            ..facts("success", run * 60 + 30)
        };
        (build_id(run, 1), facts)
    });
    let report = Report {
        repositories: vec![repository()],
        builds: builds.collect(),
        ..Report::default()
    };
    fixture.record(report).await;
    let all = fixture.list(&Filter::default()).await;
    for name in ["rare", "main", "nowhere"] {
        let filter = by(|f| f.branches = vec![Pattern::new(name)]);
        let matching = all.iter().filter(|build| filter.matches(build));
        let matching: Vec<BuildId> = matching.map(|build| build.record.id).collect();
        for (size, patience) in [(4, FOREVER), (100, FOREVER), (4, Duration::ZERO)] {
            let found = walk(&fixture, &filter, size, patience).await;
            assert_eq!(found, matching, "{name}");
        }
    }
}

#[tokio::test]
async fn an_index_leads_to_what_is_summed_up() {
    let fixture = Fixture::open_file().await;
    let name = || vec![Pattern::new("a-name")];
    let push = || vec!["push".to_owned()];
    for (filter, index) in [
        (
            by(|f| f.events = push()),
            "build_end (end_time>? AND end_time<?",
        ),
        (
            by(|f| f.actors = name()),
            "build_actor_start (triggering_actor=? AND start_time>? AND start_time<?)",
        ),
        (
            by(|f| (f.repositories, f.events) = (name(), push())),
            "build_repository_start (repository_id=? AND start_time>? AND start_time<?)",
        ),
        (
            by(|f| (f.branches, f.workflows) = (name(), name())),
            "build_branch_start (branch=? AND head_repository=? AND repository_id=? AND start_time>? AND start_time<?)",
        ),
    ] {
        let end_time = day();
        let statements = statements(&Filter { end_time, ..filter });
        let mut plans = Vec::new();
        for statement in statements {
            plans.push(plan(&fixture, statement).await);
        }
        let usual = plans[0].iter().any(|step| step.contains(index));
        assert!(usual, "{index}: {plans:#?}");
        if plans.len() > 3 {
            assert!(plans[1][0].contains("INDEX build_long"), "{plans:#?}");
        }
        let ended = plans[plans.len() - 2].iter();
        let mut ended = ended.filter(|step| step.contains("COVERING INDEX build_end (end_time>?"));
        assert!(ended.next().is_some(), "{plans:#?}");
        if index.contains("actor") {
            let last = plans.last().unwrap();
            let counted = last
                .iter()
                .any(|step| step.contains(&format!("COVERING INDEX {index}")));
            assert!(counted, "{plans:#?}");
        }
    }
}
