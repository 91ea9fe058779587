//! How the app is: what people are shown to judge whether to trust the board.

use std::{
    collections::BTreeMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

use jiff::Timestamp;
use lampboard_proto::v1::{
    AppMode, AppStatus, ReconcileRound, RefusedWebhooks, ReportStatusRequest, RequestBudget,
};

use crate::{
    app::App,
    github::{self, Budget, GitHub},
    normalize::timestamp,
    server,
    trouble::Trouble,
};

/// How often the app looks whether there is something new to tell.
const LOOK: std::time::Duration = std::time::Duration::from_secs(5);
/// After how many looks it tells that nothing is new.
const SILENT_LOOKS: u32 = 12;

/// What happened since the start.
#[derive(Debug)]
pub(crate) struct Vitals {
    start_time: Timestamp,
    noted: Mutex<Noted>,
}

#[derive(Debug, Default)]
struct Noted {
    last_webhook: Option<Timestamp>,
    refused: BTreeMap<&'static str, (i64, Timestamp)>,
    last_round: Option<ReconcileRound>,
    app: github::App,
    /// By what they are about.
    problems: BTreeMap<&'static str, String>,
}

impl Vitals {
    /// Starts with nothing.
    pub(crate) fn new(start_time: Timestamp) -> Self {
        Self {
            start_time,
            noted: Mutex::default(),
        }
    }

    /// Since when the app runs.
    pub(crate) fn start_time(&self) -> Timestamp {
        self.start_time
    }

    /// A signed webhook came.
    pub(crate) fn note_webhook(&self, now: Timestamp) {
        self.lock().last_webhook = Some(now);
    }

    /// When a signed webhook last came.
    pub(crate) fn last_webhook(&self) -> Option<Timestamp> {
        self.lock().last_webhook
    }

    /// A webhook was refused.
    pub(crate) fn note_refusal(&self, reason: &'static str, now: Timestamp) {
        let mut noted = self.lock();
        let (count, last) = noted.refused.entry(reason).or_insert((0, now));
        (*count, *last) = (*count + 1, now);
    }

    /// GitHub said who the App is.
    pub(crate) fn note_app(&self, app: github::App) {
        self.lock().app = app;
    }

    /// A round of reconciling is over.
    pub(crate) fn note_round(&self, round: ReconcileRound) {
        self.lock().last_round = Some(round);
    }

    /// Something keeps the app from its work, or, if `problem` is none, does not
    /// any more.
    pub(crate) fn note_problem(&self, subject: &'static str, problem: Option<String>) {
        let mut noted = self.lock();
        match problem {
            Some(problem) => noted.problems.insert(subject, problem),
            None => noted.problems.remove(subject),
        };
    }

    fn status(&self) -> AppStatus {
        let noted = self.lock();
        let refused = noted
            .refused
            .iter()
            .map(|(reason, (count, last))| RefusedWebhooks {
                reason: (*reason).to_owned(),
                count: *count,
                last_time: Some(timestamp(*last)),
            });
        AppStatus {
            app_slug: noted.app.slug.clone().unwrap_or_default(),
            app_url: noted.app.html_url.clone().unwrap_or_default(),
            start_time: Some(timestamp(self.start_time)),
            last_webhook_time: noted.last_webhook.map(timestamp),
            refused: refused.collect(),
            last_round: noted.last_round.clone(),
            problems: noted.problems.values().cloned().collect(),
            ..AppStatus::default()
        }
    }

    fn lock(&self) -> MutexGuard<'_, Noted> {
        // Every note is taken at one go, so that what a panic left is whole.
        self.noted.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl App {
    /// How the app is now.
    pub(crate) fn status(&self) -> AppStatus {
        let identity = self.identity();
        let mut status = self.vitals.status();
        status.set_mode(
            identity
                .as_ref()
                .map_or(AppMode::Setup, |identity| identity.mode()),
        );
        if let Some(identity) = identity {
            if !identity.slug.is_empty() {
                status.app_slug.clone_from(&identity.slug);
                status.app_url.clone_from(&identity.html_url);
            }
            let budgets = identity.github.iter().flat_map(GitHub::budgets);
            status.budgets = budgets.map(|it| budget(&it)).collect();
        }
        status
    }

    /// Tells the server how the app is, whenever that changed and once a minute.
    pub(crate) async fn keep_telling(&self) {
        let mut told = None;
        let mut silent = 0;
        loop {
            let status = self.status();
            silent += 1;
            if told.as_ref() != Some(&status) || silent > SILENT_LOOKS {
                match self.tell_status(&status).await {
                    Ok(()) => (told, silent) = (Some(status), 0),
                    Err(error) => tracing::debug!(%error, "can not tell the server how I am"),
                }
            }
            self.clock.sleep(LOOK).await;
        }
    }

    /// Tells the server how the app is. Of several processes it believes the one that
    /// holds the App as a whole.
    pub(crate) async fn tell_status(&self, status: &AppStatus) -> Result<(), Trouble> {
        let request = ReportStatusRequest {
            status: Some(status.clone()),
            holder: self.leases.holder().to_owned(),
        };
        let mut client = self.server.app.clone();
        server::patiently(client.report_status(request)).await?;
        Ok(())
    }
}

fn budget(budget: &Budget) -> RequestBudget {
    let small = |count: u64| i32::try_from(count).unwrap_or(i32::MAX);
    RequestBudget {
        installation_id: budget.installation_id.unwrap_or_default(),
        limit: small(budget.limit.unwrap_or_default()),
        remaining: small(budget.remaining.unwrap_or_default()),
        reset_time: budget.reset_time.map(timestamp),
        limited_until_time: budget.limited_until.map(timestamp),
        reconcile_count: small(budget.spent.reconcile),
        backfill_count: small(budget.spent.backfill),
    }
}
