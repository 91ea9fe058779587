//! Stories of GitHub's side, each to be played on a [`Double`](crate::Double) and watched from the
//! product's.
//!
//! A [`Stage`] is what they have in common; each story is a function or a few, so that a test can
//! stop between two scenes.

pub mod access;
pub mod crowd;
pub mod outages;
pub mod runs;
mod stage;
mod story;

pub use stage::Stage;
pub use story::{Story, load};
