//! What is raised, once and no more, and how it gets out.

mod month;
mod order;
mod outbox;
mod plans;
mod raised;
mod red;
mod rules;
mod storm;

use std::sync::{
    Arc,
    atomic::{AtomicI64, Ordering},
};

use jiff::SignedDuration;

use super::{
    super::{AlertPage, AlertQuery, IncidentQuery},
    fixture::Fixture,
};
use crate::{
    Clock,
    fixtures::{at, build_id, facts, repository},
    model::{
        Alert, AlertChannel, AlertKind, AlertRule, AlertState, BuildFacts, BuildId, ChannelAddress,
        ChannelContent, Incident, Report, RuleContent, RuleFilter, SkipReason, Source, TimeRange,
        Trigger,
    },
};

/// A store the clock of which is set by hand, and is a microsecond further with each report.
struct Team {
    fixture: Fixture,
    second: Arc<AtomicI64>,
    ticks: Arc<AtomicI64>,
}

impl Team {
    async fn new() -> Self {
        Self::opened_by(Fixture::open_by).await
    }

    /// One on a file, where that is what is tested.
    async fn new_on_file() -> Self {
        Self::opened_by(Fixture::open_file_by).await
    }

    async fn opened_by(open: impl AsyncFnOnce(Clock) -> Fixture) -> Self {
        let [second, ticks] = [0, 0].map(|zero| Arc::new(AtomicI64::new(zero)));
        let now = (Arc::clone(&second), Arc::clone(&ticks));
        let clock = Clock::new(move || {
            let micros = SignedDuration::from_micros(now.1.load(Ordering::SeqCst));
            at(now.0.load(Ordering::SeqCst))
                .checked_add(micros)
                .unwrap()
        });
        Self {
            fixture: open(clock).await,
            second,
            ticks,
        }
    }

    fn set_clock(&self, second: i64) {
        self.second.store(second, Ordering::SeqCst);
    }

    async fn channel(&self, name: &str) -> AlertChannel {
        self.channel_as(content(name)).await
    }

    async fn channel_as(&self, content: ChannelContent) -> AlertChannel {
        self.tick();
        let created = self.fixture.store.create_alert_channel(content, None).await;
        created.unwrap()
    }

    async fn rule(&self, trigger: Trigger, channels: &[&AlertChannel]) -> AlertRule {
        self.rule_as(rule(trigger, channels)).await
    }

    async fn rule_as(&self, content: RuleContent) -> AlertRule {
        self.tick();
        self.fixture.store.create_alert_rule(content).await.unwrap()
    }

    /// Reports a run of `CI` on `main` that ended at its number, in minutes.
    async fn run(&self, run: i32, word: &str) -> BuildId {
        self.attempt(run, 1, word).await
    }

    async fn attempt(&self, run: i32, attempt: i32, word: &str) -> BuildId {
        let id = build_id(i64::from(run), attempt);
        self.report(id, build(run, attempt, word), Source::Webhook)
            .await;
        id
    }

    async fn report(&self, id: BuildId, facts: BuildFacts, source: Source) {
        let report = Report {
            repositories: vec![repository()],
            builds: vec![(id, facts)],
            source,
            ..Report::default()
        };
        self.fixture.record(report).await;
        self.tick();
    }

    fn tick(&self) {
        self.ticks.fetch_add(1, Ordering::SeqCst);
    }

    /// All alerts, the oldest first.
    async fn alerts(&self) -> Vec<Alert> {
        let page = AlertPage {
            query: AlertQuery::default(),
            after: None,
            size: 10_000,
        };
        let mut alerts = self.fixture.store.alerts(page).await.unwrap();
        alerts.reverse();
        alerts
    }

    /// All incidents, the last opened first.
    async fn incidents(&self) -> Vec<Incident> {
        let query = IncidentQuery {
            repositories: Vec::new(),
            branches: Vec::new(),
            open: None,
            open_time: TimeRange::default(),
            after: None,
            size: 10_000,
        };
        let incidents = self.fixture.store.incidents(query).await.unwrap();
        incidents
            .into_iter()
            .map(|(incident, _)| incident)
            .collect()
    }

    /// What is told of which run, the oldest first; without what is skipped.
    async fn told(&self) -> Vec<(AlertKind, i64)> {
        let alerts = self.alerts().await.into_iter();
        let told = alerts.filter(|alert| !matches!(alert.state, AlertState::Skipped(_)));
        told.map(|alert| (alert.kind, alert.build.run.0)).collect()
    }

    async fn skipped(&self) -> Vec<SkipReason> {
        let alerts = self.alerts().await.into_iter();
        let skipped = alerts.filter_map(|alert| match alert.state {
            AlertState::Skipped(reason) => Some(reason),
            _ => None,
        });
        skipped.collect()
    }
}

fn content(name: &str) -> ChannelContent {
    ChannelContent {
        display_name: name.to_owned(),
        address: ChannelAddress::Email {
            addresses: vec!["ada@acme.example".to_owned()],
        },
        disabled: false,
        holds: false,
    }
}

fn rule(trigger: Trigger, channels: &[&AlertChannel]) -> RuleContent {
    RuleContent {
        display_name: format!("{trigger:?}"),
        filter: RuleFilter {
            default_branch_only: true,
            ..RuleFilter::default()
        },
        trigger,
        channels: channels.iter().map(|channel| channel.id.clone()).collect(),
        quiet_hours: None,
        max_per_hour: 0,
        disabled: false,
    }
}

fn build(run: i32, attempt: i32, word: &str) -> BuildFacts {
    let end = i64::from(run) * 60 + i64::from(attempt - 1) * 20;
    BuildFacts {
        run_number: run,
        start_time: at(end - 50),
        ..facts(word, end)
    }
}

const CHANGE: Trigger = Trigger::Change { failures: 1 };
