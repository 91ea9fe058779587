//! Secrets as settings: from a variable or from a file, and never shown.

use std::{convert::Infallible, path::Path, str::FromStr};

use anyhow::Context as _;
use secrecy::{ExposeSecret as _, SecretString};

/// A secret that was given as a setting.
#[derive(Clone, Debug)]
pub(crate) struct SecretArg(SecretString);

/// Secrets, in their order.
pub(crate) type SecretList = Vec<SecretString>;

impl FromStr for SecretArg {
    type Err = Infallible;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Ok(Self(text.trim().into()))
    }
}

impl SecretArg {
    /// Takes it as one secret.
    pub(crate) fn into_secret(self) -> SecretString {
        self.0
    }

    /// Takes it as several, with commas between them.
    pub(super) fn split(&self) -> SecretList {
        self.0
            .expose_secret()
            .split(',')
            .map(|secret| secret.trim().into())
            .collect()
    }
}

/// Takes the value, or reads the file, whichever is set. The empty text counts
/// as unset, so that a variable that a template left empty is noticed.
pub(super) fn read(
    value: Option<&SecretArg>,
    file: Option<&Path>,
) -> anyhow::Result<Option<SecretArg>> {
    let secret = match (value, file) {
        (Some(value), _) => Some(value.clone()),
        (None, Some(file)) => {
            let text = std::fs::read_to_string(file)
                .with_context(|| format!("can not read the secret in {}", file.display()))?;
            Some(SecretArg(text.trim().into()))
        }
        (None, None) => None,
    };
    Ok(secret.filter(|secret| !secret.0.expose_secret().is_empty()))
}
