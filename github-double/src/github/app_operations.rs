//! What can happen to an App.

use std::sync::Arc;

use super::GitHub;
use super::account::Account;
use super::app::{App, AppRegistration, ContentType, HookConfig};
use super::change::Subject;
use super::id::AppId;
use super::key::AppKey;

/// Letters and digits, as secrets and client ids are made of.
const HEX: &[u8] = b"0123456789abcdef";
const ALPHANUMERIC: &[u8] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

impl GitHub {
    /// Registers an App, whose id, key and secrets GitHub makes up.
    pub fn register_app(&mut self, registration: AppRegistration, owner: &Arc<Account>) -> AppId {
        let id = self.ids.app(&mut self.rng);
        let slug = self.free_slug(&registration.name);
        let hook = HookConfig {
            id: self.ids.hook(&mut self.rng),
            url: registration.hook_url,
            content_type: ContentType::Json,
            active: registration.hook_active,
        };
        let app = App {
            id,
            html_url: format!("{}/apps/{slug}", self.hosts.web),
            slug,
            name: registration.name,
            description: registration.description,
            owner: Arc::clone(owner),
            client_id: format!("Iv23li{}", self.random_text(14, ALPHANUMERIC)),
            client_secret: self.random_text(40, HEX).into(),
            webhook_secret: self.random_text(40, HEX).into(),
            key: AppKey::numbered(self.apps.len() as u64),
            hook,
            permissions: registration.permissions,
            events: registration.events,
            callback_urls: registration.callback_urls,
            setup_url: registration.setup_url,
            setup_on_update: registration.setup_on_update,
            request_oauth_on_install: registration.request_oauth_on_install,
            public: registration.public,
            external_url: registration.url,
            created_at: self.now(),
            updated_at: self.now(),
        };
        self.apps.insert(id, Arc::new(app));
        id
    }

    /// Tries out the App's webhook: `ping`, as on its registration.
    pub fn ping(&mut self, app: AppId) {
        if let Some(it) = self.apps.get(&app).map(Arc::clone) {
            let sender = Arc::clone(self.administrator_of(&it.owner));
            self.tell_app(app, None, &sender, "", Subject::Ping(it));
        }
    }

    /// A person takes back what they let the App do for them: `github_app_authorization.revoked`.
    pub fn revoke_authorization(&mut self, person: &Arc<Account>, app: AppId) {
        self.tell_app(app, None, person, "revoked", Subject::Authorization);
    }

    /// The App's name as it stands in URLs, with a number if another App has it.
    fn free_slug(&self, name: &str) -> String {
        let words = name.split(|letter: char| !letter.is_ascii_alphanumeric());
        let words: Vec<_> = words.filter(|word| !word.is_empty()).collect();
        let slug = words.join("-").to_lowercase();
        let taken = |slug: &str| self.apps().any(|app| app.slug == slug);
        let numbered = (2_u32..).map(|number| format!("{slug}-{number}"));
        let mut candidates = std::iter::once(slug.clone()).chain(numbered);
        candidates
            .find(|slug| !taken(slug))
            .expect("there are more numbers than Apps")
    }

    /// So many letters of an alphabet.
    pub(crate) fn random_text(&mut self, length: usize, alphabet: &[u8]) -> String {
        let letters = (0..length).map(|_| alphabet[self.rng.usize(..alphabet.len())]);
        letters.map(char::from).collect()
    }
}
