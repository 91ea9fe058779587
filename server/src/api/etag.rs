//! Etags: which version of a thing somebody has seen.

use crate::{Error, Result};

/// Writes the etag of a version.
pub(super) fn write(version: i64) -> String {
    format!("v{version}")
}

/// Reads an etag; the empty one stands for any version.
pub(super) fn read(field: &str, etag: &str) -> Result<Option<i64>> {
    if etag.is_empty() {
        return Ok(None);
    }
    let version = etag
        .strip_prefix('v')
        .and_then(|digits| digits.parse().ok());
    let problem = "must be the etag that was last read, or empty";
    version
        .map(Some)
        .ok_or_else(|| Error::invalid(field, problem))
}
