//! Addresses that people type: of Lampboard, of GitHub's pages and of its API.

use std::net::IpAddr;

use url::{Host, Url};

/// Where most people's GitHub is.
pub(super) const GITHUB: &str = "https://github.com";
const GITHUB_API: &str = "https://api.github.com";

/// Reads the address of a site: nothing but how it is spoken to, its name and its port.
pub(super) fn site(text: &str) -> Result<Url, &'static str> {
    let url = address(text)?;
    if url.path() == "/" {
        Ok(url)
    } else {
        Err("Leave out everything after the name of the host.")
    }
}

/// Reads the address of GitHub's pages, to which nobody may listen on the way.
pub(super) fn github_site(text: &str) -> Result<Url, &'static str> {
    encrypted(site(text)?)
}

/// Reads the address of GitHub's API.
pub(super) fn github_api(text: &str) -> Result<Url, &'static str> {
    encrypted(address(text)?)
}

/// Where the API of a GitHub is that has its pages there.
pub(super) fn api_of(web_url: &Url) -> Url {
    let host = web_url.host_str().unwrap_or_default();
    let api = if origin(web_url) == GITHUB {
        GITHUB_API.to_owned()
    } else if host.ends_with(".ghe.com") {
        format!("https://api.{host}")
    } else {
        format!("{}/api/v3", origin(web_url))
    };
    Url::parse(&api).expect("it is made of an address")
}

/// An address as people write it: without a slash at its end.
pub(super) fn text(url: &Url) -> String {
    url.as_str().trim_end_matches('/').to_owned()
}

/// How it is spoken to, its name, and its port if it is not the usual one.
pub(super) fn origin(url: &Url) -> String {
    url.origin().ascii_serialization()
}

/// Whether only programs on the same machine get there.
pub(super) fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        Some(Host::Ipv4(address)) => IpAddr::from(address).is_loopback(),
        Some(Host::Ipv6(address)) => IpAddr::from(address).is_loopback(),
        None => false,
    }
}

fn address(text: &str) -> Result<Url, &'static str> {
    let url = Url::parse(text)
        .ok()
        .filter(|url| matches!(url.scheme(), "https" | "http"))
        .ok_or("This is no address: it has to begin with https://")?;
    let is_plain = url.username().is_empty()
        && url.password().is_none()
        && url.query().is_none()
        && url.fragment().is_none();
    if is_plain {
        Ok(url)
    } else {
        Err("Leave out user names and everything from ? or # on.")
    }
}

fn encrypted(url: Url) -> Result<Url, &'static str> {
    if url.scheme() == "https" || is_loopback(&url) {
        Ok(url)
    } else {
        Err("It has to begin with https://, so that nobody on the way can act as the App.")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn knows_where_the_api_is() {
        for (web, api) in [
            ("https://github.com", "https://api.github.com"),
            ("https://acme.ghe.com", "https://api.acme.ghe.com"),
            (
                "https://git.acme.example",
                "https://git.acme.example/api/v3",
            ),
            (
                "https://git.acme.example:8443",
                "https://git.acme.example:8443/api/v3",
            ),
            (
                "https://github.com.example",
                "https://github.com.example/api/v3",
            ),
            ("https://fakeghe.com", "https://fakeghe.com/api/v3"),
        ] {
            assert_eq!(text(&api_of(&site(web).unwrap())), api);
        }
    }

    #[test]
    fn takes_the_address_of_a_site_only() {
        for (typed, read) in [
            ("https://CI.acme.example/", "https://ci.acme.example"),
            ("https://ci.acme.example:443", "https://ci.acme.example"),
            ("http://ci.intern:8080", "http://ci.intern:8080"),
        ] {
            assert_eq!(text(&site(typed).unwrap()), read);
        }
        for typed in [
            "",
            "ci.acme.example",
            "javascript:alert(1)",
            "ftp://ci.acme.example",
            "https://",
            "https://ci.acme.example/board",
            "https://mona@ci.acme.example",
            "https://ci.acme.example?a=b",
            "https://ci.acme.example/#a",
        ] {
            assert!(site(typed).is_err(), "{typed}");
        }
    }

    #[test]
    fn trusts_a_github_without_encryption_on_this_machine_only() {
        assert!(github_site("http://127.0.0.1:99").is_ok());
        assert!(github_site("http://localhost:99").is_ok());
        assert!(github_site("http://git.acme.example").is_err());
        assert!(github_api("http://git.acme.example/api/v3").is_err());
        assert!(github_api("https://git.acme.example/api/v3").is_ok());
    }

    #[test]
    fn knows_this_machine() {
        let url = |text| Url::parse(text).unwrap();
        for text in [
            "http://localhost",
            "http://x.localhost",
            "http://127.9.9.9",
            "http://[::1]:8",
        ] {
            assert!(is_loopback(&url(text)), "{text}");
        }
        for text in [
            "http://localhost.example",
            "http://128.0.0.1",
            "http://[::2]",
        ] {
            assert!(!is_loopback(&url(text)), "{text}");
        }
    }
}
