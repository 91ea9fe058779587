//! A commit, as far as a webhook tells of it.

use std::sync::Arc;

use jiff::Timestamp;

use super::account::Account;

/// A commit.
#[derive(Clone, Debug)]
pub struct Commit {
    /// 40 hexadecimal digits.
    pub sha: String,
    /// The id of its tree.
    pub tree: String,
    /// The whole message.
    pub message: String,
    /// Who wrote it.
    pub author: Arc<Account>,
    /// When.
    pub time: Timestamp,
}

impl Commit {
    /// The first line of the message.
    pub fn title(&self) -> &str {
        self.message.lines().next().unwrap_or_default()
    }
}
