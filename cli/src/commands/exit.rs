//! How commands end that others wait for.

use std::process::ExitCode;

/// How a command ended; of several ends, the greatest counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum End {
    /// All that was asked for is done.
    Done,
    /// It is still under way, elsewhere.
    Running,
    /// It was not done.
    Failed,
    /// Who could do it does not answer.
    Unavailable,
    /// Nothing can be done about what was asked for.
    Usage,
}

impl From<End> for ExitCode {
    fn from(end: End) -> Self {
        match end {
            End::Done => Self::SUCCESS,
            End::Failed => Self::FAILURE,
            End::Usage => Self::from(2),
            End::Unavailable => Self::from(5),
            End::Running => Self::from(8),
        }
    }
}
