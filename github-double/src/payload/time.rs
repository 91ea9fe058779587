//! The second way in which GitHub writes times.

use jiff::Timestamp;
use serde::{Serialize, Serializer};

/// A time with milliseconds, `2026-03-02T09:00:00.000Z`, as workflows bear it.
pub(super) struct WithMillis(pub(super) Timestamp);

impl Serialize for WithMillis {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&format_args!("{:.3}", self.0))
    }
}
