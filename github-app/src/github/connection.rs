//! Where GitHub is and as which App it is spoken to.

use std::time::Duration;

use http::uri::{Authority, Scheme};
use secrecy::SecretString;
use url::Url;

use super::{ApiPath, Error};

/// Where GitHub is, and as which App it is spoken to.
#[derive(Debug, Clone)]
pub struct Connection {
    /// Where people go: `https://github.com`, or a server of one's own.
    pub web_url: Url,
    /// Where programs go: `https://api.github.com`, or `https://HOST/api/v3`.
    pub api_url: Url,
    /// Certificates in PEM that are trusted besides those of the machine.
    pub ca_certificates: Option<Vec<u8>>,
    /// The number of the App.
    pub app_id: i64,
    /// The App's other name, by which GitHub would rather know it.
    pub client_id: Option<String>,
    /// The App's key in PEM, as PKCS#1 or PKCS#8; line ends may be written `\n`.
    pub private_key: SecretString,
}

/// How long GitHub is waited for, and how much it may answer.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// How long connecting may take.
    pub connect_time: Duration,
    /// How long an answer may take, to the last byte of it.
    pub answer_time: Duration,
    /// The bytes of an answer, unpacked. A page of 100 runs has about 1.5 MB.
    pub answer_size: usize,
    /// How many requests are made at a time, over all installations.
    pub concurrency: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connect_time: Duration::from_secs(5),
            answer_time: Duration::from_secs(30),
            answer_size: 32 * 1024 * 1024,
            concurrency: 4,
        }
    }
}

/// Why GitHub can not be spoken to at all.
#[derive(Debug, thiserror::Error)]
pub enum ConnectionError {
    /// Somebody on the way could read the tokens, or a part of the address would
    /// be left out.
    #[error(
        "{0} is no address of GitHub: it takes https (http to this machine only), and no user, query or fragment"
    )]
    UnusableUrl(String),
    /// Nothing can be signed.
    #[error("the private key of the app can not be used: {0}")]
    UnusablePrivateKey(String),
    /// The file that was named holds none, or broken ones.
    #[error("the additional certificates can not be read: {0}")]
    UnusableCertificates(String),
    /// No server could be trusted.
    #[error("no certificates are trusted: this machine has none, and none were given")]
    NoCertificates,
}

/// The address that every path is under. A token is sent to no other.
#[derive(Debug, Clone)]
pub(super) struct Base {
    url: Url,
    scheme: Scheme,
    authority: Authority,
}

impl Base {
    pub(super) fn new(url: &Url) -> Result<Self, ConnectionError> {
        check(url)?;
        let unusable = || ConnectionError::UnusableUrl(shown(url));
        let mut url = url.clone();
        let path = url.path().trim_end_matches('/').to_owned();
        url.set_path(&path);
        let scheme = url.scheme().parse().map_err(|_| unusable())?;
        let authority = url.authority().parse().map_err(|_| unusable())?;
        Ok(Self {
            url,
            scheme,
            authority,
        })
    }

    pub(super) fn is_encrypted(&self) -> bool {
        self.scheme == Scheme::HTTPS
    }

    /// The whole address of a path.
    pub(super) fn uri(&self, path: &str) -> Result<http::Uri, http::Error> {
        http::Uri::builder()
            .scheme(self.scheme.clone())
            .authority(self.authority.clone())
            .path_and_query(format!("{}{path}", self.prefix()))
            .build()
    }

    /// Where a link in the answer to `from` leads, unless it leads away from here.
    pub(super) fn resolve(&self, from: &ApiPath, link: &str) -> Result<ApiPath, Error> {
        let foreign = |url: Option<&Url>| Error::ForeignHost {
            host: url
                .and_then(Url::host_str)
                .unwrap_or("an unreadable address")
                .to_owned(),
        };
        let from = self.url.join(&format!("{}{from}", self.prefix()));
        let target = from
            .and_then(|from| from.join(link))
            .map_err(|_| foreign(None))?;
        let is_here = target.origin() == self.url.origin()
            && target.username().is_empty()
            && target.password().is_none();
        let path = is_here.then(|| target.path().strip_prefix(self.prefix()));
        path.flatten()
            .and_then(|path| ApiPath::new(path, target.query()))
            .ok_or_else(|| foreign(Some(&target)))
    }

