//! `lampboard doctor`: what is wrong between GitHub and Lampboard, and how to mend it.

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

use super::{identity, parts};
use crate::args::DoctorArgs;

/// Looks at everything, and changes nothing.
pub(crate) async fn run(args: DoctorArgs) -> anyhow::Result<ExitCode> {
    let mut findings = settings(&args).await;
    findings.push(store::examine(&args.store));
    findings.extend(server::examine(&args.client.server_url, parts::now()).await);
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

/// What the settings say, and what GitHub says to that.
async fn settings(args: &DoctorArgs) -> Vec<Finding> {
    let files = args.github.secret_files().chain(args.webhook.secret_file());
    let mut findings: Vec<_> = files
        .map(|(setting, file)| doctor::private_file(setting, file))
        .collect();
    let data_dir = &args.store.data.data_dir;
    let board = &args.client.server_url;
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
            format!("{error:#}"),
            "correct that setting; `lampboard serve --help` tells what each is for",
        )),
    }
    findings
}
