//! A file a subcommand, and what they share.

pub(crate) mod demo;
pub(crate) mod github_app;
mod identity;
pub(crate) mod parts;
pub(crate) mod serve;
pub(crate) mod server;
