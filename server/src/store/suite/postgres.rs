//! What only a database that servers share has to promise. Without a server of it there is nothing
//! to test: `make test` runs these beside one.

mod feed;
mod session;

use std::sync::Arc;

use futures_util::future::join_all;
use jiff::SignedDuration;
use secrecy::ExposeSecret as _;
use sqlx::{Connection as _, Executor as _, PgConnection};
use tokio::task::JoinHandle;

use super::fixture::{POSTGRES, make_database, of_build, open_on, record, synced};
use crate::{
    Clock, Database, Error, Retention,
    fixtures::{at, build_id, facts},
    model::{Delivery, Filter, HoldRequest, InstallationState, Report},
    store::{BuildPage, Schema, Store, migrate},
};

async fn database() -> Option<Database> {
    let server = std::env::var(POSTGRES).ok()?;
    Some(make_database(&server).await)
}

async fn connect(database: &Database) -> PgConnection {
    let Database::Postgres(url) = database else {
        panic!("it is on a server");
    };
    PgConnection::connect(url.expose_secret()).await.unwrap()
}

/// Ends all sessions but this one.
async fn terminate_others(session: &mut PgConnection) {
    session
        .execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
             WHERE datname = current_database() AND pid <> pg_backend_pid()",
        )
        .await
        .unwrap();
}

fn reported(run: i64, word: &str, update: i64) -> Report {
    of_build(build_id(run, 1), facts(word, update))
}

#[tokio::test]
async fn two_servers_merge_into_the_same_rows() {
    let Some(database) = database().await else {
        return;
    };
    let one = open_on(&database, |_| ()).await.unwrap();
    let other = open_on(&database, |_| ()).await.unwrap();
    // Each of them hears a part of every build, at the same time.
    let sent = (1..=100).flat_map(|run| {
        [
            record(&one, reported(run, "in_progress", 5)),
            record(&other, reported(run, "success", 9)),
            record(&one, reported(run, "queued", 1)),
            record(&other, reported(run, "in_progress", 7)),
        ]
    });
    for recorded in join_all(sent).await {
        recorded.unwrap();
    }
    let page = BuildPage {
        filter: &Filter::default(),
        after: None,
        size: 200,
    };
    let builds = one.builds(page).await.unwrap().builds;
    assert_eq!(builds.len(), 100);
    for build in builds {
        assert_eq!(build.record.facts, facts("success", 9));
        assert!(build.record.counted);
    }
}

#[tokio::test]
async fn a_writer_waits_for_the_one_before_it() {
    let Some(database) = database().await else {
        return;
    };
    let store = open_on(&database, |_| ()).await.unwrap();
    let mut other = connect(&database).await;
    other
        .execute(super::super::open::postgres::BEGIN)
        .await
        .unwrap();
    let mut waiting = Box::pin(record(&store, reported(1, "queued", 1)));
    let early = tokio::time::timeout(std::time::Duration::from_millis(200), &mut waiting).await;
    assert!(early.is_err(), "somebody else writes");
    other.execute("COMMIT").await.unwrap();
    waiting.await.unwrap();
}

#[tokio::test]
async fn a_connection_that_is_lost_is_opened_anew() {
    let Some(database) = database().await else {
        return;
    };
    let store = open_on(&database, |_| ()).await.unwrap();
    record(&store, reported(1, "queued", 1)).await.unwrap();
    terminate_others(&mut connect(&database).await).await;
    let lost = record(&store, reported(2, "queued", 1)).await;
    assert!(lost.is_err(), "it was not acknowledged");
    record(&store, reported(3, "queued", 1)).await.unwrap();
    store.probe().await.unwrap();
    assert!(store.build(build_id(1, 1)).await.unwrap().is_some());
    assert!(store.build(build_id(2, 1)).await.unwrap().is_none());
}

/// Records reports at once, of which only the bad one is refused.
async fn record_a_bad_one(database: &Database, bad: Report) {
    let store = open_on(database, |_| ()).await.unwrap();
    let mut reports: Vec<Report> = (1..=20).map(|run| reported(run, "queued", 1)).collect();
    reports.insert(10, bad);
    let sent = reports.into_iter().map(|report| record(&store, report));
    for (number, recorded) in join_all(sent).await.into_iter().enumerate() {
        assert_eq!(recorded.is_err(), number == 10, "{number}: {recorded:?}");
    }
    store.close().await;
}

