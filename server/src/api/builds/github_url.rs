//! Links of workflow runs on GitHub.

use crate::model::{Build, RunId};

/// The page of a run or of an attempt.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct RunPage {
    host: String,
    pub(super) run: RunId,
    /// Zero means the latest.
    pub(super) attempt: i32,
}

impl RunPage {
    /// Whether a build is on the same host. The name of its repository is not
    /// compared: links outlive renames.
    pub(super) fn is_of(&self, build: &Build) -> bool {
        host(&build.record.facts.url).is_none_or(|host| host.eq_ignore_ascii_case(&self.host))
    }
}

/// Reads `https://HOST/OWNER/REPOSITORY/actions/runs/RUN[/attempts/N][/...]`.
pub(super) fn parse(url: &str) -> Option<RunPage> {
    let host = host(url)?.to_owned();
    let path = url.split(['?', '#']).next()?.splitn(4, '/').nth(3)?;
    let mut parts = path.split('/');
    let (_owner, _repository) = (parts.next()?, parts.next()?);
    if (parts.next()?, parts.next()?) != ("actions", "runs") {
        return None;
    }
    let run = parts.next()?.parse().ok().filter(|run| *run > 0)?;
    let attempt = match parts.next() {
        Some("attempts") => parts.next()?.parse().ok().filter(|n| *n > 0)?,
        _ => 0,
    };
    Some(RunPage {
        host,
        run: RunId(run),
        attempt,
    })
}

fn host(url: &str) -> Option<&str> {
    let rest = url
        .strip_prefix("https://")
        .or_else(|| url.strip_prefix("http://"))?;
    rest.split('/').next().filter(|host| !host.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(run: i64, attempt: i32) -> RunPage {
        RunPage {
            host: "github.com".to_owned(),
            run: RunId(run),
            attempt,
        }
    }

    #[test]
    fn links_of_runs_are_read() {
        let base = "https://github.com/acme/api/actions/runs/30433642";
        assert_eq!(parse(base), Some(page(30_433_642, 0)));
        for (tail, attempt) in [
            ("/", 0),
            ("?pr=5", 0),
            ("#summary", 0),
            ("/job/399", 0),
            ("/attempts/2", 2),
            ("/attempts/2/", 2),
            ("/attempts/12#step", 12),
        ] {
            assert_eq!(
                parse(&format!("{base}{tail}")),
                Some(page(30_433_642, attempt)),
                "{tail}"
            );
        }
    }

    #[test]
    fn other_links_are_not() {
        for url in [
            "",
            "https://github.com",
            "https://github.com/acme/api",
            "https://github.com/acme/api/actions/runs/",
            "https://github.com/acme/api/actions/runs/-1",
            "https://github.com/acme/api/actions/runs/0",
            "https://github.com/acme/api/actions/runs/1/attempts/x",
            "https://github.com/acme/api/pull/1",
            "github.com/acme/api/actions/runs/1",
            "javascript:/a/b/actions/runs/1",
            "https:///acme/api/actions/runs/1",
        ] {
            assert_eq!(parse(url), None, "{url}");
        }
    }
}
