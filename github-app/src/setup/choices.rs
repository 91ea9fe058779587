//! What has to be decided before there is an App: whose it is, where GitHub is, and
//! how builds get here.

use url::Url;

use super::{
    address,
    fields::{Fields, Problems},
};

/// Whose the App is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Owner {
    /// Whoever is signed in at GitHub.
    Me,
    /// An organisation, by its name in addresses.
    Organization(String),
}

/// Where GitHub is, and how builds get from there to here.
#[derive(Debug, Clone)]
pub(super) struct Place {
    /// Where GitHub's pages are.
    pub(super) web_url: Url,
    /// Where its API is.
    pub(super) api_url: Url,
    /// Where GitHub and people reach Lampboard. Always there unless polling.
    pub(super) public_url: Option<Url>,
    /// Whether GitHub is asked, instead of delivering.
    pub(super) polling: bool,
}

/// What has to be decided before an App can be created.
#[derive(Debug, Clone)]
pub(super) struct Choices {
    /// Where from and where to.
    pub(super) place: Place,
    /// Whose the App will be.
    pub(super) owner: Owner,
    /// Where the browser is that has the cookie: GitHub sends it back there.
    pub(super) browser: String,
}

impl Place {
    /// Reads a form, and notes what is wrong with it.
    pub(super) fn read(fields: &Fields, problems: &mut Problems) -> Option<Self> {
        let polling = fields.get("arrival") == "polling";
        let web_url = if fields.get("host") == "own" {
            problems.check("web_url", address::github_site(fields.get("web_url")))
        } else {
            address::github_site(address::GITHUB).ok()
        };
        let api_url = match fields.filled("api_url") {
            Some(typed) if fields.get("host") == "own" => {
                problems.check("api_url", address::github_api(typed))
            }
            _ => web_url.as_ref().map(address::api_of),
        };
        let public_url = match fields.filled("public_url") {
            Some(typed) => Some(problems.check("public_url", address::site(typed))?),
            None => None,
        };
        let (web_url, api_url) = (web_url?, api_url?);
        if !polling {
            problems.check("public_url", reachable(public_url.as_ref(), &web_url))?;
        }
        Some(Self {
            web_url,
            api_url,
            public_url,
            polling,
        })
    }

    /// The form that it would be read from.
    pub(super) fn fields(&self) -> Fields {
        let web_url = address::text(&self.web_url);
        let api_url = address::text(&self.api_url);
        let is_usual = address::api_of(&self.web_url) == self.api_url;
        let is_github = web_url == address::GITHUB && is_usual;
        let public_url = self.public_url.as_ref().map(address::text);
        Fields::default()
            .with("arrival", if self.polling { "polling" } else { "webhooks" })
            .with("public_url", public_url.unwrap_or_default())
            .with("host", if is_github { "github" } else { "own" })
            .with("web_url", if is_github { String::new() } else { web_url })
            .with("api_url", if is_usual { String::new() } else { api_url })
    }
}

impl Choices {
    /// Reads a form, and notes what is wrong with it.
    pub(super) fn read(fields: &Fields, browser: String, problems: &mut Problems) -> Option<Self> {
        let owner = if fields.get("owner") == "organization" {
            problems
                .check("organization", login(fields.get("organization")))
                .map(Owner::Organization)
        } else {
            Some(Owner::Me)
        };
        let place = Place::read(fields, problems);
        Some(Self {
            place: place?,
            owner: owner?,
            browser,
        })
    }

    /// The form that they would be read from.
    pub(super) fn fields(&self) -> Fields {
        let fields = self.place.fields();
        match &self.owner {
            Owner::Me => fields.with("owner", "me"),
            Owner::Organization(login) => fields
                .with("owner", "organization")
                .with("organization", login),
        }
    }

    /// Where GitHub takes the manifest of a new App.
    pub(super) fn registration_url(&self, state: &str) -> Url {
        let mut url = self.place.web_url.clone();
        {
            let mut path = url.path_segments_mut().expect("it is an https address");
            path.clear();
            if let Owner::Organization(login) = &self.owner {
                path.extend(["organizations", login]);
            }
            path.extend(["settings", "apps", "new"]);
        }
        url.query_pairs_mut().append_pair("state", state);
        url
    }

