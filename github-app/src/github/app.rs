//! What the App asks in its own name.

use bytes::Bytes;
use http::Method;
use secrecy::{ExposeSecret, SecretString};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::value::RawValue;

use super::{
    App, Error, GitHub, HookConfig, Installation, Purpose, lane::Identity, path::ApiPath, read,
    wire::Question,
};

/// What is to change of where the App's deliveries go.
#[derive(Debug, Clone, Default)]
pub struct HookConfigChange {
    /// The address.
    pub url: Option<String>,
    /// `json`, or nothing that Lampboard understands.
    pub content_type: Option<String>,
    /// What deliveries are signed with.
    pub secret: Option<SecretString>,
}

#[derive(Serialize)]
struct HookConfigBody<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    url: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    content_type: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    secret: Option<&'a str>,
}

impl GitHub {
    /// The App, as GitHub knows it by its key.
    pub async fn app(&self) -> Result<App, Error> {
        self.app_value(Question::get(ApiPath::fixed("/app"))).await
    }

    /// All installations of the App.
    pub async fn installations(&self) -> Result<Vec<Installation>, Error> {
        let first = ApiPath::fixed("/app/installations?per_page=100");
        let read = |path: &ApiPath, body: &[u8]| {
            let records: Vec<Box<RawValue>> = read::json(path, body)?;
            Ok(read::records(path, &records))
        };
        self.every_page(Identity::App, Purpose::Live, first, read)
            .await
    }

    /// One installation of the App.
    pub async fn installation(&self, id: i64) -> Result<Installation, Error> {
        let path = ApiPath::of(&["app", "installations", &id.to_string()], &[]);
        self.on_behalf_of(id)
            .app_value(Question::get(path))
            .await
            .map_err(|error| match error {
                Error::NotFound { .. } => Error::InstallationGone {
                    installation_id: id,
                },
                error => error,
            })
    }

    /// Where the App's deliveries go.
    pub async fn hook_config(&self) -> Result<HookConfig, Error> {
        self.app_value(Question::get(ApiPath::fixed("/app/hook/config")))
            .await
    }

    /// Changes where the App's deliveries go, and says what it is then.
    pub async fn set_hook_config(&self, change: &HookConfigChange) -> Result<HookConfig, Error> {
        let body = HookConfigBody {
            url: change.url.as_deref(),
            content_type: change.content_type.as_deref(),
            secret: change.secret.as_ref().map(ExposeSecret::expose_secret),
        };
        let body = serde_json::to_vec(&body).expect("texts can be written as JSON");
        let path = ApiPath::fixed("/app/hook/config");
        self.app_value(Question::new(Method::PATCH, path, Some(Bytes::from(body))))
            .await
    }

    async fn app_value<T: DeserializeOwned>(&self, question: Question) -> Result<T, Error> {
        let reply = self
            .ask(Identity::App, Purpose::Live, question, None)
            .await?;
        read::json(&reply.path, &reply.answer.body)
    }
}
