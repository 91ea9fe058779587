//! Loads history: walks a repository's runs backwards, as GitHub's lists allow.
//! Attempts and jobs that are missing then are gaps, which reconciling closes.

use std::{collections::HashSet, sync::Arc};

use jiff::{SignedDuration, Timestamp};
use lampboard_proto::v1::{
    BackfillStatus, LeasedBackfill, ReportSource, Repository, UpdateBackfillRequest,
    WatchRequestsRequest, watch_requests_response::Request,
};
use tokio::task::JoinSet;
use tonic::Code;

use crate::{
    app::App,
    fetch::{Fetch, Page},
    github::{GitHub, Purpose},
    server,
    time::{after, before, from_proto, seconds, timestamp},
    trouble::{LET_GO, Trouble},
};

/// How many runs GitHub lists at most when it is given a filter.
const CAP: usize = 1000;
/// Why a repository has no history to load.
const NOT_SEEN: &str =
    "no installation sees the repository, or LAMPBOARD_REPOSITORIES leaves it out";
/// How long to wait before the server is asked again for what it wants.
const RECONNECT: std::time::Duration = std::time::Duration::from_secs(5);

impl App {
    /// Does what the server wants from GitHub, for as long as it is polled.
    pub(crate) async fn serve_requests(self: Arc<Self>) {
        let mut working = JoinSet::new();
        loop {
            // Before that, it is not known what is looked at.
            if self.catalog.is_empty() {
                self.clock.sleep(RECONNECT).await;
                continue;
            }
            if let Err(status) = self.watch_requests(&mut working).await {
                tracing::debug!(%status, "the stream of the server's requests ended");
            }
            self.clock.sleep(RECONNECT).await;
        }
    }

    async fn watch_requests(
        self: &Arc<Self>,
        working: &mut JoinSet<()>,
    ) -> Result<(), tonic::Status> {
        let mut client = self.server.app.clone();
        let request = WatchRequestsRequest {
            holder: self.leases.holder().to_owned(),
        };
        let watched = client.watch_requests(request).await?;
        let mut requests = watched.into_inner();
        while let Some(message) = requests.message().await? {
            while working.try_join_next().is_some() {}
            let github = self.github();
            if let Some(Request::Backfill(leased)) = message.request
                && let Some(github) = github
            {
                let app = Arc::clone(self);
                working.spawn(async move { app.backfill(&github, leased).await });
            }
        }
        Ok(())
    }

    /// Works on one backfill until it is over, has to wait, or belongs to another.
    pub(crate) async fn backfill(&self, github: &GitHub, leased: LeasedBackfill) {
        let Some(backfill) = leased.backfill else {
            return;
        };
        let name = backfill.repository.clone();
        let repository = self.catalog.repository(backfill.repository_id);
        let since = backfill.since_time.and_then(from_proto);
        let mut walk = Walk {
            fetch: Fetch {
                app: self,
                github,
                purpose: Purpose::Backfill,
                source: ReportSource::Backfill,
                since,
            },
            repository: repository.unwrap_or_default(),
            id: backfill.id,
            lease: leased.lease,
            until: backfill
                .cursor_time
                .and_then(from_proto)
                .unwrap_or_else(|| self.clock.now()),
            last_second: HashSet::new(),
        };
        if !self.catalog.knows(leased.installation_id) {
            // It was gained a moment ago, and GitHub is yet to say what it sees.
            let later = after(self.clock.now(), LET_GO);
            let wait = Some((later, String::new()));
            let told = walk.tell(BackfillStatus::Running, 0, 0, wait).await;
            if let Err(trouble) = told {
                tracing::debug!(%trouble, "can not let go of a backfill");
            }
        } else if walk.repository.id == 0 {
            let told = walk.give_up(NOT_SEEN).await;
            if let Err(trouble) = told {
                tracing::debug!(%trouble, "can not tell of a backfill");
            }
        } else if let Err(trouble) = walk.reach_end().await {
            tracing::info!(repository.name = name, %trouble, "the backfill of {name} stopped");
            if let Err(trouble) = walk.stop(&trouble).await {
                tracing::debug!(%trouble, "nor could it be said");
            }
        }
    }
}