    /// What the host serves GitHub under: empty, or like `/api/v3`.
    fn prefix(&self) -> &str {
        self.url.path().trim_end_matches('/')
    }
}

/// Refuses an address that tokens or people must not be sent to.
pub(super) fn check(url: &Url) -> Result<(), ConnectionError> {
    let is_safe = match url.scheme() {
        "https" => url.has_host(),
        "http" => is_loopback(url),
        _ => false,
    };
    let is_plain = url.username().is_empty()
        && url.password().is_none()
        && url.query().is_none()
        && url.fragment().is_none();
    if is_safe && is_plain {
        Ok(())
    } else {
        Err(ConnectionError::UnusableUrl(shown(url)))
    }
}

fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(url::Host::Ipv4(address)) => address.is_loopback(),
        Some(url::Host::Ipv6(address)) => address.is_loopback(),
        Some(url::Host::Domain(name)) => name == "localhost",
        None => false,
    }
}

/// An address without what may be secret in it.
fn shown(url: &Url) -> String {
    let host = url.host_str().unwrap_or_default();
    format!("{}://{host}{}", url.scheme(), url.path())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn base(url: &str) -> Base {
        Base::new(&Url::parse(url).unwrap()).unwrap()
    }

    fn path(text: &str) -> ApiPath {
        text.parse().unwrap()
    }

    #[test]
    fn takes_http_to_this_machine_only() {
        for url in [
            "https://api.github.com",
            "https://ghe.example.com/api/v3/",
            "http://127.0.0.1:4567",
            "http://[::1]:4567/api/v3",
            "http://localhost:4567",
        ] {
            assert!(check(&Url::parse(url).unwrap()).is_ok(), "{url}");
        }
        for url in [
            "http://api.github.com",
            "http://128.0.0.1",
            "http://localhost.example.com",
            "ftp://127.0.0.1",
            "https://user@api.github.com",
            "https://:secret@api.github.com",
            "https://api.github.com/?token=secret",
            "https://api.github.com/#secret",
        ] {
            let error = check(&Url::parse(url).unwrap()).unwrap_err().to_string();
            assert!(!error.contains("secret"), "{error}");
        }
    }

    #[test]
    fn keeps_the_path_that_github_is_under() {
        for url in [
            "https://ghe.example.com/api/v3",
            "https://ghe.example.com/api/v3/",
        ] {
            let uri = base(url).uri("/repos/a/b?page=2").unwrap();
            assert_eq!(uri, "https://ghe.example.com/api/v3/repos/a/b?page=2");
        }
        let uri = base("http://127.0.0.1:99").uri("/app").unwrap();
        assert_eq!(uri, "http://127.0.0.1:99/app");
    }

    #[test]
    fn follows_links_that_stay() {
        let base = base("https://ghe.example.com/api/v3");
        let from = path("/repos/a/b/actions/runs?per_page=100");
        for (link, target) in [
            (
                "https://ghe.example.com/api/v3/repositories/7/actions/runs?page=2",
                "/repositories/7/actions/runs?page=2",
            ),
            ("https://GHE.example.com:443/api/v3/app", "/app"),
            ("/api/v3/repositories/7", "/repositories/7"),
            ("?page=2", "/repos/a/b/actions/runs?page=2"),
        ] {
            assert_eq!(base.resolve(&from, link).unwrap(), path(target), "{link}");
        }
    }

    #[test]
    fn refuses_links_that_lead_away() {
        let base = base("https://ghe.example.com/api/v3");
        let from = path("/repos/a/b");
        for link in [
            "https://evil.example/api/v3/repos/a/b",
            "http://ghe.example.com/api/v3/repos/a/b",
            "https://ghe.example.com:8443/api/v3/repos/a/b",
            "https://ghe.example.com.evil.example/api/v3/x",
            "https://user@ghe.example.com/api/v3/repos/a/b",
            "https://ghe.example.com@evil.example/api/v3/x",
            "https://ghe.example.com/login",
            "https://ghe.example.com/api/v3/../../login",
            "https://ghe.example.com/api/v33/x",
            "//evil.example/api/v3/x",
            "/login",
            "javascript:alert(1)",
            "https://",
        ] {
            let refused = base.resolve(&from, link);
            assert!(
                matches!(refused, Err(Error::ForeignHost { .. })),
                "{link}: {refused:?}"
            );
        }
    }
}
