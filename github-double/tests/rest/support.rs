//! A double with an App in it, and a client that speaks to it over HTTP.

use axum::body::Body;
use base64::Engine;
use base64::prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD};
use bytes::Bytes;
use http::{HeaderMap, Method, Request, Response, StatusCode};
use http_body_util::{BodyExt, Full};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use jiff::{SignedDuration, Timestamp};
use lampboard_github_double::{Double, GitHub, Options, RequestRecord, Stage};
use ring::rand::SystemRandom;
use ring::signature::{RSA_PKCS1_SHA256, RsaKeyPair};
use secrecy::ExposeSecret;
use serde_json::{Value, json};

pub(crate) const NOON: Timestamp = Timestamp::constant(1_773_316_800, 0);

pub(crate) struct Scene {
    pub(crate) stage: Stage,
    client: Client<HttpConnector, Full<Bytes>>,
}

/// What came back.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) json: Value,
    pub(crate) text: String,
}

impl Scene {
    pub(crate) async fn new() -> Self {
        Self::with(Options::frozen(7, NOON)).await
    }

    pub(crate) async fn with(options: Options) -> Self {
        let double = Double::start(options).await.unwrap();
        Self {
            stage: Stage::set(&double, None),
            client: Client::builder(TokioExecutor::new()).build_http(),
        }
    }

    pub(crate) fn double(&self) -> &Double {
        &self.stage.double
    }

    pub(crate) fn github<R>(&self, f: impl FnOnce(&mut GitHub) -> R) -> R {
        self.double().github(f)
    }

    pub(crate) fn wait(&self, seconds: i64) {
        self.double()
            .clock()
            .advance(SignedDuration::from_secs(seconds));
    }

    /// A good token of the App itself.
    pub(crate) fn jwt(&self) -> String {
        let now = self.double().clock().now().as_second();
        let app = self.stage.app.0.to_string();
        self.sign(&json!({"iss": app, "iat": now - 60, "exp": now + 540}))
    }

    pub(crate) fn sign(&self, claims: &Value) -> String {
        let pem = self.github(|github| github.app(self.stage.app).unwrap().key.pem());
        let lines = pem.expose_secret().lines();
        let base64: String = lines.filter(|line| !line.starts_with('-')).collect();
        let key = RsaKeyPair::from_der(&BASE64_STANDARD.decode(base64).unwrap()).unwrap();
        let part = |json: &Value| BASE64_URL_SAFE_NO_PAD.encode(json.to_string());
        let signed = format!("{}.{}", part(&json!({"alg": "RS256"})), part(claims));
        let mut signature = vec![0; key.public().modulus_len()];
        let random = SystemRandom::new();
        key.sign(
            &RSA_PKCS1_SHA256,
            &random,
            signed.as_bytes(),
            &mut signature,
        )
        .unwrap();
        format!("{signed}.{}", BASE64_URL_SAFE_NO_PAD.encode(signature))
    }

    /// A new token of the installation.
    pub(crate) async fn token(&self) -> String {
        let reply = self.new_token(&json!({})).await;
        assert_eq!(reply.status, StatusCode::CREATED, "{reply:?}");
        reply.json["token"].as_str().unwrap().to_owned()
    }

    pub(crate) async fn new_token(&self, narrow: &Value) -> Reply {
        let path = format!(
            "/app/installations/{}/access_tokens",
            self.stage.installation
        );
        self.send(Method::POST, &path, &self.jwt(), &[], narrow)
            .await
    }

    pub(crate) async fn get(&self, path: &str, token: &str) -> Reply {
        self.get_with(path, token, &[]).await
    }

    pub(crate) async fn get_with(
        &self,
        path: &str,
        token: &str,
        headers: &[(&str, &str)],
    ) -> Reply {
        self.send(Method::GET, path, token, headers, &Value::Null)
            .await
    }

    pub(crate) async fn post(&self, path: &str, token: &str) -> Reply {
        self.send(Method::POST, path, token, &[], &Value::Null)
            .await
    }

    pub(crate) async fn send(
        &self,
        method: Method,
        path: &str,
        token: &str,
        headers: &[(&str, &str)],
        body: &Value,
    ) -> Reply {
        let url = if path.starts_with("http") {
            path.to_owned()
        } else {
            format!("{}{path}", self.double().api_url())
        };
        let mut request = Request::builder().method(method).uri(url);
        if !headers.iter().any(|(name, _)| *name == "user-agent") {
            request = request.header("user-agent", "test");
        }
        if !token.is_empty() {
            request = request.header("authorization", format!("Bearer {token}"));
        }
        for (name, value) in headers.iter().filter(|(_, value)| !value.is_empty()) {
            request = request.header(*name, *value);
        }
        let body = if body.is_null() {
            String::new()
        } else {
            body.to_string()
        };
        let request = request.body(Full::from(body)).unwrap();
        let response = self.client.request(request).await.unwrap();
        Reply::read(response.map(Body::new)).await
    }

    /// The last request that was answered.
    pub(crate) fn last_request(&self) -> RequestRecord {
        self.double().requests().pop().unwrap()
    }
}

impl Reply {
    async fn read(response: Response<Body>) -> Self {
        let (parts, body) = response.into_parts();
        let body = body.collect().await.unwrap().to_bytes();
        Self {
            status: parts.status,
            headers: parts.headers,
            json: serde_json::from_slice(&body).unwrap_or_default(),
            text: String::from_utf8_lossy(&body).into_owned(),
        }
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        let value = self.headers.get(name);
        value.map_or("", |value| value.to_str().unwrap())
    }

    pub(crate) fn message(&self) -> (u16, &str) {
        let message = self.json["message"].as_str().unwrap_or_default();
        (self.status.as_u16(), message)
    }

    /// Where the header `Link` leads in one direction.
    pub(crate) fn link(&self, rel: &str) -> Option<&str> {
        let mut links = self.header("link").split(", ");
        let link = links.find(|link| link.ends_with(&format!("rel=\"{rel}\"")))?;
        let (url, _) = link.strip_prefix('<')?.split_once('>')?;
        Some(url)
    }

    pub(crate) fn ids(&self, list: &str) -> Vec<u64> {
        let rows = self.json[list].as_array().unwrap().iter();
        rows.map(|row| row["id"].as_u64().unwrap()).collect()
    }
}
