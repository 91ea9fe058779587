//! From GitHub's code to a running app, a step at a time: what fails can be tried again.

use std::sync::Arc;

use secrecy::{ExposeSecret as _, SecretString};
use url::Url;

use super::{
    Setup, address,
    choices::{Choices, Place},
    token,
};
use crate::{
    credentials::Credentials,
    github::{self, Connection, CreatedApp, GitHub, HookConfigChange, convert_manifest},
};

const WEBHOOK: &str = "/api/webhook/github-actions";

/// What there is to do, with all that it takes.
#[derive(Clone)]
pub(super) enum Pending {
    /// Take GitHub's code for the App's key and secrets.
    Exchange(SecretString, Box<Choices>),
    /// Put them on the disk, before anything else.
    Save(Box<Fresh>),
    /// Give GitHub the secret that it did not make itself.
    Secret(Box<Credentials>),
    /// Let the running app act as the App.
    Connect(Box<Credentials>),
}

/// Credentials that are on no disk yet.
#[derive(Clone)]
pub(super) struct Fresh {
    pub(super) credentials: Credentials,
    /// Whether GitHub does not know the webhook secret.
    pub(super) secret_is_ours: bool,
}

/// What the pages tell of the App that there is. Nothing of it is secret.
#[derive(Debug, Clone)]
pub(super) struct Known {
    pub(super) name: String,
    pub(super) html_url: String,
    pub(super) polling: bool,
    /// Where GitHub delivers to.
    pub(super) webhook_url: Option<String>,
    /// Whether GitHub's way back leads to another host than the browser's.
    pub(super) public_url: Option<String>,
}

/// Why a step failed.
#[derive(Debug)]
pub(super) enum Failure {
    /// GitHub does not take the code: it was used, or is too old.
    Code,
    /// GitHub could not be asked.
    GitHub(String),
    /// The credentials are not on the disk.
    Save(String),
    /// They are, but GitHub does not know the webhook secret.
    Secret(String),
    /// They are, but the app does not run with them.
    Connect(String),
}

impl Known {
    pub(super) fn of(credentials: &Credentials) -> Self {
        let public_url = credentials.public_url.clone();
        Self {
            name: credentials.name.clone(),
            html_url: credentials.html_url.clone(),
            polling: credentials.polling,
            webhook_url: public_url.as_ref().map(|url| format!("{url}{WEBHOOK}")),
            public_url,
        }
    }
}

impl Setup {
    /// Does what there is to do, and all that comes after it. Goes on when the
    /// browser goes away: it would take a key with it that GitHub gives once.
    pub(super) async fn carry_out(self: &Arc<Self>, pending: Pending) -> Result<(), Failure> {
        self.state().pending = Some(pending);
        self.go_on().await
    }

    /// Tries again what failed, if anything did.
    pub(super) async fn go_on(self: &Arc<Self>) -> Result<(), Failure> {
        let setup = Arc::clone(self);
        let work = tokio::spawn(async move { setup.every_step().await });
        work.await
            .unwrap_or_else(|error| Err(Failure::Connect(error.to_string())))
    }

    async fn every_step(&self) -> Result<(), Failure> {
        let _turn = self.turn.lock().await;
        loop {
            let Some(pending) = self.state().pending.clone() else {
                return Ok(());
            };
            match self.step(pending).await {
                Ok(next) => self.state().pending = next,
                Err(failure) => {
                    tracing::warn!(?failure, "set-up can not go on");
                    if matches!(failure, Failure::Code) {
                        self.state().pending = None;
                    }
                    return Err(failure);
                }
            }
        }
    }

    /// Carries one step out. Gives the next one.
    async fn step(&self, pending: Pending) -> Result<Option<Pending>, Failure> {
        match pending {
            Pending::Exchange(code, choices) => {
                let fresh = self.exchange(&code, &choices.place).await?;
                Ok(Some(Pending::Save(Box::new(fresh))))
            }
            Pending::Save(fresh) => {
                self.save(&fresh.credentials).await?;
                let credentials = Box::new(fresh.credentials);
                Ok(Some(if fresh.secret_is_ours {
                    Pending::Secret(credentials)
                } else {
                    Pending::Connect(credentials)
                }))
            }
            Pending::Secret(credentials) => {
                self.tell_secret(&credentials).await?;
                Ok(Some(Pending::Connect(credentials)))
            }
            Pending::Connect(credentials) => {
                self.start(*credentials)?;
                Ok(None)
            }
        }
    }

