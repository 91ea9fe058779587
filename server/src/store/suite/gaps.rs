//! Gaps: what is known to be missing, and that looking for it stays cheap.

use jiff::Timestamp;

use super::{
    super::{
        GapQuery, LogRead,
        attempts::on,
        db::Query,
        gaps::{counting, lacks, listing},
    },
    fixture::Fixture,
};
use crate::{
    fixtures::{REPOSITORY, at, build_id, facts, repository},
    model::{
        BuildId, Closing, Gap, GapKind, GapName, InstallationId, MissedDelivery, Missing, Report,
        Repository, RepositoryId,
    },
};

const WEEK: i64 = 7 * 24 * 60 * 60;

fn asking(kind: GapKind, limit: usize) -> GapQuery {
    GapQuery {
        kind,
        repositories: Vec::new(),
        installations: Vec::new(),
        limit,
    }
}

async fn gaps(fixture: &Fixture, kind: GapKind, now: i64) -> Vec<Gap> {
    let gaps = fixture.store.gaps(asking(kind, 100), at(now)).await;
    let gaps = gaps.unwrap();
    let count = fixture.store.gap_count(kind, at(now)).await.unwrap();
    assert_eq!(usize::try_from(count).unwrap(), gaps.len());
    gaps
}

/// Run and attempt of each gap.
fn names(gaps: &[Gap]) -> Vec<(i64, i32)> {
    let names = gaps.iter().map(|gap| match &gap.missing {
        Missing::Build(_, id) => (id.run.0, id.attempt),
        Missing::Delivery(missed) => panic!("{missed:?} is no build"),
    });
    names.collect()
}

/// Records what was missed; says how much of it is new.
async fn record(fixture: &Fixture, missed: Vec<MissedDelivery>, until: Option<Timestamp>) -> usize {
    let read = LogRead {
        missed,
        until,
        ..LogRead::default()
    };
    fixture.store.record_missed(read).await.unwrap()
}

async fn close(fixture: &Fixture, gap: GapName, closing: Closing) {
    let closed = fixture.store.close_gaps(vec![gap], closing).await;
    closed.unwrap();
}

#[tokio::test]
async fn attempts_below_a_known_one_are_missing() {
    let fixture = Fixture::open().await;
    for (run, attempt, second) in [(1, 4, 60), (1, 2, 50), (2, 2, 70), (3, 1, 80)] {
        fixture
            .report_build(build_id(run, attempt), facts("success", second))
            .await;
    }
    let found = gaps(&fixture, GapKind::Attempt, 100).await;
    assert_eq!(names(&found), [(2, 1), (1, 3), (1, 1)], "the newest first");
    let first = &found[0];
    assert_eq!(
        (first.repository.as_str(), first.time),
        ("acme/api", at(70))
    );
    assert_eq!(first.installation, InstallationId(5));

    let two = fixture
        .store
        .gaps(asking(GapKind::Attempt, 2), at(100))
        .await;
    assert_eq!(names(&two.unwrap()), [(2, 1), (1, 3)]);
    fixture
        .report_build(build_id(1, 3), facts("failure", 55))
        .await;
    let lost = GapName::Attempt(build_id(2, 1));
    close(&fixture, lost, Closing::Lost).await;
    let left = gaps(&fixture, GapKind::Attempt, 100).await;
    assert_eq!(names(&left), [(1, 1)]);

    // A later attempt does not bring back what was given up.
    fixture
        .report_build(build_id(2, 4), facts("success", 90))
        .await;
    let left = gaps(&fixture, GapKind::Attempt, 100).await;
    assert_eq!(names(&left), [(2, 3), (1, 1)]);
}

#[tokio::test]
async fn an_attempt_that_was_given_up_may_be_reported_all_the_same() {
    let fixture = Fixture::open().await;
    fixture
        .report_build(build_id(1, 3), facts("success", 60))
        .await;
    let lost = GapName::Attempt(build_id(1, 1));
    close(&fixture, lost, Closing::Lost).await;
    fixture
        .report_build(build_id(1, 1), facts("failure", 40))
        .await;
    let left = gaps(&fixture, GapKind::Attempt, 100).await;
    assert_eq!(names(&left), [(1, 2)]);
}

