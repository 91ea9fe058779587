//! Which runs a server has recorded, asked of itself or of its database.

use std::collections::HashSet;

use anyhow::{Result, ensure};
use lampboard_proto::v1::ListBuildsRequest;
use lampboard_proto::v1::build_service_client::BuildServiceClient;
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use sqlx::{ConnectOptions as _, Connection as _, PgConnection};

use crate::database::Address;
use crate::subject::{Kind, Ports, Program};

/// Fails unless every run that was acknowledged is recorded, and no other is.
pub(crate) async fn check(
    acknowledged: &[u64],
    kind: Kind,
    ports: Ports,
    database: &Address,
) -> Result<()> {
    let recorded = match kind.program() {
        Program::Lampboard => listed(ports.api).await?,
        Program::Fastapi | Program::Probot => in_database(database).await?,
    };
    let acknowledged = acknowledged.iter().copied().collect();
    compare(&acknowledged, &recorded)
}

fn compare(acknowledged: &HashSet<u64>, recorded: &HashSet<u64>) -> Result<()> {
    let lost = acknowledged.difference(recorded).count();
    let strange = recorded.difference(acknowledged).count();
    ensure!(
        lost == 0 && strange == 0,
        "of {} acknowledged runs {lost} are not recorded, and {strange} others are",
        acknowledged.len()
    );
    Ok(())
}

async fn listed(port: u16) -> Result<HashSet<u64>> {
    let mut builds = BuildServiceClient::connect(format!("http://127.0.0.1:{port}")).await?;
    let mut runs = HashSet::new();
    let mut request = ListBuildsRequest {
        page_size: 200,
        ..ListBuildsRequest::default()
    };
    loop {
        let page = builds.list_builds(request.clone()).await?.into_inner();
        for build in page.builds {
            runs.insert(build.run_id.try_into()?);
        }
        if page.next_page_token.is_empty() {
            return Ok(runs);
        }
        request.page_token = page.next_page_token;
    }
}

/// Both references have the same table.
async fn in_database(database: &Address) -> Result<HashSet<u64>> {
    const IDS: &str = "SELECT external_id FROM builds";
    let ids: Vec<String> = match database {
        Address::File(path) => {
            let options = SqliteConnectOptions::new().filename(path).read_only(true);
            let mut database: SqliteConnection = options.connect().await?;
            let ids = sqlx::query_scalar(IDS).fetch_all(&mut database).await?;
            database.close().await?;
            ids
        }
        Address::Postgres(_) => {
            let mut database = PgConnection::connect(&database.url()).await?;
            let ids = sqlx::query_scalar(IDS).fetch_all(&mut database).await?;
            database.close().await?;
            ids
        }
    };
    ids.iter().map(|id| Ok(id.parse()?)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_what_was_lost_and_what_was_not_sent() {
        let runs = |ids: &[u64]| ids.iter().copied().collect::<HashSet<u64>>();
        assert!(compare(&runs(&[1, 2]), &runs(&[2, 1])).is_ok());
        let error = compare(&runs(&[1, 2, 3]), &runs(&[3, 4])).unwrap_err();
        assert_eq!(
            error.to_string(),
            "of 3 acknowledged runs 2 are not recorded, and 1 others are"
        );
    }
}
