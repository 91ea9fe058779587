//! The board as a client of its gRPC API sees it.

use std::net::SocketAddr;

use lampboard_proto::v1::{
    Build, BuildFilter, GetBuildRequest, GetBuildResponse, Job, ListBuildsRequest, ListJobsRequest,
    WatchBuildsRequest, WatchBuildsResponse, build_service_client::BuildServiceClient,
    get_build_request,
};
use tonic::{
    Code, Status, Streaming,
    transport::{Channel, Endpoint},
};

/// The most builds that one page may hold.
const PAGE: i32 = 200;

/// A connection to the board.
pub(crate) struct Board(BuildServiceClient<Channel>);

impl Board {
    pub(crate) async fn connect(address: SocketAddr) -> Self {
        let endpoint = Endpoint::from_shared(format!("http://{address}")).unwrap();
        Self(BuildServiceClient::new(endpoint.connect().await.unwrap()))
    }

    /// A build with all attempts of its run, if the board has it.
    pub(crate) async fn build(&mut self, id: &str) -> Option<GetBuildResponse> {
        let key = get_build_request::Key::Id(id.to_owned());
        match self.0.get_build(GetBuildRequest { key: Some(key) }).await {
            Ok(response) => Some(response.into_inner()),
            Err(status) if status.code() == Code::NotFound => None,
            Err(status) => panic!("{status}"),
        }
    }

    /// The jobs of a build.
    pub(crate) async fn jobs(&mut self, build_id: &str) -> Vec<Job> {
        let build_id = build_id.to_owned();
        let response = self.0.list_jobs(ListJobsRequest { build_id }).await;
        response.unwrap().into_inner().jobs
    }

    /// All builds, newest first, page by page.
    pub(crate) async fn builds(&mut self) -> Vec<Build> {
        let mut request = ListBuildsRequest {
            page_size: PAGE,
            ..ListBuildsRequest::default()
        };
        let mut builds = Vec::new();
        loop {
            let page = self.0.list_builds(request.clone()).await.unwrap();
            let page = page.into_inner();
            builds.extend(page.builds);
            if page.next_page_token.is_empty() {
                return builds;
            }
            request.page_token = page.next_page_token;
        }
    }

    /// Some builds, if it gives any.
    pub(crate) async fn try_builds(&mut self) -> Result<Vec<Build>, Status> {
        let page = self.0.list_builds(ListBuildsRequest::default()).await?;
        Ok(page.into_inner().builds)
    }

    /// The stream of all builds.
    pub(crate) async fn watch(&mut self) -> Streaming<WatchBuildsResponse> {
        let filter = Some(BuildFilter::default());
        let response = self.0.watch_builds(WatchBuildsRequest { filter }).await;
        response.unwrap().into_inner()
    }
}