    /// Where Lampboard is, as far as GitHub's pages are concerned.
    pub(super) fn base(&self) -> String {
        let public_url = self.place.public_url.as_ref().map(address::text);
        public_url.unwrap_or_else(|| self.browser.clone())
    }
}

/// Refuses an address that GitHub does not deliver to.
fn reachable(public_url: Option<&Url>, web_url: &Url) -> Result<(), &'static str> {
    match public_url {
        None => Err("Webhooks need an address that GitHub can reach. If there is none, poll."),
        // Only what runs on this machine too finds it under this name.
        Some(url) if address::is_loopback(url) && !address::is_loopback(web_url) => Err(
            "GitHub delivers nothing to localhost. Give an address that can be reached from \
             there, or poll.",
        ),
        Some(_) => Ok(()),
    }
}

fn login(text: &str) -> Result<String, &'static str> {
    let is_login = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    if text.is_empty() {
        Err("Which organization?")
    } else if text.len() <= 100 && text.bytes().all(is_login) {
        Ok(text.to_owned())
    } else {
        Err("This is no name of an organization: take the one in its address at GitHub.")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(body: &str) -> Result<Choices, Problems> {
        let mut problems = Problems::default();
        let fields = Fields::read(body.as_bytes());
        let browser = "http://localhost:8080".to_owned();
        Choices::read(&fields, browser, &mut problems).ok_or(problems)
    }

    fn problem(body: &str, field: &str) -> String {
        let problems = read(body).unwrap_err();
        problems.of(field).unwrap_or_default().to_owned()
    }

    #[test]
    fn reads_what_most_people_choose() {
        let choices = read("public_url=https://ci.acme.example&owner=me").unwrap();
        assert_eq!(choices.base(), "https://ci.acme.example");
        assert_eq!(choices.owner, Owner::Me);
        assert_eq!(choices.place.api_url.as_str(), "https://api.github.com/");
        assert_eq!(
            choices.registration_url("S").as_str(),
            "https://github.com/settings/apps/new?state=S"
        );
    }

    #[test]
    fn reads_an_organization_on_a_server_of_its_own() {
        let choices = read(
            "public_url=https://ci.acme.example/&owner=organization&organization=acme\
             &host=own&web_url=https://git.acme.example",
        )
        .unwrap();
        assert_eq!(
            choices.place.api_url.as_str(),
            "https://git.acme.example/api/v3"
        );
        assert_eq!(
            choices.registration_url("S").as_str(),
            "https://git.acme.example/organizations/acme/settings/apps/new?state=S"
        );
    }

    #[test]
    fn needs_no_address_to_poll() {
        let choices = read("arrival=polling").unwrap();
        assert!(choices.place.polling);
        assert_eq!(choices.base(), "http://localhost:8080");
        assert!(read("arrival=polling&public_url=http://localhost:8080").is_ok());
        assert!(problem("arrival=polling&public_url=rubbish", "public_url").contains("https://"));
    }

    #[test]
    fn says_what_github_can_not_reach() {
        assert!(problem("", "public_url").contains("poll"));
        for local in ["http://localhost:8080", "http://127.0.0.1", "http://[::1]"] {
            let found = problem(&format!("public_url={local}"), "public_url");
            assert!(found.contains("localhost"), "{local}: {found}");
        }
        let on_this_machine = "public_url=http://127.0.0.1:1&host=own&web_url=http://127.0.0.1:2";
        assert!(read(on_this_machine).is_ok());
    }

    #[test]
    fn notes_everything_that_is_wrong_at_once() {
        let problems = read("owner=organization&host=own&web_url=x&api_url=y").unwrap_err();
        for field in ["organization", "web_url", "api_url"] {
            assert!(problems.of(field).is_some(), "{field}");
        }
        assert!(!problem("owner=organization&organization=a/../b", "organization").is_empty());
    }

    #[test]
    fn is_shown_as_it_was_typed() {
        for body in [
            "public_url=https://ci.acme.example",
            "arrival=polling&owner=organization&organization=acme",
            "arrival=polling&host=own&web_url=https://git.acme.example",
            "arrival=polling&host=own&web_url=https://github.com&api_url=https://proxy.example/x",
        ] {
            let choices = read(body).unwrap();
            let mut problems = Problems::default();
            let again = Choices::read(&choices.fields(), choices.browser.clone(), &mut problems);
            assert_eq!(format!("{:?}", again.unwrap()), format!("{choices:?}"));
        }
    }
}
