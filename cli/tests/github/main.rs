//! The App against the simulated GitHub, in process: whatever is lost, late, twice or refused, the
//! board ends as GitHub's truth.

#![expect(
    clippy::unwrap_used,
    reason = "in a test, whatever goes wrong is a failure"
)]

mod access;
mod apps;
mod board;
mod limits;
mod outages;
mod runs;
mod shuffle;
mod world;
