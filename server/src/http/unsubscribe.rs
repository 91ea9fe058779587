//! Where readers of e-mail say that they want no more.

use std::sync::Arc;

use axum::Router;
use futures_util::{FutureExt as _, future::BoxFuture};

use crate::{
    Server,
    alerts::{Leaver, Unavailable, Unsubscribe, unsubscribe_router},
    store::Store,
};

pub(super) fn router(server: &Server) -> Router {
    let leavers = Leavers(server.store.clone());
    unsubscribe_router(server.dispatch.tokens(), Arc::new(leavers))
}

struct Leavers(Store);

impl Unsubscribe for Leavers {
    fn unsubscribe(&self, leaver: Leaver) -> BoxFuture<'_, Result<(), Unavailable>> {
        async move {
            let Leaver { channel, address } = leaver;
            // A channel that is gone sends nothing: that is what was wanted.
            let leaving = self.0.unsubscribe(channel, address);
            leaving.await.map(drop).map_err(|error| {
                tracing::warn!(%error, "somebody could not unsubscribe: {error}");
                Unavailable
            })
        }
        .boxed()
    }
}
