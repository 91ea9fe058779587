//! Whole pages, and being sent to other ones.

use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};

use super::html::{Html, element, open, paragraph};

/// Nothing on these pages runs, and nothing comes from elsewhere.
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'";
const STYLE: &str = "body{font:16px/1.5 sans-serif;max-width:44rem;margin:2rem auto;padding:0 1rem}\
    button,input[type=text],textarea{font:inherit;padding:.3rem .6rem}\
    textarea{display:block;width:100%;height:14rem}\
    pre{white-space:pre-wrap;overflow-wrap:anywhere}";

/// One page.
#[derive(Debug)]
pub(super) struct Page {
    status: StatusCode,
    title: String,
    content: Html,
}

impl Page {
    pub(super) fn new(title: impl Into<String>, content: Html) -> Self {
        Self {
            status: StatusCode::OK,
            title: title.into(),
            content,
        }
    }

    /// A page that says what is wrong.
    pub(super) fn error(status: StatusCode, title: &str, content: impl Into<Html>) -> Self {
        Self {
            status,
            ..Self::new(title, paragraph(content))
        }
    }

    /// For what does not exist, and for what the visitor must not know of.
    pub(super) fn not_found() -> Self {
        Self::error(
            StatusCode::NOT_FOUND,
            "Page not found",
            "This is not the page you look for.",
        )
    }

    #[must_use]
    pub(super) fn with_status(self, status: StatusCode) -> Self {
        Self { status, ..self }
    }

    fn html(&self) -> String {
        let title = element("title", &[], format!("{} · simulated GitHub", self.title));
        let head = open("meta", &[("charset", "utf-8")])
            .and(open(
                "meta",
                &[("name", "viewport"), ("content", "width=device-width")],
            ))
            .and(title)
            .and(element("style", &[], STYLE));
        let heading = element("h1", &[], self.title.as_str());
        let body = element("main", &[], heading.and(self.content.clone()));
        let page = element("head", &[], head).and(element("body", &[], body));
        format!(
            "<!doctype html>{}",
            element("html", &[("lang", "en")], page).as_str()
        )
    }
}

impl IntoResponse for Page {
    fn into_response(self) -> Response {
        let headers = [
            (header::CONTENT_TYPE, "text/html; charset=utf-8"),
            (header::CONTENT_SECURITY_POLICY, POLICY),
            (header::CACHE_CONTROL, "no-store"),
        ];
        (self.status, headers, self.html()).into_response()
    }
}

/// Sends the visitor elsewhere, by GET.
pub(super) fn redirect(address: &str) -> Response {
    redirect_with(address, [])
}

/// The same with more headers.
pub(super) fn redirect_with<const N: usize>(
    address: &str,
    headers: [(HeaderName, HeaderValue); N],
) -> Response {
    match HeaderValue::try_from(address) {
        Ok(address) => {
            let headers = axum::response::AppendHeaders(headers);
            (StatusCode::FOUND, headers, [(header::LOCATION, address)]).into_response()
        }
        Err(_) => Page::error(StatusCode::BAD_REQUEST, "Bad address", address).into_response(),
    }
}
