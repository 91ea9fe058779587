//! What it means that a mail server refuses a recipient for good: the address is gone, or it is
//! something else that the address can do nothing about.

/// What is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Meaning {
    /// The address, which there is no more.
    Address,
    /// It is put off, whatever the server calls it: a full mailbox, a server that does not
    /// relay for us yet.
    Later,
    /// This message to this recipient, by a policy or for another reason.
    Message,
    /// All that we send.
    All,
}

/// Judges a refusal for good by its code and its text, which may begin with an enhanced code
/// (RFC 3463). Only what says that the address is not there has it left out for good.
pub(super) fn meaning(code: u16, text: &str) -> Meaning {
    // Not understood, not in this order, not before signing in.
    if matches!(code, 500..=504 | 530 | 534 | 535 | 538) {
        return Meaning::All;
    }
    match (enhanced(text), code) {
        // The sender's address, and not the recipient's.
        (Some((1, 7 | 8)), _) => Meaning::All,
        (Some((1, _) | (2, 1)), _) => Meaning::Address,
        // A server that relays nothing for us says nothing of the address.
        _ if text.to_ascii_lowercase().contains("relay") => Meaning::Later,
        (Some((2, 2)), _) | (Some((0, _)) | None, 552) => Meaning::Later,
        (Some((0, _)) | None, 550 | 551 | 553) => Meaning::Address,
        _ => Meaning::Message,
    }
}

/// Subject and detail of an enhanced code that is for good.
fn enhanced(text: &str) -> Option<(u16, u16)> {
    let word = text.split_whitespace().next()?;
    let (subject, detail) = word.strip_prefix("5.")?.split_once('.')?;
    Some((subject.parse().ok()?, detail.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_an_address_that_is_not_there_is_left_out() {
        for (code, text, expected) in [
            (550, "5.1.1 No such user here", Meaning::Address),
            (550, "5.1.10 Recipient not found", Meaning::Address),
            (550, "5.2.1 The account is disabled", Meaning::Address),
            (550, "5.1.1 <ada@relay.example>: unknown", Meaning::Address),
            (550, "no mailbox here by that name", Meaning::Address),
            (551, "User not local", Meaning::Address),
            (553, "5.1.3 Bad destination syntax", Meaning::Address),
            (550, "5.0.0 Unknown", Meaning::Address),
            (
                550,
                "5.7.1 Client host blocked (Spamhaus)",
                Meaning::Message,
            ),
            (554, "5.7.1 Access denied", Meaning::Message),
            (550, "5.7.26 SPF and DKIM failed", Meaning::Message),
            (550, "5.7.133 Sender not authenticated", Meaning::Message),
            (554, "Transaction failed", Meaning::Message),
            (550, "5.4.1 No answer from host", Meaning::Message),
            (552, "5.2.2 Mailbox full", Meaning::Later),
            (552, "Requested mail action aborted: quota", Meaning::Later),
            (554, "5.7.1 Relay access denied", Meaning::Later),
            (550, "5.1.8 Sender address rejected", Meaning::All),
            (530, "5.7.0 Authentication required", Meaning::All),
            (503, "5.5.1 Bad sequence", Meaning::All),
        ] {
            assert_eq!(meaning(code, text), expected, "{code} {text}");
        }
    }
}