    async fn exchange(&self, code: &SecretString, place: &Place) -> Result<Fresh, Failure> {
        let certificates = self.config.ca_certificates.as_deref();
        let created = convert_manifest(&place.api_url, certificates, code.expose_secret()).await;
        let created = created.map_err(|error| match error {
            github::Error::NotFound { .. } => Failure::Code,
            github::Error::Refused { status, .. } if status.is_client_error() => Failure::Code,
            error => Failure::GitHub(told(&error)),
        })?;
        tracing::info!(
            app_id = created.id,
            slug = created.slug,
            "GitHub made the app"
        );
        let secret_is_ours = created.webhook_secret.is_none() && !place.polling;
        let mut credentials = credentials(created, place);
        if secret_is_ours {
            let (secret, _) = token::make(self.config.random);
            credentials.webhook_secrets = vec![secret.into()];
        }
        Ok(Fresh {
            credentials,
            secret_is_ours,
        })
    }

    async fn save(&self, credentials: &Credentials) -> Result<(), Failure> {
        let (folder, copy) = (self.config.folder.clone(), credentials.clone());
        let saved = tokio::task::spawn_blocking(move || folder.save(&copy)).await;
        let saved = saved.map_err(|error| Failure::Save(error.to_string()))?;
        saved.map_err(|error| Failure::Save(error.to_string()))?;
        let mut state = self.state();
        state.app = Some(Known::of(credentials));
        // Whatever else GitHub sends back would make another App.
        state.states.spend();
        Ok(())
    }

    async fn tell_secret(&self, credentials: &Credentials) -> Result<(), Failure> {
        let change = HookConfigChange {
            secret: credentials.webhook_secrets.first().cloned(),
            content_type: Some("json".to_owned()),
            ..HookConfigChange::default()
        };
        let github = self.client(credentials).map_err(Failure::Secret)?;
        let changed = github.set_hook_config(&change).await;
        changed.map_err(|error| Failure::Secret(told(&error)))?;
        Ok(())
    }

    fn start(&self, credentials: Credentials) -> Result<(), Failure> {
        (self.connect)(credentials).map_err(|error| Failure::Connect(error.to_string()))
    }

    /// A client that speaks as this App.
    pub(super) fn client(&self, credentials: &Credentials) -> Result<GitHub, String> {
        let url = |text: &str| Url::parse(text).map_err(|error| error.to_string());
        let connection = Connection {
            web_url: url(&credentials.web_url)?,
            api_url: url(&credentials.api_url)?,
            ca_certificates: self.config.ca_certificates.clone(),
            app_id: credentials.app_id,
            client_id: None,
            private_key: credentials.private_key.clone(),
        };
        GitHub::new(connection, Arc::clone(&self.clock)).map_err(|error| error.to_string())
    }
}

fn credentials(created: CreatedApp, place: &Place) -> Credentials {
    Credentials {
        app_id: created.id,
        html_url: page(&created.html_url, &created.slug, &place.web_url),
        slug: created.slug,
        name: created.name,
        client_id: Some(created.client_id),
        client_secret: Some(created.client_secret),
        private_key: created.pem,
        webhook_secrets: created.webhook_secret.into_iter().collect(),
        web_url: address::text(&place.web_url),
        api_url: address::text(&place.api_url),
        public_url: place.public_url.as_ref().map(address::text),
        polling: place.polling,
    }
}

/// The App's page: where GitHub says, as long as that is at GitHub.
pub(super) fn page(html_url: &str, slug: &str, web_url: &Url) -> String {
    let told = Url::parse(html_url).ok();
    let told = told.filter(|url| url.origin() == web_url.origin());
    told.as_ref().map_or_else(
        || format!("{}/apps/{slug}", address::text(web_url)),
        address::text,
    )
}

/// What to tell of an error. A path may have the code in it.
pub(super) fn told(error: &github::Error) -> String {
    use github::Error::{ForeignHost, NotFound, Refused, TooLarge, Unreadable};
    match error {
        NotFound { .. }
        | Refused { .. }
        | ForeignHost { .. }
        | TooLarge { .. }
        | Unreadable { .. } => {
            "its answer is not GitHub's: are its address and the address of its API right?".into()
        }
        error => error.to_string(),
    }
}
