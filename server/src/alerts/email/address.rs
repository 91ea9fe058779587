//! Who a message is from.

use lettre::{Address, message::Mailbox};

use super::clean::clean_header;

/// An address, with or without a name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct From {
    name: Option<String>,
    address: Address,
}

/// A text is not who a message can be from.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "not an address, such as ci@example.com, or a name and an address, such as CI <ci@example.com>"
)]
pub(super) struct FromError;

/// Whether mail can be sent to an address.
pub(crate) fn is_address(text: &str) -> bool {
    From::new(None, text).is_ok()
}

impl From {
    /// Reads an address, or a name and an address in angle brackets.
    pub(super) fn parse(text: &str) -> Result<Self, FromError> {
        if text.chars().any(char::is_control) {
            return Err(FromError);
        }
        let text = text.trim();
        let Some((name, rest)) = text.rsplit_once('<') else {
            return Self::new(None, text);
        };
        let address = rest.strip_suffix('>').ok_or(FromError)?;
        Self::new(Some(name.trim().trim_matches('"')), address.trim())
    }

    /// Takes a name and an address apart from each other.
    pub(super) fn new(name: Option<&str>, address: &str) -> Result<Self, FromError> {
        // An address that needs other characters could be sent by few servers.
        let address = (address.is_ascii() && address.len() <= 254)
            .then(|| address.parse().ok())
            .flatten()
            .ok_or(FromError)?;
        let name = name.map(clean_header).filter(|name| !name.is_empty());
        Ok(Self { name, address })
    }

    /// The address.
    pub(super) fn address(&self) -> &Address {
        &self.address
    }

    /// The mailbox as it is shown, with the state of what the message is about in its name. No
    /// word of GitHub's gets in here.
    pub(super) fn mailbox(&self, state: &str) -> Mailbox {
        let name = self.name.as_deref().unwrap_or("Lampboard");
        let shown = clean_header(&format!("{name}, {state}"));
        Mailbox::new(Some(shown), self.address.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_optional() {
        for (text, shown) in [
            ("ci@example.com", "\"Lampboard, failing\" <ci@example.com>"),
            (" CI <ci@example.com> ", "\"CI, failing\" <ci@example.com>"),
            (
                "\"Build, Inc.\" <ci@example.com>",
                "\"Build, Inc., failing\" <ci@example.com>",
            ),
        ] {
            let from = From::parse(text).expect(text);
            assert_eq!(from.mailbox("failing").to_string(), shown);
        }
    }

    #[test]
    fn what_has_no_address_is_refused() {
        for text in [
            "",
            "CI",
            "CI <ci@example.com",
            "CI <>",
            "a@b.test, c@d.test",
            "CI\r\nBcc: x@evil.test <ci@example.com>",
            "@example.com",
        ] {
            assert_eq!(From::parse(text), Err(FromError), "{text}");
        }
    }
}
