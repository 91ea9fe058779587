//! Refusing all calls once another version changed the schema of the database: what this one would
//! read or write by its own may be wrong.

use axum::{
    extract::{Request, State},
    middleware::{self, Next},
    response::Response,
};
use tonic::{Status, service::Routes};

use crate::{Error, store::Store};

/// What all our services have at the beginning of their paths. Health still tells how it is.
const OURS: &str = "/lampboard.";

/// Puts the refusal before some services.
pub(super) fn refuse(routes: Routes, store: &Store) -> Routes {
    let refuse = middleware::from_fn_with_state(store.clone(), refuse_call);
    Routes::from(routes.into_axum_router().layer(refuse))
}

async fn refuse_call(State(store): State<Store>, call: Request, next: Next) -> Response {
    if store.is_outdated() && call.uri().path().starts_with(OURS) {
        return Status::from(Error::Outdated).into_http();
    }
    next.run(call).await
}
