//! What makes runs begin: a push, a pull request, a schedule.

use fastrand::Rng;

use super::{
    chance::{in_hundred, one_of},
    world::{self, Repository, World},
};

/// How many branches of a repository are worked on at a time.
const OPEN: usize = 20;

/// What the runs that one push causes have in common.
#[derive(Clone, Debug)]
pub(super) struct Push {
    pub(super) event: &'static str,
    pub(super) branch: String,
    /// Empty unless a fork has the branch.
    pub(super) head_repository: String,
    pub(super) pull_requests: Vec<i32>,
    pub(super) sha: String,
    pub(super) title: String,
    pub(super) author: String,
}

/// The branches of a repository that are worked on.
#[derive(Default)]
pub(super) struct Branches {
    open: Vec<(String, i32)>,
    /// The number of the last pull request.
    last: i32,
}

impl Branches {
    pub(super) fn push(&mut self, rng: &mut Rng, world: &World, repository: &Repository) -> Push {
        let author = world::someone(rng, world, repository).to_owned();
        let push = Push {
            event: "push",
            branch: repository.default_branch.to_owned(),
            head_repository: String::new(),
            pull_requests: Vec::new(),
            sha: format!("{:032x}{:08x}", rng.u128(..), rng.u32(..)),
            title: title(rng),
            author,
        };
        match rng.f64() * 100.0 {
            ..40.0 => push,
            ..45.0 => Push {
                branch: format!("release/{}.x", rng.u8(1..=9)),
                ..push
            },
            ..49.0 => fork(rng, push, repository),
            _ => self.feature(rng, push),
        }
    }

    fn feature(&mut self, rng: &mut Rng, push: Push) -> Push {
        if self.open.len() < OPEN || in_hundred(rng, 15.0) {
            self.open(rng);
        }
        let (branch, number) = one_of(rng, &self.open).clone();
        let bot = branch.starts_with("dependabot/");
        Push {
            event: "pull_request",
            branch,
            pull_requests: vec![number],
            author: if bot {
                "dependabot[bot]".to_owned()
            } else {
                push.author
            },
            ..push
        }
    }

    fn open(&mut self, rng: &mut Rng) {
        self.last += 1;
        let subject = world::subject(rng);
        let number = self.last;
        let branch = if in_hundred(rng, 20.0) {
            format!(
                "dependabot/npm_and_yarn/{subject}-{}.{}.{}",
                rng.u8(1..20),
                rng.u8(..20),
                number
            )
        } else {
            format!("feature/{number}-{subject}")
        };
        if self.open.len() >= OPEN {
            let merged = rng.usize(..OPEN);
            self.open.swap_remove(merged);
        }
        self.open.push((branch, number));
    }
}

/// GitHub names no pull requests of forks.
fn fork(rng: &mut Rng, push: Push, repository: &Repository) -> Push {
    let (_, name) = repository.name.split_once('/').unwrap_or_default();
    let contributor = format!("contributor-{}", rng.u16(1..500));
    Push {
        event: "pull_request",
        branch: format!("patch-{}", rng.u8(1..9)),
        head_repository: format!("{contributor}/{name}"),
        author: contributor,
        ..push
    }
}

fn title(rng: &mut Rng) -> String {
    const VERBS: [&str; 12] = [
        "Add", "Avoid", "Bump", "Cache", "Check", "Fix", "Move", "Remove", "Rename", "Retry",
        "Test", "Use",
    ];
    let verb = one_of(rng, &VERBS);
    let (some, other) = (world::subject(rng), world::subject(rng));
    format!("{verb} the {some} before the {other} is asked for it")
}
