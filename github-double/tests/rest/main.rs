//! The API over HTTP, asked as the product asks it.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

mod credentials;
mod deliveries;
mod faults;
mod limits;
mod lists;
mod reach;
mod support;
