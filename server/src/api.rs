//! The gRPC services. What they are asked is parsed by `convert`; past it, everything is the model's.

mod admin;
mod alerts;
mod app;
mod auth;
mod builds;
mod convert;
mod etag;
mod ingest;
mod metrics;
mod outdated;
mod page_token;
mod repositories;
mod signature;
mod status;
mod streams;
mod system;
mod weighed;

use std::sync::Arc;

use lampboard_proto::{
    FILE_DESCRIPTOR_SET,
    v1::{
        admin_service_server::AdminServiceServer,
        alert_service_server::{self, AlertServiceServer},
        app_service_server::{self, AppServiceServer},
        build_service_server::{self, BuildServiceServer},
        ingest_service_server::{self, IngestService, IngestServiceServer},
        metrics_service_server::{self, MetricsServiceServer},
        repository_service_server::{self, RepositoryServiceServer},
        system_service_server::{self, SystemServiceServer},
    },
};
use tonic::service::{Routes, interceptor::InterceptedService};
use tonic_health::{
    ServingStatus,
    pb::health_server::HealthServer,
    server::{HealthReporter, HealthService},
};

use crate::Server;
pub(crate) use auth::is_write_key;
pub(crate) use streams::is_stream;
use weighed::Weighed;

/// The largest report: a payload of 25 MiB, with what was made of it.
const LARGEST_REPORT: usize = 27 << 20;
const DESCRIPTORS: &str = "the descriptors were made by our own build";
/// The largest request of everybody else.
const LARGEST_REQUEST: usize = 1 << 20;

/// What takes reports in.
pub(crate) fn reports(server: &Server) -> Arc<dyn IngestService> {
    Arc::new(ingest::Ingest::new(server))
}

/// All services, with health and reflection.
pub(crate) fn routes(server: &Server) -> Routes {
    outdated::refuse(services(server), &server.store)
}

fn services(server: &Server) -> Routes {
    let ingest = IngestServiceServer::new(ingest::Ingest::new(server))
        .max_decoding_message_size(LARGEST_REPORT);
    let builds = BuildServiceServer::new(builds::Builds::new(server))
        .max_decoding_message_size(LARGEST_REQUEST);
    let metrics = MetricsServiceServer::new(metrics::Metrics::new(server))
        .max_decoding_message_size(LARGEST_REQUEST);
    let repositories = RepositoryServiceServer::new(repositories::Repositories::new(server))
        .max_decoding_message_size(LARGEST_REQUEST);
    let system = SystemServiceServer::new(system::System::new(server))
        .max_decoding_message_size(LARGEST_REQUEST);
    let app =
        AppServiceServer::new(app::App::new(server)).max_decoding_message_size(LARGEST_REPORT);
    let alerts = AlertServiceServer::new(alerts::Alerts::new(server))
        .max_decoding_message_size(LARGEST_REQUEST);
    let health = HealthService::from_health_reporter(server.health.clone());
    let guard = auth::WriteKey::new(&server.port);
    let ingest = Weighed::new(ingest, &server.room);
    let app = Weighed::new(app, &server.room);
    Routes::new(InterceptedService::new(ingest, guard.clone()))
        .add_service(InterceptedService::new(app, guard))
        .add_service(alerts)
        .add_service(builds)
        .add_service(metrics)
        .add_service(repositories)
        .add_service(system)
        .add_service(HealthServer::new(health))
        .add_service(reflection().build_v1().expect(DESCRIPTORS))
        // Older clients know only this one.
        .add_service(reflection().build_v1alpha().expect(DESCRIPTORS))
}

/// All services, and those of the administrator.
pub(crate) fn admin_routes(server: &Server) -> Routes {
    let admin = AdminServiceServer::new(admin::Admin::new(server))
        .max_decoding_message_size(LARGEST_REQUEST);
    outdated::refuse(services(server).add_service(admin), &server.store)
}

/// The contract, for clients that ask what there is.
fn reflection() -> tonic_reflection::server::Builder<'static> {
    tonic_reflection::server::Builder::configure()
        .register_encoded_file_descriptor_set(FILE_DESCRIPTOR_SET)
        .register_encoded_file_descriptor_set(tonic_health::pb::FILE_DESCRIPTOR_SET)
        // What error details are made of.
        .register_encoded_file_descriptor_set(tonic_types::pb::FILE_DESCRIPTOR_SET)
}

/// Says of every service that it serves, or that none does.
pub(crate) async fn report_health(health: &HealthReporter, serving: bool) {
    let status = if serving {
        ServingStatus::Serving
    } else {
        ServingStatus::NotServing
    };
    // The empty name stands for the server as a whole.
    for name in [
        "",
        ingest_service_server::SERVICE_NAME,
        alert_service_server::SERVICE_NAME,
        app_service_server::SERVICE_NAME,
        build_service_server::SERVICE_NAME,
        metrics_service_server::SERVICE_NAME,
        repository_service_server::SERVICE_NAME,
        system_service_server::SERVICE_NAME,
    ] {
        health.set_service_status(name, status).await;
    }
}
