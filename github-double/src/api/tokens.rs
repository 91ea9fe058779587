//! The tokens that are out: of installations and of people.

mod format;

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use fastrand::Rng;
use jiff::{SignedDuration, Timestamp};

use crate::github::account::Account;
use crate::github::id::{AppId, InstallationId, RepositoryId};
pub use format::TokenFormat;

/// How long a person's token and its refresh token live, in seconds.
const USER_TOKEN: i64 = 28_800;
const REFRESH_TOKEN: i64 = 15_811_200;

/// Every token that was handed out and neither replaced nor taken back.
///
/// Logs tell tokens apart by number, so that no log holds one.
#[derive(Debug)]
pub struct Tokens {
    rng: Rng,
    count: u64,
    installation: HashMap<String, InstallationToken>,
    user: HashMap<String, UserToken>,
    refresh: HashMap<String, RefreshToken>,
}

/// What an installation token may do, and until when.
#[derive(Clone, Debug)]
pub struct InstallationToken {
    /// The token's number among all that were handed out.
    pub number: u64,
    /// The installation that it speaks for.
    pub installation: InstallationId,
    /// The repositories that it was narrowed to, if it was.
    pub repositories: Option<Vec<RepositoryId>>,
    /// The permissions that it was narrowed to, if it was.
    pub permissions: Option<BTreeMap<String, String>>,
    /// From when it is known everywhere at GitHub.
    pub known_at: Timestamp,
    /// When it ends.
    pub expires_at: Timestamp,
}

/// Whom a person's token speaks for.
#[derive(Clone, Debug)]
pub struct UserToken {
    /// The token's number among all that were handed out.
    pub number: u64,
    /// The App that the person let in.
    pub app: AppId,
    /// The person.
    pub person: Arc<Account>,
    /// When it ends.
    pub expires_at: Timestamp,
}

#[derive(Clone, Debug)]
struct RefreshToken {
    /// The token that came with it.
    access_token: String,
    app: AppId,
    person: Arc<Account>,
    expires_at: Timestamp,
}

/// A new pair of tokens for a person.
#[derive(Clone, Debug)]
pub struct UserTokens {
    /// `ghu_...`
    pub access_token: String,
    /// How many seconds it lives.
    pub expires_in: i64,
    /// `ghr_...`
    pub refresh_token: String,
    /// How many seconds that one lives.
    pub refresh_token_expires_in: i64,
}

/// Whom a token speaks for.
#[derive(Clone, Debug)]
pub(super) enum Bearer {
    Installation(InstallationToken),
    User(UserToken),
}

impl Tokens {
    /// No tokens yet; those to come depend on the seed alone.
    pub fn new(seed: u64) -> Self {
        Self {
            rng: Rng::with_seed(seed),
            count: 0,
            installation: HashMap::new(),
            user: HashMap::new(),
            refresh: HashMap::new(),
        }
    }

    /// Hands out a token of an installation of the App; `grant` has all but its number.
    pub(super) fn issue_installation_token(
        &mut self,
        app: AppId,
        format: TokenFormat,
        grant: InstallationToken,
    ) -> String {
        let number = self.next();
        let token = format.installation_token(app.0, number, &mut self.rng);
        let grant = InstallationToken { number, ..grant };
        self.installation.insert(token.clone(), grant);
        token
    }

    /// Hands out a pair of tokens to a person who let the App in.
    pub fn issue_user_token(
        &mut self,
        app: AppId,
        person: &Arc<Account>,
        now: Timestamp,
    ) -> UserTokens {
        let number = self.next();
        let access_token = format::letters("ghu_", 36, &mut self.rng);
        let refresh_token = format::letters("ghr_", 76, &mut self.rng);
        let user = UserToken {
            number,
            app,
            person: Arc::clone(person),
            expires_at: now + SignedDuration::from_secs(USER_TOKEN),
        };
        let refresh = RefreshToken {
            access_token: access_token.clone(),
            app,
            person: Arc::clone(person),
            expires_at: now + SignedDuration::from_secs(REFRESH_TOKEN),
        };
        self.user.insert(access_token.clone(), user);
        self.refresh.insert(refresh_token.clone(), refresh);
        UserTokens {
            access_token,
            expires_in: USER_TOKEN,
            refresh_token,
            refresh_token_expires_in: REFRESH_TOKEN,
        }
    }

    /// Replaces a pair: both old tokens end at once. `None` for a refresh token that is not this
    /// App's, was used before, or is too old.
    pub fn refresh(&mut self, app: AppId, token: &str, now: Timestamp) -> Option<UserTokens> {
        let old = self.refresh.get(token);
        old.filter(|old| old.app == app && now < old.expires_at)?;
        let old = self.refresh.remove(token)?;
        self.user.remove(&old.access_token);
        Some(self.issue_user_token(app, &old.person, now))
    }

