//! Repairs what webhooks missed, in rounds: lists what is due, reads GitHub's log
//! of deliveries, and closes the gaps that the server knows.

mod due;
mod gaps;
mod hook;
mod lists;
mod log;
mod matching;
mod missed;

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};

use jiff::{SignedDuration, Timestamp};
use lampboard_proto::v1::{AppMode, ReconcileRound, ReportSource};

use self::{due::Due, gaps::AskedAbout, log::Log};
use crate::{
    app::App,
    fetch::Fetch,
    github::{Purpose, RequestCounter},
    identity::Identity,
    leases::WHOLE_APP,
    time::{before, timestamp},
    trouble::Trouble,
};

/// The most requests of one round.
const REQUESTS: u64 = 300;
/// For how long after its creation GitHub lets a run be re-run.
const RERUN_SPAN: SignedDuration = SignedDuration::from_hours(30 * 24);
/// After how many requests of an installation that GitHub could not answer it is
/// left alone for the rest of a round.
const MAX_FAILURES: u32 = 3;
/// How often GitHub is asked which installations and repositories there are.
const SYNC_INTERVAL: SignedDuration = SignedDuration::from_hours(24);
const POLLED_SYNC_INTERVAL: SignedDuration = SignedDuration::from_mins(10);

/// Repairs what webhooks missed. What it remembers only saves requests: all that
/// must last is in the server.
pub(crate) struct Reconciler {
    app: Arc<App>,
    due: Due,
    asked: AskedAbout,
    /// What was read of GitHub's log, while it is not all read.
    log: Option<Log>,
    last_sync: Option<Timestamp>,
    /// Whether GitHub listed any installation then.
    is_installed: bool,
    /// The App that all this is about.
    app_id: Option<i64>,
}

/// One round: what it may spend and what it found.
struct Round<'a> {
    fetch: Fetch<'a>,
    counter: &'a RequestCounter,
    start: Timestamp,
    /// The builds that were learnt of.
    learnt: Vec<matching::Learnt>,
    /// The repositories whose newest runs were listed.
    listed: HashSet<i64>,
    /// The installations that GitHub gives nothing of for now.
    locked_out: HashSet<i64>,
    /// How often it could not answer for an installation.
    failures: HashMap<i64, u32>,
    /// Until when everything was examined before this round.
    known_until: Option<Timestamp>,
    /// Whether nothing that was due had to be left for the next round.
    is_all_listed: bool,
    due_count: usize,
    changed_count: usize,
    problem: Option<String>,
}

impl Reconciler {
    /// Starts knowing nothing: everything is due.
    pub(crate) fn new(app: Arc<App>) -> Self {
        Self {
            app,
            due: Due::default(),
            asked: AskedAbout::default(),
            log: None,
            last_sync: None,
            is_installed: false,
            app_id: None,
        }
    }

    /// Does one round, and says how it went.
    pub(crate) async fn round(&mut self, identity: &Identity) -> Option<ReconcileRound> {
        let counter = Arc::new(RequestCounter::default());
        let github = self.app.github()?.counted(Arc::clone(&counter));
        let app = Arc::clone(&self.app);
        let mut round = Round {
            fetch: Fetch {
                app: &app,
                github: &github,
                purpose: Purpose::Reconcile,
                source: ReportSource::Reconcile,
                since: None,
            },
            counter: &counter,
            start: app.clock.now(),
            learnt: Vec::new(),
            listed: HashSet::new(),
            locked_out: HashSet::new(),
            failures: HashMap::new(),
            known_until: None,
            is_all_listed: true,
            due_count: 0,
            changed_count: 0,
            problem: None,
        };
        if let Err(trouble) = self.steps(&mut round, identity).await {
            round.note(&trouble);
        }
        let summary = round.summary();
        app.vitals.note_round(summary.clone());
        Some(summary)
    }

    /// The order is that of worth: how things stand now, then what was missed,
    /// then what only adds detail.
    async fn steps(&mut self, round: &mut Round<'_>, identity: &Identity) -> Result<(), Trouble> {
        let has_log = identity.mode() == AppMode::Connected;
        self.app.leases.keep().await?;
        let synced = self.sync(round, identity).await;
        round.unless_of_server(synced)?;
        round.known_until = self.examined_until().await?;
        self.look_after_outage(round).await?;
        self.list(round).await?;
        let is_whole_app = self.app.leases.holds(WHOLE_APP);
        if !is_whole_app {
            self.log = None;
        } else if has_log {
            let read = self.read_log(round).await;
            round.unless_of_server(read)?;
        } else if round.is_all_listed && round.problem.is_none() {
            // Where there is no log, the lists are what was examined.
            self.record(Vec::new(), round.start).await?;
        }
        self.fetch_gaps(round).await?;
        if has_log {
            let recovered = self.recover(round).await;
            round.unless_of_server(recovered)?;
        }
        self.fetch_jobs(round).await
    }

