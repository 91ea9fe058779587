//! The present: something new every few seconds, and a break that is mended soon.

use jiff::{SignedDuration, Timestamp};

use super::chance::{between, pick};
use super::story::{Move, Story};

/// How many runs are under way at most: more cannot be followed.
const MOST_RUNS: usize = 9;
/// For how long runs stay known to be re-run.
const MEMORY: SignedDuration = SignedDuration::from_hours(24);
/// Whose default branch breaks, in turn.
const DRAMAS: [(&str, &str); 3] = [("harbor", "CI"), ("skiff", "CI"), ("ledger", "CI")];

impl Story {
    /// Lets nothing new begin before `time`: what already runs goes on, but what would have come
    /// is left out. For when the machine slept.
    pub fn skip_to(&mut self, time: Timestamp) {
        self.skipped = self.skipped.max(time);
    }

    pub(super) fn plan_present(&mut self) {
        let soon = SignedDuration::from_secs(1);
        self.agenda.add(self.present + soon, Move::Beat);
        self.agenda.add(self.present + soon * 20, Move::Drama(0));
    }

    /// Something new, unless enough is going on, and the next beat.
    pub(super) fn beat(&mut self) {
        if self.skips(Move::Beat) {
            return;
        }
        self.drop_cancelled();
        let runs = self.active.values().filter(|active| active.live).count();
        if runs < MOST_RUNS {
            let project = self.some_project();
            let work = self.some_work(project);
            self.add_in(SignedDuration::ZERO, work);
        }
        let pause = between(4..6, &mut self.rng);
        self.add_in(pause, Move::Beat);
    }

    /// Breaks the default branch of one repository; it is mended before the next one's turn.
    pub(super) fn drama(&mut self, act: usize) {
        if self.skips(Move::Drama(act)) {
            return;
        }
        let (repository, workflow) = DRAMAS[act % DRAMAS.len()];
        let place = self.cast.find(repository, workflow);
        let place = place.expect("it is one of the organisation's workflows");
        self.add_in(SignedDuration::ZERO, Move::Break(place));
        let mended = between(95..110, &mut self.rng);
        self.add_in(mended, Move::Mend(place));
        let next = between(190..240, &mut self.rng);
        self.add_in(next, Move::Drama(act + 1));
        self.github.forget_runs_before(self.github.now() - MEMORY);
    }

    /// Whether this is left out for now; it then comes when the time that is skipped is over.
    fn skips(&mut self, again: Move) -> bool {
        let skips = self.github.now() < self.skipped;
        if skips {
            self.agenda.add(self.skipped, again);
        }
        skips
    }

    /// Drops the plans of runs that newer runs cancelled.
    fn drop_cancelled(&mut self) {
        let (github, active) = (&self.github, &mut self.active);
        active.retain(|run, _| {
            let latest = github.attempts(*run).last();
            latest.is_some_and(|attempt| attempt.conclusion.is_none())
        });
    }

    /// One of the projects, the busy ones more often.
    fn some_project(&mut self) -> usize {
        let projects = self.cast.projects.iter().enumerate();
        let weighted = projects.flat_map(|(index, project)| {
            let weight = project.spec.pushes * 2.0;
            std::iter::successors(Some(weight), |left| Some(left - 1.0))
                .take_while(|left| *left > 0.0)
                .map(move |_| index)
        });
        *pick(&weighted.collect::<Vec<_>>(), &mut self.rng)
    }
}
