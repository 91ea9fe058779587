//! Whole runs, delivered over many connections until that is stopped.

use std::sync::{
    Arc, Mutex,
    atomic::{AtomicBool, Ordering},
};

use lampboard_github_double::Event;
use tokio::{sync::watch, task::JoinSet};

use super::{github::OneWorkflow, webhook::Client};

const CONNECTIONS: usize = 12;

/// Deliveries that go on.
pub(crate) struct Load {
    answered: watch::Sender<Vec<String>>,
    stopped: Arc<AtomicBool>,
    connections: JoinSet<()>,
}

/// Runs without end.
struct Source {
    github: OneWorkflow,
    waiting: Vec<Event>,
}

impl Source {
    fn next(&mut self) -> Event {
        if self.waiting.is_empty() {
            let run = self.github.start_run();
            let job = self.github.github.queue_job(run, "test");
            self.github.github.start_job(job);
            self.github.github.pass_step(job, "cargo test");
            self.github.github.finish_job(job);
            self.github.github.finish_run(run);
            self.waiting = self.github.take_events();
        }
        self.waiting.pop().expect("a run tells of itself")
    }
}

impl Load {
    /// Begins to deliver. Fails if anything is not taken in.
    pub(crate) fn begin(hook: &Client) -> Self {
        let source = Arc::new(Mutex::new(Source {
            github: OneWorkflow::new(),
            waiting: Vec::new(),
        }));
        let load = Self {
            answered: watch::Sender::new(Vec::new()),
            stopped: Arc::default(),
            connections: JoinSet::new(),
        };
        let mut connections = JoinSet::new();
        for _ in 0..CONNECTIONS {
            let (hook, source) = (hook.clone(), Arc::clone(&source));
            let (answered, stopped) = (load.answered.clone(), Arc::clone(&load.stopped));
            connections.spawn(async move {
                while !stopped.load(Ordering::Relaxed) {
                    let event = source.lock().unwrap().next();
                    let answer = hook.deliver_event(&event).await.unwrap();
                    assert!(answer.status.is_success(), "{answer:?}");
                    answered.send_modify(|answered| answered.push(event.guid));
                }
            });
        }
        Self {
            connections,
            ..load
        }
    }

    /// What is answered for by now.
    pub(crate) fn answered(&self) -> Vec<String> {
        self.answered.borrow().clone()
    }

    /// Waits until so many more are answered for.
    pub(crate) async fn answers(&self, more: usize) {
        let mut answered = self.answered.subscribe();
        let enough = answered.borrow().len() + more;
        let enough = answered.wait_for(|answered| answered.len() >= enough);
        enough.await.expect("it goes on");
    }

    /// Ends it, once all is answered.
    pub(crate) async fn end(mut self) {
        self.stopped.store(true, Ordering::Relaxed);
        while let Some(ended) = self.connections.join_next().await {
            ended.unwrap();
        }
    }
}
