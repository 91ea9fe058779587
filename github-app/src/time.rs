//! Times as others tell them, which may be any: nothing here panics at the ends.

use jiff::{SignedDuration, Timestamp};

/// The contract's form of a time.
pub(crate) fn timestamp(time: Timestamp) -> prost_types::Timestamp {
    prost_types::Timestamp {
        seconds: time.as_second(),
        nanos: time.subsec_nanosecond(),
    }
}

/// The time that a message says, if it is one.
pub(crate) fn from_proto(time: prost_types::Timestamp) -> Option<Timestamp> {
    Timestamp::new(time.seconds, time.nanos).ok()
}

/// A time as GitHub's filters take it.
pub(crate) fn seconds(time: Timestamp) -> String {
    time.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

/// So much before, or as early as there is.
pub(crate) fn before(time: Timestamp, span: SignedDuration) -> Timestamp {
    time.checked_sub(span).unwrap_or(Timestamp::MIN)
}

/// So much after, or as late as there is.
pub(crate) fn after(time: Timestamp, span: SignedDuration) -> Timestamp {
    time.checked_add(span).unwrap_or(Timestamp::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_is_no_time_beyond_the_ends() {
        let day = SignedDuration::from_hours(24);
        assert_eq!(before(Timestamp::MIN, day), Timestamp::MIN);
        assert_eq!(after(Timestamp::MAX, day), Timestamp::MAX);
    }
}
