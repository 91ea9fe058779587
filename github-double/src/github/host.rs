//! Where this GitHub says that it is.

/// The addresses that all links in its answers and events begin with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hosts {
    /// Where people look at it, without a slash at the end.
    pub web: String,
    /// Where programs do, without a slash at the end.
    pub api: String,
}

impl Default for Hosts {
    fn default() -> Self {
        Self {
            web: "https://github.com".to_owned(),
            api: "https://api.github.com".to_owned(),
        }
    }
}

impl Hosts {
    /// The host of the web address, without scheme, port and path.
    pub(crate) fn name(&self) -> &str {
        let (_, rest) = self.web.split_once("://").unwrap_or(("", &self.web));
        let end = rest.find([':', '/']).unwrap_or(rest.len());
        &rest[..end]
    }
}

#[cfg(test)]
mod tests {
    use super::Hosts;

    #[test]
    fn the_name_is_the_host_alone() {
        assert_eq!(Hosts::default().name(), "github.com");
        let web = "http://127.0.0.1:8080/github".to_owned();
        let hosts = Hosts {
            web,
            ..Hosts::default()
        };
        assert_eq!(hosts.name(), "127.0.0.1");
    }
}