/// The way back through the runs of one repository.
struct Walk<'a> {
    fetch: Fetch<'a>,
    repository: Repository,
    id: String,
    lease: i64,
    /// Runs created later are loaded.
    until: Timestamp,
    /// The runs of that second that are loaded: it is read again.
    last_second: HashSet<i64>,
}

impl Walk<'_> {
    async fn reach_end(&mut self) -> Result<(), Trouble> {
        while self.window().await? {}
        self.tell(BackfillStatus::Done, 0, 0, None).await
    }

    /// Loads what one list shows, which is a thousand runs at most. Whether there
    /// may be more.
    async fn window(&mut self) -> Result<bool, Trouble> {
        let begin = self.until;
        let created = format!("<={}", seconds(begin));
        let path = Fetch::path(&self.repository);
        let mut next = Some(path.runs(&[("created", &created), ("per_page", "100")]));
        let mut rows = 0;
        // More pages than GitHub lists would be no list.
        while let Some(path) = next.take().filter(|_| rows <= CAP) {
            let listed = self.fetch.runs(&self.repository, &path, None).await?;
            let Some(page) = listed else {
                return Ok(false);
            };
            rows += page.runs.row_count;
            if !self.page(&page).await? {
                return Ok(false);
            }
            next = page.next;
        }
        if rows < CAP {
            return Ok(false);
        }
        if self.until.as_second() == begin.as_second() {
            tracing::warn!(
                repository.name = self.repository.name,
                "more than 1,000 runs of {} were created in one second, {begin}: GitHub lists no \
                 more of them",
                self.repository.name
            );
            self.until = before(begin, SignedDuration::from_secs(1));
        }
        Ok(true)
    }

    /// Takes notice of a page. Whether what is older is wanted, too.
    async fn page(&mut self, page: &Page) -> Result<bool, Trouble> {
        let Some(last) = page.runs.last_create_time else {
            return Ok(false);
        };
        let builds = page.runs.builds.iter();
        let new = builds.filter(|it| !self.last_second.contains(&it.run_id));
        let added = new.count();
        let second = last.as_second();
        if second != self.until.as_second() {
            self.last_second.clear();
        }
        let in_last_second = page
            .runs
            .builds
            .iter()
            .filter(|it| it.create_time.is_some_and(|time| time.seconds == second));
        self.last_second.extend(in_last_second.map(|it| it.run_id));
        self.until = last;
        let added = i32::try_from(added).unwrap_or(i32::MAX);
        self.tell(BackfillStatus::Running, added, 1, None).await?;
        Ok(self.fetch.since.is_none_or(|since| last >= since))
    }

    async fn give_up(&self, problem: &str) -> Result<(), Trouble> {
        let now = self.fetch.app.clock.now();
        let why = Some((now, problem.to_owned()));
        self.tell(BackfillStatus::Failed, 0, 0, why).await
    }

    /// Says why it stops: for good, or until GitHub gives more.
    async fn stop(&self, trouble: &Trouble) -> Result<(), Trouble> {
        if let Trouble::Server(status) = trouble
            && status.code() == Code::FailedPrecondition
        {
            // It is not ours any more.
            return Ok(());
        }
        let now = self.fetch.app.clock.now();
        let (status, wait) = match trouble.wait_until(now) {
            Some(until) => (BackfillStatus::Running, Some((until, trouble.to_string()))),
            None => (BackfillStatus::Failed, Some((now, trouble.to_string()))),
        };
        self.tell(status, 0, 1, wait).await
    }

    async fn tell(
        &self,
        status: BackfillStatus,
        added_run_count: i32,
        added_request_count: i32,
        wait: Option<(Timestamp, String)>,
    ) -> Result<(), Trouble> {
        let (until, problem) = wait.unzip();
        let waits = status == BackfillStatus::Running;
        let request = UpdateBackfillRequest {
            id: self.id.clone(),
            lease: self.lease,
            status: status.into(),
            cursor_time: Some(timestamp(self.until)),
            added_run_count,
            added_request_count,
            problem: problem.unwrap_or_default(),
            wait_until_time: until.filter(|_| waits).map(timestamp),
        };
        let mut client = self.fetch.app.server.app.clone();
        server::patiently(client.update_backfill(request)).await?;
        Ok(())
    }
}
