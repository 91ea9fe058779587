//! The servers that are measured, and how each is started and spoken to.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::Command;

pub(crate) mod lampboard;

use clap::ValueEnum;
use http::StatusCode;

use crate::database::Address;

/// What deliveries are signed with.
pub(crate) const SECRET: &str = "a secret of the benchmark";
/// What a server wants as a bearer key besides, if it does.
const KEY: &str = "a-key-of-the-benchmark";

/// A server that can be measured, and where it keeps things.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Kind {
    /// Lampboard, all in one.
    Lampboard,
    /// A dashboard's API written in Python.
    Fastapi,
    /// A GitHub App written in JavaScript.
    Probot,
    /// Lampboard, all in one, on `PostgreSQL`.
    LampboardPostgres,
    /// Lampboard, receiver and server apart, on `PostgreSQL`.
    LampboardSplit,
    /// The same API in Python, on `PostgreSQL`.
    FastapiPostgres,
    /// The same App in JavaScript, on `PostgreSQL`.
    ProbotPostgres,
}

/// Which program it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Program {
    Lampboard,
    Fastapi,
    Probot,
}

impl Kind {
    /// Those that keep everything in files, in the order of the table's columns.
    pub(crate) const ON_FILES: [Self; 3] = [Self::Lampboard, Self::Fastapi, Self::Probot];
    /// Those that keep everything in `PostgreSQL`.
    pub(crate) const ON_POSTGRES: [Self; 4] = [
        Self::LampboardPostgres,
        Self::LampboardSplit,
        Self::FastapiPostgres,
        Self::ProbotPostgres,
    ];

    pub(crate) fn program(self) -> Program {
        match self {
            Self::Lampboard | Self::LampboardPostgres | Self::LampboardSplit => Program::Lampboard,
            Self::Fastapi | Self::FastapiPostgres => Program::Fastapi,
            Self::Probot | Self::ProbotPostgres => Program::Probot,
        }
    }

    pub(crate) fn on_postgres(self) -> bool {
        Self::ON_POSTGRES.contains(&self)
    }

    pub(crate) fn title(self) -> &'static str {
        match self {
            Self::Lampboard | Self::LampboardPostgres => "Lampboard",
            Self::LampboardSplit => "Lampboard in two processes",
            Self::Fastapi | Self::FastapiPostgres => "FastAPI reference",
            Self::Probot | Self::ProbotPostgres => "Probot reference",
        }
    }

    pub(crate) fn webhook_path(self) -> &'static str {
        match self.program() {
            Program::Lampboard | Program::Fastapi => "/api/webhook/github-actions",
            Program::Probot => "/api/github/webhooks",
        }
    }

    /// The page that is first answered, and in this way, when it is ready.
    pub(crate) fn ready(self) -> (&'static str, StatusCode) {
        match self.program() {
            Program::Lampboard => ("/readyz", StatusCode::OK),
            Program::Fastapi => ("/api/metrics/summary", StatusCode::OK),
            Program::Probot => ("/none", StatusCode::NOT_FOUND),
        }
    }

    pub(crate) fn bearer(self) -> Option<&'static str> {
        (self.program() == Program::Fastapi).then_some(KEY)
    }
}

/// A server that is there to be measured.
#[derive(Clone)]
pub(crate) struct Subject {
    pub(crate) kind: Kind,
    /// Lampboard's binary, or the folder in which a reference was set up.
    pub(crate) home: PathBuf,
}

/// The ports of 127.0.0.1 on which a server listens.
#[derive(Clone, Copy)]
pub(crate) struct Ports {
    pub(crate) webhook: u16,
    /// Where it is asked what it has: the same, unless it is in two processes.
    pub(crate) api: u16,
}

impl Subject {
    /// What starts it, durable before every answer, with its database in the file
    /// `builds.db` of `data` or at the address given.
    pub(crate) fn commands(&self, ports: Ports, data: &Path, database: &Address) -> Vec<Command> {
        let port = ports.webhook;
        match self.kind {
            Kind::Lampboard | Kind::LampboardPostgres => {
                vec![lampboard::serve(&self.home, port, data, Some(database))]
            }
            Kind::LampboardSplit => vec![
                lampboard::server(&self.home, ports.api, data, database),
                lampboard::github_app(&self.home, ports, data),
            ],
            Kind::Fastapi | Kind::FastapiPostgres => {
                let url = match database {
                    Address::File(path) => format!("sqlite+aiosqlite:///{}", path.display()),
                    Address::Postgres(_) => database.url(),
                };
                let mut command = in_clean_environment(self.home.join("venv/bin/python"));
                command
                    .args(["app.py", "--port", &port.to_string()])
                    .env("DATABASE_URL", url)
                    .env("SQLITE_SYNC", "FULL")
                    .env("WEBHOOK_SECRET", SECRET)
                    .env("WRITE_KEY", KEY)
                    .current_dir(&self.home);
                vec![command]
            }
            Kind::Probot | Kind::ProbotPostgres => {
                let mut command = in_clean_environment("node");
                command
                    .arg("server.js")
                    .env("PORT", port.to_string())
                    .env("SQLITE_SYNC", "FULL")
                    .env("WEBHOOK_SECRET", SECRET)
                    .current_dir(&self.home);
                match database {
                    Address::File(path) => command.env("SQLITE_PATH", path),
                    Address::Postgres(_) => command.env("DATABASE_URL", database.url()),
                };
                vec![command]
            }
        }
    }
}

/// The servers read settings from variables: those of whoever runs the
/// benchmark must not reach them.
fn in_clean_environment(program: impl AsRef<OsStr>) -> Command {
    let kept = std::env::vars_os().filter(|(name, _)| name == "PATH" || name == "HOME");
    let mut command = Command::new(program);
    command.env_clear().envs(kept);
    command
}
