//! The hosts that Slack channels may be on.

use url::{Host, Url};

use crate::alerts::outbound::OutboundConfigError;

use super::WebhookRefusal;

const HOOKS: [&str; 2] = ["hooks.slack.com", "hooks.slack-gov.com"];
const API: &str = "https://slack.com/api/";

/// Slack's hosts, and those of the setting.
#[derive(Clone, Debug)]
pub(super) struct Hosts {
    others: Vec<Other>,
    api: Url,
}

/// A host of the setting. What it does not say may be anything.
#[derive(Clone, Debug)]
struct Other {
    scheme: Option<String>,
    host: Host,
    port: Option<u16>,
}

impl Hosts {
    pub(super) fn new(setting: &[String]) -> Result<Self, OutboundConfigError> {
        let mut hosts = Self {
            others: Vec::new(),
            api: Url::parse(API).expect("it is written above"),
        };
        let mut api = None;
        for text in setting.iter().map(|text| text.trim()) {
            let not_a_host = || OutboundConfigError::NotAHost(text.to_owned());
            let origin = origin(text).ok_or_else(not_a_host)?;
            let host = origin.host().ok_or_else(not_a_host)?.to_owned();
            hosts.others.push(Other {
                scheme: text.contains("://").then(|| origin.scheme().to_owned()),
                host: host.clone(),
                port: origin.port(),
            });
            if api.is_none() && !host.to_string().starts_with("hooks.") {
                api = origin.join("api/").ok();
            }
        }
        hosts.api = api.unwrap_or(hosts.api);
        Ok(hosts)
    }

    /// Where bots post to.
    pub(super) fn api(&self) -> &Url {
        &self.api
    }

    /// Whether an incoming webhook can be there.
    pub(super) fn check(&self, url: &Url) -> Result<(), WebhookRefusal> {
        if self.others.iter().any(|other| other.is_of(url)) {
            return Ok(());
        }
        let is_slack = url.scheme() == "https"
            && url.port().is_none()
            && url.host_str().is_some_and(|host| HOOKS.contains(&host));
        if !is_slack {
            return Err(WebhookRefusal::Host);
        }
        if !url.path().starts_with("/services/") {
            return Err(WebhookRefusal::Path);
        }
        Ok(())
    }
}

impl Other {
    fn is_of(&self, url: &Url) -> bool {
        url.host().is_some_and(|host| host.to_owned() == self.host)
            && self.port.is_none_or(|port| url.port() == Some(port))
            && self
                .scheme
                .as_deref()
                .is_none_or(|scheme| url.scheme() == scheme)
    }
}

/// Reads a host, with a port and a scheme or without.
fn origin(text: &str) -> Option<Url> {
    let url = if text.contains("://") {
        Url::parse(text).ok()?
    } else {
        Url::parse(&format!("https://{text}")).ok()?
    };
    let bare = matches!(url.scheme(), "https" | "http")
        && url.path() == "/"
        && url.query().is_none()
        && url.fragment().is_none()
        && url.username().is_empty()
        && url.password().is_none();
    bare.then_some(url)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hosts(setting: &[&str]) -> Result<Hosts, OutboundConfigError> {
        let setting: Vec<_> = setting.iter().map(|host| (*host).to_owned()).collect();
        Hosts::new(&setting)
    }

    fn check(hosts: &Hosts, url: &str) -> Result<(), WebhookRefusal> {
        hosts.check(&Url::parse(url).unwrap())
    }

    #[test]
    fn only_slack_is_slack() {
        let hosts = hosts(&[]).unwrap();
        assert_eq!(hosts.api().as_str(), "https://slack.com/api/");
        for url in [
            "https://hooks.slack.com/services/T0/B0/x",
            "https://hooks.slack-gov.com/services/T0/B0/x",
            "https://HOOKS.slack.com:443/services/T0/B0/x",
        ] {
            assert_eq!(check(&hosts, url), Ok(()), "{url}");
        }
        for url in [
            "https://hooks.slack.com.evil.example/services/x",
            "https://evil.example/hooks.slack.com/services/x",
            "https://slack.com/services/x",
            "https://a.hooks.slack.com/services/x",
            "https://hooks.slack.com:8443/services/x",
            "http://hooks.slack.com/services/x",
            "https://hooks.slack.com@evil.example/services/x",
        ] {
            assert_eq!(check(&hosts, url), Err(WebhookRefusal::Host), "{url}");
        }
        let workflow = check(&hosts, "https://hooks.slack.com/triggers/T0/1/x");
        assert_eq!(workflow, Err(WebhookRefusal::Path));
    }

    #[test]
    fn the_setting_adds_hosts() {
        let hosts = hosts(&["hooks.example.com", "http://127.0.0.1:99", "slack-gov.com"]).unwrap();
        assert_eq!(hosts.api().as_str(), "http://127.0.0.1:99/api/");
        for url in [
            "https://hooks.slack.com/services/x",
            "https://hooks.example.com/x",
            "https://hooks.example.com:8443/x",
            "http://127.0.0.1:99/x",
        ] {
            assert_eq!(check(&hosts, url), Ok(()), "{url}");
        }
        for url in ["http://127.0.0.1:98/x", "https://127.0.0.1:99/x"] {
            assert_eq!(check(&hosts, url), Err(WebhookRefusal::Host), "{url}");
        }
    }

    #[test]
    fn the_api_of_another_slack_is_taken() {
        let hosts = hosts(&["hooks.slack-gov.com", "slack-gov.com"]).unwrap();
        assert_eq!(hosts.api().as_str(), "https://slack-gov.com/api/");
    }

    #[test]
    fn what_is_no_host_is_refused() {
        for text in ["", "a b", "ftp://a", "a/b", "https://u@a", "https://a/?q"] {
            assert!(hosts(&[text]).is_err(), "{text}");
        }
    }
}
