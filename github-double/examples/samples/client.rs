//! Asks the double, and writes down what it answers.

use std::error::Error;
use std::fs;
use std::path::PathBuf;

use base64::Engine;
use base64::prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD};
use bytes::Bytes;
use http::{Method, Request, Response, header};
use http_body_util::{BodyExt, Full};
use hyper_util::client::legacy::Client as HttpClient;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use lampboard_github_double::{App, Double};
use ring::rand::SystemRandom;
use ring::signature::{RSA_PKCS1_SHA256, RsaKeyPair};
use secrecy::ExposeSecret;
use serde_json::{Value, json};

/// What all of this can end with.
pub(crate) type Outcome<T> = Result<T, Box<dyn Error>>;

/// One question: which operation of GitHub's description it is, and who asks.
pub(crate) struct Question<'a> {
    pub(crate) operation: &'a str,
    pub(crate) method: Method,
    pub(crate) path: String,
    pub(crate) token: &'a str,
    pub(crate) body: Value,
    /// Tells several samples of the same apart.
    pub(crate) word: &'a str,
}

pub(crate) struct Client {
    base: String,
    folder: PathBuf,
    http: HttpClient<HttpConnector, Full<Bytes>>,
}

impl Client {
    /// One that writes answers to a folder, which it makes.
    pub(crate) fn new(double: &Double, folder: PathBuf) -> Outcome<Self> {
        fs::create_dir_all(&folder)?;
        Ok(Self {
            base: double.api_url().to_owned(),
            folder,
            http: HttpClient::builder(TokioExecutor::new()).build_http(),
        })
    }

    /// Asks by GET.
    pub(crate) async fn get(&self, operation: &str, path: &str, token: &str) -> Outcome<Value> {
        self.ask(question(Method::GET, operation, path, token))
            .await
    }

    /// The same, where one sample is not enough.
    pub(crate) async fn get_also(
        &self,
        word: &str,
        operation: &str,
        path: &str,
        token: &str,
    ) -> Outcome<Value> {
        let question = question(Method::GET, operation, path, token);
        self.ask(Question { word, ..question }).await
    }

    /// Asks by POST.
    pub(crate) async fn post(&self, operation: &str, path: &str, token: &str) -> Outcome<Value> {
        self.ask(question(Method::POST, operation, path, token))
            .await
    }

    pub(crate) async fn ask(&self, question: Question<'_>) -> Outcome<Value> {
        let mut request = Request::builder()
            .method(question.method)
            .uri(format!("{}{}", self.base, question.path))
            .header(header::USER_AGENT, "samples");
        if !question.token.is_empty() {
            request = request.header(header::AUTHORIZATION, format!("Bearer {}", question.token));
        }
        let body = match question.body {
            Value::Null => Bytes::new(),
            body => body.to_string().into(),
        };
        let response = self.http.request(request.body(Full::new(body))?).await?;
        let status = response.status().as_u16();
        let body = response.into_body().collect().await?.to_bytes();
        let word = Some(question.word).filter(|word| !word.is_empty());
        let word = word.map_or_else(String::new, |word| format!("~{word}"));
        let name = format!("{}.{status}{word}.json", question.operation);
        fs::write(self.folder.join(name), &body)?;
        Ok(serde_json::from_slice(&body)?)
    }

    /// Sends a form to a page.
    pub(crate) async fn send_form(
        &self,
        url: &str,
        fields: &[(&str, &str)],
    ) -> Outcome<Response<Bytes>> {
        let mut form = form_urlencoded::Serializer::new(String::new());
        let form = form.extend_pairs(fields).finish();
        let request = Request::post(url).body(Full::from(form))?;
        let (head, body) = self.http.request(request).await?.into_parts();
        Ok(Response::from_parts(head, body.collect().await?.to_bytes()))
    }
}

/// One without a body.
pub(crate) fn question<'a>(
    method: Method,
    operation: &'a str,
    path: &str,
    token: &'a str,
) -> Question<'a> {
    Question {
        operation,
        method,
        path: path.to_owned(),
        token,
        body: Value::Null,
        word: "",
    }
}

/// What the App proves itself with.
pub(crate) fn json_web_token(double: &Double, app: &App) -> Outcome<String> {
    let now = double.clock().now().as_second();
    let claims = json!({"iss": app.client_id, "iat": now - 60, "exp": now + 540});
    let part = |json: &Value| BASE64_URL_SAFE_NO_PAD.encode(json.to_string());
    let signed = format!(
        "{}.{}",
        part(&json!({"alg": "RS256", "typ": "JWT"})),
        part(&claims)
    );
    let pem = app.key.pem();
    let lines = pem.expose_secret().lines();
    let der: String = lines.filter(|line| !line.starts_with('-')).collect();
    let key = RsaKeyPair::from_der(&BASE64_STANDARD.decode(der)?).map_err(|it| it.to_string())?;
    let mut signature = vec![0; key.public().modulus_len()];
    let random = SystemRandom::new();
    key.sign(
        &RSA_PKCS1_SHA256,
        &random,
        signed.as_bytes(),
        &mut signature,
    )
    .map_err(|_| "the key does not sign")?;
    Ok(format!(
        "{signed}.{}",
        BASE64_URL_SAFE_NO_PAD.encode(signature)
    ))
}
