//! A month of an invented organisation's builds, and its endless present.
//!
//! [`run`] is all that a demo needs; [`Story`] is the script behind it, which knows nothing of
//! posting and of clocks.

mod agenda;
mod attempt;
mod attempts;
mod cast;
mod chance;
mod fate;
mod history;
mod live;
mod organization;
mod play;
mod prose;
mod story;
mod work;

pub use history::history;
pub use play::run;
pub use story::Story;
