//! `BuildService`: looks builds up, and streams them.

mod github_url;
mod stream;

use jiff::Timestamp;
use lampboard_proto::v1::{
    GetBuildRequest, GetBuildResponse, ListBuildsRequest, ListBuildsResponse, ListJobsRequest,
    ListJobsResponse, WatchBuildsRequest, build_service_server::BuildService, get_build_request,
};
use tonic::{Request, Response, Status};

use super::{
    convert::{self, Check},
    page_token,
};
use crate::{
    Error, Server,
    live::Live,
    model::{Build, BuildId, RepositoryId, RunId},
    store::{BuildPage, Position, Store},
};

const DEFAULT_PAGE: usize = 50;
const LARGEST_PAGE: usize = 200;

pub(super) struct Builds {
    store: Store,
    live: Live,
}

impl Builds {
    pub(super) fn new(server: &Server) -> Self {
        Self {
            store: server.store.clone(),
            live: server.live.clone(),
        }
    }

    /// Finds the attempts of the run that is asked for, and which one is meant.
    async fn attempts(&self, key: get_build_request::Key) -> Result<(Vec<Build>, i32), Error> {
        match key {
            get_build_request::Key::Id(id) => {
                let id = build_id("id", &id)?;
                let attempts = self.store.attempts(id.run, Some(id.repository)).await?;
                Ok((attempts, id.attempt))
            }
            get_build_request::Key::Run(run) => {
                let id = Check::run(|check| convert::run_id(check, "run.id", run.id))?;
                if run.attempt < 0 {
                    return Err(Error::invalid("run.attempt", "must not be negative"));
                }
                self.attempts_of_run(id, run.attempt, |_| true).await
            }
            get_build_request::Key::Url(url) => {
                let page = github_url::parse(&url).ok_or_else(|| {
                    let problem = "must be the link of a workflow run on GitHub, such as \
                         https://github.com/acme/api/actions/runs/1";
                    Error::invalid("url", problem)
                })?;
                self.attempts_of_run(page.run, page.attempt, |build| page.is_of(build))
                    .await
            }
        }
    }

    /// Run ids are unique on one host, but several hosts may report to us: the
    /// first repository's run is meant, unless the key tells them apart.
    async fn attempts_of_run(
        &self,
        run: RunId,
        attempt: i32,
        wanted: impl Fn(&Build) -> bool,
    ) -> Result<(Vec<Build>, i32), Error> {
        let mut attempts = self.store.attempts(run, None).await?;
        attempts.retain(wanted);
        let first: Option<RepositoryId> = attempts.first().map(|build| build.record.id.repository);
        attempts.retain(|build| Some(build.record.id.repository) == first);
        let latest = attempts.last().map_or(0, |build| build.record.id.attempt);
        Ok((attempts, if attempt == 0 { latest } else { attempt }))
    }
}

#[tonic::async_trait]
impl BuildService for Builds {
    async fn get_build(
        &self,
        request: Request<GetBuildRequest>,
    ) -> Result<Response<GetBuildResponse>, Status> {
        let key = request.into_inner().key;
        let key = key.ok_or_else(|| Error::invalid("key", "must be set: id, url or run"))?;
        let (attempts, wanted) = self.attempts(key).await?;
        let attempts: Vec<_> = attempts.iter().map(convert::build_to_proto).collect();
        let build = attempts.iter().find(|build| build.run_attempt == wanted);
        let build = build.cloned().ok_or(Error::NotFound("build"))?;
        Ok(Response::new(GetBuildResponse {
            build: Some(build),
            attempts,
        }))
    }

    async fn list_jobs(
        &self,
        request: Request<ListJobsRequest>,
    ) -> Result<Response<ListJobsResponse>, Status> {
        let id = build_id("build_id", &request.into_inner().build_id)?;
        let jobs = self.store.jobs(id).await?;
        if jobs.is_empty() && self.store.build(id).await?.is_none() {
            return Err(Error::NotFound("build").into());
        }
        Ok(Response::new(ListJobsResponse {
            jobs: jobs.iter().map(convert::job_to_proto).collect(),
        }))
    }

    async fn list_builds(
        &self,
        request: Request<ListBuildsRequest>,
    ) -> Result<Response<ListBuildsResponse>, Status> {
        let request = request.into_inner();
        let size = page_token::page_size(request.page_size, DEFAULT_PAGE, LARGEST_PAGE)?;
        // A token goes with its filter; the size may change from page to page.
        let same = ListBuildsRequest {
            filter: request.filter.clone(),
            ..ListBuildsRequest::default()
        };
        let after = match page_token::decode(&same, &request.page_token)? {
            Some(position) => Some(read_position(&position)?),
            None => None,
        };
        let filter = Check::run(|check| convert::filter(check, request.filter))?;
        let page = BuildPage {
            filter: &filter,
            after,
            size,
        };
        let listed = self.store.builds(page).await?;
        Ok(Response::new(ListBuildsResponse {
            next_page_token: listed
                .next
                .map(|next| page_token::encode(&same, write_position(next).as_bytes()))
                .unwrap_or_default(),
            builds: listed.builds.iter().map(convert::build_to_proto).collect(),
        }))
    }

    type WatchBuildsStream = stream::BuildStream;

    async fn watch_builds(
        &self,
        request: Request<WatchBuildsRequest>,
    ) -> Result<Response<Self::WatchBuildsStream>, Status> {
        let filter = Check::run(|check| convert::filter(check, request.into_inner().filter))?;
        let watcher = self.live.watch(filter)?;
        Ok(Response::new(stream::of(watcher)))
    }
}

fn build_id(field: &str, text: &str) -> Result<BuildId, Error> {
    text.parse()
        .map_err(|_| Error::invalid(field, "must be the id of a build"))
}

/// Where a list goes on: behind this build.
fn write_position((start, id): Position) -> String {
    format!("{}/{id}", start.as_microsecond())
}

fn read_position(position: &[u8]) -> Result<Position, Error> {
    std::str::from_utf8(position)
        .ok()
        .and_then(|text| text.split_once('/'))
        .and_then(|(start, id)| {
            let start = Timestamp::from_microsecond(start.parse().ok()?).ok()?;
            Some((start, id.parse().ok()?))
        })
        .ok_or_else(|| Error::invalid("page_token", "must be a token of this version"))
}
