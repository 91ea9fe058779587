//! Fetches builds and jobs from GitHub and reports them.

use jiff::Timestamp;
use lampboard_proto::v1::{
    Build, BuildKey, Job, ReportRequest, ReportResponse, ReportSource, Repository,
};
use tokio::time::Instant;

use crate::{
    app::App,
    github::{ApiPath, ETag, GitHub, Listed, Purpose, RepositoryPath},
    normalize::listed::{self, ListedRuns},
    server::PATIENCE,
    time::from_proto,
    trouble::Trouble,
};

/// The most jobs of one attempt.
const MAX_JOBS: usize = 10_000;
/// How many jobs one report carries.
const JOBS_IN_REPORT: usize = 1000;

/// Asks GitHub for something, and reports what it says.
#[derive(Clone, Copy)]
pub(crate) struct Fetch<'a> {
    pub(crate) app: &'a App,
    pub(crate) github: &'a GitHub,
    pub(crate) purpose: Purpose,
    pub(crate) source: ReportSource,
    /// Runs that were created earlier are left out.
    pub(crate) since: Option<Timestamp>,
}

/// A page of runs that was reported.
pub(crate) struct Page {
    pub(crate) runs: ListedRuns,
    /// Those of them that changed something.
    pub(crate) changed: Vec<BuildKey>,
    pub(crate) next: Option<ApiPath>,
    pub(crate) etag: Option<ETag>,
}

impl Page {
    /// Whether even the oldest run of the page brought something new.
    pub(crate) fn is_new_to_its_end(&self) -> bool {
        let last = self.runs.builds.last();
        last.is_some_and(|last| self.changed.iter().any(|it| it.run_id == last.run_id))
    }

    /// When the oldest run of the page was created.
    pub(crate) fn last_create_time(&self) -> Option<Timestamp> {
        self.runs.last_create_time
    }
}

impl Fetch<'_> {
    /// Where a repository is found: by its name, as GitHub documents. If that has
    /// changed, GitHub leads on from there.
    pub(crate) fn path(repository: &Repository) -> RepositoryPath {
        RepositoryPath::with_full_name(&repository.name)
            .unwrap_or_else(|| RepositoryPath::with_id(repository.id))
    }

    /// Reports a page of runs; none if it is what it was.
    pub(crate) async fn runs(
        &self,
        repository: &Repository,
        path: &ApiPath,
        etag: Option<&ETag>,
    ) -> Result<Option<Page>, Trouble> {
        let installation = repository.installation_id;
        let listed = self.github.list(installation, self.purpose, path, etag);
        let Listed::Page { body, next, etag } = listed.await? else {
            return Ok(None);
        };
        let runs = listed::runs(repository, &body)?;
        let wanted = runs.builds.iter().filter(|it| self.is_wanted(it));
        let changed = self.report_builds(repository, wanted.cloned().collect());
        let changed = changed.await?;
        Ok(Some(Page {
            runs,
            changed,
            next,
            etag,
        }))
    }

    /// Reports one attempt.
    pub(crate) async fn attempt(
        &self,
        repository: &Repository,
        key: &BuildKey,
    ) -> Result<Option<Build>, Trouble> {
        let path = Self::path(repository).attempt(key.run_id, key.run_attempt.into());
        let body = self
            .github
            .get(repository.installation_id, self.purpose, &path)
            .await?;
        let build = listed::attempt(repository, &body)?;
        self.report_builds(repository, build.iter().cloned().collect())
            .await?;
        Ok(build)
    }

    /// Reports all jobs of an attempt that is over.
    pub(crate) async fn jobs(
        &self,
        repository: &Repository,
        key: &BuildKey,
    ) -> Result<(), Trouble> {
        let installation = repository.installation_id;
        let path = Self::path(repository).jobs(key.run_id, key.run_attempt.into());
        let mut jobs = Vec::new();
        let mut next = Some(path);
        // No attempt has more jobs than GitHub's matrices allow, by far.
        while let Some(path) = next.take().filter(|_| jobs.len() < MAX_JOBS) {
            let listed = self.github.list(installation, self.purpose, &path, None);
            if let Listed::Page {
                body, next: more, ..
            } = listed.await?
            {
                jobs.extend(listed::jobs(repository, &body)?);
                next = more;
            }
        }
        self.report_jobs(repository, key, jobs).await
    }

    fn is_wanted(&self, build: &Build) -> bool {
        let created = build.create_time.and_then(from_proto);
        self.since.is_none_or(|since| created >= Some(since))
    }

    async fn report_builds(
        &self,
        repository: &Repository,
        builds: Vec<Build>,
    ) -> Result<Vec<BuildKey>, Trouble> {
        if builds.is_empty() {
            return Ok(Vec::new());
        }
        let report = ReportRequest {
            builds,
            ..self.report_of(repository)
        };
        Ok(self.send(report).await?.changed_builds)
    }

    async fn report_jobs(
        &self,
        repository: &Repository,
        key: &BuildKey,
        mut jobs: Vec<Job>,
    ) -> Result<(), Trouble> {
        // That all are there is said with the last of them.
        while jobs.len() > JOBS_IN_REPORT {
            let rest = jobs.split_off(JOBS_IN_REPORT);
            let report = ReportRequest {
                jobs: std::mem::replace(&mut jobs, rest),
                ..self.report_of(repository)
            };
            self.send(report).await?;
        }
        let report = ReportRequest {
            jobs,
            complete_builds: vec![*key],
            ..self.report_of(repository)
        };
        self.send(report).await?;
        Ok(())
    }

    fn report_of(&self, repository: &Repository) -> ReportRequest {
        ReportRequest {
            repositories: vec![repository.clone()],
            source: self.source.into(),
            ..ReportRequest::default()
        }
    }

    async fn send(&self, report: ReportRequest) -> Result<ReportResponse, Trouble> {
        let deadline = Instant::now() + PATIENCE;
        Ok(self.app.server.report(report, deadline).await?)
    }
}
