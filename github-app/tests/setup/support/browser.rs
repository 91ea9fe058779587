//! A browser without scripts: it keeps a cookie and sends forms.

use axum::{Router, body::Body};
use http::{Method, Request, Response, StatusCode, header};
use http_body_util::BodyExt as _;
use tower::ServiceExt as _;
use url::{Url, form_urlencoded};

#[derive(Clone)]
pub(crate) struct Browser {
    router: Router,
    host: String,
    pub(crate) cookie: Option<String>,
    /// All that it was answered.
    pub(crate) seen: Vec<String>,
}

/// What a browser was answered.
pub(crate) struct Page {
    pub(crate) status: StatusCode,
    pub(crate) headers: http::HeaderMap,
    pub(crate) body: String,
}

impl Page {
    pub(crate) fn header(&self, name: &str) -> &str {
        let value = self.headers.get(name);
        value.map_or("", |value| value.to_str().unwrap())
    }

    /// Where it leads to.
    pub(crate) fn location(&self) -> &str {
        assert_eq!(self.status, StatusCode::SEE_OTHER, "{}", self.body);
        self.header("location")
    }

    /// The first headline.
    pub(crate) fn title(&self) -> &str {
        let (_, rest) = self.body.split_once("<h1>").expect("a page has a headline");
        rest.split_once("</h1>").unwrap().0
    }

    /// Where a form of the page is sent to, by the words on its button.
    pub(crate) fn action(&self, button: &str) -> String {
        let form = self
            .body
            .split("<form ")
            .find(|form| form.contains(button))
            .unwrap_or_else(|| panic!("no {button} in {}", self.body));
        attribute(form, "action")
    }

    /// The value of a field of the page.
    pub(crate) fn value(&self, name: &str) -> String {
        let (_, rest) = self
            .body
            .split_once(&format!("name=\"{name}\""))
            .unwrap_or_else(|| panic!("no {name} in {}", self.body));
        attribute(rest.split_once('>').unwrap().0, "value")
    }
}

/// The value of an attribute, as a browser reads it.
fn attribute(text: &str, name: &str) -> String {
    let (_, rest) = text.split_once(&format!("{name}=\"")).unwrap();
    let value = rest.split_once('"').unwrap().0;
    value
        .replace("&quot;", "\"")
        .replace("&lt;", "<")
        .replace("&gt;", ">")
        .replace("&amp;", "&")
}

impl Browser {
    pub(crate) fn new(router: Router, host: &str) -> Self {
        Self {
            router,
            host: host.to_owned(),
            cookie: None,
            seen: Vec::new(),
        }
    }

    pub(crate) async fn get(&mut self, path: &str) -> Page {
        self.send(self.request(Method::GET, path).body(Body::empty()).unwrap())
            .await
    }

    /// Sends a form of one of Lampboard's own pages.
    pub(crate) async fn post(&mut self, path: &str, fields: &[(&str, String)]) -> Page {
        let body = form_urlencoded::Serializer::new(String::new())
            .extend_pairs(fields)
            .finish();
        let request = self
            .request(Method::POST, path)
            .header(header::ORIGIN, format!("http://{}", self.host))
            .header("sec-fetch-site", "same-origin")
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(body.into())
            .unwrap();
        self.send(request).await
    }

    /// Sends a form with files in it.
    pub(crate) async fn upload(&mut self, path: &str, fields: &[(&str, String)]) -> Page {
        let parts: String = fields.iter().map(part).collect();
        let request = self
            .request(Method::POST, path)
            .header(header::ORIGIN, format!("http://{}", self.host))
            .header(header::CONTENT_TYPE, "multipart/form-data; boundary=b")
            .body(format!("{parts}--b--\r\n").into())
            .unwrap();
        self.send(request).await
    }

    pub(crate) fn request(&self, method: Method, path: &str) -> http::request::Builder {
        let mut request = Request::builder()
            .method(method)
            .uri(path)
            .header(header::HOST, &self.host);
        if let Some(cookie) = &self.cookie {
            request = request.header(header::COOKIE, cookie);
        }
        request
    }

    pub(crate) async fn send(&mut self, request: Request<Body>) -> Page {
        let response = self.router.clone().oneshot(request).await.unwrap();
        let page = read(response).await;
        if let Some(cookie) = page.headers.get(header::SET_COOKIE) {
            let cookie = cookie.to_str().unwrap();
            self.cookie = cookie.split(';').next().map(str::to_owned);
        }
        self.seen.push(format!("{:?}\n{}", page.headers, page.body));
        page
    }

    /// Fills the first form in, and gives the state that goes to GitHub.
    pub(crate) async fn choose(&mut self, form: &[(&str, String)]) -> String {
        let chosen = self.post("/setup", form).await;
        assert_eq!(chosen.location(), "/setup/app");
        let action = self.get("/setup/app").await.action("Create GitHub App");
        let action = Url::parse(&action).unwrap();
        let (_, state) = action
            .query_pairs()
            .find(|(name, _)| name == "state")
            .unwrap();
        state.into_owned()
    }

    /// Is sent back by GitHub.
    pub(crate) async fn come_back(&mut self, code: &str, state: &str) -> Page {
        self.get(&format!("/setup/github/created?code={code}&state={state}"))
            .await
    }
}

fn part((name, value): &(&str, String)) -> String {
    let file = if name.ends_with("_file") {
        "; filename=\"app.pem\""
    } else {
        ""
    };
    format!("--b\r\nContent-Disposition: form-data; name=\"{name}\"{file}\r\n\r\n{value}\r\n")
}

async fn read(response: Response<Body>) -> Page {
    let (parts, body) = response.into_parts();
    let body = body.collect().await.unwrap().to_bytes();
    Page {
        status: parts.status,
        headers: parts.headers,
        body: String::from_utf8(body.to_vec()).unwrap(),
    }
}
