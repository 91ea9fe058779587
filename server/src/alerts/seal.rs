//! Seals the secrets of channels at rest.

use secrecy::SecretString;

/// What secrets are sealed with: 32 bytes in base64.
#[derive(Debug)]
pub struct MasterKey(pub SecretString);
