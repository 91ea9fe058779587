//! Who may call: what the app alone may, needs the write key.

use std::sync::Arc;

use secrecy::{ExposeSecret as _, SecretString};
use subtle::ConstantTimeEq as _;
use tonic::{Request, Status, service::Interceptor};

/// Lets calls through that carry the write key as their bearer token. It looks
/// at the headers alone, so that a stranger's 25 MiB are not even read.
#[derive(Clone)]
pub(super) struct WriteKey(Arc<SecretString>);

impl WriteKey {
    pub(super) fn new(key: &Arc<SecretString>) -> Self {
        Self(Arc::clone(key))
    }

    fn is_carried_by(&self, request: &Request<()>) -> bool {
        let token = request
            .metadata()
            .get("authorization")
            .and_then(|value| value.to_str().ok())
            .and_then(|value| value.strip_prefix("Bearer "));
        // In constant time, so that answers do not spell the key out.
        token.is_some_and(|token| {
            token
                .as_bytes()
                .ct_eq(self.0.expose_secret().as_bytes())
                .into()
        })
    }
}

impl Interceptor for WriteKey {
    fn call(&mut self, request: Request<()>) -> Result<Request<()>, Status> {
        if self.is_carried_by(&request) {
            return Ok(request);
        }
        tracing::warn!("a call without the right write key was refused");
        Err(Status::unauthenticated(
            "this needs the write key: authorization: Bearer <LAMPBOARD_WRITE_KEY>",
        ))
    }
}
