//! One connection to the mail server, and what its answers mean.

use std::sync::{
    LazyLock,
    atomic::{AtomicBool, Ordering},
};

use lettre::{
    Address,
    transport::smtp::{
        Error,
        authentication::Mechanism,
        client::{AsyncSmtpConnection, TlsParameters},
        commands::{Data, Mail, Rcpt, Rset},
        extension::ClientId,
        response::{Code, Response, Severity},
    },
};

use super::{
    clean::clean_header,
    config::{MailConfig, Security},
    refused::{self, Meaning},
};

/// Why a message was not accepted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Trouble {
    /// Not for this recipient, not now.
    Later(String),
    /// This recipient was not tried.
    NotYet(String),
    /// Not for this recipient, ever.
    Gone(String),
    /// Not this message for this recipient, which says nothing of the address.
    Unwanted(String),
    /// For no recipient, now.
    Down(String),
    /// The same, but this recipient may have got it.
    Unanswered(String),
    /// For no recipient, until somebody changes something.
    Refused(String),
}

impl Trouble {
    pub(super) fn into_text(self) -> String {
        match self {
            Self::Later(text)
            | Self::NotYet(text)
            | Self::Gone(text)
            | Self::Unwanted(text)
            | Self::Down(text)
            | Self::Unanswered(text)
            | Self::Refused(text) => text,
        }
    }
}

/// What this machine calls itself, looked up once.
static HELLO: LazyLock<ClientId> = LazyLock::new(ClientId::default);

/// A connection on which messages can be sent.
pub(super) struct Session {
    connection: AsyncSmtpConnection,
}

impl Session {
    /// Connects, encrypts and signs in. Nothing but the greeting is said before it is
    /// encrypted, and nothing at all if it can not be.
    pub(super) async fn open(config: &MailConfig, tls: &TlsParameters) -> Result<Self, Trouble> {
        let server = (config.host.as_str(), config.port);
        let implicit = (config.security == Security::Implicit).then(|| tls.clone());
        let connection = AsyncSmtpConnection::connect_tokio1(server, None, &HELLO, implicit, None)
            .await
            .map_err(|error| on_greeting(&error))?;
        let mut session = Self { connection };
        if config.security == Security::StartTls {
            session.encrypt(tls).await?;
        }
        if config.security != Security::None && !session.connection.is_encrypted() {
            return Err(Trouble::Down("the connection is not encrypted".to_owned()));
        }
        session.sign_in(config).await?;
        Ok(session)
    }

    async fn encrypt(&mut self, tls: &TlsParameters) -> Result<(), Trouble> {
        if !self.connection.can_starttls() {
            let problem = "the mail server does not offer STARTTLS, and nothing is sent in clear text: use smtps:// if it has TLS from the start";
            return Err(Trouble::Down(problem.to_owned()));
        }
        let started = self.connection.starttls(tls.clone(), &HELLO).await;
        started.map_err(|error| Trouble::Down(explained("STARTTLS", &error)))
    }

    async fn sign_in(&mut self, config: &MailConfig) -> Result<(), Trouble> {
        let Some(login) = &config.login else {
            return Ok(());
        };
        let info = self.connection.server_info();
        let known = [Mechanism::Plain, Mechanism::Login];
        if info.get_auth_mechanism(&known).is_none() {
            let problem = "the mail server offers neither AUTH PLAIN nor AUTH LOGIN: leave user name and password out, or use the port for senders";
            return Err(Trouble::Refused(problem.to_owned()));
        }
        let signed_in = self.connection.auth(&known, &login.credentials()).await;
        signed_in
            .map(|_| ())
            .map_err(|error| for_all("AUTH", &error))
    }

