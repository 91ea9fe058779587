//! Stories of GitHub's side, each to be played on a [`Double`](crate::Double) and watched from the
//! product's.
//!
//! A [`Stage`] is what they have in common; each story is a function or a few, so that a test can
//! stop between two scenes.

mod runs;
mod stage;

pub use runs::{
    drift, end, fork_pull_request, hang, happy, null_branch, recover_on_rerun, rerun_later,
    startup_failure, unknown_conclusion,
};
pub use stage::Stage;
