//! A browser without a window: it keeps a cookie, and follows nothing by itself.

use bytes::Bytes;
use http::{Request, StatusCode, header};
use http_body_util::{BodyExt, Full};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use serde_json::Value;

pub(super) struct Browser {
    base: String,
    cookie: Option<String>,
    client: Client<HttpConnector, Full<Bytes>>,
}

/// What came back.
#[derive(Debug)]
pub(super) struct Seen {
    pub(super) status: StatusCode,
    pub(super) location: Option<String>,
    pub(super) content_type: String,
    pub(super) text: String,
}

impl Browser {
    pub(super) fn new(base: &str) -> Self {
        Self {
            base: base.to_owned(),
            cookie: None,
            client: Client::builder(TokioExecutor::new()).build_http(),
        }
    }

    pub(super) async fn get(&mut self, path: &str) -> Seen {
        let request = Request::get(self.url(path));
        self.send(request, Bytes::new()).await
    }

    /// Sends a form.
    pub(super) async fn post(&mut self, path: &str, fields: &[(&str, &str)]) -> Seen {
        self.post_accepting("text/html", path, fields).await
    }

    pub(super) async fn post_accepting(
        &mut self,
        accept: &str,
        path: &str,
        fields: &[(&str, &str)],
    ) -> Seen {
        let mut form = form_urlencoded::Serializer::new(String::new());
        let request = Request::post(self.url(path))
            .header(header::ACCEPT, accept)
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
        self.send(request, form.extend_pairs(fields).finish().into())
            .await
    }

    pub(super) async fn post_json(&mut self, path: &str, body: &Value) -> Seen {
        let request = Request::post(self.url(path))
            .header(header::ACCEPT, "application/json")
            .header(header::CONTENT_TYPE, "application/json");
        self.send(request, body.to_string().into()).await
    }

    fn url(&self, path: &str) -> String {
        format!("{}{path}", self.base)
    }

    async fn send(&mut self, mut request: http::request::Builder, body: Bytes) -> Seen {
        if let Some(cookie) = &self.cookie {
            request = request.header(header::COOKIE, cookie);
        }
        let request = request.body(Full::new(body)).unwrap();
        let response = self.client.request(request).await.unwrap();
        let text = |name| {
            response
                .headers()
                .get(name)
                .map(|it| it.to_str().unwrap().to_owned())
        };
        if let Some(cookie) = text(header::SET_COOKIE) {
            self.cookie = Some(cookie.split(';').next().unwrap().to_owned());
        }
        let (location, content_type) = (text(header::LOCATION), text(header::CONTENT_TYPE));
        let status = response.status();
        let body = response.into_body().collect().await.unwrap().to_bytes();
        Seen {
            status,
            location,
            content_type: content_type.unwrap_or_default(),
            text: String::from_utf8(body.to_vec()).unwrap(),
        }
    }
}

impl Seen {
    /// Where one is sent.
    pub(super) fn location(&self) -> &str {
        assert_eq!(self.status, StatusCode::FOUND, "{self:?}");
        self.location.as_deref().expect("a redirect says where to")
    }

    /// A parameter of where one is sent.
    pub(super) fn parameter(&self, name: &str) -> Option<String> {
        let (_, query) = self.location().split_once('?')?;
        let mut pairs = form_urlencoded::parse(query.as_bytes());
        pairs
            .find(|(key, _)| key == name)
            .map(|(_, value)| value.into_owned())
    }

    pub(super) fn json(&self) -> Value {
        assert!(
            self.content_type.starts_with("application/json"),
            "{self:?}"
        );
        serde_json::from_str(&self.text).unwrap()
    }

    pub(super) fn assert_shows(&self, status: u16, text: &str) {
        assert_eq!(self.status, status, "{self:?}");
        assert!(self.text.contains(text), "{text:?} is not in {}", self.text);
    }
}
