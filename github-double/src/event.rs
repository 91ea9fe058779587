//! A webhook as GitHub sends it.

use std::borrow::Cow;

use bytes::Bytes;
use jiff::Timestamp;

/// One webhook: what a delivery of it carries, every time the same.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// `X-GitHub-Event`, such as `workflow_run`.
    pub name: Cow<'static, str>,
    /// The action in the body, such as `completed`. Empty if the event has none.
    pub action: Cow<'static, str>,
    /// `X-GitHub-Delivery`, the same again in a redelivery.
    pub guid: String,
    /// The JSON that is signed.
    pub body: Bytes,
    /// When it happened.
    pub time: Timestamp,
}
