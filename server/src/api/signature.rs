//! Checks once more what github-app checked: that GitHub signed a webhook. Whoever has the write key
//! alone can then not make webhooks up.

use hmac::{Hmac, KeyInit as _, Mac as _};
use lampboard_proto::v1::{Delivery, ReportRequest, ReportSource};
use secrecy::{ExposeSecret as _, SecretString};
use sha2::Sha256;
use tokio::task::spawn_blocking;
use tonic::Status;

/// A body above this is worked on beside the runtime, as others would wait for it.
const ORDINARY: usize = 256 << 10;

/// Knows what webhooks are signed with.
#[derive(Clone)]
pub(super) struct Signatures(Vec<Hmac<Sha256>>);

impl Signatures {
    /// None if there are no secrets to check with.
    pub(super) fn new(secrets: &[SecretString]) -> Option<Self> {
        let keys = secrets.iter().map(|secret| {
            let secret = secret.expose_secret().as_bytes();
            Hmac::new_from_slice(secret).expect("HMAC takes keys of any length")
        });
        let keys: Vec<_> = keys.collect();
        (!keys.is_empty()).then_some(Self(keys))
    }

    /// Fails if a report says to be of a webhook, and GitHub signed none.
    pub(super) async fn require(&self, report: &ReportRequest) -> Result<(), Status> {
        if report.source() != ReportSource::Webhook {
            return Ok(());
        }
        let is_signed = match &report.delivery {
            None => false,
            Some(delivery) if delivery.payload.len() <= ORDINARY => self.accept(delivery),
            Some(delivery) => {
                let (signatures, delivery) = (self.clone(), delivery.clone());
                let checked = spawn_blocking(move || signatures.accept(&delivery));
                checked.await.unwrap_or(false)
            }
        };
        if is_signed {
            return Ok(());
        }
        tracing::warn!("a report of a webhook was refused: GitHub did not sign it");
        Err(Status::permission_denied(
            "GitHub did not sign this webhook with the secret that the server has \
             (LAMPBOARD_WEBHOOK_SECRET): it must be the same as github-app has",
        ))
    }

    /// Every key is tried, in constant time each.
    fn accept(&self, delivery: &Delivery) -> bool {
        let mut signature = [0; 32];
        let digits = delivery.signature.strip_prefix("sha256=");
        let is_one = digits.is_some_and(|it| hex::decode_to_slice(it, &mut signature).is_ok());
        let is_any = self.0.iter().fold(false, |accepted, key| {
            let mac = key.clone().chain_update(&delivery.payload);
            accepted | mac.verify_slice(&signature).is_ok()
        });
        is_one && is_any
    }
}
