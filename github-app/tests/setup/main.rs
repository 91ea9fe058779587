//! `/setup`, as a browser and GitHub meet it.
#![expect(clippy::unwrap_used, reason = "a test that can not go on has failed")]

mod access;
mod arriving;
mod choosing;
mod creating;
mod existing;
mod failing;
mod secrets;
mod support;
