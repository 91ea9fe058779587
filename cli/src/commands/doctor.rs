//! `lampboard doctor`: what is wrong between GitHub and Lampboard, and how to mend it.

mod recount;
mod report;
mod server;
mod store;

use std::{
    io::{self, Write as _},
    process::ExitCode,
    sync::Arc,
};

use anyhow::Context as _;
use lampboard_github_app::{
    clock::SystemClock,
    doctor::{self, Finding},
};

use lampboard_server::Schema;

use super::{exit::End, identity, machine, parts, remote};
use crate::{args::DoctorArgs, said::said};

/// Where the board is unless somebody says otherwise.
const BOARD: &str = "http://127.0.0.1:8080";

/// Looks at everything, and mends nothing.
pub(crate) async fn run(args: DoctorArgs) -> anyhow::Result<ExitCode> {
    let findings = if args.recount {
        match recount(&args).await {
            Ok(findings) => findings,
            Err(error) => {
                eprintln!("nobody could recount: {}", said(&error));
                return Ok(End::Unavailable.into());
            }
        }
    } else {
        examine(&args).await
    };
    let text = if args.json {
        report::json(&findings)?
    } else {
        report::text(&findings)
    };
    let mut out = io::stdout().lock();
    out.write_all(text.as_bytes())
        .context("can not write what was found")?;
    Ok(report::end(&findings).into())
}

async fn examine(args: &DoctorArgs) -> Vec<Finding> {
    let mut findings = settings(args).await;
    findings.push(store::examine(&args.store));
    let machine = match &args.client.server_url {
        Some(url) => machine::at(url, &args.client.server_tls),
        None => machine::reach(&args.store.database, Schema::Require).await,
    };
    findings.extend(server::examine(machine, parts::now()).await);
    findings
}

async fn recount(args: &DoctorArgs) -> anyhow::Result<Vec<Finding>> {
    let machine = machine::reach(&args.store.database, Schema::Require).await?;
    let findings = recount::examine(&machine).await;
    machine.close().await;
    findings.map_err(|status| anyhow::anyhow!("{}", remote::problem(&status)))
}

/// What the settings say, and what GitHub says to that.
async fn settings(args: &DoctorArgs) -> Vec<Finding> {
    let files = args.github.secret_files().chain(args.webhook.secret_file());
    let mut findings: Vec<_> = files
        .map(|(setting, file)| doctor::private_file(setting, file))
        .collect();
    let data_dir = &args.store.database.data.data_dir;
    let board = args.client.server_url.as_deref().unwrap_or(BOARD);
    let identity = identity::from_settings(&args.github, &args.webhook, data_dir, board);
    let certificates = identity::ca_certificates(&args.github);
    match identity.and_then(|identity| Ok((identity, certificates?))) {
        Ok((identity, certificates)) => {
            findings.push(Finding::ok("settings", "they go together"));
            let clock = Arc::new(SystemClock);
            findings.extend(doctor::examine(&identity, certificates, clock).await);
        }
        Err(error) => findings.push(Finding::fail(
            "settings",
            said(&error),
            "correct that setting; `lampboard serve --help` tells what each is for",
        )),
    }
    findings
}
