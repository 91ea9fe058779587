//! A file a subcommand, and what they share.

pub(crate) mod backfill;
pub(crate) mod demo;
pub(crate) mod doctor;
mod exit;
pub(crate) mod github_app;
mod holder;
mod identity;
pub(crate) mod parts;
mod remote;
pub(crate) mod serve;
pub(crate) mod server;
