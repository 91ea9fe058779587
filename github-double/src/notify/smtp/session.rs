//! The server's side of the conversation, without the wire.

use std::sync::Arc;

use bytes::Bytes;

use super::command::{Command, Misunderstanding};
use super::{Mail, Shared, SmtpStep};

/// How many a mail may be for.
const RECIPIENTS: usize = 100;

/// One conversation: what was said so far of the next mail.
#[derive(Debug)]
pub(super) struct Session {
    shared: Arc<Shared>,
    greeted: bool,
    sender: Option<String>,
    recipients: Vec<String>,
}

/// What to answer, and what to do then.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Reply {
    /// Lines with their codes and ends.
    pub(super) text: String,
    pub(super) then: Then,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Then {
    ReadCommand,
    ReadContent,
    HangUp,
}

impl Reply {
    fn new(code: u16, text: &str) -> Self {
        let then = match code {
            221 | 421 => Then::HangUp,
            354 => Then::ReadContent,
            _ => Then::ReadCommand,
        };
        Self {
            text: format!("{code} {text}\r\n"),
            then,
        }
    }

    fn ok() -> Self {
        Self::new(250, "OK")
    }

    fn hello(size_limit: usize) -> Self {
        Self {
            text: format!(
                "250-double\r\n250-PIPELINING\r\n250-8BITMIME\r\n250-SMTPUTF8\r\n250 SIZE {size_limit}\r\n"
            ),
            then: Then::ReadCommand,
        }
    }

    fn out_of_order() -> Self {
        Self::new(503, "bad sequence of commands")
    }

    fn too_large() -> Self {
        Self::new(552, "the mail is too large")
    }

    /// To a line that is too long to be one, or not text.
    pub(super) fn not_a_line() -> Self {
        Self {
            then: Then::HangUp,
            ..Self::new(500, "not a line of SMTP")
        }
    }
}

impl Session {
    pub(super) fn new(shared: Arc<Shared>) -> Self {
        Self {
            shared,
            greeted: false,
            sender: None,
            recipients: Vec::new(),
        }
    }

    /// What the server says first.
    pub(super) fn greeting(&self) -> Reply {
        let greeting = || Reply::new(220, "double ESMTP");
        self.refusal(SmtpStep::Connect).unwrap_or_else(greeting)
    }

    /// Answers a line, which comes without its end.
    pub(super) fn command(&mut self, line: &str) -> Reply {
        match Command::parse(line) {
            Ok(command) => self.obey(&command),
            Err(Misunderstanding::Unknown) => Reply::new(500, "command not recognized"),
            Err(Misunderstanding::Arguments) => Reply::new(501, "bad arguments"),
            Err(Misunderstanding::Parameter) => Reply::new(555, "parameter not recognized"),
        }
    }

    /// Takes the mail, or `None` if it was larger than allowed.
    pub(super) fn content(&mut self, content: Option<Bytes>) -> Reply {
        let (sender, recipients) = (self.sender.take(), std::mem::take(&mut self.recipients));
        if let Some(refusal) = self.refusal(SmtpStep::Content) {
            return refusal;
        }
        let Some(content) = content else {
            return Reply::too_large();
        };
        self.shared.mails.push(Mail {
            sender: sender.unwrap_or_default(),
            recipients,
            content,
        });
        Reply::ok()
    }

    fn obey(&mut self, command: &Command<'_>) -> Reply {
        let refusal = step(command).and_then(|step| self.refusal(step));
        if let Some(refusal) = refusal {
            return refusal;
        }
        match command {
            Command::Hello { extended } => self.hello(*extended),
            Command::Mail { sender, size } => self.mail(sender, *size),
            Command::Recipient(address) => self.recipient(address),
            Command::Data => self.data(),
            Command::Reset => self.reset(),
            Command::Noop => Reply::ok(),
            Command::Quit => Reply::new(221, "bye"),
        }
    }

    fn hello(&mut self, extended: bool) -> Reply {
        self.greeted = true;
        self.reset();
        if extended {
            Reply::hello(self.shared.size_limit)
        } else {
            Reply::new(250, "double")
        }
    }

    fn mail(&mut self, sender: &str, size: Option<usize>) -> Reply {
        if !self.greeted || self.sender.is_some() {
            return Reply::out_of_order();
        }
        if size.is_some_and(|size| size > self.shared.size_limit) {
            return Reply::too_large();
        }
        self.sender = Some(sender.to_owned());
        Reply::ok()
    }

    fn recipient(&mut self, address: &str) -> Reply {
        if self.sender.is_none() {
            return Reply::out_of_order();
        }
        if self.recipients.len() == RECIPIENTS {
            return Reply::new(452, "too many recipients");
        }
        self.recipients.push(address.to_owned());
        Reply::ok()
    }

    fn data(&self) -> Reply {
        if self.sender.is_none() {
            return Reply::out_of_order();
        }
        if self.recipients.is_empty() {
            return Reply::new(554, "no valid recipients");
        }
        Reply::new(354, "end with a dot alone on a line")
    }

    fn reset(&mut self) -> Reply {
        self.sender = None;
        self.recipients.clear();
        Reply::ok()
    }

    fn refusal(&self, step: SmtpStep) -> Option<Reply> {
        let order = self.shared.orders.take(|refusal| refusal.step == step)?;
        Some(Reply::new(order.code, "refused as ordered"))
    }
}

fn step(command: &Command<'_>) -> Option<SmtpStep> {
    match command {
        Command::Hello { .. } => Some(SmtpStep::Hello),
        Command::Mail { .. } => Some(SmtpStep::Mail),
        Command::Recipient(_) => Some(SmtpStep::Recipient),
        Command::Data => Some(SmtpStep::Data),
        Command::Reset | Command::Noop | Command::Quit => None,
    }
}
