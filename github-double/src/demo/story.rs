//! The story of the organisation: a script of timed moves, played against a [`GitHub`].

use std::collections::HashMap;

use fastrand::Rng;
use jiff::{SignedDuration, Timestamp};

use super::agenda::Agenda;
use super::attempts::{Active, JobMove, Rerun};
use super::cast::{Cast, Origin, Place};
use super::organization::LOGIN;
use crate::github::GitHub;
use crate::github::change::Change;
use crate::github::id::RunId;

/// A story that always goes on: first a month that is told at once, then the present.
///
/// It knows no time but what it is told: it plays on until the time asked for.
#[derive(Debug)]
pub struct Story {
    pub(super) github: GitHub,
    pub(super) rng: Rng,
    pub(super) cast: Cast,
    pub(super) agenda: Agenda<Move>,
    pub(super) active: HashMap<RunId, Active>,
    /// Where the default branch is broken, and by what.
    pub(super) broken: HashMap<Place, String>,
    pub(super) outage: bool,
    pub(super) begin: Timestamp,
    /// When history ends and things begin to go fast.
    pub(super) present: Timestamp,
    /// Before this time nothing new begins.
    pub(super) skipped: Timestamp,
}

/// One thing that happens in the story.
#[derive(Debug)]
pub(super) enum Move {
    /// Somebody merges something into a project's default branch.
    Merge {
        project: usize,
    },
    /// A pull request is opened, or one that is open is pushed to.
    Propose {
        project: usize,
        origin: Origin,
    },
    /// A certain pull request is pushed to, if it is still open.
    Update {
        project: usize,
        number: u64,
    },
    /// A workflow's hour has come, or somebody pressed its button.
    Clock(Place),
    Dispatch(Place),
    /// Somebody breaks the default branch, and somebody mends it.
    Break(Place),
    Mend(Place),
    /// Half the world is down, or up again.
    Outage(bool),
    /// Something happens in a running attempt.
    Job(JobMove),
    Complete {
        run: RunId,
        attempt: u32,
    },
    Cancel {
        run: RunId,
        attempt: u32,
    },
    Rerun(Rerun),
    /// The present: something new, and from time to time a break that is mended soon.
    Beat,
    Drama(usize),
}

impl Story {
    pub(super) fn new(seed: u64, begin: Timestamp, present: Timestamp) -> Self {
        let mut rng = Rng::with_seed(seed);
        let mut github = GitHub::new(LOGIN, rng.u64(..), begin);
        Self {
            cast: Cast::create(&mut github, &mut rng),
            github,
            rng,
            agenda: Agenda::new(),
            active: HashMap::new(),
            broken: HashMap::new(),
            outage: false,
            begin,
            present,
            skipped: begin,
        }
    }

    /// When something happens next.
    pub fn next_time(&self) -> Option<Timestamp> {
        self.agenda.next_time()
    }

    /// What happens until `time`, in the order it happens.
    pub fn play_until(&mut self, time: Timestamp) -> Vec<Change> {
        let mut changes = Vec::new();
        while let Some(next) = self.play_next(time) {
            changes.extend(next);
        }
        changes
    }

    /// Plays one move, if one is due by `time`.
    pub(super) fn play_next(&mut self, time: Timestamp) -> Option<Vec<Change>> {
        let (due, next) = self.agenda.next_until(time)?;
        self.github.set_now(due);
        self.play(next);
        Some(self.github.take_changes())
    }

    fn play(&mut self, next: Move) {
        match next {
            Move::Merge { project } => self.merge(project),
            Move::Propose { project, origin } => self.propose(project, origin),
            Move::Update { project, number } => self.update(project, number),
            Move::Clock(place) => self.strike(place),
            Move::Dispatch(place) => self.dispatch(place),
            Move::Break(place) => self.break_main(place),
            Move::Mend(place) => self.mend_main(place),
            Move::Outage(outage) => self.outage = outage,
            Move::Job(job) => self.play_job(&job),
            Move::Complete { run, attempt } => self.complete(run, attempt),
            Move::Cancel { run, attempt } => self.cancel(run, attempt),
            Move::Rerun(rerun) => self.rerun(&rerun),
            Move::Beat => self.beat(),
            Move::Drama(act) => self.drama(act),
        }
    }

    pub(super) fn add_in(&mut self, after: SignedDuration, what: Move) {
        self.agenda.add(self.github.now() + after, what);
    }

    /// Whether the story plays in the present.
    pub(super) fn is_live(&self) -> bool {
        self.github.now() >= self.present
    }
}
