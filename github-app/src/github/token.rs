//! Tokens of installations: made anew in time, and again when GitHub knows one no
//! more.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use secrecy::SecretString;

/// A token is made anew when it is good for less than this.
const RENEWED_BEFORE: SignedDuration = SignedDuration::from_mins(5);
/// How long it takes, at most, until all of GitHub knows a new token.
const SPREADING: SignedDuration = SignedDuration::from_secs(5);
/// How often a token that is not known yet is tried again: after 1, 2, 3 s.
const TRIES: u64 = 3;

/// What an installation signs in with. It may be of any length and form.
pub(super) struct InstallationToken {
    pub(super) secret: SecretString,
    /// Tells it from every other token of this process.
    pub(super) number: u64,
    pub(super) create_time: Timestamp,
    pub(super) expire_time: Timestamp,
}

impl InstallationToken {
    pub(super) fn is_good(&self, now: Timestamp) -> bool {
        // One that lives for minutes only is good for half of them.
        let lifetime = self.expire_time.duration_since(self.create_time);
        now + RENEWED_BEFORE.min(lifetime / 2) < self.expire_time
    }
}

/// What to do when GitHub does not know a token.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Remedy {
    Wait(Duration),
    Renew,
    GiveUp,
}

/// How one call has fared with its token.
#[derive(Default)]
pub(super) struct SignIn {
    is_renewed: bool,
    waits: u64,
}

impl SignIn {
    /// Takes notice that the token was made for this call.
    pub(super) fn renewed(&mut self) {
        self.is_renewed = true;
        self.waits = 0;
    }

    /// What to do after GitHub did not know a token of that age.
    pub(super) fn after_refusal(&mut self, age: SignedDuration) -> Remedy {
        if age < SPREADING && self.waits < TRIES {
            self.waits += 1;
            return Remedy::Wait(Duration::from_secs(self.waits));
        }
        if self.is_renewed {
            Remedy::GiveUp
        } else {
            Remedy::Renew
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const OLD: SignedDuration = SignedDuration::from_secs(5);
    const NEW: SignedDuration = SignedDuration::from_secs(0);

    #[test]
    fn waits_for_a_new_token_to_be_known_then_gives_up() {
        let mut sign_in = SignIn::default();
        sign_in.renewed();
        for (age, wait) in [(0, 1), (1, 2), (3, 3)] {
            let remedy = sign_in.after_refusal(SignedDuration::from_secs(age));
            assert_eq!(remedy, Remedy::Wait(Duration::from_secs(wait)));
        }
        assert_eq!(
            sign_in.after_refusal(SignedDuration::from_secs(6)),
            Remedy::GiveUp
        );
    }

    #[test]
    fn waits_three_times_even_if_no_time_passes() {
        let mut sign_in = SignIn::default();
        sign_in.renewed();
        for _ in 0..3 {
            assert!(matches!(sign_in.after_refusal(NEW), Remedy::Wait(_)));
        }
        assert_eq!(sign_in.after_refusal(NEW), Remedy::GiveUp);
    }

    #[test]
    fn renews_an_old_token_once() {
        let mut sign_in = SignIn::default();
        assert_eq!(sign_in.after_refusal(OLD), Remedy::Renew);
        sign_in.renewed();
        assert_eq!(
            sign_in.after_refusal(NEW),
            Remedy::Wait(Duration::from_secs(1))
        );
        assert_eq!(sign_in.after_refusal(OLD), Remedy::GiveUp);
    }
}
