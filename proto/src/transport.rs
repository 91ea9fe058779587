//! How a client reaches a server: over a connection, or in the same process.

use std::error::Error;

use tonic::{Status, body::Body};
use tower::{Service, ServiceExt as _, util::BoxCloneSyncService};

/// Carries gRPC calls. Generated clients take it as their service, so the code
/// that calls is the same whether the server is in this process or not.
///
/// Its error has a type of its own: with a boxed one the compiler can not prove
/// that the futures of calls are `Send`.
pub type Transport = BoxCloneSyncService<http::Request<Body>, http::Response<Body>, Status>;

/// Makes a transport of a service: a `tonic::transport::Channel`, or a server's
/// `Routes`, which makes calls in process and needs no port.
pub fn over<S>(service: S) -> Transport
where
    S: Service<http::Request<Body>, Response = http::Response<Body>>
        + Clone
        + Send
        + Sync
        + 'static,
    S::Error: Into<Box<dyn Error + Send + Sync>>,
    S::Future: Send + 'static,
{
    BoxCloneSyncService::new(service.map_err(|error| Status::from_error(error.into())))
}
