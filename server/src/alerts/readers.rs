//! Who of an e-mail's readers is still to get it, and what it means if nobody is.

use super::provider::{ChannelFault, Handed, Verdict};
use crate::model::{AlertChannel, RecipientOutcome, RecipientState};

/// Who is still to get a message.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Readers {
    /// These.
    Left(Vec<String>),
    /// Nobody: all that are not left out have it.
    Done,
    /// Nobody ever, and why.
    Nobody(&'static str),
}

impl Readers {
    /// Of the addresses of a channel, by what came of earlier tries.
    pub(super) fn of(
        channel: &AlertChannel,
        addresses: &[String],
        earlier: &[RecipientOutcome],
    ) -> Self {
        let is_left_out = |address: &String| {
            let mut out = channel.left_out.iter();
            out.any(|out| out.address.eq_ignore_ascii_case(address))
        };
        // Who was refused and is not left out any more is tried again: somebody saw to it.
        let has_it = |address: &String| earlier.iter().any(|it| is_sent(it, address));
        let left: Vec<String> = addresses
            .iter()
            .filter(|address| !is_left_out(address) && !has_it(address))
            .cloned()
            .collect();
        if !left.is_empty() {
            return Self::Left(left);
        }
        if anybody_has_it(earlier) {
            return Self::Done;
        }
        if channel.left_out.iter().all(|out| out.unsubscribed) {
            return Self::Nobody("nobody is left to send to: all of its readers have unsubscribed");
        }
        Self::Nobody(
            "nobody is left to send to: the mail server refuses the addresses for good; mend \
             them, or test the channel if the server takes them now",
        )
    }
}

/// What came of a message, by all tries of it: it is sent if one of its readers got it, though
/// the mail server refuses all of the rest.
pub(super) fn judged(handed: Handed, earlier: &[RecipientOutcome]) -> Handed {
    let is_refused = |verdict: &Verdict| matches!(verdict, Verdict::Refused { .. });
    let all_refused =
        !handed.recipients.is_empty() && handed.recipients.iter().all(|it| is_refused(&it.verdict));
    if all_refused && anybody_has_it(earlier) {
        return Handed {
            verdict: Verdict::Sent,
            ..handed
        };
    }
    handed
}

/// Whom nothing more is sent to, and what the server said.
pub(super) fn gone(handed: &Handed) -> Vec<(String, String)> {
    let is_gone = |verdict: &Verdict| {
        matches!(
            verdict,
            Verdict::Refused {
                channel: ChannelFault::Gone,
                ..
            }
        )
    };
    let gone = handed.recipients.iter().filter(|it| is_gone(&it.verdict));
    gone.map(|it| (it.address.clone(), it.answer.clone()))
        .collect()
}

fn anybody_has_it(earlier: &[RecipientOutcome]) -> bool {
    earlier.iter().any(|it| it.state == RecipientState::Sent)
}

fn is_sent(outcome: &RecipientOutcome, address: &str) -> bool {
    outcome.address.eq_ignore_ascii_case(address) && outcome.state == RecipientState::Sent
}

#[cfg(test)]
mod tests;
