//! `lampboard backup`: a copy of the database, made while it is written.

use std::{path::Path, process::ExitCode};

use anyhow::Context as _;
use indicatif::HumanBytes;
use lampboard_proto::v1::{
    BackupRequest, BackupResponse, admin_service_client::AdminServiceClient,
};
use lampboard_server::Schema;
use tonic::{Response, Status};

use super::{
    exit::End,
    machine::{self, Machine},
    remote,
};
use crate::{args::BackupArgs, shutdown};

/// Has the copy written, and says how large it is.
pub(crate) async fn run(args: BackupArgs) -> anyhow::Result<ExitCode> {
    let path = std::path::absolute(&args.file)
        .with_context(|| format!("{} is not the name of a file", args.file.display()))?;
    let requests = shutdown::Requests::listen()?;
    // The copy is as good whatever the schema: what is needed before an upgrade.
    let machine = machine::reach(&args.database, Schema::AsItIs).await?;
    let written = tokio::select! {
        written = write(&machine, &path) => written?,
        // Where the call is dropped, so is the half-written file.
        () = shutdown::requested(requests) => {
            eprintln!("interrupted: there is no backup");
            return Ok(ExitCode::from(130));
        }
    };
    machine.close().await;
    Ok(match written {
        Ok(written) => {
            println!("{}", describe(&path, &written.into_inner()));
            End::Done
        }
        Err(status) => {
            eprintln!("there is no backup: {}", remote::problem(&status));
            End::Failed
        }
    }
    .into())
}

async fn write(
    machine: &Machine,
    path: &Path,
) -> anyhow::Result<Result<Response<BackupResponse>, Status>> {
    let path = path
        .to_str()
        .context("the name of the file is no text: choose another one")?
        .to_owned();
    let mut admin = AdminServiceClient::new(machine.transport.clone());
    Ok(admin.backup(BackupRequest { path }).await)
}

fn describe(path: &Path, written: &BackupResponse) -> String {
    let size = HumanBytes(u64::try_from(written.bytes).unwrap_or_default());
    let duration = written.duration.unwrap_or_default();
    let (seconds, tenths) = (duration.seconds, duration.nanos / 100_000_000);
    format!("wrote {}: {size} in {seconds}.{tenths} s", path.display())
}
