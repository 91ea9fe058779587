//! Permits: where several processes ask GitHub, each asks for some installations only.

use std::time::Duration;

use futures_util::future::BoxFuture;

use super::{Error, GitHub};

/// For how long GitHub may be asked. None if another one asks.
pub type Permit = Option<Duration>;

/// Says who asks GitHub for what.
pub trait Permits: Send + Sync {
    /// For how long GitHub may be asked for an installation, or, if it is zero, for
    /// the App as a whole.
    fn permit(&self, installation_id: i64) -> BoxFuture<'_, Permit>;
}

impl GitHub {
    /// Waits for an answer for as long as the permit for the question lasts.
    pub(super) async fn while_permitted<T>(
        &self,
        installation_id: Option<i64>,
        answer: impl Future<Output = T>,
    ) -> Result<T, Error> {
        let Some(permits) = &self.permits else {
            return Ok(answer.await);
        };
        let installation_id = installation_id.unwrap_or(self.on_behalf_of);
        let not_held = Error::NotHeld { installation_id };
        match permits.permit(installation_id).await {
            Some(time) => tokio::time::timeout(time, answer).await.or(Err(not_held)),
            None => Err(not_held),
        }
    }
}
