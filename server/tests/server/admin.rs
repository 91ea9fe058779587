//! What only the administrator may do.

use std::fs;

use lampboard_proto::{
    transport::over,
    v1::{
        BackupRequest, BuildConclusion, RecountRequest, admin_service_client::AdminServiceClient,
    },
};
use tonic::Code;

use crate::support::{TestServer, code, ended, queued};

fn backup(path: &str) -> BackupRequest {
    BackupRequest {
        path: path.to_owned(),
    }
}

#[tokio::test]
async fn what_is_served_on_ports_has_no_methods_for_administrators() {
    let server = TestServer::start().await;
    let mut client = AdminServiceClient::new(server.transport());
    let refused = client.recount(RecountRequest {}).await;
    assert_eq!(code(refused), Code::Unimplemented);
    let refused = client.backup(backup("/tmp/never")).await;
    assert_eq!(code(refused), Code::Unimplemented);
}

#[tokio::test]
async fn a_backup_is_written_once_and_where_it_is_to_go() {
    let server = TestServer::start().await;
    let mut client = AdminServiceClient::new(over(server.server.admin_routes()));
    for path in ["", "copy.db", "/"] {
        let refused = client.backup(backup(path)).await;
        assert_eq!(code(refused), Code::InvalidArgument, "{path:?}");
    }
    let path = server.folder.path().join("copy.db");
    let path = path.to_str().unwrap();
    let written = client.backup(backup(path)).await.unwrap().into_inner();
    let size = fs::metadata(path).unwrap().len();
    assert_eq!(u64::try_from(written.bytes).unwrap(), size);
    assert!(written.duration.is_some());
    let again = client.backup(backup(path)).await;
    assert_eq!(code(again), Code::AlreadyExists);
    let nowhere = server.folder.path().join("nowhere/copy.db");
    let refused = client.backup(backup(nowhere.to_str().unwrap())).await;
    assert_eq!(code(refused), Code::Unavailable);
}

#[tokio::test]
async fn a_recount_tells_how_much_it_looked_at() {
    let server = TestServer::start().await;
    server
        .report(vec![
            queued(1, 1),
            ended(2, 1, BuildConclusion::Success, 60),
        ])
        .await;
    let mut client = AdminServiceClient::new(over(server.server.admin_routes()));
    let recounted = client.recount(RecountRequest {}).await.unwrap();
    let recounted = recounted.into_inner();
    assert_eq!((recounted.build_count, recounted.day_count), (2, 1));
    assert_eq!(recounted.difference_count, 0);
    assert!(recounted.differences.is_empty());
}