#[tokio::test]
async fn of_two_names_the_same_one_stays_whatever_the_order_of_the_database() {
    let Some(database) = database().await else {
        return;
    };
    let store = open_on(&database, |_| ()).await.unwrap();
    let mut owner = connect(&database).await;
    // To which "B" comes after "a".
    owner
        .execute("ALTER TABLE workflow ALTER COLUMN name TYPE TEXT COLLATE \"en-x-icu\"")
        .await
        .unwrap();
    for names in [["a", "B"], ["B", "a"]] {
        owner.execute("DELETE FROM workflow").await.unwrap();
        for (run, name) in (1..).zip(names) {
            let mut report = reported(run, "queued", 1);
            report.builds[0].1.workflow = name.to_owned();
            record(&store, report).await.unwrap();
        }
        let name: String = sqlx::query_scalar("SELECT name FROM workflow")
            .fetch_one(&mut owner)
            .await
            .unwrap();
        assert_eq!(name, "a", "{names:?}");
    }
}

#[tokio::test]
async fn a_text_that_can_not_be_kept_is_of_one_report() {
    let Some(database) = database().await else {
        return;
    };
    let mut bad = reported(30, "queued", 1);
    bad.builds[0].1.workflow = "C\0I".to_owned();
    record_a_bad_one(&database, bad).await;
}

/// Letters that can not be compressed, and take four bytes each.
fn letters(count: usize) -> String {
    let mut noise = 1_u32;
    let mut letter = || {
        noise = noise.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        char::from_u32(0x20000 + (noise >> 16) % 0xa000).unwrap()
    };
    (0..count).map(|_| letter()).collect()
}

#[tokio::test]
async fn what_is_too_large_for_an_index_is_of_one_report() {
    let Some(database) = database().await else {
        return;
    };
    let mut bad = reported(30, "queued", 1);
    bad.builds[0].1.branch = letters(1000);
    record_a_bad_one(&database, bad).await;
}

#[tokio::test]
async fn a_problem_of_any_letters_is_kept() {
    let Some(database) = database().await else {
        return;
    };
    let store = open_on(&database, |_| ()).await.unwrap();
    let mut report = reported(30, "queued", 1);
    report.delivery = Some(Delivery {
        guid: "guid".to_owned(),
        event: "workflow_run".to_owned(),
        action: "completed".to_owned(),
        receive_time: at(0),
        payload: "{}".into(),
        problem: letters(1000),
    });
    record(&store, report).await.unwrap();
    assert_eq!(store.delivery_counts(at(0)).await.unwrap().quarantined, 1);
}

#[tokio::test]
async fn a_server_whose_schema_was_changed_writes_nothing_more() {
    let Some(database) = database().await else {
        return;
    };
    let store = open_on(&database, |_| ()).await.unwrap();
    record(&store, reported(1, "queued", 1)).await.unwrap();
    let mut newer = connect(&database).await;
    newer
        .execute(
            "INSERT INTO _sqlx_migrations
             SELECT 9000, 'later', installed_on, success, checksum, 0
             FROM _sqlx_migrations WHERE version = 1",
        )
        .await
        .unwrap();
    assert!(!store.is_outdated(), "nobody has looked yet");
    for run in 2..4 {
        let refused = record(&store, reported(run, "queued", 1)).await;
        assert!(matches!(refused, Err(Error::Outdated)), "{refused:?}");
    }
    assert!(store.is_outdated());
    assert!(matches!(store.probe().await, Err(Error::Outdated)));
    let builds: i64 = sqlx::query_scalar("SELECT COUNT(*) FROM build")
        .fetch_one(&mut newer)
        .await
        .unwrap();
    assert_eq!(builds, 1);
}

#[tokio::test]
async fn nobody_changes_the_schema_under_who_writes() {
    let Some(database) = database().await else {
        return;
    };
    let store = open_on(&database, |_| ()).await.unwrap();
    store.close().await;
    let mut writer = connect(&database).await;
    writer
        .execute(super::super::open::postgres::BEGIN)
        .await
        .unwrap();
    let mut migrating = Box::pin(migrate(&database));
    let early = tokio::time::timeout(std::time::Duration::from_millis(200), &mut migrating).await;
    assert!(early.is_err(), "somebody writes");
    writer.execute("COMMIT").await.unwrap();
    migrating.await.unwrap();
    // And it lets go.
    let store = open_on(&database, |_| ()).await.unwrap();
    record(&store, reported(1, "queued", 1)).await.unwrap();
}

