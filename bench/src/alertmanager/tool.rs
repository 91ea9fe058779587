//! Lampboard or Alertmanager, with one channel that speaks as Slack does.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::{HeaderMap, HeaderValue, StatusCode};
use jiff::Timestamp;
use lampboard_github_double::Conclusion;
use serde_json::json;
use tempfile::TempDir;

use crate::alerts::{Planned, Receiver, create_channels, prepare};
use crate::delivery::Delivery;
use crate::load::Target;
use crate::server::{Server, free_port};
use crate::subject::lampboard::sending;

/// What alerts are called, and how messages name them.
pub(super) const ALERTS: [&str; 2] = ["first-alert", "second-alert"];
/// How long Alertmanager gathers before it sends, how soon it may send of the same
/// group again, and when it repeats what goes on: its quickest usual settings.
const GROUPS: &str = "group_wait: 1s, group_interval: 5s, repeat_interval: 4h";

/// Who sends alerts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Tool {
    Lampboard(PathBuf),
    Alertmanager(PathBuf),
}

/// A tool that keeps what it knows in a folder of its own.
pub(super) struct Running {
    tool: Tool,
    port: u16,
    slack: String,
    server: Server,
    /// What tells of each alert.
    alerts: Vec<Vec<Delivery>>,
    // Last, so that it outlives the process that writes there.
    folder: TempDir,
}

impl Running {
    /// Starts one that knows of nothing.
    pub(super) async fn start(
        tool: Tool,
        receiver: &Receiver,
        work: &Path,
        now: Timestamp,
    ) -> Result<Self> {
        let (folder, port) = (tempfile::tempdir_in(work)?, free_port()?);
        let alerts = match &tool {
            Tool::Lampboard(_) => runs(now),
            Tool::Alertmanager(_) => {
                let config = config(&receiver.url(0));
                fs::write(folder.path().join("config.yml"), config)?;
                ALERTS.iter().map(|name| vec![posted(name)]).collect()
            }
        };
        let slack = receiver.host();
        let server = started(&tool, port, &slack, folder.path()).await?;
        if let Tool::Lampboard(_) = tool {
            create_channels(port, receiver, 1).await?;
        }
        Ok(Self {
            tool,
            port,
            slack,
            server,
            alerts,
            folder,
        })
    }

    /// Starts it once more, on what it has kept.
    pub(super) async fn start_again(&mut self) -> Result<()> {
        self.server = started(&self.tool, self.port, &self.slack, self.folder.path()).await?;
        Ok(())
    }

    /// By `SIGKILL`.
    pub(super) fn kill(&mut self) {
        self.server.kill();
    }

    /// By `SIGTERM`.
    pub(super) async fn stop(&mut self) -> Result<()> {
        self.server.stop().await
    }

    /// Tells it of an alert, which it answers for.
    pub(super) async fn tell(&self, alert: usize) -> Result<()> {
        let path = match self.tool {
            Tool::Lampboard(_) => "/api/webhook/github-actions",
            Tool::Alertmanager(_) => "/api/v2/alerts",
        };
        let target = Target::new(self.port, path, None)?;
        let mut connection = target.connect().await?;
        for delivery in self.alerts.get(alert).context("no such alert")? {
            let status = target.deliver(&mut connection, delivery).await?;
            ensure!(status.is_success(), "an alert was answered with {status}");
        }
        Ok(())
    }
}

async fn started(tool: &Tool, port: u16, slack: &str, folder: &Path) -> Result<Server> {
    let (command, page) = match tool {
        Tool::Lampboard(binary) => (sending(binary, port, folder, slack), "/readyz"),
        Tool::Alertmanager(binary) => (alertmanager(binary, port, folder), "/-/ready"),
    };
    let mut server = Server::start(vec![command], folder.join("log"))?;
    let page = Target::new(port, page, None)?;
    let ready = server.ready(&page, StatusCode::OK).await;
    ready.with_context(|| format!("it said: {}", server.last_words()))?;
    Ok(server)
}

fn alertmanager(binary: &Path, port: u16, folder: &Path) -> Command {
    let mut command = Command::new(binary);
    command
        .arg(format!(
            "--config.file={}",
            folder.join("config.yml").display()
        ))
        .arg(format!("--storage.path={}", folder.join("data").display()))
        .arg(format!("--web.listen-address=127.0.0.1:{port}"))
        // Alone, it is to talk to nobody.
        .arg("--cluster.listen-address=");
    command
}

fn config(url: &str) -> String {
    format!(
        "route: {{receiver: slack, group_by: [alertname], {GROUPS}}}\n\
         receivers:\n- name: slack\n  slack_configs: [{{api_url: '{url}', channel: '#ci'}}]\n"
    )
}

fn posted(name: &str) -> Delivery {
    let body = json!([{"labels": {"alertname": name}}]);
    Delivery {
        run_id: 0,
        headers: HeaderMap::from_iter([(
            CONTENT_TYPE,
            HeaderValue::from_static("application/json"),
        )]),
        body: Bytes::from(body.to_string()),
    }
}

/// Runs that fail, each on a branch that is named as its alert.
fn runs(now: Timestamp) -> Vec<Vec<Delivery>> {
    let plan = ALERTS.map(|name| Planned {
        due: Duration::ZERO,
        channel: 0,
        branch: name.to_owned(),
        conclusion: Conclusion::Failure,
    });
    let runs = prepare(&plan, now).into_iter();
    runs.map(|mut run| {
        run.before.push(run.end);
        run.before
    })
    .collect()
}
