//! The servers that are measured, and how each is started and spoken to.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::Command;

pub(crate) mod lampboard;

use clap::ValueEnum;
use http::StatusCode;

/// What deliveries are signed with.
pub(crate) const SECRET: &str = "a secret of the benchmark";
/// What a server wants as a bearer key besides, if it does.
const KEY: &str = "a-key-of-the-benchmark";

/// A server that can be measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Kind {
    /// Lampboard, all in one.
    Lampboard,
    /// A dashboard's API written in Python.
    Fastapi,
    /// A GitHub App written in JavaScript.
    Probot,
}

impl Kind {
    /// All of them, in the order of the table's columns.
    pub(crate) const ALL: [Self; 3] = [Self::Lampboard, Self::Fastapi, Self::Probot];

    pub(crate) fn title(self) -> &'static str {
        match self {
            Self::Lampboard => "Lampboard",
            Self::Fastapi => "FastAPI reference",
            Self::Probot => "Probot reference",
        }
    }

    pub(crate) fn webhook_path(self) -> &'static str {
        match self {
            Self::Lampboard | Self::Fastapi => "/api/webhook/github-actions",
            Self::Probot => "/api/github/webhooks",
        }
    }

    /// The page that is first answered, and in this way, when it is ready.
    pub(crate) fn ready(self) -> (&'static str, StatusCode) {
        match self {
            Self::Lampboard => ("/readyz", StatusCode::OK),
            Self::Fastapi => ("/api/metrics/summary", StatusCode::OK),
            Self::Probot => ("/none", StatusCode::NOT_FOUND),
        }
    }

    pub(crate) fn bearer(self) -> Option<&'static str> {
        (self == Self::Fastapi).then_some(KEY)
    }
}

/// A server that is there to be measured.
pub(crate) struct Subject {
    pub(crate) kind: Kind,
    /// Lampboard's binary, or the folder in which a reference was set up.
    pub(crate) home: PathBuf,
}

impl Subject {
    /// What starts it on a port of 127.0.0.1 with its database in `data`,
    /// durable before every answer.
    pub(crate) fn command(&self, port: u16, data: &Path) -> Command {
        let database = data.join("builds.db");
        match self.kind {
            Kind::Lampboard => lampboard::serve(&self.home, port, data, None),
            Kind::Fastapi => {
                let url = format!("sqlite+aiosqlite:///{}", database.display());
                let mut command = in_clean_environment(self.home.join("venv/bin/python"));
                command
                    .args(["app.py", "--port", &port.to_string()])
                    .env("DATABASE_URL", url)
                    .env("SQLITE_SYNC", "FULL")
                    .env("WEBHOOK_SECRET", SECRET)
                    .env("WRITE_KEY", KEY)
                    .current_dir(&self.home);
                command
            }
            Kind::Probot => {
                let mut command = in_clean_environment("node");
                command
                    .arg("server.js")
                    .env("PORT", port.to_string())
                    .env("SQLITE_PATH", database)
                    .env("SQLITE_SYNC", "FULL")
                    .env("WEBHOOK_SECRET", SECRET)
                    .current_dir(&self.home);
                command
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
