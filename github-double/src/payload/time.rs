//! The other ways in which GitHub writes times.

use jiff::Timestamp;
use serde::{Serialize, Serializer};

/// A time with milliseconds, `2026-03-02T09:00:00.000Z`, as workflows bear it.
pub(super) struct WithMillis(pub(super) Timestamp);

impl Serialize for WithMillis {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&format_args!("{:.3}", self.0))
    }
}

/// The times of an installation: seconds since 1970 in most events, text in answers.
#[derive(Clone, Copy, Debug)]
pub(crate) enum TimeStyle {
    Seconds,
    Text,
}

impl TimeStyle {
    pub(super) fn write(self, time: Timestamp) -> StyledTime {
        match self {
            Self::Seconds => StyledTime::Seconds(time.as_second()),
            Self::Text => StyledTime::Text(time),
        }
    }
}

/// A time in one of the two styles.
#[derive(Serialize)]
#[serde(untagged)]
pub(super) enum StyledTime {
    Seconds(i64),
    Text(Timestamp),
}
