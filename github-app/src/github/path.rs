//! The paths of GitHub's API: what is asked for, without where GitHub is.

use std::{fmt, str::FromStr};

use http::uri::PathAndQuery;
use url::{Url, form_urlencoded};

/// What stands in for GitHub's address while a path is read.
const ANYWHERE: &str = "https://github.invalid";

/// A path of GitHub's API and its query. Does not say where GitHub is, so that
/// nothing can be sent elsewhere; as text it outlives the process.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiPath(PathAndQuery);

/// A text is no path of GitHub's API.
#[derive(Debug, thiserror::Error)]
#[error("not a path of an api")]
pub struct PathError;

impl ApiPath {
    /// A path in the form that an address gives it.
    pub(super) fn new(path: &str, query: Option<&str>) -> Option<Self> {
        if !path.starts_with('/') {
            return None;
        }
        let text = match query {
            Some(query) => format!("{path}?{query}"),
            None => path.to_owned(),
        };
        text.try_into().ok().map(Self)
    }

    /// A path that stands in this program.
    pub(super) fn fixed(path: &'static str) -> Self {
        Self(PathAndQuery::from_static(path))
    }

    /// A path made of names and numbers, each of which is one part of it.
    pub(super) fn of(parts: &[&str], query: &[(&str, &str)]) -> Self {
        let mut url = Url::parse(ANYWHERE).expect("it is an address");
        url.path_segments_mut()
            .expect("an https address has a path")
            .clear()
            .extend(parts);
        if !query.is_empty() {
            url.query_pairs_mut().extend_pairs(query);
        }
        Self::new(url.path(), url.query()).expect("what an address consists of is a path")
    }

    /// The path and its query.
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }

    /// The path, unless it holds a code that is good for a private key.
    pub(super) fn shown(&self) -> &str {
        if self.0.path().starts_with("/app-manifests/") {
            "/app-manifests/.../conversions"
        } else {
            self.as_str()
        }
    }

    /// The value of a parameter of the query.
    pub(super) fn parameter(&self, name: &str) -> Option<String> {
        let query = self.0.query()?;
        form_urlencoded::parse(query.as_bytes())
            .find(|(key, _)| key == name)
            .map(|(_, value)| value.into_owned())
    }
}

impl fmt::Display for ApiPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for ApiPath {
    type Err = PathError;

    fn from_str(text: &str) -> Result<Self, PathError> {
        if !text.starts_with('/') || text.starts_with("//") {
            return Err(PathError);
        }
        let url = Url::parse(&format!("{ANYWHERE}{text}")).map_err(|_| PathError)?;
        Self::new(url.path(), url.query()).ok_or(PathError)
    }
}

/// Where a repository and what is in it is found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RepositoryPath(Vec<String>);

impl RepositoryPath {
    /// Finds a repository by its names, which change.
    pub fn named(owner: &str, name: &str) -> Self {
        Self(vec!["repos".to_owned(), owner.to_owned(), name.to_owned()])
    }

    /// Finds a repository by the number that it keeps.
    pub fn with_id(id: i64) -> Self {
        Self(vec!["repositories".to_owned(), id.to_string()])
    }

    /// Finds a repository by `owner/name`.
    pub fn with_full_name(full_name: &str) -> Option<Self> {
        let (owner, name) = full_name.split_once('/')?;
        let is_name = |name: &str| !name.is_empty() && !name.contains('/');
        (is_name(owner) && is_name(name)).then(|| Self::named(owner, name))
    }

    /// The repository itself.
    pub fn repository(&self) -> ApiPath {
        self.part(&[], &[])
    }

    /// Its runs, the newest first; `query` is GitHub's.
    pub fn runs(&self, query: &[(&str, &str)]) -> ApiPath {
        self.part(&["actions", "runs"], query)
    }

    /// The latest attempt of a run.
    pub fn run(&self, run_id: i64) -> ApiPath {
        self.part(&["actions", "runs", &run_id.to_string()], &[])
    }

    /// One attempt of a run.
    pub fn attempt(&self, run_id: i64, attempt: i64) -> ApiPath {
        let (run_id, attempt) = (run_id.to_string(), attempt.to_string());
        self.part(&["actions", "runs", &run_id, "attempts", &attempt], &[])
    }

    /// The jobs of one attempt, a hundred to a page.
    pub fn jobs(&self, run_id: i64, attempt: i64) -> ApiPath {
        let (run_id, attempt) = (run_id.to_string(), attempt.to_string());
        let parts = ["actions", "runs", &run_id, "attempts", &attempt, "jobs"];
        self.part(&parts, &[("per_page", "100")])
    }

    fn part(&self, parts: &[&str], query: &[(&str, &str)]) -> ApiPath {
        let parts: Vec<&str> = self
            .0
            .iter()
            .map(String::as_str)
            .chain(parts.iter().copied())
            .collect();
        ApiPath::of(&parts, query)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn makes_the_paths_of_a_repository() {
        let repository = RepositoryPath::with_full_name("octo-org/site").unwrap();
        assert_eq!(repository.repository().as_str(), "/repos/octo-org/site");
        assert_eq!(
            repository
                .runs(&[("created", "<=2026-03-01T12:00:00Z"), ("page", "2")])
                .as_str(),
            "/repos/octo-org/site/actions/runs?created=%3C%3D2026-03-01T12%3A00%3A00Z&page=2"
        );
        assert_eq!(
            repository.run(9).as_str(),
            "/repos/octo-org/site/actions/runs/9"
        );
        assert_eq!(
            RepositoryPath::with_id(7).attempt(9, 2).as_str(),
            "/repositories/7/actions/runs/9/attempts/2"
        );
        assert_eq!(
            RepositoryPath::with_id(7).jobs(9, 2).as_str(),
            "/repositories/7/actions/runs/9/attempts/2/jobs?per_page=100"
        );
    }

    #[test]
    fn a_name_is_one_part_whatever_it_contains() {
        let path = RepositoryPath::named("a/../b", "c?d#e f%2F").repository();
        assert_eq!(path.as_str(), "/repos/a%2F..%2Fb/c%3Fd%23e%20f%252F");
        assert_eq!(RepositoryPath::with_full_name("a"), None);
        assert_eq!(RepositoryPath::with_full_name("a/"), None);
        assert_eq!(RepositoryPath::with_full_name("a/b/c"), None);
    }

    #[test]
    fn survives_being_written_down() {
        let path = RepositoryPath::with_id(7).runs(&[("created", "<=2026-03-01")]);
        assert_eq!(path.to_string().parse::<ApiPath>().unwrap(), path);
    }

    #[test]
    fn reads_no_address_as_a_path() {
        for text in ["", "app", "//evil.example/app", "https://evil.example/app"] {
            assert!(text.parse::<ApiPath>().is_err(), "{text}");
        }
        assert_eq!("/a/../../b".parse::<ApiPath>().unwrap().as_str(), "/b");
    }
}
