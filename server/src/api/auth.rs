//! Who may call: what the app alone may, needs the write key.

use std::sync::Arc;

use http::{HeaderValue, header::AUTHORIZATION};
use secrecy::{ExposeSecret as _, SecretString};
use subtle::ConstantTimeEq as _;
use tonic::{Request, Status, service::Interceptor};

use crate::{Peer, PortConfig, port::FromPort};

/// Lets calls through that carry the write key as their bearer token. It looks
/// at the headers alone, so that a stranger's 25 MiB are not even read.
#[derive(Clone)]
pub(super) struct WriteKey(Arc<PortConfig>);

/// Whether an `authorization` is one of the write keys. In constant time each, and every one is
/// tried, so that answers do not spell a key out.
pub(crate) fn is_write_key(keys: &[SecretString], authorization: Option<&HeaderValue>) -> bool {
    let token = authorization
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.strip_prefix("Bearer "));
    token.is_some_and(|token| {
        keys.iter().fold(false, |found, key| {
            let is_it = token.as_bytes().ct_eq(key.expose_secret().as_bytes());
            found | bool::from(is_it)
        })
    })
}

impl WriteKey {
    pub(super) fn new(port: &Arc<PortConfig>) -> Self {
        Self(Arc::clone(port))
    }

    /// Of who comes through the port a certificate may be demanded as well.
    fn require_certificate(&self, request: Request<()>) -> Result<Request<()>, Status> {
        let extensions = request.extensions();
        let is_from_port = extensions.get::<FromPort>().is_some();
        let has_one = extensions
            .get::<Peer>()
            .is_some_and(|peer| peer.has_certificate);
        if self.0.certificate && is_from_port && !has_one {
            tracing::warn!("a call with the write key was refused: it came without a certificate");
            return Err(Status::unauthenticated(
                "this needs a client certificate: LAMPBOARD_SERVER_CLIENT_CERT for github-app",
            ));
        }
        Ok(request)
    }
}

impl Interceptor for WriteKey {
    fn call(&mut self, request: Request<()>) -> Result<Request<()>, Status> {
        let authorization = request.metadata().as_ref().get(AUTHORIZATION);
        if is_write_key(&self.0.write_keys, authorization) {
            return self.require_certificate(request);
        }
        tracing::warn!("a call without the right write key was refused");
        Err(Status::unauthenticated(
            "this needs the write key: authorization: Bearer <LAMPBOARD_WRITE_KEY>",
        ))
    }
}
