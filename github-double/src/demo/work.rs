//! What people do: they open pull requests, merge, break the default branch and mend it.

use super::cast::{Origin, Place, PullRequest};
use super::chance::{between, happens, pick};
use super::fate::{Beginning, Cause};
use super::organization::On;
use super::prose;
use super::story::{Move, Story};
use crate::github::trigger::Trigger;

const MAIN: &str = "main";
/// When a project has so many open pull requests, the oldest is closed for the next.
const MOST_OPEN: usize = 15;

impl Story {
    /// Merges one of the open pull requests, or pushes a change that had none.
    pub(super) fn merge(&mut self, project: usize) {
        let person = pick(&self.cast.projects[project].team, &mut self.rng).clone();
        let open = &mut self.cast.projects[project].pull_requests;
        let commit = if open.is_empty() {
            let title = self.title(project);
            self.github.commit(&person, &title)
        } else {
            let merged = open.remove(self.rng.usize(..open.len()));
            let message = prose::merge(&merged.title, merged.number);
            self.github.commit(&merged.author, &message)
        };
        self.push(project, &Trigger::push(MAIN, &commit).by(&person));
    }

    /// Opens a pull request, or pushes to one that is open.
    pub(super) fn propose(&mut self, project: usize, origin: Origin) {
        let open = self.cast.projects[project].pull_requests.iter();
        let open: Vec<_> = open.filter(|open| open.origin == origin).collect();
        let again = origin != Origin::Bot && !open.is_empty() && happens(0.6, &mut self.rng);
        let number = if again {
            pick(&open, &mut self.rng).number
        } else {
            self.open_pull_request(project, origin)
        };
        self.update(project, number);
    }

    pub(super) fn update(&mut self, project: usize, number: u64) {
        let mut open = self.cast.projects[project].pull_requests.iter();
        let Some(open) = open.find(|open| open.number == number).cloned() else {
            return;
        };
        let title = self.commit_title(project, &open);
        let commit = self.github.commit(&open.author, &title);
        let trigger = match open.origin {
            Origin::Fork => Trigger::fork_pull_request(&open.branch, &commit),
            Origin::Team | Origin::Bot => Trigger::pull_request(number, &open.branch, &commit),
        };
        let trigger = trigger.titled(&open.title);
        for place in self.listeners(project, On::PullRequest) {
            self.start(place, trigger.clone(), Cause::PullRequest(open.origin));
        }
        self.think_again(project, number);
    }

    /// A workflow's hour has come.
    pub(super) fn strike(&mut self, place: Place) {
        let project = self.cast.project(place);
        let trigger = Trigger::schedule(&project.team[0], MAIN, &project.head);
        self.start(place, trigger, Cause::Main);
    }

    /// Somebody presses "Run workflow".
    pub(super) fn dispatch(&mut self, place: Place) {
        let project = self.cast.project(place);
        let person = pick(&project.team, &mut self.rng);
        let trigger = Trigger::dispatch(person, MAIN, &project.head);
        self.start(place, trigger, Cause::Main);
    }

    pub(super) fn break_main(&mut self, place: Place) {
        let project = &mut self.cast.projects[place.project];
        let number = project.next_number(&mut self.rng);
        let author = pick(&project.team, &mut self.rng).clone();
        let title = prose::rash_title(project.spec.subjects, &mut self.rng);
        let commit = self.github.commit(&author, &prose::merge(&title, number));
        self.broken.insert(place, commit.title().to_owned());
        self.push_for(place, &Trigger::push(MAIN, &commit));
    }

    pub(super) fn mend_main(&mut self, place: Place) {
        let Some(culprit) = self.broken.remove(&place) else {
            return;
        };
        let author = pick(&self.cast.project(place).team, &mut self.rng).clone();
        let workflow = self.cast.workflow_spec(place).name;
        let message = prose::mend(&culprit, workflow, &mut self.rng);
        let commit = self.github.commit(&author, &message);
        self.push_for(place, &Trigger::push(MAIN, &commit));
    }

    /// A push that matters to one workflow, but in real life starts others too.
    fn push_for(&mut self, place: Place, trigger: &Trigger) {
        if self.is_live() {
            self.cast.projects[place.project].head = trigger.commit().clone();
            self.start(place, trigger.clone(), Cause::Main);
        } else {
            self.push(place.project, trigger);
        }
    }

    fn push(&mut self, project: usize, trigger: &Trigger) {
        self.cast.projects[project].head = trigger.commit().clone();
        for place in self.listeners(project, On::Push) {
            self.start(place, trigger.clone(), Cause::Main);
        }
    }

    /// The workflows that an event starts. In the present one can follow only one at a time.
    fn listeners(&mut self, project: usize, on: On) -> Vec<Place> {
        let all = self.cast.places_of(project, on);
        if self.is_live() && !all.is_empty() {
            vec![*pick(&all, &mut self.rng)]
        } else {
            all
        }
    }

    fn start(&mut self, place: Place, trigger: Trigger, cause: Cause) {
        let workflow = self.cast.workflow_id(place);
        match self.circumstances(place, cause, 1).beginning(&mut self.rng) {
            Beginning::IsHeld => {
                self.github.hold_run(workflow, trigger);
            }
            Beginning::CannotStart => {
                self.github.fail_to_start_run(workflow, trigger);
            }
            Beginning::Starts => {
                let run = self.github.start_run(workflow, trigger);
                let slots = 0..self.cast.workflow_spec(place).jobs.len();
                self.play_attempt(run, place, cause, &slots.collect::<Vec<_>>());
            }
        }
    }

    /// Whoever has just pushed sometimes notices at once, or soon, that something is missing.
    fn think_again(&mut self, project: usize, number: u64) {
        let after = match self.rng.f64() {
            chance if chance < 0.04 => between(2..5, &mut self.rng),
            chance if chance < 0.11 => between(30..200, &mut self.rng),
            _ => return,
        };
        if !self.is_live() {
            self.add_in(after, Move::Update { project, number });
        }
    }

    fn open_pull_request(&mut self, project: usize, origin: Origin) -> u64 {
        let (title, branch, author) = match origin {
            Origin::Bot => {
                let (title, branch) =
                    prose::bump(self.cast.projects[project].spec.packages, &mut self.rng);
                (title, branch, self.cast.bot.clone())
            }
            Origin::Fork => {
                let author = pick(&self.cast.newcomers, &mut self.rng).clone();
                (
                    self.title(project),
                    prose::fork_branch(&mut self.rng),
                    author,
                )
            }
            Origin::Team => {
                let author = pick(&self.cast.projects[project].team, &mut self.rng).clone();
                let title = self.title(project);
                let branch = prose::branch(&title, &author.login, &mut self.rng);
                (title, branch, author)
            }
        };
        let number = self.cast.projects[project].next_number(&mut self.rng);
        let open = &mut self.cast.projects[project].pull_requests;
        if open.len() == MOST_OPEN {
            open.remove(0);
        }
        open.push(PullRequest {
            number,
            title,
            branch,
            author,
            origin,
        });
        number
    }

    /// The first commit is titled as its pull request, later ones as whatever they do.
    fn commit_title(&mut self, project: usize, open: &PullRequest) -> String {
        let newest = self.cast.projects[project].last_number == open.number;
        if newest || open.origin == Origin::Bot {
            open.title.clone()
        } else {
            self.title(project)
        }
    }

    fn title(&mut self, project: usize) -> String {
        let subjects = self.cast.projects[project].spec.subjects;
        prose::title(subjects, &mut self.rng)
    }
}
