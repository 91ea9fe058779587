//! `RepositoryService`: looks repositories and their workflows up.

use lampboard_proto::v1::{
    ListRepositoriesRequest, ListRepositoriesResponse, ListWorkflowsRequest, ListWorkflowsResponse,
    repository_service_server::RepositoryService,
};
use tonic::{Request, Response, Status};

use super::{
    convert::{self, Check},
    page_token,
};
use crate::{
    Error, Server,
    model::{InstallationId, Repository},
    store::{RepositoryQuery, StandingQuery, Store},
};

const DEFAULT_PAGE: usize = 100;
const LARGEST_PAGE: usize = 1000;
const MOST_RECENT_BUILDS: usize = 50;

pub(super) struct Repositories {
    store: Store,
}

impl Repositories {
    pub(super) fn new(server: &Server) -> Self {
        Self {
            store: server.store.clone(),
        }
    }
}

#[tonic::async_trait]
impl RepositoryService for Repositories {
    async fn list_repositories(
        &self,
        request: Request<ListRepositoriesRequest>,
    ) -> Result<Response<ListRepositoriesResponse>, Status> {
        let mut request = request.into_inner();
        let size = page_token::page_size(request.page_size, DEFAULT_PAGE, LARGEST_PAGE)?;
        let token = std::mem::take(&mut request.page_token);
        let same = ListRepositoriesRequest {
            page_size: 0,
            recent_build_count: 0,
            ..request.clone()
        };
        let after = page_token::decode(&same, &token)?;
        let recent = recent_build_count(request.recent_build_count)?;
        let installation = installation_id(request.installation_id)?;
        let names = Check::run(|check| convert::patterns(check, "names", request.names))?;
        let query = RepositoryQuery {
            installation,
            names: &names,
        };
        let mut repositories = self.store.repositories(query).await?;
        if let Some(after) = after {
            repositories.retain(|repository| position(repository).as_bytes() > &after[..]);
        }
        let more = repositories.len() > size;
        repositories.truncate(size);
        let last = repositories.last().filter(|_| more);
        let next_page_token = last
            .map(|repository| page_token::encode(&same, position(repository).as_bytes()))
            .unwrap_or_default();
        let last = self.store.last_builds(&repositories).await?;
        let recent = self.store.recent_builds(&repositories, recent).await?;
        let message = |repository: &Repository| {
            let last = last.get(&repository.id).copied();
            let recent = recent.get(&repository.id).map_or(&[][..], Vec::as_slice);
            convert::repository_to_proto(repository, last, recent)
        };
        Ok(Response::new(ListRepositoriesResponse {
            repositories: repositories.iter().map(message).collect(),
            next_page_token,
        }))
    }

    async fn list_workflows(
        &self,
        request: Request<ListWorkflowsRequest>,
    ) -> Result<Response<ListWorkflowsResponse>, Status> {
        let request = request.into_inner();
        let limit = page_token::limit(request.limit, DEFAULT_PAGE, LARGEST_PAGE)?;
        let repositories =
            Check::run(|check| convert::patterns(check, "repositories", request.repositories))?;
        let query = StandingQuery {
            repositories: &repositories,
            broken_only: request.broken_only,
            limit,
        };
        let standings = self.store.standings(query).await?;
        let workflows = standings.told.iter().map(convert::workflow_to_proto);
        Ok(Response::new(ListWorkflowsResponse {
            workflows: workflows.collect(),
            decided_count: i32::try_from(standings.decided).unwrap_or(i32::MAX),
            broken_count: i32::try_from(standings.broken).unwrap_or(i32::MAX),
        }))
    }
}

/// Where a list goes on: behind this repository. NUL is in no name, so the order
/// of positions is that of names.
fn position(repository: &Repository) -> String {
    format!("{}\0{:020}", repository.facts.name, repository.id.0)
}

fn recent_build_count(count: i32) -> Result<usize, Error> {
    usize::try_from(count)
        .ok()
        .filter(|count| *count <= MOST_RECENT_BUILDS)
        .ok_or_else(|| Error::invalid("recent_build_count", "must be from 0 to 50"))
}

fn installation_id(id: i64) -> Result<Option<InstallationId>, Error> {
    match id {
        0 => Ok(None),
        id if id > 0 => Ok(Some(InstallationId(id))),
        _ => Err(Error::invalid("installation_id", "must not be negative")),
    }
}
