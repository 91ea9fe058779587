//! Random histories of three repositories, as the webhooks that tell of them.

use fastrand::Rng;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

/// Where clocks are changed: no day of the histories is far from one.
const SEASONS: [(&str, &[&str]); 2] = [
    (
        "2025-03-01T00:00:00Z",
        &[
            "2025-03-09T05:00:00Z", // Havana, which has no midnight then
            "2025-03-09T07:00:00Z", // New York
            "2025-03-29T22:00:00Z", // Beirut, which has no midnight then
            "2025-03-30T01:00:00Z", // Berlin
            "2025-04-05T15:00:00Z", // Lord Howe Island, by half an hour
        ],
    ),
    (
        "2025-09-30T00:00:00Z",
        &[
            "2025-10-04T15:30:00Z", // Lord Howe Island
            "2025-10-25T21:00:00Z", // Beirut
            "2025-10-26T01:00:00Z", // Berlin
            "2025-11-02T05:00:00Z", // Havana, which has two midnights then
            "2025-11-02T06:00:00Z", // New York
        ],
    ),
];
/// How long a season is.
const LENGTH: SignedDuration = SignedDuration::from_hours(40 * 24);

/// Names and default branches before and after a change.
const REPOSITORIES: [(i64, [&str; 2], [&str; 2]); 3] = [
    (101, ["acme/api", "acme/api"], ["main", "main"]),
    (102, ["acme/web-ui", "Acme/Web"], ["trunk", "main"]),
    (103, ["acme/infra", "acme/infra_tools"], ["Main", "trunk"]),
];
/// Names before and after a change. Two have one name: they are told apart by id.
const WORKFLOWS: [(i64, [&str; 2]); 4] = [
    (1, ["CI", "CI"]),
    (2, ["CI", "CI (old)"]),
    (3, ["Deploy", "Deploy to production"]),
    (4, ["Nightly", "Weekly"]),
];
const BRANCHES: [&str; 8] = [
    "main",
    "main",
    "trunk",
    "Main",
    "release/1.2",
    "release/1%2",
    "fix_1",
    "fix-1",
];
const FORKS: [(i64, &str); 2] = [(901, "mona/api"), (902, "hubot/acme-web")];
const ACTORS: [&str; 5] = ["ada", "ada", "grace", "dependabot[bot]", "Ada"];
const EVENTS: [&str; 3] = ["push", "pull_request", "schedule"];
const CONCLUSIONS: [Option<&str>; 19] = [
    Some("success"),
    Some("success"),
    Some("success"),
    Some("success"),
    Some("success"),
    Some("success"),
    Some("failure"),
    Some("failure"),
    Some("failure"),
    Some("timed_out"),
    Some("startup_failure"),
    Some("cancelled"),
    Some("cancelled"),
    Some("skipped"),
    Some("neutral"),
    Some("action_required"),
    Some("stale"),
    Some("exploded"),
    None,
];

/// One webhook.
#[derive(Clone)]
pub(super) struct Webhook {
    pub(super) event: &'static str,
    pub(super) guid: String,
    pub(super) body: Value,
}

/// What happened, as it was told.
pub(super) struct History {
    /// In the order in which they are sent.
    pub(super) webhooks: Vec<Webhook>,
    /// When something ended or changed: where to look closely.
    pub(super) moments: Vec<Timestamp>,
    /// From when to when runs were started.
    pub(super) span: (Timestamp, Timestamp),
}

impl History {
    /// Makes one of so many runs.
    pub(super) fn random(rng: &mut Rng, runs: i64) -> Self {
        let (begin, changes) = SEASONS[rng.usize(..SEASONS.len())];
        let begin = time(begin);
        let mut teller = Teller {
            changes: changes.iter().copied().map(time).collect(),
            begin,
            renamed: begin + LENGTH * rng.i32(50..100) / 100,
            told: Vec::new(),
            moments: Vec::new(),
            next_job: 1,
            rng,
        };
        for number in 1..=runs {
            teller.run(number);
        }
        let Teller { told, moments, .. } = teller;
        Self {
            webhooks: sent(rng, told),
            moments,
            span: (begin, begin + LENGTH),
        }
    }
}

