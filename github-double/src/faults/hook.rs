//! What goes wrong with one webhook.

use jiff::SignedDuration;

use super::kind::{BadSignature, FaultKind};

/// How an event is delivered, if not as it should.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HookFaults {
    /// It is not posted, but logged with this outcome.
    pub drop: Option<Dropped>,
    /// How much later it is posted, by the virtual clock.
    pub delay: SignedDuration,
    /// How many places it may move among those that are posted at the same time.
    pub reorder: u32,
    /// How many times more it is posted.
    pub duplicates: u32,
    /// How it is signed.
    pub signing: Signing,
    /// Whether it is posted as a form, whatever the hook's configuration says.
    pub form: bool,
    /// How many are posted at a time, if not one.
    pub at_a_time: Option<u32>,
}

/// What the log says of a webhook that was never posted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dropped {
    /// The status code; 0 if nothing came back.
    pub status_code: u16,
    /// The text beside it.
    pub status: String,
}

/// What a webhook is signed with.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Signing {
    /// The App's secret.
    #[default]
    Right,
    /// The secret that was.
    Old(String),
    /// Wrongly.
    Wrong(BadSignature),
}

impl HookFaults {
    pub(super) fn of(kinds: &[FaultKind]) -> Self {
        let mut faults = Self::default();
        for kind in kinds {
            faults.add(kind);
        }
        faults
    }

    fn add(&mut self, kind: &FaultKind) {
        match kind {
            FaultKind::HookDrop {
                status_code,
                status,
            } => {
                self.drop = Some(Dropped {
                    status_code: *status_code,
                    status: status.clone(),
                });
            }
            FaultKind::HookDelay { seconds } => self.delay += SignedDuration::from_secs(*seconds),
            FaultKind::HookReorder { window } => self.reorder = self.reorder.max(*window),
            FaultKind::HookDuplicate { times } => self.duplicates += times,
            FaultKind::HookBadSignature { how } => self.signing = Signing::Wrong(*how),
            FaultKind::HookForm => self.form = true,
            FaultKind::HookSurge { at_a_time } => self.at_a_time = Some((*at_a_time).max(1)),
            FaultKind::SecretRotation { old_secret } => {
                self.signing = Signing::Old(old_secret.clone());
            }
            _ => {}
        }
    }
}
