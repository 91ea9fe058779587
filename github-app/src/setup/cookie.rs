//! The cookie that stands for having opened the link.

use http::{HeaderMap, HeaderValue, header::COOKIE};

use super::access::SESSION_TIME;

const NAME: &str = "lampboard-setup";

/// The header that gives a browser the cookie. GitHub sends people back by a
/// navigation from its own site, on which a strict cookie would stay at home.
pub(super) fn set(cookie: &str, is_https: bool) -> HeaderValue {
    let seconds = SESSION_TIME.as_secs();
    let secure = if is_https { "; Secure" } else { "" };
    let text =
        format!("{NAME}={cookie}; HttpOnly; SameSite=Lax; Path=/setup; Max-Age={seconds}{secure}");
    let mut value = HeaderValue::try_from(text).expect("the cookie is made of letters and digits");
    value.set_sensitive(true);
    value
}

/// Every cookie of our name that a browser sends.
pub(super) fn of(headers: &HeaderMap) -> impl Iterator<Item = &str> {
    headers
        .get_all(COOKIE)
        .iter()
        .filter_map(|header| header.to_str().ok())
        .flat_map(|header| header.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .filter(|(name, _)| *name == NAME)
        .map(|(_, value)| value)
}
