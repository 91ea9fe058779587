//! E-mail, through the operator's mail server: one message for each recipient.
//!
//! `letter` is what a message says, `text` and `html` are its two looks, `mail` puts both and
//! the headers together, `smtp` hands it to the server, and `mailer` judges the answers.

mod address;
mod clean;
mod config;
mod digest;
mod html;
mod letter;
mod mail;
mod mailer;
mod older;
mod one;
mod refused;
mod smtp;
mod text;
mod unsubscribe;
mod wording;

#[cfg(test)]
mod tests;

pub(crate) use self::address::is_address;
pub(crate) use self::{
    mail::{Preview, preview},
    mailer::Mailer,
    unsubscribe::{Leaver, Tokens, Unavailable, Unsubscribe, router as unsubscribe_router},
};
pub use config::{MailConfig, MailConfigError};
pub use older::OlderMail;
