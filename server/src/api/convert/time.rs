//! Times and durations.

use jiff::{SignedDuration, Timestamp};

use super::Check;

/// Reads a time, to the microsecond that the store keeps.
pub(super) fn timestamp(
    check: &mut Check,
    field: &str,
    time: Option<prost_types::Timestamp>,
) -> Option<Timestamp> {
    let time = time?;
    let micros = Timestamp::new(time.seconds, time.nanos)
        .and_then(|time| Timestamp::from_microsecond(time.as_microsecond()));
    if micros.is_err() {
        check.refuse(field, "must be a time from year 1 to 9999");
    }
    micros.ok()
}

/// Reads a time that must be set.
pub(super) fn required(
    check: &mut Check,
    field: &str,
    time: Option<prost_types::Timestamp>,
) -> Timestamp {
    if time.is_none() {
        check.refuse(field, "must be set");
    }
    timestamp(check, field, time).unwrap_or_default()
}

/// Writes a time.
pub(in crate::api) fn timestamp_to_proto(time: Timestamp) -> prost_types::Timestamp {
    // Before 1970 too, protobuf counts the fraction forwards.
    let mut time = prost_types::Timestamp {
        seconds: time.as_second(),
        nanos: time.subsec_nanosecond(),
    };
    time.normalize();
    time
}

/// Reads a duration; one out of range is as good as the longest.
pub(in crate::api) fn duration(duration: prost_types::Duration) -> SignedDuration {
    SignedDuration::new(duration.seconds, duration.nanos % 1_000_000_000)
}

/// Writes a duration.
pub(super) fn duration_to_proto(duration: SignedDuration) -> prost_types::Duration {
    prost_types::Duration {
        seconds: duration.as_secs(),
        nanos: duration.subsec_nanos(),
    }
}