#[tokio::test]
async fn jobs_of_what_is_over_are_missing_failed_ones_first() {
    let fixture = Fixture::open().await;
    let reported = [
        (1, "failure", 10),
        (2, "timed_out", 20),
        (3, "success", 1000),
        (4, "cancelled", 2000),
        (5, "startup_failure", 3000),
        (6, "action_required", 3000),
        (7, "in_progress", 3000),
        (8, "success", 50),
    ];
    for (run, word, second) in reported {
        fixture
            .report_build(build_id(run, 1), facts(word, second))
            .await;
    }
    let now = WEEK + 100;
    let found = gaps(&fixture, GapKind::Jobs, now).await;
    assert_eq!(names(&found), [(2, 1), (1, 1), (4, 1), (3, 1)]);
    let most = fixture.store.gaps(asking(GapKind::Jobs, 3), at(now)).await;
    assert_eq!(names(&most.unwrap()), [(2, 1), (1, 1), (4, 1)]);

    let known = Report {
        repositories: vec![repository()],
        complete_builds: vec![build_id(2, 1), build_id(3, 1)],
        ..Report::default()
    };
    fixture.record(known).await;
    let lost = GapName::Jobs(build_id(1, 1));
    close(&fixture, lost, Closing::Lost).await;
    let left = gaps(&fixture, GapKind::Jobs, now).await;
    assert_eq!(names(&left), [(4, 1)]);
    // What is reported once more is not asked for once more.
    fixture
        .report_build(build_id(1, 1), facts("failure", 90))
        .await;
    let left = gaps(&fixture, GapKind::Jobs, now).await;
    assert_eq!(names(&left), [(4, 1)]);
}

#[tokio::test]
async fn ends_are_missing_after_ten_minutes_of_silence() {
    let fixture = Fixture::open().await;
    for (run, word, second) in [(1, "queued", 0), (2, "in_progress", 30), (3, "success", 0)] {
        fixture
            .report_build(build_id(run, 1), facts(word, second))
            .await;
    }
    assert_eq!(
        names(&gaps(&fixture, GapKind::End, 600).await),
        [] as [(i64, i32); 0]
    );
    assert_eq!(names(&gaps(&fixture, GapKind::End, 601).await), [(1, 1)]);
    let both = gaps(&fixture, GapKind::End, 900).await;
    assert_eq!(names(&both), [(2, 1), (1, 1)], "the newest first");
    fixture
        .report_build(build_id(2, 1), facts("failure", 800))
        .await;
    let lost = GapName::End(build_id(1, 1));
    close(&fixture, lost, Closing::Lost).await;
    assert_eq!(
        names(&gaps(&fixture, GapKind::End, 900).await),
        [] as [(i64, i32); 0]
    );
    // It was heard of after all.
    fixture
        .report_build(build_id(1, 1), facts("in_progress", 850))
        .await;
    assert_eq!(names(&gaps(&fixture, GapKind::End, 2000).await), [(1, 1)]);
}

/// One gap of each kind that is about a build.
async fn one_of_each(fixture: &Fixture, repository: &Repository) {
    let of = |run, attempt| BuildId {
        repository: repository.id,
        ..build_id(run, attempt)
    };
    fixture
        .record(Report {
            repositories: vec![repository.clone()],
            builds: vec![
                (of(1, 2), facts("failure", 60)),
                (of(2, 1), facts("queued", 60)),
            ],
            ..Report::default()
        })
        .await;
}

fn missed(guid: &str, repository: i64, second: i64) -> MissedDelivery {
    MissedDelivery {
        guid: guid.to_owned(),
        delivery_id: 1,
        event: "workflow_run".to_owned(),
        action: "completed".to_owned(),
        repository: RepositoryId(repository),
        installation: InstallationId(0),
        deliver_time: at(second),
        problem: "timed out".to_owned(),
    }
}

#[tokio::test]
async fn gaps_are_chosen_by_repository_and_hidden_ones_have_none() {
    let fixture = Fixture::open().await;
    let other = Repository {
        id: RepositoryId(8),
        ..repository()
    };
    one_of_each(&fixture, &repository()).await;
    one_of_each(&fixture, &other).await;
    let both = vec![missed("a", 7, 10), missed("b", 8, 20)];
    record(&fixture, both, None).await;
    let of_other = |gap: &Gap| match &gap.missing {
        Missing::Build(_, id) => id.repository == other.id,
        Missing::Delivery(missed) => missed.repository == other.id,
    };
    for kind in GapKind::ALL {
        assert_eq!(gaps(&fixture, kind, 1000).await.len(), 2, "{kind:?}");
        let asked = GapQuery {
            repositories: vec![other.id],
            ..asking(kind, 10)
        };
        let chosen = fixture.store.gaps(asked, at(1000)).await.unwrap();
        assert!(chosen.len() == 1 && of_other(&chosen[0]), "{chosen:?}");
    }
    fixture.remove(5, 100, &[REPOSITORY.0]).await;
    for kind in GapKind::ALL {
        let left = gaps(&fixture, kind, 1000).await;
        assert!(left.len() == 1 && of_other(&left[0]), "{left:?}");
    }
}