/// Waits until some servers that start wait for something, and says for what.
async fn waited_for<T>(watcher: &mut PgConnection, starting: &[JoinHandle<T>]) -> Vec<String> {
    loop {
        let waiting: Vec<String> = sqlx::query_scalar(
            "SELECT locktype FROM pg_locks l JOIN pg_stat_activity a USING (pid)
             WHERE NOT granted AND datname = current_database() ORDER BY locktype",
        )
        .fetch_all(&mut *watcher)
        .await
        .unwrap();
        let have_ended = starting.iter().all(JoinHandle::is_finished);
        if waiting.len() == starting.len() || have_ended {
            return waiting;
        }
    }
}

#[tokio::test]
async fn of_servers_that_start_at_once_one_sums_up_what_is_there() {
    let Some(database) = database().await else {
        return;
    };
    let store = open_on(&database, |_| ()).await.unwrap();
    record(&store, reported(1, "success", 1)).await.unwrap();
    store.close().await;
    let mut holder = connect(&database).await;
    holder
        .execute(
            "UPDATE rollup_state SET complete = FALSE;
             BEGIN; LOCK TABLE rollup_state IN ACCESS EXCLUSIVE MODE",
        )
        .await
        .unwrap();
    let start = || {
        let database = database.clone();
        tokio::spawn(async move { open_on(&database, |_| ()).await })
    };
    let starting = [start(), start()];
    let waited_for = waited_for(&mut holder, &starting).await;
    assert_eq!(waited_for, ["advisory", "relation"], "one after the other");
    holder.execute("COMMIT").await.unwrap();
    for started in join_all(starting).await {
        let store = started.unwrap().expect("it starts");
        store.close().await;
    }
    let is_complete: bool = sqlx::query_scalar("SELECT complete FROM rollup_state")
        .fetch_one(&mut holder)
        .await
        .unwrap();
    assert!(is_complete);
}

#[tokio::test]
async fn servers_whose_clocks_differ_give_nothing_twice() {
    let Some(database) = database().await else {
        return;
    };
    let mut stores = Vec::new();
    for hours in [0, 1, -1] {
        let clock = Clock::ahead(SignedDuration::from_hours(hours));
        let tell = Arc::new(|_| ());
        let store = Store::open(
            &database,
            Schema::Migrate,
            clock,
            Retention::default(),
            tell,
        );
        stores.push(store.await.unwrap());
    }
    let mut sync = synced(5, InstallationState::Active, 0, &[1]);
    sync.backfill_since = Some(at(0));
    stores[0].sync_installation(sync).await.unwrap();
    let request = |holder: &str| HoldRequest {
        holder: holder.to_owned(),
        asked: Vec::new(),
        undivided: false,
        leave: false,
    };
    let held = stores[0].hold(request("one")).await.unwrap();
    let leased = stores[0].lease_backfill("one".to_owned()).await.unwrap();
    let leased = leased.expect("it is free");
    let lease = (leased.backfill.id, leased.lease);
    for (place, store) in stores.iter().enumerate() {
        let now = store.clock.now();
        let other = store.hold(request("other")).await.unwrap();
        assert_eq!(other, [], "{place}");
        assert_eq!(store.holders(now).await.unwrap(), held, "{place}");
        assert!(!store.has_free_backfill("one", now).await.unwrap());
        let again = store.lease_backfill("one".to_owned()).await.unwrap();
        assert!(again.is_none(), "{place}");
        let still = store.held_leases(&[lease], now).await.unwrap();
        assert_eq!(still, [lease], "{place}");
    }
}

#[tokio::test]
async fn tables_that_change_a_lot_are_tidied_up_often_unless_somebody_knows_better() {
    let Some(database) = database().await else {
        return;
    };
    migrate(&database).await.unwrap();
    let mut owner = connect(&database).await;
    let set: i64 = sqlx::query_scalar(
        "SELECT COUNT(*) FROM pg_class WHERE relkind = 'r' AND relname IN
            ('build', 'job', 'delivery', 'rollup', 'change', 'rollup_change')
            AND CAST(reloptions AS TEXT) LIKE '%autovacuum_vacuum_scale_factor%'",
    )
    .fetch_one(&mut owner)
    .await
    .unwrap();
    assert_eq!(set, 6);
    owner
        .execute(
            "ALTER TABLE rollup RESET (autovacuum_vacuum_scale_factor);
             ALTER TABLE rollup SET (fillfactor = 70)",
        )
        .await
        .unwrap();
    migrate(&database).await.unwrap();
    let kept: Vec<String> =
        sqlx::query_scalar("SELECT reloptions FROM pg_class WHERE relname = 'rollup'")
            .fetch_one(&mut owner)
            .await
            .unwrap();
    assert_eq!(kept, ["fillfactor=70"]);
}
