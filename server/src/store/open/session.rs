//! What a session of `PostgreSQL` is set to, and whether it stays so.

use sqlx::{
    ConnectOptions as _, Executor as _, PgConnection, Row as _, postgres::PgConnectOptions,
};

use crate::{Error, Result};

/// What a session of ours is bound by. Whoever stops in the middle of a write holds up
/// all other servers: the database ends such a session, and with it the write.
const BOUNDS: [(&str, &str); 2] = [
    ("lock_timeout", "5s"),
    ("idle_in_transaction_session_timeout", "10s"),
];

/// How statements are planned. A plan is made when a statement is first prepared, perhaps
/// of empty tables, of which the planner thinks that looking at all rows is fastest; and
/// no statement of ours is meant to look at all rows of a large table.
const PLANS: [(&str, &str); 2] = [
    ("enable_seqscan", "off"),
    // A table that grows is planned for anew.
    ("plan_cache_mode", "force_custom_plan"),
];

/// Bounds that somebody may have set for all sessions, and that are none for who writes:
/// a migration takes as long as it takes. Not all versions know all of them.
const UNBOUND: &str = "SELECT set_config(name, '0', FALSE) FROM pg_settings
     WHERE name IN ('statement_timeout', 'transaction_timeout', 'idle_session_timeout')";

/// The same for who reads one state of all rows, and may be busy with some of them for long.
const UNHURRIED: &str = "SET idle_in_transaction_session_timeout = '10min'";

/// What `PostgreSQL` and poolers call a connection that asks for what they do not know.
const PROTOCOL_VIOLATION: &str = "08P01";

/// What texts are kept in.
const ENCODING: &str = "server_encoding";

/// Adds the settings of all sessions.
pub(super) fn settings(options: PgConnectOptions) -> PgConnectOptions {
    options.options(BOUNDS).options(PLANS)
}

/// Opens a session that may take its time.
pub(super) async fn connect(options: &PgConnectOptions) -> Result<PgConnection> {
    let mut connection = options.connect().await.map_err(|error| match error {
        sqlx::Error::Database(error) if error.code().as_deref() == Some(PROTOCOL_VIOLATION) => {
            pooled(&error.to_string())
        }
        error => error.into(),
    })?;
    connection.execute(UNBOUND).await?;
    Ok(connection)
}

/// Lets a session be slow between its statements.
pub(super) async fn unhurried(connection: &mut PgConnection) -> Result<()> {
    connection.execute(UNHURRIED).await?;
    Ok(())
}

/// What is acknowledged is durable, whatever the server is set to later; who wants more than that,
/// or another server to have it as well, keeps that.
const DURABLE: &str = "SELECT set_config('synchronous_commit',
         CASE WHEN value LIKE 'remote%' THEN value ELSE 'on' END, FALSE)
     FROM current_setting('synchronous_commit') AS value";

/// Keeps a session durable, where `require` found it to be.
pub(super) async fn keep_durable(connection: &mut PgConnection) -> Result<()> {
    connection.execute(DURABLE).await?;
    Ok(())
}

/// Refuses a server that acknowledges what a crash could take back. It may be set so while it
/// runs.
pub(in crate::store) async fn require_durable(connection: &mut PgConnection) -> Result<()> {
    let settings = "SELECT current_setting('fsync'), current_setting('synchronous_commit')";
    let row = connection.fetch_one(settings).await?;
    for (place, setting) in ["fsync", "synchronous_commit"].into_iter().enumerate() {
        if row.try_get::<&str, _>(place)? == "off" {
            return Err(Error::NotDurable(setting));
        }
    }
    Ok(())
}

/// The same, and one that does not keep what a session is set to.
pub(in crate::store) async fn require(connection: &mut PgConnection) -> Result<()> {
    require_durable(connection).await?;
    let asked: Vec<&str> = [ENCODING]
        .into_iter()
        .chain(BOUNDS.iter().chain(&PLANS).map(|(setting, _)| *setting))
        .collect();
    let rows = sqlx::query("SELECT name, current_setting(name) AS value FROM UNNEST($1) AS name")
        .bind(asked)
        .fetch_all(connection)
        .await?;
    for row in rows {
        let (setting, value): (&str, &str) = (row.try_get("name")?, row.try_get("value")?);
        let ours = BOUNDS.iter().chain(&PLANS);
        match ours.into_iter().find(|(name, _)| *name == setting) {
            None if setting == ENCODING && value != "UTF8" => {
                return Err(Error::Config(format!(
                    "the database has the encoding {value}, which has no letter for some of what \
                     GitHub says: make one with ENCODING 'UTF8' TEMPLATE template0, and name that"
                )));
            }
            Some((_, ours)) if value != *ours => {
                return Err(pooled(&format!("{setting} is {value} and not {ours}")));
            }
            _ => {}
        }
    }
    Ok(())
}

fn pooled(problem: &str) -> Error {
    Error::Config(format!(
        "the database does not take the settings of a session ({problem}): name PostgreSQL \
         itself, and not a pooler such as PgBouncer; a server has seven connections, which it keeps"
    ))
}
