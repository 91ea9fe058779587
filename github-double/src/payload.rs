//! The JSON of GitHub's webhooks and answers, every field of it.

pub(crate) mod account;
pub(crate) mod app;
mod change;
pub(crate) mod installation;
mod link;
pub(crate) mod repository;
pub(crate) mod time;
pub(crate) mod workflow;
pub(crate) mod workflow_job;
pub(crate) mod workflow_run;
pub(crate) mod written;

use serde::Serialize;

pub(crate) use change::event;

/// Writes compact JSON.
pub(crate) fn write(json: &impl Serialize) -> Vec<u8> {
    let mut body = Vec::with_capacity(24 * 1024);
    serde_json::to_writer(&mut body, json).expect("keys are strings and a vector takes all");
    body
}

/// The id of GraphQL; opaque there and here.
pub(crate) fn node_id(kind: &str, id: u64) -> String {
    format!("{kind}_kwDO{id:012x}")
}