    /// Ends one token of whatever kind; whether there was one.
    pub fn revoke(&mut self, token: &str) -> bool {
        let user = self.user.remove(token).is_some();
        self.refresh
            .retain(|_, refresh| refresh.access_token != token);
        self.installation.remove(token).is_some() || user
    }

    /// Ends the installation token of this number.
    pub(super) fn revoke_number(&mut self, number: u64) {
        self.installation.retain(|_, token| token.number != number);
    }

    /// Ends all tokens that the person gave the App.
    pub fn revoke_person(&mut self, app: AppId, person: u64) {
        let stays = |of_app: AppId, of: &Account| of_app != app || of.id != person;
        self.user.retain(|_, user| stays(user.app, &user.person));
        self.refresh
            .retain(|_, refresh| stays(refresh.app, &refresh.person));
    }

    /// Ends all tokens of an installation.
    pub fn revoke_installation(&mut self, installation: InstallationId) {
        self.installation
            .retain(|_, token| token.installation != installation);
    }

    /// Whom a token speaks for, if it is one and has not ended.
    pub(super) fn bearer(&self, token: &str, now: Timestamp) -> Option<Bearer> {
        if let Some(grant) = self.installation.get(token) {
            let alive = grant.known_at <= now && now < grant.expires_at;
            return alive.then(|| Bearer::Installation(grant.clone()));
        }
        let user = self.user.get(token)?;
        (now < user.expires_at).then(|| Bearer::User(user.clone()))
    }

    /// The installation that a token was made for, whether it still may be used or not.
    pub(super) fn installation_of(&self, token: &str) -> Option<InstallationId> {
        self.installation.get(token).map(|token| token.installation)
    }

    fn next(&mut self) -> u64 {
        self.count += 1;
        self.count
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::github::account::AccountKind;

    const APP: AppId = AppId(5);
    const OTHER: AppId = AppId(6);

    #[test]
    fn a_refresh_replaces_both_tokens_once() {
        let (mut tokens, ada, now) = scene();
        let old = tokens.issue_user_token(APP, &ada, now);
        assert!(tokens.refresh(OTHER, &old.refresh_token, now).is_none());
        let new = tokens.refresh(APP, &old.refresh_token, now).unwrap();
        assert!(tokens.bearer(&old.access_token, now).is_none());
        assert!(tokens.bearer(&new.access_token, now).is_some());
        assert!(tokens.refresh(APP, &old.refresh_token, now).is_none());
    }

    #[test]
    fn tokens_end_with_their_time() {
        let (mut tokens, ada, now) = scene();
        let pair = tokens.issue_user_token(APP, &ada, now);
        let end = now + SignedDuration::from_secs(pair.expires_in);
        let before = end - SignedDuration::from_secs(1);
        assert!(tokens.bearer(&pair.access_token, before).is_some());
        assert!(tokens.bearer(&pair.access_token, end).is_none());
        let end = now + SignedDuration::from_secs(pair.refresh_token_expires_in);
        assert!(tokens.refresh(APP, &pair.refresh_token, end).is_none());
    }

    #[test]
    fn a_token_is_not_known_everywhere_at_once() {
        let (mut tokens, _, now) = scene();
        let known_at = now + SignedDuration::from_secs(3);
        let grant = InstallationToken {
            number: 0,
            installation: InstallationId(9),
            repositories: None,
            permissions: None,
            known_at,
            expires_at: now + SignedDuration::from_hours(1),
        };
        let token = tokens.issue_installation_token(APP, TokenFormat::Opaque40, grant);
        assert!(tokens.bearer(&token, now).is_none());
        assert!(tokens.bearer(&token, known_at).is_some());
        tokens.revoke_installation(InstallationId(9));
        assert!(tokens.bearer(&token, known_at).is_none());
    }

    #[test]
    fn a_person_takes_back_all_they_gave_one_app() {
        let (mut tokens, ada, now) = scene();
        let one = tokens.issue_user_token(APP, &ada, now);
        let other = tokens.issue_user_token(OTHER, &ada, now);
        tokens.revoke_person(APP, ada.id);
        assert!(tokens.bearer(&one.access_token, now).is_none());
        assert!(tokens.refresh(APP, &one.refresh_token, now).is_none());
        assert!(tokens.bearer(&other.access_token, now).is_some());
        assert!(tokens.revoke(&other.access_token));
        assert!(tokens.refresh(OTHER, &other.refresh_token, now).is_none());
    }

    fn scene() -> (Tokens, Arc<Account>, Timestamp) {
        let ada = Account {
            id: 3,
            login: "ada".to_owned(),
            name: "Ada Example".to_owned(),
            kind: AccountKind::User,
        };
        (Tokens::new(1), Arc::new(ada), Timestamp::UNIX_EPOCH)
    }
}
