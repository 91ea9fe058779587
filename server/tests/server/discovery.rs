//! Reflection and health: what a client learns that knows nothing of us.

use std::time::Duration;

use tonic::Code;
use tonic_health::pb::{
    HealthCheckRequest, HealthCheckResponse, health_check_response::ServingStatus,
    health_client::HealthClient,
};
use tonic_reflection::pb::{v1 as reflection, v1alpha as old_reflection};

use crate::support::{TestServer, code, pass, queued};

const SERVICES: [&str; 7] = [
    "lampboard.v1.AlertService",
    "lampboard.v1.AppService",
    "lampboard.v1.BuildService",
    "lampboard.v1.IngestService",
    "lampboard.v1.MetricsService",
    "lampboard.v1.RepositoryService",
    "lampboard.v1.SystemService",
];

#[tokio::test]
async fn reflection_lists_the_services() {
    use reflection::{
        ServerReflectionRequest, server_reflection_client::ServerReflectionClient,
        server_reflection_request::MessageRequest, server_reflection_response::MessageResponse,
    };
    let server = TestServer::start().await;
    let mut client = ServerReflectionClient::new(server.transport());
    let ask = |what| {
        tokio_stream::once(ServerReflectionRequest {
            host: String::new(),
            message_request: Some(what),
        })
    };
    let list = ask(MessageRequest::ListServices(String::new()));
    let mut answers = client
        .server_reflection_info(list)
        .await
        .unwrap()
        .into_inner();
    let answer = answers.message().await.unwrap().unwrap().message_response;
    let Some(MessageResponse::ListServicesResponse(list)) = answer else {
        panic!("not a list: {answer:?}");
    };
    let names: Vec<&str> = list.service.iter().map(|s| s.name.as_str()).collect();
    for service in SERVICES.iter().chain(&["grpc.health.v1.Health"]) {
        assert!(names.contains(service), "{service} is not in {names:?}");
    }

    // Every service, and what error details are made of.
    for symbol in SERVICES.iter().chain(&["google.rpc.BadRequest"]) {
        let symbol = MessageRequest::FileContainingSymbol((*symbol).to_owned());
        let answers = client.server_reflection_info(ask(symbol)).await.unwrap();
        let answer = answers.into_inner().message().await.unwrap().unwrap();
        let answer = answer.message_response;
        assert!(
            matches!(answer, Some(MessageResponse::FileDescriptorResponse(_))),
            "{answer:?}"
        );
    }
}

#[tokio::test]
async fn older_clients_get_the_same_list() {
    use old_reflection::{
        ServerReflectionRequest, server_reflection_client::ServerReflectionClient,
        server_reflection_request::MessageRequest, server_reflection_response::MessageResponse,
    };
    let server = TestServer::start().await;
    let mut client = ServerReflectionClient::new(server.transport());
    let list = tokio_stream::once(ServerReflectionRequest {
        host: String::new(),
        message_request: Some(MessageRequest::ListServices(String::new())),
    });
    let mut answers = client
        .server_reflection_info(list)
        .await
        .unwrap()
        .into_inner();
    let answer = answers.message().await.unwrap().unwrap().message_response;
    let Some(MessageResponse::ListServicesResponse(list)) = answer else {
        panic!("not a list: {answer:?}");
    };
    let names: Vec<&str> = list.service.iter().map(|s| s.name.as_str()).collect();
    for service in SERVICES {
        assert!(names.contains(&service), "{service} is not in {names:?}");
    }
}

/// Those that answer: alerts are in the contract and not served yet.
const SERVED: [&str; 7] = [
    "",
    "lampboard.v1.AppService",
    "lampboard.v1.BuildService",
    "lampboard.v1.IngestService",
    "lampboard.v1.MetricsService",
    "lampboard.v1.RepositoryService",
    "lampboard.v1.SystemService",
];

async fn health(server: &TestServer, service: &str) -> ServingStatus {
    let service = service.to_owned();
    let mut client = HealthClient::new(server.transport());
    let answer = client.check(HealthCheckRequest { service }).await;
    answer.unwrap().into_inner().status()
}

#[tokio::test]
async fn health_is_told_of_every_service_until_the_end() {
    let server = TestServer::start().await;
    for service in SERVED {
        assert_eq!(health(&server, service).await, ServingStatus::Serving);
    }
    let service = "lampboard.v1.Nonsense".to_owned();
    let mut client = HealthClient::new(server.transport());
    let unknown = client.check(HealthCheckRequest { service }).await;
    assert_eq!(code(unknown), Code::NotFound);

    server.server.end_streams().await;
    for service in SERVED {
        assert_eq!(health(&server, service).await, ServingStatus::NotServing);
    }
}

/// What is said of the server as a whole, as it is said.
struct Health(tonic::Streaming<HealthCheckResponse>);

impl Health {
    async fn watch(server: &TestServer) -> Self {
        let mut client = HealthClient::new(server.transport());
        let service = String::new();
        let changes = client.watch(HealthCheckRequest { service }).await;
        Self(changes.unwrap().into_inner())
    }

    /// Waits until it is said that the server is so.
    async fn becomes(&mut self, expected: ServingStatus) {
        let told = async { while self.0.message().await.unwrap().unwrap().status() != expected {} };
        let told = tokio::time::timeout(Duration::from_secs(30), told).await;
        told.expect("it becomes so");
    }
}

#[tokio::test]
async fn health_follows_the_database() {
    let server = TestServer::start().await;
    let mut health = Health::watch(&server).await;
    health.becomes(ServingStatus::Serving).await;
    server
        .sabotage("ALTER TABLE write_probe RENAME TO elsewhere")
        .await;
    pass(Duration::from_secs(10)).await;
    health.becomes(ServingStatus::NotServing).await;
    server
        .sabotage("ALTER TABLE elsewhere RENAME TO write_probe")
        .await;
    pass(Duration::from_secs(10)).await;
    health.becomes(ServingStatus::Serving).await;
}

#[tokio::test]
async fn once_the_end_has_begun_no_probe_says_otherwise() {
    let server = TestServer::start().await;
    server.server.end_streams().await;
    // From probe to probe, several times.
    pass(Duration::from_mins(1)).await;
    // While the first is recorded, a probe that is due asks; the second waits
    // behind it.
    server.report(vec![queued(1, 1)]).await;
    server.report(vec![queued(2, 1)]).await;
    assert_eq!(health(&server, "").await, ServingStatus::NotServing);
}
