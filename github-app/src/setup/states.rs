//! The `state` that goes to GitHub and has to come back: made here, for an hour, for one use.

use jiff::{SignedDuration, Timestamp};

use super::{
    choices::Choices,
    token::{self, Fingerprint, Random},
};

/// As long as GitHub's code is good for.
const LIFETIME: SignedDuration = SignedDuration::from_hours(1);

/// One is made whenever the page is shown; of the oldest nobody knows any more.
const MOST: usize = 16;

/// The states of one session.
#[derive(Debug, Default)]
pub(super) struct States(Vec<Issued>);

#[derive(Debug)]
struct Issued {
    fingerprint: Fingerprint,
    until: Timestamp,
    /// What was chosen when it was made. None once it has come back.
    choices: Option<Choices>,
}

/// Why an answer of GitHub is not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum StateProblem {
    /// Nobody here asked for it.
    Unknown,
    /// It has been here before.
    Reused,
    /// It was too long on its way.
    Expired,
}

impl States {
    /// Makes a state that stands for these choices.
    pub(super) fn issue(&mut self, choices: Choices, now: Timestamp, random: Random) -> String {
        if self.0.len() == MOST {
            self.0.remove(0);
        }
        let (state, fingerprint) = token::make(random);
        self.0.push(Issued {
            fingerprint,
            until: now + LIFETIME,
            choices: Some(choices),
        });
        state
    }

    /// Lets no state stand for anything any more.
    pub(super) fn spend(&mut self) {
        for issued in &mut self.0 {
            issued.choices = None;
        }
    }

    /// Gives the choices that a state stands for, once.
    pub(super) fn take(&mut self, state: &str, now: Timestamp) -> Result<Choices, StateProblem> {
        let issued = self.0.iter_mut().find(|it| it.fingerprint.is_of(state));
        let issued = issued.ok_or(StateProblem::Unknown)?;
        let choices = issued.choices.take().ok_or(StateProblem::Reused)?;
        if now < issued.until {
            Ok(choices)
        } else {
            Err(StateProblem::Expired)
        }
    }
}
