//! The exchange of codes and refresh tokens for tokens of a person.

use std::sync::Arc;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{RawQuery, State};
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use secrecy::ExposeSecret;
use serde_json::Value;

use super::fields::Fields;
use super::{Web, pkce};
use crate::api::tokens::{Tokens, UserTokens};
use crate::github::GitHub;
use crate::github::app::App;

pub(super) fn routes() -> Router<Arc<Web>> {
    Router::new().route("/login/oauth/access_token", post(exchange))
}

/// Why there are no tokens. GitHub says so with status 200.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Problem {
    ClientCredentials,
    GrantType,
    RedirectUri,
    RefreshToken,
    VerificationCode,
}

impl Problem {
    fn words(self) -> (&'static str, &'static str) {
        match self {
            Self::ClientCredentials => (
                "incorrect_client_credentials",
                "The client_id and/or client_secret passed are incorrect.",
            ),
            Self::GrantType => (
                "unsupported_grant_type",
                "The grant_type must be authorization_code or refresh_token.",
            ),
            Self::RedirectUri => (
                "redirect_uri_mismatch",
                "The redirect_uri MUST match the registered callback URL for this application.",
            ),
            Self::RefreshToken => (
                "bad_refresh_token",
                "The refresh token passed is incorrect or expired.",
            ),
            Self::VerificationCode => (
                "bad_verification_code",
                "The code passed is incorrect or expired.",
            ),
        }
    }
}

async fn exchange(
    State(web): State<Arc<Web>>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let fields = of_body(&headers, &body).and(Fields::of_query(query.as_deref()));
    let granted = web.act(|github, tokens| web.tokens_for(&fields, github, tokens));
    let pairs = match granted {
        Ok(granted) => of_tokens(granted),
        Err(problem) => of_problem(problem),
    };
    answer(&headers, &pairs)
}

impl Web {
    fn tokens_for(
        &self,
        fields: &Fields,
        github: &GitHub,
        tokens: &mut Tokens,
    ) -> Result<UserTokens, Problem> {
        let app = client(fields, github).ok_or(Problem::ClientCredentials)?;
        match fields.get("grant_type") {
            None | Some("authorization_code") => self.by_code(fields, app, github, tokens),
            Some("refresh_token") => {
                let token = fields.get("refresh_token").unwrap_or_default();
                let granted = tokens.refresh(app.id, token, github.now());
                granted.ok_or(Problem::RefreshToken)
            }
            Some(_) => Err(Problem::GrantType),
        }
    }

    fn by_code(
        &self,
        fields: &Fields,
        app: &App,
        github: &GitHub,
        tokens: &mut Tokens,
    ) -> Result<UserTokens, Problem> {
        let code = fields.get("code").unwrap_or_default();
        let grant = self.desk().take_grant(code, app.id, github.now());
        let grant = grant.ok_or(Problem::VerificationCode)?;
        let redirect_uri = fields.get("redirect_uri");
        if redirect_uri.is_some_and(|uri| uri != grant.redirect_uri) {
            return Err(Problem::RedirectUri);
        }
        if let Some(challenge) = &grant.challenge {
            let verifier = fields.get("code_verifier").unwrap_or_default();
            if !pkce::matches(challenge, verifier) {
                return Err(Problem::VerificationCode);
            }
        }
        Ok(tokens.issue_user_token(app.id, &grant.person, github.now()))
    }
}

/// The App that proves itself by its secret.
fn client<'a>(fields: &Fields, github: &'a GitHub) -> Option<&'a App> {
    let (id, secret) = (fields.get("client_id")?, fields.get("client_secret")?);
    let mut apps = github.apps();
    apps.find(|app| app.client_id == id && app.client_secret.expose_secret() == secret)
}

fn of_body(headers: &HeaderMap, body: &[u8]) -> Fields {
    let content_type = headers.get(header::CONTENT_TYPE);
    let content_type = content_type
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    if !content_type.starts_with("application/json") {
        return Fields::parse(body);
    }
    let Ok(Value::Object(object)) = serde_json::from_slice(body) else {
        return Fields::default();
    };
    let texts = object.into_iter().filter_map(|(name, value)| match value {
        Value::String(value) => Some((name, value)),
        _ => None,
    });
    Fields::from_pairs(texts)
}

/// The fields of an answer, in order.
type Pairs = Vec<(&'static str, Value)>;

fn of_tokens(tokens: UserTokens) -> Pairs {
    vec![
        ("access_token", tokens.access_token.into()),
        ("expires_in", tokens.expires_in.into()),
        ("refresh_token", tokens.refresh_token.into()),
        (
            "refresh_token_expires_in",
            tokens.refresh_token_expires_in.into(),
        ),
        ("token_type", "bearer".into()),
        ("scope", "".into()),
    ]
}

fn of_problem(problem: Problem) -> Pairs {
    const HELP: &str = "https://docs.github.com/apps/creating-github-apps";
    let (error, description) = problem.words();
    vec![
        ("error", error.into()),
        ("error_description", description.into()),
        ("error_uri", HELP.into()),
    ]
}

/// JSON for whoever accepts it, else a form.
fn answer(headers: &HeaderMap, pairs: &Pairs) -> Response {
    let accept = headers
        .get(header::ACCEPT)
        .and_then(|value| value.to_str().ok());
    let wants_json = accept.is_some_and(|accept| accept.contains("json"));
    let (content_type, body) = if wants_json {
        ("application/json; charset=utf-8", as_json(pairs))
    } else {
        (
            "application/x-www-form-urlencoded; charset=utf-8",
            as_form(pairs),
        )
    };
    let headers = [
        (header::CONTENT_TYPE, content_type),
        (header::CACHE_CONTROL, "no-store"),
    ];
    (headers, body).into_response()
}

fn as_json(pairs: &Pairs) -> String {
    let pairs = pairs
        .iter()
        .map(|(name, value)| ((*name).to_owned(), value.clone()));
    Value::Object(pairs.collect()).to_string()
}

fn as_form(pairs: &Pairs) -> String {
    let mut form = form_urlencoded::Serializer::new(String::new());
    for (name, value) in pairs {
        match value {
            Value::String(text) => form.append_pair(name, text),
            other => form.append_pair(name, &other.to_string()),
        };
    }
    form.finish()
}
