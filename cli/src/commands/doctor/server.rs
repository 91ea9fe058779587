//! What the running server says of itself, of its app and of what is missing.

mod app;

use std::io;

use jiff::{SignedDuration, Timestamp};
use lampboard_github_app::doctor::Finding;
use lampboard_proto::{
    transport::Transport,
    v1::{
        GapKind, GetSystemRequest, GetSystemResponse, system_service_client::SystemServiceClient,
    },
};
use tonic::Status;
use tonic_health::pb::{
    HealthCheckRequest, health_check_response::ServingStatus, health_client::HealthClient,
};

use crate::{
    commands::{machine::Machine, remote},
    said::said,
};

const SUBJECT: &str = "server";

/// Asks the server how things are, or the database, if no server runs on it.
pub(super) async fn examine(machine: anyhow::Result<Machine>, now: Timestamp) -> Vec<Finding> {
    let machine = match machine {
        Ok(machine) => machine,
        Err(error) => {
            let fix = "start `lampboard serve`, or set LAMPBOARD_SERVER_URL to where the server \
                       listens, such as http://127.0.0.1:8080";
            let problem = said(&error);
            // Before the first start there is nothing that could be wrong.
            return vec![if is_missing(&error) {
                Finding::warn(SUBJECT, problem, fix)
            } else {
                Finding::fail(SUBJECT, problem, fix)
            }];
        }
    };
    let url = machine.place.clone();
    let is_here = machine.is_here();
    let asked = ask(machine.transport.clone()).await;
    machine.close().await;
    match asked {
        Ok((_, system)) if is_here => {
            vec![asleep(), database(&system), gaps(&system)]
        }
        Ok((health, system)) => judge(&url, health, &system, now),
        Err(status) => vec![Finding::warn(
            SUBJECT,
            format!(
                "it does not answer at {url} ({}), so what only it knows was not looked at",
                remote::problem(&status)
            ),
            "start `lampboard serve`, or set LAMPBOARD_SERVER_URL to where it listens",
        )],
    }
}

async fn ask(channel: Transport) -> Result<(ServingStatus, GetSystemResponse), Status> {
    let mut health = HealthClient::new(channel.clone());
    // The empty name stands for the server as a whole.
    let health = remote::answer(health.check(HealthCheckRequest::default())).await?;
    let mut system = SystemServiceClient::new(channel);
    let system = remote::answer(system.get_system(GetSystemRequest {})).await?;
    Ok((health.status(), system))
}

fn judge(
    url: &str,
    health: ServingStatus,
    system: &GetSystemResponse,
    now: Timestamp,
) -> Vec<Finding> {
    let mut findings = vec![server(url, health, system), database(system)];
    findings.extend(app::judge(system, now));
    findings.push(gaps(system));
    findings
}

fn is_missing(error: &anyhow::Error) -> bool {
    let mut causes = error
        .chain()
        .filter_map(|it| it.downcast_ref::<io::Error>());
    causes.any(|it| it.kind() == io::ErrorKind::NotFound)
}

fn asleep() -> Finding {
    Finding::warn(
        SUBJECT,
        "none runs on this database, so the database itself was looked at",
        "start `lampboard serve`, or set LAMPBOARD_SERVER_URL to where the server listens",
    )
}

fn server(url: &str, health: ServingStatus, system: &GetSystemResponse) -> Finding {
    let version = &system.version;
    if health == ServingStatus::Serving {
        Finding::ok(SUBJECT, format!("Lampboard {version} is ready at {url}"))
    } else {
        Finding::fail(
            SUBJECT,
            format!("Lampboard {version} at {url} says that it is not ready"),
            "look at its log",
        )
    }
}

fn database(system: &GetSystemResponse) -> Finding {
    let name = &system.database;
    if system.database_problem.is_empty() {
        let size = system.database_bytes / 1024 / 1024;
        return Finding::ok(
            "database",
            format!("{name} takes writes; it has {size} MiB"),
        );
    }
    Finding::fail(
        "database",
        format!("{name} takes no writes: {}", system.database_problem),
        "see whether its disk is full or read-only, and whether its file is still there",
    )
}

fn gaps(system: &GetSystemResponse) -> Finding {
    let found: Vec<_> = system
        .gaps
        .iter()
        .map(|gap| format!("{} {}", gap.count, kind(gap.kind())))
        .collect();
    if found.is_empty() {
        return Finding::ok("gaps", "nothing is known to be missing");
    }
    Finding::warn(
        "gaps",
        format!("known to be missing: {}", found.join(", ")),
        "reconciling closes them, one after another; if they do not become fewer, see the Health page",
    )
}

fn kind(kind: GapKind) -> &'static str {
    match kind {
        GapKind::Attempt => "earlier attempts",
        GapKind::Jobs => "builds' jobs",
        GapKind::End => "builds' ends",
        GapKind::Delivery => "deliveries",
        GapKind::Unspecified => "others",
    }
}

fn time(time: Option<prost_types::Timestamp>) -> Option<Timestamp> {
    let time = time?;
    Timestamp::new(time.seconds, time.nanos).ok()
}

fn ago(time: Timestamp, now: Timestamp) -> String {
    let seconds = now.duration_since(time).as_secs().max(0);
    format!("{:#} ago", SignedDuration::from_secs(seconds))
}

#[cfg(test)]
mod tests;
