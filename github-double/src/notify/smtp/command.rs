//! The commands of SMTP.

/// What a client says.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Command<'a> {
    Hello {
        extended: bool,
    },
    Mail {
        sender: &'a str,
        /// How large it says the mail is.
        size: Option<usize>,
    },
    Recipient(&'a str),
    Data,
    Reset,
    Noop,
    Quit,
}

/// Why a line is no command.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Misunderstanding {
    /// Nobody knows the word.
    Unknown,
    /// What follows the word is not what should.
    Arguments,
    /// It asks for something that was not offered.
    Parameter,
}

impl<'a> Command<'a> {
    /// Reads a line, without its end.
    pub(super) fn parse(line: &'a str) -> Result<Self, Misunderstanding> {
        let (word, rest) = line.split_once(' ').unwrap_or((line, ""));
        let rest = rest.trim();
        match word.to_ascii_uppercase().as_str() {
            "EHLO" => with_name(rest, Self::Hello { extended: true }),
            "HELO" => with_name(rest, Self::Hello { extended: false }),
            "MAIL" => mail(rest),
            "RCPT" => recipient(rest),
            "DATA" => alone(rest, Self::Data),
            "RSET" => alone(rest, Self::Reset),
            "NOOP" => Ok(Self::Noop),
            "QUIT" => alone(rest, Self::Quit),
            _ => Err(Misunderstanding::Unknown),
        }
    }
}

fn with_name<'a>(name: &str, command: Command<'a>) -> Result<Command<'a>, Misunderstanding> {
    if name.is_empty() {
        return Err(Misunderstanding::Arguments);
    }
    Ok(command)
}

fn alone<'a>(rest: &str, command: Command<'a>) -> Result<Command<'a>, Misunderstanding> {
    if !rest.is_empty() {
        return Err(Misunderstanding::Arguments);
    }
    Ok(command)
}

fn mail(rest: &str) -> Result<Command<'_>, Misunderstanding> {
    let (sender, parameters) = path(rest, "FROM:")?;
    let mut size = None;
    for parameter in parameters.split_ascii_whitespace() {
        match parameter.to_ascii_uppercase().as_str() {
            "BODY=7BIT" | "BODY=8BITMIME" | "SMTPUTF8" => {}
            parameter => {
                let number = parameter.strip_prefix("SIZE=");
                let number = number.ok_or(Misunderstanding::Parameter)?;
                size = Some(number.parse().map_err(|_| Misunderstanding::Arguments)?);
            }
        }
    }
    Ok(Command::Mail { sender, size })
}

fn recipient(rest: &str) -> Result<Command<'_>, Misunderstanding> {
    let (address, parameters) = path(rest, "TO:")?;
    if !address.contains('@') {
        return Err(Misunderstanding::Arguments);
    }
    if !parameters.is_empty() {
        return Err(Misunderstanding::Parameter);
    }
    Ok(Command::Recipient(address))
}

/// The address between angle brackets, and what follows them.
fn path<'a>(rest: &'a str, keyword: &str) -> Result<(&'a str, &'a str), Misunderstanding> {
    let split = rest.split_at_checked(keyword.len());
    let path = split.filter(|(start, _)| start.eq_ignore_ascii_case(keyword));
    let path = path.and_then(|(_, path)| path.trim_start().strip_prefix('<'));
    let parts = path.and_then(|path| path.split_once('>'));
    parts.ok_or(Misunderstanding::Arguments)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_are_understood_in_upper_and_lower_case() {
        let table = [
            ("EHLO board.example", Command::Hello { extended: true }),
            ("helo board.example", Command::Hello { extended: false }),
            (
                "MAIL FROM:<ci@example.org> BODY=8BITMIME SIZE=1200",
                Command::Mail {
                    sender: "ci@example.org",
                    size: Some(1_200),
                },
            ),
            (
                "mail from:<>",
                Command::Mail {
                    sender: "",
                    size: None,
                },
            ),
            (
                "RCPT TO:<ada@example.org>",
                Command::Recipient("ada@example.org"),
            ),
            ("DATA", Command::Data),
            ("rset", Command::Reset),
            ("NOOP is anyone there", Command::Noop),
            ("QUIT", Command::Quit),
        ];
        for (line, expected) in table {
            assert_eq!(Command::parse(line), Ok(expected), "{line}");
        }
    }

    #[test]
    fn what_is_no_command_is_told_apart() {
        use Misunderstanding::{Arguments, Parameter, Unknown};
        let table = [
            ("", Unknown),
            ("STARTTLS", Unknown),
            ("EHLO", Arguments),
            ("MAIL FROM:ci@example.org", Arguments),
            ("MAIL TO:<ci@example.org>", Arguments),
            ("MAIL FROM:<ci@example.org> SIZE=large", Arguments),
            ("MAIL FROM:<ci@example.org> RET=FULL", Parameter),
            ("RCPT TO:<ada>", Arguments),
            ("RCPT TO:<ada@example.org> NOTIFY=NEVER", Parameter),
            ("DATA now", Arguments),
        ];
        for (line, expected) in table {
            assert_eq!(Command::parse(line), Err(expected), "{line}");
        }
    }
}
