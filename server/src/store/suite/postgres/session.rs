//! What a session of ours is set to, whatever others set.

use futures_util::FutureExt as _;
use secrecy::ExposeSecret as _;
use sqlx::{AssertSqlSafe, Connection as _, Executor as _, PgConnection};

use super::{
    super::fixture::{open_on, record},
    connect, database, reported, terminate_others,
};
use crate::{
    Database, Error,
    fixtures::build_id,
    store::{db::query, open},
};

#[tokio::test]
async fn a_database_that_may_lose_commits_is_refused() {
    let Some(database) = database().await else {
        return;
    };
    let mut owner = connect(&database).await;
    owner
        .execute(
            "DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET synchronous_commit = off',
                                        current_database()); END $$",
        )
        .await
        .unwrap();
    let refused = open_on(&database, |_| ()).await.map(drop);
    let refused = refused.expect_err("it must be refused").to_string();
    assert!(refused.contains("synchronous_commit=off"), "{refused}");
}

/// What `fsync` is said to be, for who looks for functions in `public` first.
#[expect(clippy::disallowed_methods, reason = "the value is one of two")]
async fn pretend(owner: &mut PgConnection, value: &'static str) {
    let said = format!(
        "CREATE OR REPLACE FUNCTION public.current_setting(TEXT) RETURNS TEXT LANGUAGE SQL AS
         $$ SELECT CASE $1 WHEN 'fsync' THEN '{value}' ELSE pg_catalog.current_setting($1) END $$"
    );
    owner.execute(AssertSqlSafe(said)).await.unwrap();
}

#[tokio::test]
async fn a_server_that_is_told_not_to_flush_any_more_is_noticed() {
    let Some(database) = database().await else {
        return;
    };
    let mut owner = connect(&database).await;
    pretend(&mut owner, "on").await;
    owner
        .execute(
            "DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET search_path = public, pg_catalog',
                                        current_database()); END $$",
        )
        .await
        .unwrap();
    let store = open_on(&database, |_| ()).await.unwrap();
    store.probe().await.unwrap();
    pretend(&mut owner, "off").await;
    let not_ready = store.probe().await;
    assert!(
        matches!(not_ready, Err(Error::NotDurable("fsync"))),
        "{not_ready:?}"
    );
    // Once it is known, nothing is taken in either.
    let refused = record(&store, reported(1, "queued", 1)).await;
    assert!(
        matches!(refused, Err(Error::NotDurable("fsync"))),
        "{refused:?}"
    );
    pretend(&mut owner, "on").await;
    record(&store, reported(1, "queued", 1)).await.unwrap();
    store.probe().await.unwrap();
}

#[tokio::test]
#[expect(clippy::disallowed_methods, reason = "the setting is one of these")]
async fn what_is_set_later_does_not_make_a_session_less_durable() {
    let Some(database) = database().await else {
        return;
    };
    let mut owner = connect(&database).await;
    for (set, kept) in [
        ("local", "on"),
        ("on", "on"),
        ("remote_write", "remote_write"),
        ("remote_apply", "remote_apply"),
    ] {
        let statement = format!(
            "DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET synchronous_commit = {set}',
                                        current_database()); END $$"
        );
        owner.execute(AssertSqlSafe(statement)).await.unwrap();
        let store = open_on(&database, |_| ()).await.unwrap();
        let asked = store.write(|connection, _| {
            let settings =
                "SELECT setting, source FROM pg_settings WHERE name = 'synchronous_commit'";
            async move {
                let row = query(settings).fetch_one(connection).await?;
                Ok((row.try_get(0)?, row.try_get(1)?))
            }
            .boxed()
        });
        // What a session says goes before all that a server is told.
        let expected: (String, String) = (kept.to_owned(), "session".to_owned());
        assert_eq!(asked.await.unwrap(), expected, "{set}");
        store.close().await;
    }
}