    async fn sync(&mut self, round: &mut Round<'_>, identity: &Identity) -> Result<(), Trouble> {
        let github = round.fetch.github;
        // The server takes no wishes for an app that it knows nothing of.
        self.app.tell_status(&self.app.status()).await?;
        if self.app.leases.holds(WHOLE_APP) && self.is_sync_due(round.start, identity) {
            let (troubles, is_installed) = self.app.sync_installations(github).await?;
            round.note_all(&troubles);
            self.is_installed = is_installed;
            self.last_sync = Some(round.start);
            hook::check(&self.app, identity).await?;
            if identity.slug.is_empty() {
                // Settings name the App by its number alone.
                self.app.vitals.note_app(github.app().await?);
            }
        }
        let troubles = self.app.sync_asked(github).await?;
        round.note_all(&troubles);
        Ok(())
    }

    /// Where no webhook tells of a new installation, as before there is one, GitHub
    /// has to be asked more often.
    fn is_sync_due(&mut self, now: Timestamp, identity: &Identity) -> bool {
        if self.app_id != identity.app_id {
            self.app_id = identity.app_id;
            self.last_sync = None;
            self.is_installed = false;
        }
        let interval = if self.app.catalog.is_empty() && !self.is_installed {
            SignedDuration::ZERO
        } else if identity.mode() == AppMode::Polling {
            POLLED_SYNC_INTERVAL
        } else {
            SYNC_INTERVAL
        };
        self.last_sync
            .is_none_or(|last| before(now, interval) >= last)
    }
}

impl Round<'_> {
    /// Whether the round may make another request.
    fn may_ask(&self) -> bool {
        self.counter.sent() < REQUESTS
    }

    /// Goes on after trouble with GitHub, which may be about one kind of request;
    /// without the server, there is nothing to go on with.
    fn unless_of_server(&mut self, step: Result<(), Trouble>) -> Result<(), Trouble> {
        match step {
            Err(trouble) if !matches!(trouble, Trouble::Server(_)) => {
                self.note(&trouble);
                Ok(())
            }
            step => step,
        }
    }

    /// Whether GitHub gives nothing of the installation for now.
    fn is_locked_out(&self, installation_id: i64) -> bool {
        self.locked_out.contains(&installation_id)
    }

    /// Decides whether trouble is about a whole installation, which is left alone
    /// then.
    fn count_against(&mut self, installation_id: i64, trouble: &Trouble) -> bool {
        let is_of_all = trouble.is_of_installation() || {
            let failures = self.failures.entry(installation_id).or_default();
            *failures += u32::from(trouble.is_unavailable());
            *failures >= MAX_FAILURES
        };
        if is_of_all {
            self.locked_out.insert(installation_id);
        }
        is_of_all
    }

    /// Keeps the first trouble, with the repository that it is about.
    fn note_of(&mut self, repository: &str, trouble: &Trouble) {
        if trouble.is_not_held() {
            return;
        }
        tracing::warn!(repository.name = repository, %trouble, "can not reconcile {repository}");
        let problem = || format!("{repository}: {trouble}");
        self.problem.get_or_insert_with(problem);
    }

    fn note_all(&mut self, troubles: &[Trouble]) {
        for trouble in troubles {
            self.note(trouble);
        }
    }

    /// Keeps the first trouble: those after it mostly follow from it.
    fn note(&mut self, trouble: &Trouble) {
        if trouble.is_not_held() {
            return;
        }
        tracing::warn!(%trouble, "reconciling met trouble");
        self.problem.get_or_insert_with(|| trouble.to_string());
    }

    fn summary(self) -> ReconcileRound {
        let count = |count: usize| i32::try_from(count).unwrap_or(i32::MAX);
        let took = self.fetch.app.clock.now().duration_since(self.start);
        ReconcileRound {
            start_time: Some(timestamp(self.start)),
            duration: prost_types::Duration::try_from(took.unsigned_abs()).ok(),
            request_count: i32::try_from(self.counter.sent()).unwrap_or(i32::MAX),
            due_repository_count: count(self.due_count),
            changed_build_count: count(self.changed_count),
            problem: self.problem.unwrap_or_default(),
        }
    }
}
