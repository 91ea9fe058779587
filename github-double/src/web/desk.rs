//! The codes that are out, each good for one exchange.

use std::collections::HashMap;
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

use crate::github::GitHub;
use crate::github::account::Account;
use crate::github::id::AppId;

/// How long a manifest's code can be converted.
const MANIFEST_LIFETIME: SignedDuration = SignedDuration::from_hours(1);
/// How long a person's code can be exchanged.
const GRANT_LIFETIME: SignedDuration = SignedDuration::from_mins(10);
const HEX: &[u8] = b"0123456789abcdef";

/// Codes, and what they stand for.
#[derive(Debug, Default)]
pub(super) struct Desk {
    manifests: HashMap<String, Dated<AppId>>,
    grants: HashMap<String, Dated<Grant>>,
}

#[derive(Debug)]
struct Dated<T> {
    what: T,
    created_at: Timestamp,
}

/// What a person lets an App have.
#[derive(Clone, Debug)]
pub(super) struct Grant {
    pub(super) app: AppId,
    pub(super) person: Arc<Account>,
    /// Where the code was sent.
    pub(super) redirect_uri: String,
    /// What the verifier must hash to, if there was a challenge.
    pub(super) challenge: Option<String>,
}

impl Desk {
    /// A code that stands for a new App.
    pub(super) fn issue_manifest_code(&mut self, app: AppId, github: &mut GitHub) -> String {
        let code = github.random_text(40, HEX);
        self.manifests.insert(code.clone(), Dated::new(app, github));
        code
    }

    /// The App that a code stands for, once and within an hour.
    pub(super) fn take_manifest(&mut self, code: &str, now: Timestamp) -> Option<AppId> {
        let app = self.manifests.remove(code)?;
        app.within(MANIFEST_LIFETIME, now)
    }

    /// A code that stands for what a person lets an App have.
    pub(super) fn issue_grant_code(&mut self, grant: Grant, github: &mut GitHub) -> String {
        let code = github.random_text(20, HEX);
        self.grants.insert(code.clone(), Dated::new(grant, github));
        code
    }

    /// What a code stands for, once and within ten minutes, if it was meant for the App.
    pub(super) fn take_grant(&mut self, code: &str, app: AppId, now: Timestamp) -> Option<Grant> {
        self.grants.get(code).filter(|it| it.what.app == app)?;
        let grant = self.grants.remove(code)?;
        grant.within(GRANT_LIFETIME, now)
    }
}

impl<T> Dated<T> {
    fn new(what: T, github: &GitHub) -> Self {
        Self {
            what,
            created_at: github.now(),
        }
    }

    fn within(self, lifetime: SignedDuration, now: Timestamp) -> Option<T> {
        (now < self.created_at + lifetime).then_some(self.what)
    }
}
