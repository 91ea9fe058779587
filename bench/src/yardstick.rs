//! The least that taking a delivery in can cost, to hold figures against.

use std::hint::black_box;
use std::time::Duration;

use anyhow::Result;
use lampboard_github_double::signature;
use rustix::time::{ClockId, clock_gettime};
use serde::de::IgnoredAny;
use zstd::bulk::Compressor;

use crate::delivery::Delivery;
use crate::subject::SECRET;

/// The CPU time per delivery of its signature, one scan of its JSON, and its
/// compression, and of nothing else.
pub(crate) fn bare_cost(deliveries: &[Delivery]) -> Result<Duration> {
    let mut compressor = Compressor::new(zstd::DEFAULT_COMPRESSION_LEVEL)?;
    let before = own_cpu_time();
    for delivery in deliveries {
        black_box(signature(SECRET.as_bytes(), &delivery.body));
        black_box(serde_json::from_slice::<IgnoredAny>(&delivery.body)?);
        black_box(compressor.compress(&delivery.body)?);
    }
    let spent = own_cpu_time().saturating_sub(before);
    Ok(spent / u32::try_from(deliveries.len())?.max(1))
}

/// What this process has spent so far, by a finer clock than that of `/proc`.
pub(crate) fn own_cpu_time() -> Duration {
    let time = clock_gettime(ClockId::ProcessCPUTime);
    Duration::try_from(time).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::delivery::prepare;

    #[test]
    fn costs_something_and_not_a_lot() {
        let deliveries = prepare(20, SECRET, "2026-01-31T12:00:00Z".parse().unwrap(), 1);
        let cost = bare_cost(&deliveries).unwrap();
        assert!(cost > Duration::from_micros(5), "{cost:?}");
        assert!(cost < Duration::from_millis(50), "{cost:?}");
    }
}
