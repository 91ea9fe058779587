//! Times and durations.

use jiff::{SignedDuration, Timestamp};

use super::Check;

/// The last second that protobuf knows: of the year 9999. The last day of it is beyond what
/// `Timestamp` knows.
const LAST: i64 = 253_402_300_799;

/// Reads a time, to the microsecond that the store keeps. Of the last day of the year 9999
/// nothing is known but that it is the last.
pub(super) fn timestamp(
    check: &mut Check,
    field: &str,
    time: Option<prost_types::Timestamp>,
) -> Option<Timestamp> {
    let time = time?;
    let is_last = (Timestamp::MAX.as_second()..=LAST).contains(&time.seconds);
    let (seconds, nanos) = if is_last {
        (Timestamp::MAX.as_second(), 0)
    } else {
        (time.seconds, time.nanos)
    };
    let micros = Timestamp::new(seconds, nanos)
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

#[cfg(test)]
mod tests {
    use super::*;

    fn read(seconds: i64, nanos: i32) -> Option<Timestamp> {
        let time = prost_types::Timestamp { seconds, nanos };
        Check::run(|check| timestamp(check, "time", Some(time))).unwrap_or(None)
    }

    #[test]
    fn times_are_from_year_1_to_9999() {
        assert!(read(-62_135_596_800, 0).is_some());
        let last = read(LAST, 999_999_999).unwrap();
        assert!(last > "9999-12-30T21:00:00Z".parse().unwrap());
        assert!(read(LAST - 86_400, 0).unwrap() <= last);
        assert_eq!(read(LAST + 1, 0), None);
        assert_eq!(read(i64::MAX, 0), None);
        assert_eq!(read(0, 1_000), Timestamp::from_microsecond(1).ok());
    }
}