/// Puts webhooks in an order in which they may come: nearly as it happened, or not at all. Some
/// come twice, as themselves or as a report of their own.
fn sent(rng: &mut Rng, told: Vec<(Timestamp, &'static str, Value)>) -> Vec<Webhook> {
    let shuffled = rng.bool();
    let mut sent = Vec::new();
    for (number, (when, event, body)) in told.into_iter().enumerate() {
        let mut guid = format!("recount-{number}");
        for copy in 0..[1, 1, 1, 1, 1, 1, 2, 3][rng.usize(..8)] {
            if rng.bool() {
                guid = format!("recount-{number}-{copy}");
            }
            let late = seconds(if shuffled {
                rng.i64(0..1_000_000_000)
            } else {
                i64::from(copy) * 600 + rng.i64(0..60)
            });
            let webhook = Webhook {
                event,
                guid: guid.clone(),
                body: body.clone(),
            };
            sent.push((when + late, webhook));
        }
    }
    sent.sort_by_key(|(when, _)| *when);
    sent.into_iter().map(|(_, webhook)| webhook).collect()
}

/// What all attempts of a run share.
struct Run {
    id: i64,
    repository: usize,
    workflow: usize,
    branch: &'static str,
    fork: Option<(i64, &'static str)>,
    actor: &'static str,
    event: &'static str,
    created: Timestamp,
}

/// What one report says of an attempt.
#[derive(Clone)]
struct Report {
    attempt: i32,
    status: &'static str,
    conclusion: Option<&'static str>,
    started: Timestamp,
    updated: Timestamp,
    starter: Option<&'static str>,
}

/// What one report says of a job.
#[derive(Clone)]
struct JobReport {
    id: i64,
    attempt: i32,
    status: &'static str,
    conclusion: Option<&'static str>,
    created: Timestamp,
    started: Timestamp,
    completed: Option<Timestamp>,
    has_run: bool,
}

/// Makes things happen, and tells of them.
struct Teller<'a> {
    rng: &'a mut Rng,
    begin: Timestamp,
    changes: Vec<Timestamp>,
    /// When repositories and workflows got other names.
    renamed: Timestamp,
    told: Vec<(Timestamp, &'static str, Value)>,
    moments: Vec<Timestamp>,
    next_job: i64,
}

impl Teller<'_> {
    fn run(&mut self, number: i64) {
        let fork = self.one_in(6).then(|| self.pick(&FORKS));
        let run = Run {
            // Ids of runs are of their repository.
            id: 5000 + number / 2,
            repository: usize::try_from(number % 2).unwrap() + self.rng.usize(..2),
            workflow: self.rng.usize(..WORKFLOWS.len()),
            branch: self.pick(&BRANCHES),
            fork,
            actor: self.pick(&ACTORS),
            event: self.pick(&EVENTS),
            created: self.some_time(),
        };
        let attempts = self.pick(&[1, 1, 1, 1, 2, 2, 3, 4]);
        let mut start = run.created;
        for attempt in 1..=attempts {
            let end = self.attempt(&run, attempt, start, attempt == attempts);
            start = end + seconds(self.rng.i64(1..100_000));
        }
    }

    /// Tells of one attempt, more or less; says when it ended.
    fn attempt(&mut self, run: &Run, attempt: i32, start: Timestamp, last: bool) -> Timestamp {
        let before = self.told.len();
        let mut end = start;
        for _ in 0..self.pick(&[0, 0, 1, 1, 2, 3]) {
            end = end.max(self.job(run, attempt, start));
        }
        if end == start {
            end = start + self.heavy();
        }
        let report = Report {
            attempt,
            status: "queued",
            conclusion: None,
            started: start,
            updated: start,
            starter: self.rng.bool().then(|| self.pick(&ACTORS)),
        };
        self.tell_start(run, &report);
        let is_told = !self.one_in(if last { 6 } else { 12 });
        if is_told {
            self.tell_end(run, &report, end);
        }
        // Nothing was heard of it, or of its jobs alone.
        if self.one_in(20) {
            let of_jobs = self.rng.bool();
            let mut place = 0;
            self.told.retain(|(_, event, _)| {
                place += 1;
                place <= before || (of_jobs && *event == "workflow_job")
            });
        }
        end
    }

    fn tell_start(&mut self, run: &Run, report: &Report) {
        let words = ["requested", "queued", "pending", "waiting", "frozen"];
        for _ in 0..self.rng.usize(..4) {
            let status = self.pick(&words);
            let updated = report.updated + seconds(self.rng.i64(0..3));
            // Of two of one second only the word tells which one is the later.
            let starter = self.rng.bool().then(|| self.pick(&ACTORS));
            self.tell(
                run,
                &Report {
                    status,
                    updated,
                    starter,
                    ..report.clone()
                },
            );
        }
        if self.one_in(4) {
            return;
        }
        let updated = report.updated + self.heavy();
        let status = "in_progress";
        self.tell(
            run,
            &Report {
                status,
                updated,
                ..report.clone()
            },
        );
    }

    fn tell_end(&mut self, run: &Run, report: &Report, end: Timestamp) {
        let over = Report {
            status: "completed",
            conclusion: self.pick(&CONCLUSIONS),
            updated: end + seconds(self.rng.i64(0..4)),
            ..report.clone()
        };
        self.tell(run, &over);
        // What is over stays so, whatever is said later.
        if self.one_in(8) {
            let updated = over.updated + self.heavy();
            self.tell(
                run,
                &Report {
                    updated,
                    status: "in_progress",
                    conclusion: None,
                    ..over.clone()
                },
            );
        }
        // Corrected, often within the same second.
        while self.one_in(4) {
            let later = if self.rng.bool() {
                seconds(0)
            } else {
                self.heavy() * 10
            };
            let started = over.started + seconds(self.rng.i64(0..2) * self.rng.i64(-5..60));
            let corrected = Report {
                conclusion: self.pick(&CONCLUSIONS),
                updated: over.updated + later,
                started,
                starter: Some(self.pick(&ACTORS)),
                ..over.clone()
            };
            self.tell(run, &corrected);
        }
    }

    /// Tells of one job, more or less; says when it ended.
    fn job(&mut self, run: &Run, attempt: i32, start: Timestamp) -> Timestamp {
        // The clock of a runner may be behind GitHub's.
        let created = start + seconds(if self.one_in(15) { -30 } else { 1 });
        let started = created + self.heavy();
        let conclusion = self.pick(&CONCLUSIONS);
        let waiting = JobReport {
            id: self.next_job,
            attempt,
            status: self.pick(&["queued", "waiting"]),
            conclusion: None,
            created,
            started: created,
            completed: None,
            has_run: false,
        };
        self.next_job += 1;
        if self.rng.bool() {
            self.tell_job(run, &waiting);
        }
        let never_ran = matches!(conclusion, Some("skipped" | "cancelled")) && self.rng.bool();
        let running = JobReport {
            status: "in_progress",
            started,
            has_run: self.rng.bool(),
            ..waiting
        };
        let end = started + self.heavy();
        if !never_ran {
            self.tell_job(run, &running);
        }
        let over = JobReport {
            status: "completed",
            conclusion,
            started: if never_ran { created } else { started },
            completed: Some(end),
            has_run: !never_ran,
            ..running
        };
        if self.one_in(10) {
            return end;
        }
        self.tell_job(run, &over);
        if !self.one_in(10) {
            return end;
        }
        let later = end + seconds(self.rng.i64(-300..300));
        let corrected = JobReport {
            conclusion: self.pick(&CONCLUSIONS),
            completed: Some(later),
            ..over
        };
        self.tell_job(run, &corrected);
        end.max(later)
    }

    fn tell(&mut self, run: &Run, report: &Report) {
        let account = |login: &str| json!({ "login": login });
        let repository = self.repository(run, report.updated);
        let name = self.workflow_name(run, report.updated);
        let head = run.fork.map_or_else(
            || repository.clone(),
            |(id, name)| json!({ "id": id, "full_name": name }),
        );
        let action = match report.status {
            word @ ("completed" | "in_progress") => word,
            _ => "requested",
        };
        let body = json!({
            "action": action,
            "workflow_run": {
                "id": run.id,
                "run_attempt": report.attempt,
                "run_number": run.id - 4999,
                "workflow_id": workflow_id(run),
                "name": name,
                "path": ".github/workflows/some.yml",
                "status": report.status,
                "conclusion": report.conclusion,
                "event": run.event,
                "head_branch": run.branch,
                "head_sha": format!("{:040x}", run.id),
                "head_repository": head,
                "html_url": format!("https://github.example/runs/{}", run.id),
                "actor": account(run.actor),
                "triggering_actor": report.starter.map(account),
                "pull_requests": [],
                "created_at": run.created,
                "run_started_at": report.started,
                "updated_at": report.updated,
            },
            "repository": repository,
            "installation": { "id": 7 },
            "sender": account("somebody-else"),
        });
        self.moments.push(report.updated);
        self.told.push((report.updated, "workflow_run", body));
    }

    fn tell_job(&mut self, run: &Run, job: &JobReport) {
        let latest = job
            .completed
            .unwrap_or(job.created)
            .max(job.started)
            .max(job.created);
        let step = json!({ "number": 1, "name": "Run", "status": job.status });
        let body = json!({
            "action": job.status,
            "workflow_job": {
                "id": job.id,
                "run_id": run.id,
                "run_attempt": job.attempt,
                "name": "test",
                "status": job.status,
                "conclusion": job.conclusion,
                "labels": [],
                "runner_name": job.has_run.then_some("a-runner"),
                "steps": if job.has_run { vec![step] } else { vec![] },
                "created_at": job.created,
                "started_at": job.started,
                "completed_at": job.completed,
            },
            "repository": self.repository(run, latest),
            "installation": { "id": 7 },
            "sender": { "login": "somebody-else" },
        });
        self.moments.extend(job.completed);
        self.told.push((latest, "workflow_job", body));
    }

    fn repository(&self, run: &Run, when: Timestamp) -> Value {
        let (id, names, default_branches) = REPOSITORIES[run.repository];
        let place = usize::from(when >= self.renamed);
        json!({
            "id": id,
            "full_name": names[place],
            "default_branch": default_branches[place],
            "private": true,
        })
    }

    fn workflow_name(&self, run: &Run, when: Timestamp) -> &'static str {
        WORKFLOWS[run.workflow].1[usize::from(when >= self.renamed)]
    }

    /// Half of the time near a change of the clocks.
    fn some_time(&mut self) -> Timestamp {
        if self.rng.bool() {
            let around = seconds(self.rng.i64(-90_000..90_000));
            return self.rng.choice(&self.changes).copied().unwrap() + around;
        }
        self.begin + seconds(self.rng.i64(0..LENGTH.as_secs()))
    }

    /// Mostly short, sometimes very long; not always whole seconds.
    fn heavy(&mut self) -> SignedDuration {
        let length = 1_i64 << self.rng.u32(..13);
        let millis = if self.one_in(10) {
            self.rng.i64(0..1000)
        } else {
            0
        };
        seconds(self.rng.i64(length / 2..=length)) + SignedDuration::from_millis(millis)
    }

    fn one_in(&mut self, chances: u32) -> bool {
        self.rng.u32(..chances) == 0
    }

    fn pick<T: Copy>(&mut self, values: &[T]) -> T {
        values[self.rng.usize(..values.len())]
    }
}

/// Ids of workflows are of their repository, too.
fn workflow_id(run: &Run) -> i64 {
    WORKFLOWS[run.workflow].0
}

fn seconds(count: i64) -> SignedDuration {
    SignedDuration::from_secs(count)
}

fn time(text: &str) -> Timestamp {
    text.parse().unwrap()
}
