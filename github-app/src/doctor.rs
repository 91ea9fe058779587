//! Looks at everything between GitHub and Lampboard that people set up, and says
//! what is wrong with it and what to do about it.

mod app;
mod budgets;
mod credentials;
mod deliveries;
mod hook;
mod installations;

use std::{path::Path, sync::Arc};

use jiff::{SignedDuration, Timestamp};
use serde::Serialize;

use crate::{
    Credentials, IdentityConfig,
    clock::Clock,
    github::{Error, GitHub},
};

/// What was looked at, and how it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// How it is.
    pub level: Level,
    /// What was looked at.
    pub subject: String,
    /// What was found.
    pub message: String,
    /// What to do about it. None if there is nothing to do.
    pub fix: Option<String>,
}

/// How something is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// As it should be.
    Ok,
    /// It works, but not as well as it could, or nobody knows.
    Warn,
    /// It does not work.
    Fail,
}

impl Finding {
    /// It is as it should be.
    pub fn ok(subject: impl Into<String>, message: impl Into<String>) -> Self {
        Self {
            level: Level::Ok,
            subject: subject.into(),
            message: message.into(),
            fix: None,
        }
    }

    /// It is not as it should be, and that does not keep Lampboard from working.
    pub fn warn(
        subject: impl Into<String>,
        message: impl Into<String>,
        fix: impl Into<String>,
    ) -> Self {
        Self {
            level: Level::Warn,
            fix: Some(fix.into()),
            ..Self::ok(subject, message)
        }
    }

    /// It is not as it must be.
    pub fn fail(
        subject: impl Into<String>,
        message: impl Into<String>,
        fix: impl Into<String>,
    ) -> Self {
        Self {
            level: Level::Fail,
            ..Self::warn(subject, message, fix)
        }
    }
}

/// Looks at who Lampboard is to GitHub, and asks GitHub what it makes of that.
/// Changes nothing, and repeats no secret.
pub async fn examine(
    identity: &IdentityConfig,
    ca_certificates: Option<Vec<u8>>,
    clock: Arc<dyn Clock>,
) -> Vec<Finding> {
    let (mut findings, found) = credentials::find(identity);
    if let Some(credentials) = found {
        let now = clock.now();
        match credentials::connect(&credentials, ca_certificates, clock) {
            Ok((github, finding)) => {
                findings.push(finding);
                findings.extend(ask(&github, &credentials, now).await);
            }
            Err(finding) => findings.push(finding),
        }
    }
    findings
}

/// Whether a file that holds a secret is for its owner only.
pub fn private_file(subject: &str, path: &Path) -> Finding {
    credentials::private_file(subject, path)
}

async fn ask(github: &GitHub, credentials: &Credentials, now: Timestamp) -> Vec<Finding> {
    let known = github.app().await;
    let mut findings = vec![app::identity(&known, credentials)];
    findings.extend(app::clock(github.clock_offset()));
    let Ok(known) = known else {
        return findings;
    };
    findings.push(app::permissions(&known, credentials));
    if credentials.polling {
        let message = "GitHub is asked for everything, and delivers nothing";
        findings.push(Finding::ok("webhook", message));
    } else {
        findings.push(app::events(&known, credentials));
        findings.extend(hook::examine(github, credentials).await);
        findings.push(deliveries::examine(github, now).await);
    }
    let (accounts, found) = installations::examine(github, credentials).await;
    findings.extend(found);
    findings.extend(budgets::examine(&github.budgets(), &accounts));
    findings
}

/// Something that GitHub was asked and did not tell.
fn not_told(subject: &str, error: &Error) -> Finding {
    Finding::warn(
        subject,
        format!("GitHub does not tell: {error}"),
        "run doctor again; if it stays like this, look at GitHub's status page",
    )
}

/// How long ago something was, for people.
fn ago(time: Timestamp, now: Timestamp) -> String {
    let seconds = now.duration_since(time).as_secs().max(0);
    let rounded = match seconds {
        0..3600 => seconds,
        3600..172_800 => seconds / 60 * 60,
        _ => seconds / 3600 * 3600,
    };
    format!("{:#} ago", SignedDuration::from_secs(rounded))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longer_ago_the_less_exact() {
        let now: Timestamp = "2026-03-05T12:00:00Z".parse().unwrap();
        let told = |seconds| ago(now - SignedDuration::from_secs(seconds), now);
        assert_eq!(told(65), "1m 5s ago");
        assert_eq!(told(2 * 3600 + 65), "2h 1m ago");
        assert_eq!(told(50 * 3600 + 65), "50h ago");
        assert_eq!(told(-3), "0s ago");
    }
}
