//! Links into the UI, and to GitHub.

use url::Url;

use crate::model::{Build, BuildId, IncidentFacts};

/// Makes links from where people open the UI.
#[derive(Clone, Debug)]
pub(crate) struct Links {
    base: Url,
}

impl Links {
    /// Of a UI at `base`, which ends with a slash.
    pub(crate) fn new(base: Url) -> Self {
        Self { base }
    }

    /// A path below the base. Its segments are escaped.
    pub(crate) fn to(&self, segments: &[&str]) -> Url {
        let mut url = self.base.clone();
        if let Ok(mut path) = url.path_segments_mut() {
            path.pop_if_empty().extend(segments);
        }
        url
    }

    /// A build's page.
    pub(crate) fn build(&self, id: BuildId) -> Url {
        self.to(&["builds", &id.to_string()])
    }

    /// What was sent.
    pub(crate) fn history(&self) -> Url {
        self.to(&["alerts", "history"])
    }
}

/// GitHub's page of the commits since the last success, if both ends are known and of one
/// repository.
pub(crate) fn compare(incident: &IncidentFacts) -> Option<Url> {
    let first = incident.first_failure.as_ref()?;
    let good = incident.last_success.as_ref()?;
    let repository = repository_page(first)?;
    let (from, to) = (
        &good.record.facts.commit_sha,
        &first.record.facts.commit_sha,
    );
    if from == to || good.record.id.repository != first.record.id.repository {
        return None;
    }
    let mut url = repository;
    url.path_segments_mut()
        .ok()?
        .extend(["compare", &format!("{from}...{to}")]);
    Some(url)
}

/// GitHub's page of the repository of a build, on the host that the build's own page is on.
fn repository_page(build: &Build) -> Option<Url> {
    let mut url = Url::parse(&build.record.facts.url).ok()?;
    let (owner, name) = build.repository.split_once('/')?;
    url.set_query(None);
    url.set_fragment(None);
    url.path_segments_mut().ok()?.clear().extend([owner, name]);
    Some(url)
}
