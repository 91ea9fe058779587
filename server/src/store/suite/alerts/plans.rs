//! What is asked for each build that ends, and each few seconds: by an index, however long the
//! history is.

use jiff::SignedDuration;

use super::{super::fixture::Fixture, Team, rule};
use crate::{
    fixtures::{at, build_id, repository},
    model::{AlertKind, AlertRule, Build, BuildRecord, IncidentKey, Place, Trigger},
    store::{
        alerts::{candidates, select_standings, select_successes, select_usual},
        db::{self, Query},
    },
};

async fn plan(fixture: &Fixture, query: Query) -> String {
    let rows = query.explained().fetch_all(&fixture.store.readers).await;
    let rows = rows.unwrap();
    let steps = rows.iter().map(|row| row.try_get("detail").unwrap());
    steps.collect::<Vec<String>>().join("\n")
}

fn build() -> BuildRecord {
    BuildRecord::new(build_id(1, 1), super::build(1, 1, "success"))
}

#[tokio::test]
async fn how_a_branch_stands_is_read_from_an_index_alone() {
    let fixture = Fixture::open_file().await;
    let build = build();
    let key = IncidentKey::of(build.id.repository, &build.facts);
    let plan = plan(&fixture, select_standings(&[key.clone(), key])).await;
    let index = "COVERING INDEX build_workflow_branch \
                 (repository_id=? AND workflow_id=? AND branch=?)";
    assert!(plan.contains(index), "{plan}");
    assert!(
        plan.contains("INDEX incident_open (repository_id=? AND"),
        "{plan}"
    );
    assert!(!plan.contains("SORT") && !plan.contains("TEMP"), "{plan}");
}

#[tokio::test]
async fn the_last_success_of_each_branch_is_found_by_its_index() {
    let fixture = Fixture::open_file().await;
    let build = build();
    let key = IncidentKey::of(build.id.repository, &build.facts);
    let below = (key, Place::of(&build));
    let plan = plan(&fixture, select_successes(&[below.clone(), below])).await;
    let index = "INDEX build_workflow_branch (repository_id=? AND workflow_id=? AND branch=? AND \
                 (run_number,run_attempt)<(?,?))";
    assert_eq!(plan.matches(index).count(), 2, "{plan}");
    assert!(!plan.contains("TEMP"), "{plan}");
}

#[tokio::test]
async fn what_is_usual_is_read_from_the_last_builds() {
    let fixture = Fixture::open_file().await;
    let build = Build {
        record: build(),
        repository: repository().facts.name,
        default_branch: "main".to_owned(),
        superseded: false,
    };
    let plan = plan(&fixture, select_usual(&build)).await;
    let index = "INDEX build_workflow_branch (repository_id=? AND workflow_id=? AND branch=? AND \
                 (run_number,run_attempt)<(?,?))";
    assert!(plan.contains(index), "{plan}");
    assert!(!plan.contains("TEMP"), "{plan}");
}

/// What was told of the incident before is made unreadable: nobody reads it.
#[tokio::test]
async fn a_further_failure_reads_nothing_that_its_incident_was_told() {
    let team = Team::new_on_file().await;
    let ci = team.channel("#ci").await;
    team.rule(Trigger::Failure, &[&ci]).await;
    for run in 1..4 {
        team.run(run, "failure").await;
    }
    team.fixture
        .sabotage("UPDATE alert SET channel_id = CAST(run_id AS BLOB)")
        .await;
    team.run(4, "failure").await;
    team.fixture
        .sabotage("DELETE FROM alert WHERE run_id < 4")
        .await;
    assert_eq!(team.told().await, [(AlertKind::Failure, 4)]);
}

#[tokio::test]
async fn what_time_brings_is_looked_for_among_what_is_open() {
    let fixture = Fixture::open_file().await;
    let hour = SignedDuration::from_hours(1);
    for (trigger, index) in [
        (
            Trigger::StaysRed { longer_than: hour },
            "INDEX incident_red",
        ),
        (Trigger::Queue { longer_than: hour }, "INDEX build_running"),
    ] {
        let rule = AlertRule {
            id: "a-rule".to_owned(),
            content: rule(trigger, &[]),
            version: 1,
            create_time: at(0),
            update_time: at(0),
        };
        let plan = plan(&fixture, candidates(&rule, at(7200)).unwrap()).await;
        let first = plan.lines().next().unwrap();
        assert!(first.contains(index), "{plan}");
    }
}

#[tokio::test]
async fn what_waits_is_found_by_its_channel() {
    let fixture = Fixture::open_file().await;
    let query = db::query(
        "SELECT 1 FROM alert a WHERE a.channel_id = 'c' AND a.state = 'pending' AND a.next_time <= 1",
    );
    let plan = plan(&fixture, query).await;
    assert!(
        plan.contains("INDEX alert_pending (channel_id=? AND next_time<?)"),
        "{plan}"
    );
}
