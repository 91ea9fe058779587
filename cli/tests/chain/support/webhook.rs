//! Plain HTTP/1.1 requests, and deliveries signed as GitHub signs them.

use std::net::SocketAddr;

use bytes::Bytes;
use http::{HeaderMap, Request, StatusCode, request::Builder};
use http_body_util::{BodyExt as _, Full};
use hyper_util::{
    client::legacy::{self, connect::HttpConnector},
    rt::TokioExecutor,
};
use lampboard_github_double::{Event, signature};
use serde_json::Value;

use super::{WEBHOOK, WEBHOOK_SECRET};

/// Makes requests to one address, over connections of its own.
#[derive(Clone)]
pub(crate) struct Client {
    client: legacy::Client<HttpConnector, Full<Bytes>>,
    address: SocketAddr,
}

/// What came back.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl Answer {
    /// The build that a delivery was about.
    pub(crate) fn build_id(&self) -> String {
        let body: Value = serde_json::from_slice(&self.body).unwrap();
        body["build_id"].as_str().unwrap().to_owned()
    }
}

impl Client {
    pub(crate) fn new(address: SocketAddr) -> Self {
        let client = legacy::Client::builder(TokioExecutor::new()).build_http();
        Self { client, address }
    }

    /// Delivers an event, signed.
    pub(crate) async fn deliver(&self, name: &str, guid: &str, body: impl Into<Bytes>) -> Answer {
        self.send(signed(name, guid, body)).await.unwrap()
    }

    /// Delivers an event of the simulated GitHub. Fails if there is no answer.
    pub(crate) async fn deliver_event(&self, event: &Event) -> Result<Answer, legacy::Error> {
        self.send(signed(&event.name, &event.guid, event.body.clone()))
            .await
    }

    pub(crate) async fn try_get(&self, path: &str) -> Result<Answer, legacy::Error> {
        let request = Request::get(path).body(Full::default()).unwrap();
        self.send(request).await
    }

    /// Sends a request to the address, whatever its URI says beside the path.
    pub(crate) async fn send(
        &self,
        mut request: Request<Full<Bytes>>,
    ) -> Result<Answer, legacy::Error> {
        let uri = format!("http://{}{}", self.address, request.uri().path());
        *request.uri_mut() = uri.parse().unwrap();
        let (parts, body) = self.client.request(request).await?.into_parts();
        Ok(Answer {
            status: parts.status,
            headers: parts.headers,
            // An answer that breaks off is one all the same: its status was given.
            body: body
                .collect()
                .await
                .map_or_else(|_| Bytes::new(), http_body_util::Collected::to_bytes),
        })
    }
}

/// A delivery as GitHub makes it.
pub(crate) fn signed(name: &str, guid: &str, body: impl Into<Bytes>) -> Request<Full<Bytes>> {
    let body = body.into();
    unsigned(name, guid)
        .header("X-Hub-Signature-256", sign(&body))
        .body(Full::new(body))
        .unwrap()
}

/// The same without its signature and its body.
pub(crate) fn unsigned(name: &str, guid: &str) -> Builder {
    Request::post(WEBHOOK)
        .header("Content-Type", "application/json")
        .header("X-GitHub-Event", name)
        .header("X-GitHub-Delivery", guid)
}

/// The signature of a body.
pub(crate) fn sign(body: &[u8]) -> String {
    signature(WEBHOOK_SECRET.as_bytes(), body)
}
