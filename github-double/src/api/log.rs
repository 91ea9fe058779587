//! The log of requests, the proof of how the product behaves.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use jiff::Timestamp;
use serde::Serialize;

use super::jwt::Claims;

/// One request, once it was answered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RequestRecord {
    /// When it was answered, by the virtual clock.
    pub time: Timestamp,
    /// Its method.
    pub method: String,
    /// Its path, without `/api/v3`.
    pub path: String,
    /// What follows the question mark; may be empty.
    pub query: String,
    /// What it was answered; 0 if nothing was.
    pub status: u16,
    /// What the App said of itself, if it was believed.
    pub claims: Option<Claims>,
    /// The number of the token that was used, among all that were handed out.
    pub token: Option<u64>,
    /// The installation that it was made for.
    pub installation: Option<u64>,
    /// Whether it counted against the primary limit.
    pub counted: bool,
    /// How many requests for the same installation, or else for none, were under way, itself among
    /// them.
    pub under_way: u64,
}

/// The requests so far, and those under way. Clones are one log.
#[derive(Clone, Debug, Default)]
pub(crate) struct RequestLog(Arc<Mutex<Inner>>);

#[derive(Debug, Default)]
struct Inner {
    records: Vec<RequestRecord>,
    under_way: BTreeMap<Option<u64>, u64>,
    peaks: BTreeMap<Option<u64>, u64>,
}

impl RequestLog {
    /// Notes that a request has come; it is under way until what this gives is dropped.
    pub(super) fn arrive(&self, installation: Option<u64>) -> UnderWay {
        let mut inner = self.lock();
        let under_way = inner.under_way.entry(installation).or_default();
        *under_way += 1;
        let count = *under_way;
        let peak = inner.peaks.entry(installation).or_default();
        *peak = count.max(*peak);
        UnderWay {
            log: self.clone(),
            installation,
            count,
        }
    }

    pub(super) fn push(&self, record: RequestRecord) {
        self.lock().records.push(record);
    }

    pub(crate) fn records(&self) -> Vec<RequestRecord> {
        self.lock().records.clone()
    }

    /// The most requests that were under way at a time, for each installation and for none.
    pub(crate) fn peaks(&self) -> BTreeMap<Option<u64>, u64> {
        self.lock().peaks.clone()
    }

    /// Forgets all but what is under way.
    pub(crate) fn clear(&self) {
        let mut inner = self.lock();
        inner.records.clear();
        inner.peaks = inner.under_way.clone();
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        // What is counted is counted in one step, so that a poisoned log is as good as any.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A request that is not answered to the end yet.
#[derive(Debug)]
pub(super) struct UnderWay {
    log: RequestLog,
    installation: Option<u64>,
    pub(super) count: u64,
}

impl Drop for UnderWay {
    fn drop(&mut self) {
        let mut inner = self.log.lock();
        if let Some(count) = inner.under_way.get_mut(&self.installation) {
            *count -= 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_peak_is_of_each_installation_alone() {
        let log = RequestLog::default();
        let one = log.arrive(Some(1));
        let two = log.arrive(Some(1));
        let other = log.arrive(Some(2));
        assert_eq!((one.count, two.count, other.count), (1, 2, 1));
        drop((one, two));
        assert_eq!(log.arrive(Some(1)).count, 1);
        assert_eq!(log.peaks(), [(Some(1), 2), (Some(2), 1)].into());
        log.clear();
        assert_eq!(log.peaks(), [(Some(1), 0), (Some(2), 1)].into());
    }
}
