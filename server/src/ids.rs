//! Ids of what Lampboard itself makes: UUIDs in the order in which they were made.

use jiff::Timestamp;
use uuid::{Builder, Uuid};

use crate::{Error, Result};

/// Makes ids of one moment: each greater than the one before, and than those of before.
pub(crate) struct Ids {
    now: Timestamp,
    made: u16,
}

impl Ids {
    pub(crate) fn at(now: Timestamp) -> Self {
        Self { now, made: 0 }
    }

    /// A UUID of version 7. Below the millisecond it has the microsecond, then it counts:
    /// no two commits are of one microsecond.
    pub(crate) fn next(&mut self) -> Result<String> {
        let micros = u64::try_from(self.now.as_microsecond()).unwrap_or_default();
        let mut random = [0; 10];
        getrandom::fill(&mut random).map_err(|error| Error::Config(error.to_string()))?;
        let fraction = u16::try_from(micros % 1000).unwrap_or_default() << 2;
        // The first four bits and, after twelve, two more are taken by the version.
        let [high, low] = fraction.to_be_bytes();
        let [first, second] = self.made.to_be_bytes();
        (random[0], random[1]) = (high, low);
        (random[3], random[4]) = (first, second);
        (random[2], self.made) = (0, self.made.wrapping_add(1));
        let id = Builder::from_unix_timestamp_millis(micros / 1000, &random);
        Ok(id.into_uuid().to_string())
    }
}

/// When an id was made. None if it is not such an id.
pub(crate) fn time_of(id: &str) -> Option<Timestamp> {
    let (seconds, nanos) = Uuid::parse_str(id).ok()?.get_timestamp()?.to_unix();
    let nanos = i32::try_from(nanos).ok()?;
    Timestamp::new(i64::try_from(seconds).ok()?, nanos).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_says_when_it_was_made() {
        let made = Ids::at(crate::fixtures::at(7)).next().unwrap();
        assert_eq!(time_of(&made), Some(crate::fixtures::at(7)));
        assert_eq!(time_of("7"), None);
    }

    #[test]
    fn ids_are_in_the_order_in_which_they_were_made() {
        let mut ids = Ids::at(crate::fixtures::at(0));
        let made: Vec<String> = (0..20_000).map(|_| ids.next().unwrap()).collect();
        assert!(made.is_sorted());
        assert_eq!(
            made.iter().collect::<std::collections::BTreeSet<_>>().len(),
            20_000
        );
        let later = Ids::at(crate::fixtures::at(1)).next().unwrap();
        assert!(made.iter().all(|id| *id < later));
    }
}
