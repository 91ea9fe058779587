//! Ids: GitHub's numbers, each a type of its own, and the build id made from them.

use std::{fmt, str::FromStr};

macro_rules! github_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub(crate) struct $name(pub i64);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }
    };
}

github_id! {
    /// GitHub's id of a repository; it survives renames and transfers.
    RepositoryId
}
github_id! {
    /// GitHub's id of a workflow; it survives renames.
    WorkflowId
}
github_id! {
    /// GitHub's id of a workflow run, the same for all its attempts.
    RunId
}
github_id! {
    /// GitHub's id of a job; every attempt has jobs of its own.
    JobId
}
github_id! {
    /// GitHub's id of an installation of the app. Zero while unknown.
    InstallationId
}

/// Identifies a build: one attempt of one run.
///
/// It is made from what GitHub says, so a job's event gives the id of its build
/// even before the build is known. Its order is by run, then by attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct BuildId {
    /// The run.
    pub(crate) run: RunId,
    /// Which attempt of the run, counted from 1.
    pub(crate) attempt: i32,
    /// The repository. Run ids are unique on one GitHub host only.
    pub(crate) repository: RepositoryId,
}

impl fmt::Display for BuildId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}-{}", self.repository, self.run, self.attempt)
    }
}

/// A text is not the id of a build.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("not the id of a build")]
pub(crate) struct ParseBuildIdError;

impl FromStr for BuildId {
    type Err = ParseBuildIdError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut parts = text.splitn(3, '-');
        let mut positive = || {
            let part = parts.next().ok_or(ParseBuildIdError)?;
            // `parse` would take a sign as well, and give one id two texts.
            if part.starts_with(['+', '0']) {
                return Err(ParseBuildIdError);
            }
            part.parse::<i64>()
                .ok()
                .filter(|number| *number > 0)
                .ok_or(ParseBuildIdError)
        };
        let repository = RepositoryId(positive()?);
        let run = RunId(positive()?);
        let attempt = i32::try_from(positive()?).map_err(|_| ParseBuildIdError)?;
        Ok(Self {
            run,
            attempt,
            repository,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_build_id_survives_its_text() {
        let id = BuildId {
            run: RunId(30_433_642),
            attempt: 2,
            repository: RepositoryId(1_296_269),
        };
        assert_eq!(id.to_string(), "1296269-30433642-2");
        assert_eq!(id.to_string().parse(), Ok(id));
    }

    #[test]
    fn other_texts_are_refused() {
        for text in [
            "",
            "1",
            "1-2",
            "1-2-",
            "1-2-0",
            "1-2-3-4",
            "a-2-3",
            "+1-2-3",
            "01-2-3",
            "1-2-4294967297",
            "9223372036854775808-2-3",
        ] {
            assert_eq!(text.parse::<BuildId>(), Err(ParseBuildIdError), "{text}");
        }
    }
}