    /// Sends one message to one recipient; says what the server answered.
    pub(super) async fn send(
        &mut self,
        from: &Address,
        to: &Address,
        message: &[u8],
        handed_over: &AtomicBool,
    ) -> Result<String, Trouble> {
        let mail = Mail::new(Some(from.clone()), Vec::new());
        let connection = &mut self.connection;
        let sender = connection.command(mail).await;
        let sender = sender.map_err(|error| for_one("MAIL FROM", &error))?;
        expect(&sender, Severity::PositiveCompletion)?;
        let recipient = connection.command(Rcpt::new(to.clone(), Vec::new())).await;
        let recipient = recipient.map_err(|error| on_recipient(&error))?;
        expect(&recipient, Severity::PositiveCompletion)?;
        let data = connection.command(Data).await;
        let data = data.map_err(|error| for_one("DATA", &error))?;
        expect(&data, Severity::PositiveIntermediate)?;
        handed_over.store(true, Ordering::Relaxed);
        let accepted = connection.message(message).await;
        let accepted = accepted.map_err(|error| match error.status() {
            Some(_) => for_one("the message", &error),
            None => Trouble::Unanswered(explained("the message", &error)),
        })?;
        expect(&accepted, Severity::PositiveCompletion)?;
        let text: Vec<_> = accepted.message().collect();
        Ok(answer(accepted.code(), &text.join(" ")))
    }

    /// Forgets a message that was not accepted. Says whether the connection can go on.
    pub(super) async fn forget(&mut self) -> bool {
        self.connection.command(Rset).await.is_ok()
    }

    /// Says good-bye, which is polite and no more.
    pub(super) async fn close(mut self) {
        drop(self.connection.quit().await);
    }
}

/// Makes sure that an answer belongs to its question. Who slips one in before TLS begins would
/// shift all that follow, and a refusal would be taken for an acceptance.
fn expect(response: &Response, severity: Severity) -> Result<(), Trouble> {
    if response.code().severity == severity {
        return Ok(());
    }
    let problem = "the answers of the mail server do not belong to the questions";
    Err(Trouble::Down(problem.to_owned()))
}

fn on_greeting(error: &Error) -> Trouble {
    for_all("the connection", error)
}

/// A refusal for good means all messages.
fn for_all(step: &str, error: &Error) -> Trouble {
    if error.is_permanent() {
        Trouble::Refused(explained(step, error))
    } else {
        Trouble::Down(explained(step, error))
    }
}

/// A refusal for now means the one message, unless the server goes away with it.
fn for_one(step: &str, error: &Error) -> Trouble {
    match error.status() {
        Some(code) if number(code) != 421 && error.is_transient() => {
            Trouble::Later(explained(step, error))
        }
        _ => for_all(step, error),
    }
}

/// What is refused here may be the recipient, the message, or we.
fn on_recipient(error: &Error) -> Trouble {
    let explained = explained("RCPT TO", error);
    let code = match error.status() {
        Some(code) if error.is_permanent() => number(code),
        _ => return for_one("RCPT TO", error),
    };
    match refused::meaning(code, &cause(error)) {
        Meaning::Address => Trouble::Gone(explained),
        Meaning::Later => Trouble::Later(explained),
        Meaning::Message => Trouble::Unwanted(explained),
        Meaning::All => Trouble::Refused(explained),
    }
}

/// What went wrong, for people: at which step, and what the server said.
fn explained(step: &str, error: &Error) -> String {
    let cause = cause(error);
    let said = match error.status() {
        Some(code) => format!("the mail server answered {}", answer(code, &cause)),
        None if cause.contains("UnknownIssuer") => format!(
            "{cause} (if the mail server's authority is your own, name its certificate in LAMPBOARD_SMTP_CA_FILE)"
        ),
        None => cause,
    };
    clean_header(&format!("{step}: {said}"))
}

/// The innermost error, which knows more than those around it say.
fn cause(error: &Error) -> String {
    let mut innermost: &dyn std::error::Error = error;
    while let Some(source) = innermost.source() {
        innermost = source;
    }
    innermost.to_string()
}

fn answer(code: Code, text: &str) -> String {
    clean_header(&format!("{} {text}", number(code)))
}

fn number(code: Code) -> u16 {
    let severity = match code.severity {
        Severity::PositiveCompletion => 2,
        Severity::PositiveIntermediate => 3,
        Severity::TransientNegativeCompletion => 4,
        Severity::PermanentNegativeCompletion => 5,
    };
    severity * 100 + (code.category as u16) * 10 + code.detail as u16
}
