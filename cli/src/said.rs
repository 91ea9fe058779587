//! An error in one line, with all that led to it.

/// Says each cause once: many an error says itself what caused it.
pub(crate) fn said(error: &anyhow::Error) -> String {
    let mut said = String::new();
    for cause in error.chain() {
        let cause = cause.to_string();
        if said.is_empty() {
            said = cause;
        } else if !said.ends_with(&cause) {
            said.push_str(": ");
            said.push_str(&cause);
        }
    }
    said
}

#[cfg(test)]
mod tests {
    use anyhow::Context as _;
    use lampboard_server::Error;

    use super::*;

    #[test]
    fn no_cause_is_said_twice() {
        let missing = Error::Io {
            context: "the database file a.db".to_owned(),
            source: std::io::Error::from(std::io::ErrorKind::NotFound),
        };
        let error = Err::<(), _>(missing).context("can not open it");
        assert_eq!(
            said(&error.unwrap_err()),
            "can not open it: the database file a.db: entity not found"
        );
    }

    #[test]
    fn what_an_error_does_not_say_of_its_cause_is_said() {
        let error = anyhow::anyhow!("no answer")
            .context("can not ask")
            .context("oh");
        assert_eq!(said(&error), "oh: can not ask: no answer");
    }
}
