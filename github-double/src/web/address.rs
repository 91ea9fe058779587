//! Addresses of other sites, as manifests and requests name them.

use std::net::IpAddr;

use axum::http::Uri;

/// The address with more parameters in its query.
pub(super) fn with_query(address: &str, parameters: &[(&str, &str)]) -> String {
    if parameters.is_empty() {
        return address.to_owned();
    }
    let (mut target, start) = match address.find('?') {
        Some(position) => (address.to_owned(), position + 1),
        None => (format!("{address}?"), address.len() + 1),
    };
    if target.ends_with('&') {
        target.pop();
    }
    form_urlencoded::Serializer::for_suffix(target, start)
        .extend_pairs(parameters)
        .finish()
}

/// Whether it is an address that a browser can be sent to.
pub(super) fn is_web(address: &str) -> bool {
    let parsed = address.parse::<Uri>().ok();
    let parsed = parsed.filter(|uri| matches!(uri.scheme_str(), Some("http" | "https")));
    parsed.and_then(|uri| uri.host().map(|host| !host.is_empty())) == Some(true)
}

/// Whether only the machine itself understands it.
pub(super) fn is_local(address: &str) -> bool {
    let uri = address.parse::<Uri>().unwrap_or_default();
    let host = uri
        .host()
        .unwrap_or_default()
        .trim_end_matches('.')
        .to_lowercase();
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    match bare.parse::<IpAddr>() {
        Ok(address) => address.is_loopback() || address.is_unspecified(),
        Err(_) => bare == "localhost" || bare.ends_with(".localhost"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_join_those_that_are_there() {
        let code = [("code", "a b"), ("state", "&")];
        let expected = "http://board.example/?code=a+b&state=%26";
        assert_eq!(with_query("http://board.example/", &code), expected);
        let expected = "http://board.example/?x=1&code=a+b&state=%26";
        assert_eq!(with_query("http://board.example/?x=1", &code), expected);
        assert_eq!(with_query("http://board.example/?x=1&", &code), expected);
        assert_eq!(
            with_query("http://board.example/", &[]),
            "http://board.example/"
        );
    }

    #[test]
    fn local_addresses_are_known() {
        for address in [
            "http://localhost:8080/hook",
            "http://LOCALHOST/",
            "http://board.localhost/",
            "http://127.0.0.1/",
            "http://127.9.9.9:80/",
            "http://[::1]:8080/",
            "http://0.0.0.0/",
        ] {
            assert!(is_local(address), "{address}");
        }
        for address in [
            "https://board.example/",
            "https://localhost.example/",
            "http://10.0.0.1/",
        ] {
            assert!(!is_local(address), "{address}");
        }
    }

    #[test]
    fn addresses_begin_with_their_scheme() {
        assert!(is_web("https://board.example/x?y"));
        for address in [
            "board.example",
            "/x",
            "javascript:alert(1)",
            "ftp://board.example/",
            "",
        ] {
            assert!(!is_web(address), "{address}");
        }
    }
}
