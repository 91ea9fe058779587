//! Why GitHub did not give what it was asked for.

use http::StatusCode;
use jiff::Timestamp;

use super::ConnectionError;

/// Why GitHub did not give what it was asked for, and so what to do about it.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// No request was made, or GitHub refused one for there being too many: come
    /// back then, and not earlier.
    #[error(
        "no more requests before {}: GitHub's limit, or our share of it, is used up",
        crate::time::seconds(*until)
    )]
    Limited {
        /// When the next request may be made.
        until: Timestamp,
    },
    /// No request was made: another process asks for this.
    #[error("another github-app asks GitHub for installation {installation_id}")]
    NotHeld {
        /// The installation; zero stands for the App as a whole.
        installation_id: i64,
    },
    /// GitHub, or the way there, is out of order: come back some time later.
    #[error("github can not be reached: {0}")]
    Unavailable(String),
    /// GitHub does not know the App by its key, or its own token.
    #[error("github refuses the app's credentials: {message}")]
    Unauthorized {
        /// GitHub's words.
        message: String,
    },
    /// The installation does not allow it: a person has to.
    #[error(
        "github refuses it: {message} (permissions that would do: {})",
        accepted_permissions.as_deref().unwrap_or("unknown")
    )]
    Forbidden {
        /// GitHub's words.
        message: String,
        /// What GitHub says it takes, like `actions=read`.
        accepted_permissions: Option<String>,
    },
    /// The owner has suspended the installation.
    #[error("installation {installation_id} is suspended")]
    Suspended {
        /// The installation.
        installation_id: i64,
    },
    /// The App is no longer installed there.
    #[error("installation {installation_id} is gone")]
    InstallationGone {
        /// The installation.
        installation_id: i64,
    },
    /// There is no such thing, or not for this installation.
    #[error("{path} is not there")]
    NotFound {
        /// What was asked for.
        path: String,
    },
    /// Any other answer that is not the wanted one.
    #[error("github answered {path} with {status}: {message}")]
    Refused {
        /// What was asked for.
        path: String,
        /// The status of the answer.
        status: StatusCode,
        /// GitHub's words.
        message: String,
    },
    /// An answer points to somewhere that is not GitHub. Nothing was sent there.
    #[error("github points to {host}, which is not where it is")]
    ForeignHost {
        /// Where to.
        host: String,
    },
    /// The answer is larger than any of GitHub's should be.
    #[error("the answer to {path} is too large")]
    TooLarge {
        /// What was asked for.
        path: String,
    },
    /// The answer is not what it should be.
    #[error("the answer to {path} can not be read: {problem}")]
    Unreadable {
        /// What was asked for.
        path: String,
        /// What is wrong with it.
        problem: String,
    },
    /// Nothing can be signed with the App's key.
    #[error("can not sign as the app: {0}")]
    Signing(String),
    /// GitHub can not be spoken to as it was asked.
    #[error(transparent)]
    Connection(#[from] ConnectionError),
}
