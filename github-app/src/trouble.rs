//! What goes wrong between GitHub and the server.

use jiff::{SignedDuration, Timestamp};

use crate::{github, time::after};

/// How long GitHub is left alone after it could not be reached.
const PAUSE: SignedDuration = SignedDuration::from_secs(60);

/// How long what belongs to another process is not handed out, so that it gets it.
pub(crate) const LET_GO: SignedDuration = SignedDuration::from_secs(5);

/// How long an installation is left alone that its owner suspended, or did not
/// grant enough.
const LOCKED_OUT: SignedDuration = SignedDuration::from_mins(10);

/// Why something asked of GitHub did not reach the server.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Trouble {
    #[error(transparent)]
    GitHub(#[from] github::Error),
    #[error("the server: {}", .0.message())]
    Server(#[from] tonic::Status),
    #[error("github's answer can not be read: {0}")]
    Unreadable(#[from] serde_json::Error),
}

impl Trouble {
    /// Whether GitHub does not have what it was asked for.
    pub(crate) fn is_not_found(&self) -> bool {
        matches!(self, Self::GitHub(github::Error::NotFound { .. }))
    }

    /// Whether GitHub knows no such installation, or its owner locked it.
    pub(crate) fn is_locked_out(&self) -> bool {
        matches!(
            self,
            Self::GitHub(github::Error::Suspended { .. } | github::Error::InstallationGone { .. })
        )
    }

    /// Whether it is another process that asks GitHub.
    pub(crate) fn is_not_held(&self) -> bool {
        matches!(self, Self::GitHub(github::Error::NotHeld { .. }))
    }

    /// Whether all of an installation has it, not one repository alone.
    pub(crate) fn is_of_installation(&self) -> bool {
        let of_all = matches!(
            self,
            Self::GitHub(github::Error::Limited { .. } | github::Error::Unauthorized { .. })
        );
        of_all || self.is_locked_out() || self.is_not_held()
    }

    /// Whether GitHub could not answer.
    pub(crate) fn is_unavailable(&self) -> bool {
        matches!(self, Self::GitHub(github::Error::Unavailable(_)))
    }

    /// Until when to wait before trying again; none if trying again is of no use.
    pub(crate) fn wait_until(&self, now: Timestamp) -> Option<Timestamp> {
        match self {
            Self::GitHub(github::Error::Limited { until }) => Some(*until),
            Self::GitHub(github::Error::NotHeld { .. }) => Some(after(now, LET_GO)),
            // Its owner may mend that at any time.
            Self::GitHub(github::Error::Suspended { .. } | github::Error::Forbidden { .. }) => {
                Some(after(now, LOCKED_OUT))
            }
            Self::GitHub(github::Error::Unavailable(_) | github::Error::Unauthorized { .. })
            | Self::Server(_)
            | Self::Unreadable(_) => Some(after(now, PAUSE)),
            Self::GitHub(_) => None,
        }
    }
}
