//! The whole chain, through the real binary: a signed webhook in, the board out.

mod examples;
mod hostile;
mod kill;
mod live;
mod order;
mod settings;
mod support;