#[tokio::test]
async fn a_missed_delivery_is_missing_until_it_is_taken_in_or_given_up() {
    let fixture = Fixture::open().await;
    let record = async |all: Vec<MissedDelivery>| record(&fixture, all, None).await;
    let all = vec![missed("a", 7, 10), missed("b", 99, 20), missed("c", 0, 30)];
    assert_eq!(record(all.clone()).await, 3);
    assert_eq!(record(all).await, 0, "they are known");
    let later = MissedDelivery {
        delivery_id: 9,
        ..missed("a", 7, 10)
    };
    let earlier = missed("a", 7, 10);
    assert_eq!(record(vec![earlier, later.clone()]).await, 0);
    fixture
        .report_build(build_id(1, 1), facts("queued", 1))
        .await;
    let found = gaps(&fixture, GapKind::Delivery, 100).await;
    let told = found.iter().map(|gap| match &gap.missing {
        Missing::Delivery(missed) => (missed.guid.as_str(), gap.repository.as_str()),
        Missing::Build(..) => panic!("{gap:?} is no delivery"),
    });
    let told: Vec<_> = told.collect();
    assert_eq!(
        told,
        [("c", ""), ("b", ""), ("a", "acme/api")],
        "newest first"
    );
    assert_eq!(found[2].missing, Missing::Delivery(later));
    assert_eq!(found[2].installation, InstallationId(5));

    let lost = GapName::Delivery("b".to_owned());
    close(&fixture, lost, Closing::Lost).await;
    let learnt = GapName::Delivery("c".to_owned());
    close(&fixture, learnt, Closing::Learnt).await;
    assert_eq!(gaps(&fixture, GapKind::Delivery, 100).await.len(), 1);
    assert_eq!(record(vec![missed("b", 99, 20)]).await, 0);
    assert_eq!(
        gaps(&fixture, GapKind::Delivery, 100).await.len(),
        1,
        "it stays lost"
    );
}

#[tokio::test]
async fn the_cursor_never_goes_back() {
    let fixture = Fixture::open().await;
    let cursor = async || fixture.store.delivery_cursor().await.unwrap();
    assert_eq!(cursor().await, None);
    for (until, expected) in [(Some(50), 50), (Some(40), 50), (None, 50), (Some(60), 60)] {
        let until = until.map(at);
        record(&fixture, Vec::new(), until).await;
        assert_eq!(cursor().await, Some(at(expected)));
    }
}

#[tokio::test]
async fn an_end_that_was_given_up_stays_so_when_an_attempt_is() {
    let fixture = Fixture::open().await;
    let id = build_id(1, 3);
    fixture.report_build(id, facts("in_progress", 0)).await;
    assert_eq!(gaps(&fixture, GapKind::End, WEEK).await.len(), 1);
    close(&fixture, GapName::End(id), Closing::Lost).await;
    for (attempt, left) in [(1, 1), (2, 0)] {
        let lost = GapName::Attempt(build_id(1, attempt));
        close(&fixture, lost, Closing::Lost).await;
        assert_eq!(fixture.build(id).await.record.missing_attempts, left);
        assert_eq!(gaps(&fixture, GapKind::End, WEEK).await, []);
    }
    // Somebody has heard of it after all.
    fixture.report_build(id, facts("in_progress", 1)).await;
    assert_eq!(gaps(&fixture, GapKind::End, WEEK).await.len(), 1);
}

#[tokio::test]
async fn gaps_are_found_by_their_indexes() {
    let fixture = Fixture::open_file().await;
    let expected = [
        (GapKind::Attempt, vec!["build_missing_attempts"]),
        (
            GapKind::Jobs,
            vec!["build_missing_jobs_failed", "build_missing_jobs"],
        ),
        (GapKind::End, vec!["build_missing_end"]),
    ];
    for (kind, indexes) in expected {
        let lacks = lacks(kind, at(0));
        assert_eq!(lacks.len(), indexes.len());
        for (lack, index) in lacks.iter().zip(indexes) {
            let plan = explain(&fixture, counting(kind, lack)).await;
            assert!(plan.contains(&format!("COVERING INDEX {index};")), "{plan}");
            let plan = explain(&fixture, listing(&asking(kind, 10), lack, 10)).await;
            assert!(plan.contains(&format!("INDEX {index};")), "{plan}");
            assert!(!plan.contains("SCAN r;"), "{plan}");
        }
    }
}

#[tokio::test]
async fn what_is_closed_is_found_by_its_key() {
    let fixture = Fixture::open_file().await;
    // As many as one statement takes.
    let attempts: Vec<_> = (1..=64).map(|run| build_id(run, 1)).collect();
    for (statement, index) in [
        (
            "UPDATE build SET end_closed = TRUE",
            "sqlite_autoindex_build_1",
        ),
        ("DELETE FROM job", "sqlite_autoindex_job_1"),
    ] {
        let plan = explain(&fixture, on(statement, attempts.clone())).await;
        assert!(
            plan.starts_with("SEARCH ") && plan.contains(index),
            "{plan}"
        );
    }
}

/// The steps of a query, without what they look for.
async fn explain(fixture: &Fixture, query: Query) -> String {
    let rows = query.explained().fetch_all(&fixture.store.readers).await;
    let mut plan = String::new();
    for row in rows.unwrap() {
        let step: String = row.try_get("detail").unwrap();
        plan += step.split(" (").next().unwrap_or_default();
        plan += ";";
    }
    plan
}
