//! Whether the database's file can be written, for whoever runs doctor.

use std::{fs::OpenOptions, path::Path};

use lampboard_github_app::doctor::Finding;
use lampboard_server::Database;

use crate::args::StoreArgs;

const SUBJECT: &str = "database file";

/// Looks at the file and its folder. Makes neither.
pub(super) fn examine(store: &StoreArgs) -> Finding {
    match store.database.database() {
        Ok(Database::Sqlite(path)) => judge(&path),
        Ok(Database::Postgres(_)) => {
            Finding::ok(SUBJECT, "there is none: the database is PostgreSQL")
        }
        Err(error) => Finding::fail(
            SUBJECT,
            error.to_string(),
            "unset LAMPBOARD_DATABASE_URL, or set it to the address of a database",
        ),
    }
}

fn judge(path: &Path) -> Finding {
    let shown = path.display();
    let problem = |what: &Path, error: &std::io::Error| {
        Finding::fail(
            SUBJECT,
            format!("{} can not be written: {error}", what.display()),
            "run doctor as the user that runs Lampboard; let that user write the folder and all in \
             it, and see whether the disk is full",
        )
    };
    // A file beside it is what SQLite needs too, for its log.
    let folder = existing(path.parent().unwrap_or(path));
    if let Err(error) = tempfile::tempfile_in(folder) {
        return problem(folder, &error);
    }
    if !path.exists() {
        return Finding::ok(
            SUBJECT,
            format!("{shown} is not there yet, and can be made"),
        );
    }
    match OpenOptions::new().write(true).open(path) {
        Ok(_) => Finding::ok(SUBJECT, format!("{shown} can be written")),
        Err(error) => problem(path, &error),
    }
}

/// The folder, or the nearest one above it that is there.
fn existing(folder: &Path) -> &Path {
    let mut above = folder.ancestors();
    let found = above.find(|it| it.is_dir());
    found.unwrap_or_else(|| Path::new("."))
}

#[cfg(test)]
mod tests {
    use lampboard_github_app::doctor::Level;

    use super::*;

    #[test]
    fn a_database_that_is_there_or_can_be_made_is_fine() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("not/there/lampboard.db");
        let finding = judge(&path);
        assert_eq!(finding.level, Level::Ok);
        assert!(finding.message.contains("can be made"), "{finding:?}");
        assert!(!path.parent().unwrap().exists());

        let path = folder.path().join("lampboard.db");
        std::fs::write(&path, "x").unwrap();
        let finding = judge(&path);
        assert_eq!(finding.level, Level::Ok);
        assert!(finding.message.contains("can be written"), "{finding:?}");
    }

    #[test]
    fn a_database_that_can_not_be_opened_is_not() {
        let folder = tempfile::tempdir().unwrap();
        let finding = judge(folder.path());
        assert_eq!(finding.level, Level::Fail, "{finding:?}");
        assert!(finding.fix.unwrap().contains("disk"));
    }
}
