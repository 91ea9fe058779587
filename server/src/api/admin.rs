//! `AdminService`: what only whoever administers the machine may do. It is on no port.

use std::path::Path;

use lampboard_proto::v1::{
    self, BackupRequest, BackupResponse, RecountRequest, RecountResponse,
    admin_service_server::AdminService,
};
use tokio::time::Instant;
use tonic::{Request, Response, Status};

use crate::{
    Error, Server,
    store::{BackupError, Difference},
};

pub(super) struct Admin {
    server: Server,
}

impl Admin {
    pub(super) fn new(server: &Server) -> Self {
        Self {
            server: server.clone(),
        }
    }
}

#[tonic::async_trait]
impl AdminService for Admin {
    async fn backup(
        &self,
        request: Request<BackupRequest>,
    ) -> Result<Response<BackupResponse>, Status> {
        let path = request.into_inner().path;
        let path = Path::new(&path);
        if !path.is_absolute() || path.file_name().is_none() {
            return Err(Error::invalid("path", "must be absolute, and name a file").into());
        }
        let start = Instant::now();
        let backup = self.server.store.backup(path).await;
        let bytes = backup.map_err(|error| refuse(&error))?;
        let duration = start.elapsed();
        tracing::info!("wrote a backup of {bytes} bytes to {}", path.display());
        Ok(Response::new(BackupResponse {
            bytes: i64::try_from(bytes).unwrap_or(i64::MAX),
            duration: prost_types::Duration::try_from(duration).ok(),
        }))
    }

    async fn recount(
        &self,
        _: Request<RecountRequest>,
    ) -> Result<Response<RecountResponse>, Status> {
        let recounted = self.server.store.recount().await?;
        let count = |count| i64::try_from(count).unwrap_or(i64::MAX);
        Ok(Response::new(RecountResponse {
            build_count: count(recounted.builds),
            day_count: i64::try_from(recounted.days.len()).unwrap_or(i64::MAX),
            difference_count: count(recounted.difference_count),
            differences: recounted.differences.into_iter().map(difference).collect(),
        }))
    }
}

/// The administrator is told the whole cause: it is his machine.
fn refuse(error: &BackupError) -> Status {
    let text = error.to_string();
    match error {
        BackupError::NoFile => Status::failed_precondition(text),
        BackupError::Exists(_) => Status::already_exists(text),
        error if error.is_full() => Status::resource_exhausted(text),
        BackupError::NoRoom | BackupError::File { .. } | BackupError::Database { .. } => {
            Status::unavailable(text)
        }
    }
}

fn difference(difference: Difference) -> v1::Difference {
    v1::Difference {
        series: difference.series,
        day: difference
            .day
            .map(|day| day.to_string())
            .unwrap_or_default(),
        kept: difference.kept,
        recounted: difference.recounted,
    }
}
