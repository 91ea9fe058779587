//! Killed or asked to stop under load, again and again on one database: what was answered for is
//! there, and nothing is half there.

use std::{
    collections::{HashMap, HashSet},
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use fastrand::Rng;
use lampboard_github_double::Event;
use tokio::{sync::watch, task::JoinSet};

use crate::support::{
    github::OneWorkflow,
    lampboard::{Lampboard, Mode},
    webhook::Client,
};

const CONNECTIONS: usize = 24;
/// How many deliveries are answered for before a kill, at most.
const LONGEST_ROUND: usize = 150;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn serve_killed_fifty_times_keeps_what_it_answered_for() {
    let mut lampboard = Lampboard::start(Mode::OneProcess).await;
    let (mut load, mut rng) = (Load::new(), Rng::with_seed(40));
    for _ in 0..50 {
        let round = load.begin(&lampboard);
        round.answered(rng.usize(1..LONGEST_ROUND)).await;
        lampboard.server.kill();
        load.end(round).await;
        lampboard.restart_server().await;
        load.assert_kept(&lampboard).await;
    }
    load.assert_all_on_board(&lampboard).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_processes_each_killed_keep_what_they_answered_for() {
    let mut lampboard = Lampboard::start(Mode::TwoProcesses).await;
    let (mut load, mut rng) = (Load::new(), Rng::with_seed(41));
    for round_number in 0..6 {
        let round = load.begin(&lampboard);
        round.answered(rng.usize(1..LONGEST_ROUND)).await;
        if round_number % 2 == 0 {
            lampboard.server.kill();
            load.end(round).await;
            lampboard.restart_server().await;
            let app = lampboard.github_app.as_ref().unwrap();
            app.wait_until_ready().await;
        } else {
            lampboard.github_app.as_mut().unwrap().kill();
            load.end(round).await;
            lampboard.restart_github_app().await;
        }
        load.assert_kept(&lampboard).await;
    }
    load.assert_all_on_board(&lampboard).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn serve_asked_to_stop_under_load_keeps_what_it_answered_for() {
    let mut lampboard = Lampboard::start(Mode::OneProcess).await;
    let (mut load, mut rng) = (Load::new(), Rng::with_seed(42));
    for _ in 0..5 {
        let round = load.begin(&lampboard);
        round.answered(rng.usize(1..LONGEST_ROUND)).await;
        lampboard.server.terminate();
        let start = Instant::now();
        assert!(lampboard.server.wait().await.success());
        assert!(start.elapsed() < Duration::from_secs(15));
        load.end(round).await;
        lampboard.restart_server().await;
        load.assert_kept(&lampboard).await;
    }
    load.assert_all_on_board(&lampboard).await;
}

/// What a delivery is about.
#[derive(Clone, Copy, Debug)]
enum Subject {
    Run(i64),
    Job(i64),
}

/// Deliveries without end, each about something that no other one is about.
struct Source {
    github: OneWorkflow,
    waiting: Vec<Event>,
    subjects: HashMap<String, Subject>,
}

impl Source {
    fn next(&mut self) -> Event {
        if let Some(event) = self.waiting.pop() {
            return event;
        }
        let run = self.github.start_run();
        let job = self.github.github.queue_job(run, "test");
        self.waiting = self.github.take_events();
        let [of_run, of_job] = &self.waiting[..] else {
            panic!("a run and a job make two events");
        };
        let run = Subject::Run(i64::try_from(run.0).unwrap());
        let job = Subject::Job(i64::try_from(job.0).unwrap());
        self.subjects.insert(of_run.guid.clone(), run);
        self.subjects.insert(of_job.guid.clone(), job);
        self.next()
    }
}

/// All deliveries that were made, and those that were answered for.
struct Load {
    source: Arc<Mutex<Source>>,
    answered: Vec<String>,
}

/// Deliveries over many connections, until there is no good answer any more.
struct Round {
    connections: JoinSet<Vec<String>>,
    answered: watch::Receiver<usize>,
}

impl Round {
    /// Waits until so many deliveries have been answered for.
    async fn answered(&self, count: usize) {
        let mut answered = self.answered.clone();
        let enough = answered.wait_for(|answered| *answered >= count).await;
        enough.expect("all connections ended before that");
    }
}

impl Load {
    fn new() -> Self {
        let source = Source {
            github: OneWorkflow::new(),
            waiting: Vec::new(),
            subjects: HashMap::new(),
        };
        Self {
            source: Arc::new(Mutex::new(source)),
            answered: Vec::new(),
        }
    }

    fn begin(&self, lampboard: &Lampboard) -> Round {
        let (count, answered) = watch::channel(0);
        let mut connections = JoinSet::new();
        for _ in 0..CONNECTIONS {
            let source = Arc::clone(&self.source);
            connections.spawn(deliver(lampboard.hook(), source, count.clone()));
        }
        Round {
            connections,
            answered,
        }
    }

    async fn end(&mut self, round: Round) {
        let answered = round.connections.join_all().await;
        self.answered.extend(answered.into_iter().flatten());
    }

    /// Looks for what was answered for, and for deliveries without what they
    /// say or the other way round.
    async fn assert_kept(&self, lampboard: &Lampboard) {
        let mut database = lampboard.database().await;
        let guids = database.guids().await;
        let lost = self.answered.iter().find(|guid| !guids.contains(*guid));
        assert_eq!(lost, None, "it was answered for, and is gone");

        let (runs, jobs) = self.said_by(&guids);
        assert_eq!(database.runs().await, runs);
        assert_eq!(database.jobs().await, jobs);
    }

    /// Reads the whole board, page by page.
    async fn assert_all_on_board(&self, lampboard: &Lampboard) {
        let builds = lampboard.board().await.builds().await;
        let shown: HashSet<i64> = builds.iter().map(|build| build.run_id).collect();
        assert_eq!(shown.len(), builds.len(), "a build is listed twice");
        let (runs, _) = self.said_by(&self.answered);
        assert!(runs.is_subset(&shown));
        assert!(lampboard.database().await.is_sound().await);
        println!("{} answered for, and kept", self.answered.len());
    }

    /// The runs and the jobs that deliveries are about.
    fn said_by<'a>(
        &self,
        guids: impl IntoIterator<Item = &'a String>,
    ) -> (HashSet<i64>, HashSet<i64>) {
        let source = self.source.lock().unwrap();
        let (mut runs, mut jobs) = (HashSet::new(), HashSet::new());
        for guid in guids {
            match source.subjects[guid] {
                Subject::Run(run) => runs.insert(run),
                Subject::Job(job) => jobs.insert(job),
            };
        }
        (runs, jobs)
    }
}

/// Delivers over one connection until there is no good answer; gives the GUIDs
/// of those that were answered for.
async fn deliver(
    hook: Client,
    source: Arc<Mutex<Source>>,
    count: watch::Sender<usize>,
) -> Vec<String> {
    let mut answered = Vec::new();
    loop {
        let event = source.lock().unwrap().next();
        match hook.deliver_event(&event).await {
            Ok(answer) if answer.status.is_success() => {
                answered.push(event.guid);
                count.send_modify(|count| *count += 1);
            }
            _ => return answered,
        }
    }
}
