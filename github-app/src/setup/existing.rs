//! "I already have an App": its id, key and secret, checked with GitHub before they are kept.

use std::sync::Arc;

use url::Url;

use super::{
    Setup, address,
    choices::Place,
    fields::{Fields, Problems},
    steps::{self, Fresh},
};
use crate::{credentials::Credentials, github, wanted};

impl Setup {
    /// Reads the form and asks GitHub whether it is right.
    pub(super) async fn check_existing(
        self: &Arc<Self>,
        fields: &Fields,
    ) -> Result<Fresh, Problems> {
        let mut problems = Problems::default();
        let Some(typed) = read(fields, &mut problems) else {
            return Err(problems);
        };
        let credentials = self.look_up(typed, &mut problems).await;
        match credentials {
            Some(credentials) if problems.is_empty() => Ok(Fresh {
                credentials,
                secret_is_ours: false,
            }),
            _ => Err(problems),
        }
    }

    /// Completes what was typed by what GitHub knows of the App.
    async fn look_up(&self, typed: Credentials, problems: &mut Problems) -> Option<Credentials> {
        let github = problems.check("private_key", self.client(&typed))?;
        let app = match github.app().await {
            Ok(app) => app,
            Err(error) => {
                refused(&error, &typed, problems);
                return None;
            }
        };
        compare(&typed, &app, problems);
        let web_url = Url::parse(&typed.web_url).ok()?;
        let slug = app.slug.unwrap_or_default();
        let html_url = app.html_url.unwrap_or_default();
        Some(Credentials {
            html_url: steps::page(&html_url, &slug, &web_url),
            name: app.name.unwrap_or_else(|| slug.clone()),
            client_id: typed.client_id.or(app.client_id),
            slug,
            ..typed
        })
    }
}

fn read(fields: &Fields, problems: &mut Problems) -> Option<Credentials> {
    let app_id = fields.get("app_id").parse().ok().filter(|id| *id > 0);
    let app_id = app_id.ok_or("The id is a number: it stands at the top of the App's settings.");
    let app_id = problems.check("app_id", app_id);
    let key = fields
        .filled("private_key_file")
        .or_else(|| fields.filled("private_key"));
    let key = problems.check(
        "private_key",
        key.ok_or("Without its key nobody is the App."),
    );
    let place = Place::read(fields, problems);
    let webhook_secret = fields.filled("webhook_secret");
    if webhook_secret.is_none() && fields.get("arrival") != "polling" {
        problems.add(
            "webhook_secret",
            "Without it, deliveries could be anybody's. Only polling does without.",
        );
    }
    let place = place.filter(|_| problems.is_empty())?;
    Some(Credentials {
        app_id: app_id?,
        slug: String::new(),
        name: String::new(),
        html_url: String::new(),
        client_id: fields.filled("client_id").map(str::to_owned),
        client_secret: fields.filled("client_secret").map(Into::into),
        private_key: key?.into(),
        webhook_secrets: webhook_secret.map(Into::into).into_iter().collect(),
        web_url: address::text(&place.web_url),
        api_url: address::text(&place.api_url),
        public_url: place.public_url.as_ref().map(address::text),
        polling: place.polling,
    })
}

/// Says what it means that GitHub does not show the App.
fn refused(error: &github::Error, typed: &Credentials, problems: &mut Problems) {
    match error {
        github::Error::Unauthorized { .. } => problems.add(
            "private_key",
            format!(
                "GitHub does not take it for the key of App {}: either the id or the key is \
                 another App's.",
                typed.app_id
            ),
        ),
        github::Error::NotFound { .. } => problems.add(
            "app_id",
            format!("GitHub knows no App with the id {}.", typed.app_id),
        ),
        error => problems.add(
            "github",
            format!("GitHub can not be asked: {}", steps::told(error)),
        ),
    }
}

/// Notes where the App is not what it has to be.
fn compare(typed: &Credentials, app: &github::App, problems: &mut Problems) {
    if let Some(id) = app.id.filter(|id| *id != typed.app_id) {
        problems.add("app_id", format!("The key is App {id}'s."));
    }
    if let (Some(typed), Some(known)) = (&typed.client_id, &app.client_id)
        && typed != known
    {
        problems.add("client_id", format!("The App's client id is {known}."));
    }
    let granted = app.permissions.clone().unwrap_or_default();
    let permissions = wanted::missing_permissions(&granted);
    if !permissions.is_empty() {
        problems.add(
            "permissions",
            format!(
                "The App lacks the permission {}. Add it under \u{201c}Permissions & events\u{201d} of its settings, \
                 and let every installation accept it.",
                permissions.join(" and the permission ")
            ),
        );
    }
    let events = wanted::missing_events(app.events.as_deref().unwrap_or_default());
    if !typed.polling && !events.is_empty() {
        problems.add(
            "events",
            format!(
                "The App is not told of {}. Subscribe to it under \u{201c}Permissions & events\u{201d} of \
                 its settings.",
                events.join(", ")
            ),
        );
    }
}
