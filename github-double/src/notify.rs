//! Where messages go that the product sends to people: a fake Slack webhook and a mail server that
//! delivers nowhere. Both keep what they catch, and both can be told to refuse it.

mod inbox;
mod orders;
pub(crate) mod slack;
pub(crate) mod smtp;
