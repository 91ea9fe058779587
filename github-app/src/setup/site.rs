//! Which address of Lampboard a browser asks, and whether one of our own pages made it.

use http::{
    HeaderMap, Uri,
    header::{HOST, ORIGIN},
    uri::Authority,
};
use url::Url;

use super::{Setup, address};

/// The host and port that were asked for. HTTP/2 has it in the URI.
pub(super) fn authority<'a>(uri: &'a Uri, headers: &'a HeaderMap) -> Option<&'a str> {
    uri.authority()
        .map(Authority::as_str)
        .or_else(|| headers.get(HOST)?.to_str().ok())
}

/// Whether a form was sent by one of our own pages. Every browser says so, in one
/// of two headers at least.
pub(super) fn is_own_form(uri: &Uri, headers: &HeaderMap) -> bool {
    let text = |value: &http::HeaderValue| value.to_str().unwrap_or("?").to_owned();
    let site = headers.get("sec-fetch-site").map(text);
    let origin = headers.get(ORIGIN).map(text);
    let is_same_site = site
        .as_ref()
        .is_none_or(|site| matches!(site.as_str(), "same-origin" | "none"));
    let is_same_origin = origin.as_ref().is_none_or(|origin| {
        let host = origin.split_once("://").map(|(_, host)| host);
        host.is_some() && host == authority(uri, headers)
    });
    (site.is_some() || origin.is_some()) && is_same_site && is_same_origin
}

impl Setup {
    /// Where the browser is: what it says itself, or else what the settings say of
    /// this host.
    pub(super) fn browser(&self, uri: &Uri, headers: &HeaderMap) -> Option<String> {
        let origin = headers.get(ORIGIN).and_then(|value| value.to_str().ok());
        let scheme = if self.is_https(uri, headers) {
            "https"
        } else {
            "http"
        };
        let text = match origin {
            Some(origin) => origin.to_owned(),
            None => format!("{scheme}://{}", authority(uri, headers)?),
        };
        address::site(&text).ok().as_ref().map(address::text)
    }

    /// Whether the browser speaks to us, or to a proxy of ours, by TLS. A proxy's
    /// word for it is good enough: it only makes the cookie stricter.
    pub(super) fn is_https(&self, uri: &Uri, headers: &HeaderMap) -> bool {
        let config = &self.config;
        let known = [Some(config.base_url.as_str()), config.public_url.as_deref()];
        let asked = authority(uri, headers);
        let mut known = known
            .into_iter()
            .flatten()
            .filter_map(|url| Url::parse(url).ok());
        let named = known.find(|url| Some(url.authority()) == asked);
        match named {
            Some(url) => url.scheme() == "https",
            None => headers
                .get("x-forwarded-proto")
                .is_some_and(|scheme| scheme == "https"),
        }
    }
}