#[tokio::test]
#[expect(clippy::disallowed_methods, reason = "the name is made here")]
async fn a_database_that_can_not_keep_all_letters_is_refused() {
    let Some(Database::Postgres(url)) = database().await else {
        return;
    };
    let mut url = url::Url::parse(url.expose_secret()).unwrap();
    let name = format!("{}_latin", url.path().trim_start_matches('/'));
    let make = format!(
        "CREATE DATABASE {name} ENCODING 'LATIN1' LC_COLLATE 'C' LC_CTYPE 'C' TEMPLATE template0"
    );
    let mut owner = PgConnection::connect(url.as_str()).await.unwrap();
    owner.execute(AssertSqlSafe(make)).await.unwrap();
    url.set_path(&name);
    let latin = Database::Postgres(String::from(url).into());
    let Err(Error::Config(problem)) = open_on(&latin, |_| ()).await else {
        panic!("it must be refused");
    };
    assert!(problem.contains("has the encoding LATIN1"), "{problem}");
    let tables: i64 =
        sqlx::query_scalar("SELECT COUNT(*) FROM pg_tables WHERE schemaname = 'public'")
            .fetch_one(&mut connect(&latin).await)
            .await
            .unwrap();
    assert_eq!(tables, 0, "nothing was made in it");
}

const READ_ONLY: &str = "DO $$ BEGIN EXECUTE format(
    'ALTER DATABASE %I SET default_transaction_read_only = on', current_database()); END $$";
const WRITABLE: &str = "SET default_transaction_read_only = off; DO $$ BEGIN EXECUTE format(
    'ALTER DATABASE %I RESET default_transaction_read_only', current_database()); END $$";

#[tokio::test]
async fn a_server_that_turns_read_only_is_read_and_taken_up_again() {
    let Some(database) = database().await else {
        return;
    };
    let store = open_on(&database, |_| ()).await.unwrap();
    record(&store, reported(1, "queued", 1)).await.unwrap();
    let mut owner = connect(&database).await;
    owner.execute(READ_ONLY).await.unwrap();
    terminate_others(&mut owner).await;
    record(&store, reported(2, "queued", 1)).await.unwrap_err();
    for _ in 0..2 {
        let refused = record(&store, reported(2, "queued", 1)).await;
        assert!(matches!(refused, Err(Error::ReadOnly)), "{refused:?}");
    }
    assert!(store.build(build_id(1, 1)).await.unwrap().is_some());
    owner.execute(WRITABLE).await.unwrap();
    // A session is what the database was when it began.
    record(&store, reported(3, "queued", 1)).await.unwrap();
}

/// Bounds for all sessions, too short for anything of ours.
const HURRIED: &str = "DO $$ DECLARE bound TEXT; BEGIN
    FOREACH bound IN ARRAY ARRAY['statement_timeout', 'idle_session_timeout',
                                 'idle_in_transaction_session_timeout', 'lock_timeout'] LOOP
        EXECUTE format('ALTER DATABASE %I SET %I = 1000', current_database(), bound);
    END LOOP; END $$";

#[tokio::test]
async fn bounds_that_others_set_do_not_break_a_write() {
    let Some(database) = database().await else {
        return;
    };
    let mut other = connect(&database).await;
    other.execute(HURRIED).await.unwrap();
    let store = open_on(&database, |_| ()).await.unwrap();
    other.execute(open::postgres::BEGIN).await.unwrap();
    let mut waiting = Box::pin(record(&store, reported(1, "queued", 1)));
    let early = tokio::time::timeout(std::time::Duration::from_millis(1500), &mut waiting).await;
    assert!(early.is_err(), "somebody else writes: {early:?}");
    other.execute("COMMIT").await.unwrap();
    waiting.await.unwrap();
}

#[tokio::test]
async fn a_session_that_does_not_keep_its_settings_is_refused() {
    let Some(database) = database().await else {
        return;
    };
    let plain = &mut connect(&database).await;
    let refused = open::session::require(plain).await;
    let Err(Error::Config(problem)) = refused else {
        panic!("it has none of our settings: {refused:?}");
    };
    assert!(
        problem.contains("lock_timeout is 0 and not 5s"),
        "{problem}"
    );
    assert!(problem.contains("PgBouncer"), "{problem}");
}
