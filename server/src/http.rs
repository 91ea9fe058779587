//! One router: gRPC, gRPC-Web, the UI, `/healthz` and `/readyz`.

mod guard;
mod health;
mod limits;
mod unsubscribe;

use std::sync::Arc;

use axum::{
    Router,
    body::Body,
    http::{HeaderValue, Request, Response, header::CONTENT_TYPE},
    middleware,
    routing::get,
};
use tonic::Status;

use self::limits::Limits;
use crate::{Server, api, web_ui};

/// Routes requests by path; gRPC and gRPC-Web answer on the same ones.
pub(crate) fn router(server: &Server) -> Router {
    let limits = Limits::new(&server.port);
    let hold = middleware::from_fn_with_state(limits, limits::hold);
    let grpc = api::routes(server)
        .into_axum_router()
        .reset_fallback()
        // Within gRPC-Web, which is told what is too much in its own terms.
        .layer(hold.clone())
        .layer(tonic_web::GrpcWebLayer::new())
        .layer(middleware::from_fn(guard::grpc_only));
    let origins = &server.port.cors_origins;
    let grpc = if origins.is_empty() {
        grpc
    } else {
        grpc.layer(guard::cors(origins))
    };
    Router::new()
        .route("/healthz", get(health::healthz))
        .route("/readyz", get(health::readyz))
        .with_state(server.clone())
        .merge(unsubscribe::router(server).layer(hold))
        .merge(grpc)
        .fallback(fallback)
        .layer(middleware::from_fn_with_state(
            Arc::clone(&server.port),
            guard::same_origin,
        ))
}

/// Unknown gRPC methods are told so in gRPC; everything else is the UI's.
async fn fallback(request: Request<Body>) -> Response<Body> {
    let content_type = request.headers().get(CONTENT_TYPE);
    if guard::is_grpc(content_type.map(HeaderValue::as_bytes)) {
        return Status::unimplemented("no such method").into_http();
    }
    web_ui::serve(&request)
}
