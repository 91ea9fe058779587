//! A step that a database refuses to go: the place to die at, without a word in the product.

use super::database::Database;

/// What is refused from now on.
pub(crate) struct Obstacle {
    name: &'static str,
    table: &'static str,
    when: String,
}

impl Obstacle {
    /// No server can mark what it is about to send.
    pub(crate) fn to_claims() -> Self {
        Self {
            name: "no_claim",
            table: "alert",
            when: "OLD.claim IS NULL AND NEW.claim IS NOT NULL".to_owned(),
        }
    }

    /// No server can write down what came of a message.
    pub(crate) fn to_results() -> Self {
        Self {
            name: "no_result",
            table: "alert",
            when: "OLD.claim IS NOT NULL AND NEW.claim IS NULL".to_owned(),
        }
    }

    /// No server can begin to send but this one.
    pub(crate) fn to_all_but(holder: &str) -> Self {
        Self {
            name: "no_other",
            table: "alert_channel",
            when: format!("NEW.lease_holder <> '{holder}'"),
        }
    }

    /// Puts it into the way.
    pub(crate) async fn put(&self, database: &mut Database) {
        let Self { name, table, when } = self;
        let sql = match database {
            Database::Sqlite(_) => format!(
                "CREATE TRIGGER {name} BEFORE UPDATE ON {table} WHEN {when}
                 BEGIN SELECT RAISE(ABORT, '{name}'); END"
            ),
            Database::Postgres(_) => format!(
                "CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS
                 $$ BEGIN RAISE EXCEPTION '{name}'; END $$;
                 CREATE TRIGGER {name} BEFORE UPDATE ON {table} FOR EACH ROW WHEN ({when})
                 EXECUTE FUNCTION {name}()"
            ),
        };
        database.run(sql).await;
    }

    /// Takes it out of the way.
    pub(crate) async fn remove(&self, database: &mut Database) {
        let Self { name, table, .. } = self;
        let sql = match database {
            Database::Sqlite(_) => format!("DROP TRIGGER {name}"),
            Database::Postgres(_) => {
                format!("DROP TRIGGER {name} ON {table}; DROP FUNCTION {name}()")
            }
        };
        database.run(sql).await;
    }
}
