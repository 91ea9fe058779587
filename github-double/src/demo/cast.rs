//! Who takes part: people, bots, and the projects they work on.

use std::sync::Arc;

use fastrand::Rng;

use super::chance::pick;
use super::organization::{On, REPOSITORIES, RepositorySpec, WorkflowSpec};
use crate::github::GitHub;
use crate::github::account::Account;
use crate::github::commit::Commit;
use crate::github::id::WorkflowId;

const TEAM: [(&str, &str); 12] = [
    ("maren-holt", "Maren Holt"),
    ("okello-d", "Daudi Okello"),
    ("ysatoko", "Satoko Yano"),
    ("tbergstrand", "Tove Bergstrand"),
    ("pilar-ruano", "Pilar Ruano"),
    ("nkemdi", "Nkem Diallo"),
    ("fenwick-j", "Jonah Fenwick"),
    ("ravi-sood", "Ravi Sood"),
    ("elin-vatne", "Elin Vatne"),
    ("mcarrow", "Mae Carrow"),
    ("ostap-l", "Ostap Lysenko"),
    ("chidera-n", "Chidera Nwosu"),
];

const NEWCOMERS: [(&str, &str); 5] = [
    ("tinker-wren", "Wren"),
    ("halcyon-bits", "Ilse Marchetti"),
    ("lowtide-dev", "Bo Lindqvist"),
    ("quayside", "Quincy Adeyemi"),
    ("sandpiper-io", "Teresa Vidal"),
];

/// Everyone and everything in the story.
#[derive(Debug)]
pub(super) struct Cast {
    pub(super) newcomers: Vec<Arc<Account>>,
    pub(super) bot: Arc<Account>,
    pub(super) projects: Vec<Project>,
}

/// A repository with the people who work on it.
#[derive(Debug)]
pub(super) struct Project {
    pub(super) spec: &'static RepositorySpec,
    pub(super) workflows: Vec<WorkflowId>,
    pub(super) team: Vec<Arc<Account>>,
    /// What `main` is at.
    pub(super) head: Commit,
    pub(super) pull_requests: Vec<PullRequest>,
    pub(super) last_number: u64,
}

/// An open pull request.
#[derive(Clone, Debug)]
pub(super) struct PullRequest {
    pub(super) number: u64,
    pub(super) title: String,
    pub(super) branch: String,
    pub(super) author: Arc<Account>,
    pub(super) origin: Origin,
}

/// Where a pull request comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Origin {
    Team,
    Bot,
    Fork,
}

/// A workflow of the story: the place of its project, and its place there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Place {
    pub(super) project: usize,
    pub(super) workflow: usize,
}

impl Cast {
    /// Creates everything in an empty GitHub.
    pub(super) fn create(github: &mut GitHub, rng: &mut Rng) -> Self {
        let mut people = |people: &[(&str, &str)]| -> Vec<_> {
            let people = people.iter();
            people
                .map(|(login, name)| github.create_person(login, name))
                .collect()
        };
        let (team, newcomers) = (people(&TEAM), people(&NEWCOMERS));
        let specs = REPOSITORIES.iter();
        Self {
            newcomers,
            bot: github.create_bot("dependabot[bot]"),
            projects: specs
                .map(|spec| Project::create(spec, &team, github, rng))
                .collect(),
        }
    }

    /// All workflows that the event starts, of all projects.
    pub(super) fn places_on(&self, on: On) -> Vec<Place> {
        let projects = 0..self.projects.len();
        projects
            .flat_map(|project| self.places_of(project, on))
            .collect()
    }

    /// The workflows of a project that the event starts.
    pub(super) fn places_of(&self, project: usize, on: On) -> Vec<Place> {
        let workflows = self.projects[project].spec.workflows.iter().enumerate();
        workflows
            .filter(|(_, spec)| spec.on.contains(&on))
            .map(|(workflow, _)| Place { project, workflow })
            .collect()
    }

    pub(super) fn project(&self, place: Place) -> &Project {
        &self.projects[place.project]
    }

    pub(super) fn workflow_spec(&self, place: Place) -> &'static WorkflowSpec {
        &self.project(place).spec.workflows[place.workflow]
    }

    pub(super) fn workflow_id(&self, place: Place) -> WorkflowId {
        self.project(place).workflows[place.workflow]
    }

    /// The place of the workflow with these names, if there is one.
    pub(super) fn find(&self, repository: &str, workflow: &str) -> Option<Place> {
        let project = self.projects.iter();
        let project = project.map(|project| project.spec.name);
        let project = project.into_iter().position(|name| name == repository)?;
        let mut workflows = self.projects[project].spec.workflows.iter();
        let workflow = workflows.position(|spec| spec.name == workflow)?;
        Some(Place { project, workflow })
    }
}

impl Project {
    fn create(
        spec: &'static RepositorySpec,
        everyone: &[Arc<Account>],
        github: &mut GitHub,
        rng: &mut Rng,
    ) -> Self {
        let repository = github.create_repository(spec.name);
        let created = github.repository_mut(repository);
        created.private = spec.private;
        created.language = spec.language;
        spec.description.clone_into(&mut created.description);
        let workflows = spec.workflows.iter();
        let workflows = workflows.map(|workflow| {
            let id = github.create_workflow(repository, workflow.name, workflow.path);
            let created = github.workflow_mut(id);
            created.cancel_in_progress = workflow.cancels;
            created.earlier_runs = rng.u64(40..2_500);
            id
        });
        let workflows = workflows.collect();
        let team = rng.choose_multiple(everyone.iter().cloned(), 5);
        let head = github.commit(pick(&team, rng), "Start the month with a clean slate");
        Self {
            spec,
            workflows,
            team,
            head,
            pull_requests: Vec::new(),
            last_number: rng.u64(150..1_900),
        }
    }

    /// A number for an issue or a pull request; issues take some.
    pub(super) fn next_number(&mut self, rng: &mut Rng) -> u64 {
        self.last_number += rng.u64(1..4);
        self.last_number
    }
}
