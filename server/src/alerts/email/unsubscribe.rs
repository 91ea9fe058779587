//! How a reader gets no more e-mail: by a signed link, without signing in.
//!
//! Mail scanners follow links, so opening one changes nothing; its button does, and so does
//! the one-click request of RFC 8058.

mod page;

use std::sync::Arc;

use axum::{
    Router,
    extract::{Path, State},
    response::Response,
    routing::get,
};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use futures_util::future::BoxFuture;
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;

/// Keeps these signatures apart from all others that the master key stands behind.
const PURPOSE: &[u8] = b"lampboard unsubscribe link, version 1";

/// More than any token is long.
const TOKEN_LIMIT: usize = 1_000;

/// Signs links, and tells its own from others.
#[derive(Clone)]
pub(crate) struct Tokens {
    current: [u8; 32],
    older: Vec<[u8; 32]>,
}

/// Who wants no more of what.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Leaver {
    /// The id of the channel.
    pub(crate) channel: String,
    /// The address, as the channel has it.
    pub(crate) address: String,
}

impl Tokens {
    /// Signs with what is derived from the bytes of the current master key. Links that older
    /// ones signed stay good, since mail is read late.
    pub(crate) fn new<'a>(current: &[u8], older: impl IntoIterator<Item = &'a [u8]>) -> Self {
        Self {
            current: derived(current),
            older: older.into_iter().map(derived).collect(),
        }
    }

    /// Makes the token of a recipient's links. It holds for ever.
    pub(crate) fn sign(&self, channel: &str, address: &str) -> String {
        let claim = serde_json::json!([channel, address]).to_string();
        let signature = keyed(&self.current)
            .chain_update(claim.as_bytes())
            .finalize();
        let encode = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
        format!(
            "{}.{}",
            encode(claim.as_bytes()),
            encode(&signature.into_bytes())
        )
    }

    /// Says whose token it is, if it is one of ours.
    pub(crate) fn open(&self, token: &str) -> Option<Leaver> {
        if token.len() > TOKEN_LIMIT {
            return None;
        }
        let (claim, signature) = token.split_once('.')?;
        let claim = URL_SAFE_NO_PAD.decode(claim).ok()?;
        let signature = URL_SAFE_NO_PAD.decode(signature).ok()?;
        let is_ours = std::iter::once(&self.current)
            .chain(&self.older)
            // In constant time for each key.
            .any(|key| {
                let keyed = keyed(key).chain_update(&claim);
                keyed.verify_slice(&signature).is_ok()
            });
        let (channel, address) = is_ours.then(|| serde_json::from_slice(&claim).ok())??;
        Some(Leaver { channel, address })
    }
}

impl std::fmt::Debug for Tokens {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Tokens")
    }
}

fn derived(master: &[u8]) -> [u8; 32] {
    keyed(master)
        .chain_update(PURPOSE)
        .finalize()
        .into_bytes()
        .into()
}

fn keyed(key: &[u8]) -> Hmac<Sha256> {
    Hmac::new_from_slice(key).expect("HMAC takes keys of any length")
}

/// Takes recipients off channels.
pub(crate) trait Unsubscribe: Send + Sync {
    /// Takes one off. That it is off already, or that there is no such channel any more, is no
    /// failure: nothing is sent there either way.
    fn unsubscribe(&self, leaver: Leaver) -> BoxFuture<'_, Result<(), Unavailable>>;
}

/// It could not be written down now.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("it could not be written down now")]
pub(crate) struct Unavailable;

#[derive(Clone)]
struct Desk {
    tokens: Tokens,
    unsubscribe: Arc<dyn Unsubscribe>,
}

/// Answers below `/unsubscribe/`, to anybody.
pub(crate) fn router(tokens: Tokens, unsubscribe: Arc<dyn Unsubscribe>) -> Router {
    Router::new()
        .route("/unsubscribe/style.css", get(page::style))
        .route("/unsubscribe/{token}", get(ask).post(leave))
        .with_state(Desk {
            tokens,
            unsubscribe,
        })
}

async fn ask(State(desk): State<Desk>, Path(token): Path<String>) -> Response {
    match desk.tokens.open(&token) {
        Some(leaver) => page::question(&leaver.address),
        None => page::unknown(),
    }
}

/// What the request holds makes no difference: the link says it all.
async fn leave(State(desk): State<Desk>, Path(token): Path<String>) -> Response {
    let Some(leaver) = desk.tokens.open(&token) else {
        return page::unknown();
    };
    let address = leaver.address.clone();
    match desk.unsubscribe.unsubscribe(leaver).await {
        Ok(()) => page::done(&address),
        Err(Unavailable) => page::unavailable(),
    }
}
