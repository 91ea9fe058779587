//! Where the App's webhooks go, and how.

use serde::Deserialize;

use super::answer::{Answer, Answered};
use super::call::Call;
use super::refusal::Refusal;
use crate::github::GitHub;
use crate::github::app::{App, ContentType};
use crate::payload::app::HookConfigJson;

#[derive(Deserialize)]
struct ChangeJson {
    content_type: Option<ContentType>,
    url: Option<String>,
    secret: Option<String>,
}

/// `GET /app/hook/config`
pub(super) fn get(call: &Call<'_>, github: &GitHub) -> Answered {
    let app = github.app(call.caller.app()?);
    Ok(answer(app.ok_or_else(Refusal::not_found)?))
}

/// `PATCH /app/hook/config`
pub(super) fn change(call: &Call<'_>, github: &mut GitHub) -> Answered {
    let change: ChangeJson = call.json()?;
    let app = github.app_mut(call.caller.app()?);
    let app = app.ok_or_else(Refusal::not_found)?;
    if let Some(url) = change.url {
        app.hook.url = Some(url);
    }
    if let Some(content_type) = change.content_type {
        app.hook.content_type = content_type;
    }
    if let Some(secret) = change.secret {
        app.webhook_secret = secret.into();
    }
    Ok(answer(app))
}

fn answer(app: &App) -> Answer {
    Answer::json(&HookConfigJson::new(app))
}
