//! What became of deliveries.

use jiff::Timestamp;

/// A delivery that was taken in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct DeliveryRecord {
    /// Its GUID.
    pub(crate) guid: String,
    /// Its event.
    pub(crate) event: String,
    /// Its action. Empty if the event has none.
    pub(crate) action: String,
    /// The full name of its repository. Empty if it has none, or none that is
    /// shown.
    pub(crate) repository: String,
    /// When it was taken in.
    pub(crate) receive_time: Timestamp,
    /// Whether GitHub could not deliver it, and it was fetched later.
    pub(crate) recovered: bool,
    /// How often it came.
    pub(crate) receive_count: i64,
    /// How often of these with another body.
    pub(crate) conflict_count: i64,
    /// Why nothing could be made of it. Empty if something could.
    pub(crate) problem: String,
}

/// Counts deliveries.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct DeliveryCounts {
    /// Taken in as GitHub sent them.
    pub(crate) received: i64,
    /// Missed, and fetched later.
    pub(crate) recovered: i64,
    /// Taken in more than once.
    pub(crate) repetitions: i64,
    /// Kept although nothing could be made of them.
    pub(crate) quarantined: i64,
    /// Missed, what they said learnt in another way.
    pub(crate) learnt: i64,
    /// Missed, and gone.
    pub(crate) lost: i64,
}
