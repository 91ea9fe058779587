//! E-mail, through the operator's mail server.

use secrecy::SecretString;

/// How e-mail is sent.
#[derive(Debug)]
pub struct MailConfig {
    /// The mail server: `smtps://` or `smtp://`, with user name and password where it wants them.
    pub url: SecretString,
    /// Who it is from: an address, or a name and an address.
    pub from: String,
}
