//! What is asked of the server, over a connection as any client has one.

use anyhow::Result;
use lampboard_proto::v1::{
    BuildFilter, GetBreakdownRequest, GetBuildRequest, GetSummaryRequest, GetTimeSeriesRequest,
    ListBuildsRequest, ListBuildsResponse, ListRepositoriesRequest, ListWorkflowsRequest,
    build_service_client::BuildServiceClient, metrics_service_client::MetricsServiceClient,
    repository_service_client::RepositoryServiceClient,
};
use tonic::transport::Channel;

/// One request.
#[derive(Clone)]
pub(super) enum Question {
    Summary(GetSummaryRequest),
    Series(GetTimeSeriesRequest),
    Breakdown(GetBreakdownRequest),
    List(ListBuildsRequest),
    Build(GetBuildRequest),
    Repositories(ListRepositoriesRequest),
    Workflows(ListWorkflowsRequest),
}

/// The way to the server.
#[derive(Clone)]
pub(super) struct Client {
    builds: BuildServiceClient<Channel>,
    metrics: MetricsServiceClient<Channel>,
    repositories: RepositoryServiceClient<Channel>,
}

impl Client {
    pub(super) async fn connect(port: u16) -> Result<Self> {
        let channel = Channel::from_shared(format!("http://127.0.0.1:{port}"))?;
        let channel = channel.connect().await?;
        Ok(Self {
            builds: BuildServiceClient::new(channel.clone()),
            metrics: MetricsServiceClient::new(channel.clone()),
            repositories: RepositoryServiceClient::new(channel),
        })
    }

    /// Asks; gives how many rows came back.
    pub(super) async fn ask(&mut self, question: Question) -> Result<usize> {
        Ok(match question {
            Question::Summary(request) => {
                let summary = self
                    .metrics
                    .get_summary(request)
                    .await?
                    .into_inner()
                    .summary;
                usize::from(summary.is_some_and(|summary| summary.build_count > 0))
            }
            Question::Series(request) => {
                let answer = self.metrics.get_time_series(request).await?;
                answer.into_inner().points.len()
            }
            Question::Breakdown(request) => {
                let answer = self.metrics.get_breakdown(request).await?;
                answer.into_inner().rows.len()
            }
            Question::List(request) => self.list(request).await?.builds.len(),
            Question::Build(request) => {
                let answer = self.builds.get_build(request).await?;
                answer.into_inner().attempts.len()
            }
            Question::Repositories(request) => {
                let answer = self.repositories.list_repositories(request).await?;
                answer.into_inner().repositories.len()
            }
            Question::Workflows(request) => {
                let answer = self.repositories.list_workflows(request).await?;
                answer.into_inner().workflows.len()
            }
        })
    }

    pub(super) async fn list(&mut self, request: ListBuildsRequest) -> Result<ListBuildsResponse> {
        Ok(self.builds.list_builds(request).await?.into_inner())
    }
}

/// A page of 50 builds.
pub(super) fn page(filter: BuildFilter) -> Question {
    Question::List(ListBuildsRequest {
        filter: Some(filter),
        ..ListBuildsRequest::default()
    })
}
