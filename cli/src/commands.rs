//! A file a subcommand, and what they share.

pub(crate) mod alerts_test;
pub(crate) mod backfill;
pub(crate) mod backup;
pub(crate) mod demo;
pub(crate) mod doctor;
mod exit;
pub(crate) mod github_app;
mod holder;
mod identity;
mod link;
mod machine;
mod master_key;
pub(crate) mod migrate;
pub(crate) mod parts;
mod remote;
pub(crate) mod serve;
pub(crate) mod server;
