//! Who there is: accounts, their repositories, what these run, and who works there.

use fastrand::Rng;
use jiff::Timestamp;
use lampboard_proto::v1;

use super::{
    chance::{Weighted, heavy_tailed, in_hundred, rank_weight},
    shape::{Shape, WORKFLOWS},
    timestamp,
};

/// The accounts that installed the app, and how many in a hundred of all
/// repositories each has.
const ACCOUNTS: [(&str, usize); 4] = [
    ("acme", 40),
    ("globex", 30),
    ("initech", 20),
    ("umbrella", 10),
];
const REPOSITORIES: usize = 1000;
const PEOPLE: usize = 800;
const TEAM: usize = 12;
const SUBJECTS: [&str; 40] = [
    "account",
    "address",
    "asset",
    "audit",
    "basket",
    "billing",
    "booking",
    "calendar",
    "catalog",
    "checkout",
    "contract",
    "coupon",
    "customer",
    "delivery",
    "device",
    "export",
    "feature",
    "graph",
    "identity",
    "image",
    "import",
    "invoice",
    "ledger",
    "mail",
    "map",
    "message",
    "notification",
    "order",
    "parcel",
    "payment",
    "photo",
    "price",
    "profile",
    "report",
    "search",
    "session",
    "stock",
    "tariff",
    "ticket",
    "voucher",
];
const KINDS: [&str; 25] = [
    "api", "app", "backend", "batch", "bot", "cache", "cli", "client", "core", "data", "docs",
    "frontend", "gateway", "infra", "jobs", "lib", "mobile", "model", "proxy", "schema", "sdk",
    "service", "tools", "web", "worker",
];

/// Everything that was there before the first run.
pub(super) struct World {
    pub(super) repositories: Vec<Repository>,
    /// How much of the work is in which repository.
    pub(super) share: Weighted,
    pub(super) people: Vec<String>,
}

/// A repository.
pub(super) struct Repository {
    pub(super) id: i64,
    pub(super) name: String,
    pub(super) installation: i64,
    pub(super) private: bool,
    pub(super) default_branch: &'static str,
    /// Whether its pushes overtake each other: most of its runs are cancelled.
    pub(super) busy: bool,
    pub(super) workflows: Vec<Workflow>,
    /// Who works on it, as places in `World::people`.
    pub(super) team: Vec<usize>,
}

/// A workflow of a repository.
pub(super) struct Workflow {
    pub(super) id: i64,
    pub(super) shape: &'static Shape,
    /// The seconds that half of its runs stay within.
    pub(super) median: f64,
}

impl World {
    /// The same for the same seed.
    pub(super) fn new(rng: &mut Rng) -> Self {
        let mut repositories = Vec::with_capacity(REPOSITORIES);
        let mut weights = Vec::with_capacity(REPOSITORIES);
        for (place, (account, hundredths)) in ACCOUNTS.iter().enumerate() {
            let count = REPOSITORIES * hundredths / 100;
            let installation = 50_000_001 + i64::try_from(place).unwrap_or_default();
            let rest: f64 = (1..count).map(rank_weight).sum();
            for number in 0..count {
                // One repository has three tenths of an account's runs.
                let share = match number {
                    0 => 0.3,
                    _ => 0.7 * rank_weight(number) / rest,
                };
                weights.push(share * f64::from(u32::try_from(*hundredths).unwrap_or_default()));
                let unique = repositories.len();
                let mut made = Repository::new(rng, unique, account, installation);
                made.busy = number == 0;
                repositories.push(made);
            }
        }
        Self {
            repositories,
            share: Weighted::new(weights),
            people: (0..PEOPLE).map(login).collect(),
        }
    }

    /// Each installation, with its repositories.
    pub(super) fn installations(&self, time: Timestamp) -> Vec<v1::SyncInstallationRequest> {
        let accounts = (50_000_001..).zip(ACCOUNTS);
        accounts
            .map(|(id, (account, _))| v1::SyncInstallationRequest {
                installation: Some(v1::Installation {
                    id,
                    account: account.to_owned(),
                    state: v1::InstallationState::Active.into(),
                    account_id: id + 1_000_000,
                    all_repositories: true,
                    url: format!(
                        "https://github.com/organizations/{account}/settings/installations/{id}"
                    ),
                    update_time: Some(timestamp(time)),
                    ..v1::Installation::default()
                }),
                repositories: self
                    .repositories
                    .iter()
                    .filter(|repository| repository.installation == id)
                    .map(|repository| repository.described(time))
                    .collect(),
                backfill_since: None,
            })
            .collect()
    }
}

impl Repository {
    fn new(rng: &mut Rng, unique: usize, account: &str, installation: i64) -> Self {
        let subject = SUBJECTS[unique / KINDS.len() % SUBJECTS.len()];
        let kind = KINDS[unique % KINDS.len()];
        let id = 700_000_000 + 7919 * i64::try_from(unique).unwrap_or_default();
        let count = rng.usize(2..=6);
        let workflows = WORKFLOWS.iter().enumerate().take(count);
        Self {
            id,
            name: format!("{account}/{subject}-{kind}"),
            installation,
            private: in_hundred(rng, 70.0),
            default_branch: if in_hundred(rng, 85.0) {
                "main"
            } else {
                "master"
            },
            busy: false,
            workflows: workflows
                .map(|(place, shape)| Workflow {
                    id: id / 10 + i64::try_from(place).unwrap_or_default(),
                    shape,
                    median: median(rng),
                })
                .collect(),
            team: (0..TEAM).map(|_| rng.usize(..PEOPLE)).collect(),
        }
    }

    pub(super) fn described(&self, time: Timestamp) -> v1::Repository {
        v1::Repository {
            id: self.id,
            name: self.name.clone(),
            installation_id: self.installation,
            default_branch: self.default_branch.to_owned(),
            private: self.private,
            update_time: Some(timestamp(time)),
            ..v1::Repository::default()
        }
    }
}

/// Most take minutes, some hours.
fn median(rng: &mut Rng) -> f64 {
    if in_hundred(rng, 4.0) {
        heavy_tailed(rng, 7057.0, 0.3)
    } else {
        heavy_tailed(rng, 420.0, 0.6)
    }
}

fn login(number: usize) -> String {
    const FIRST: [&str; 20] = [
        "ada", "alan", "barbara", "chen", "dana", "edsger", "fei", "grace", "hedy", "ivan", "joan",
        "kamala", "linus", "mei", "niklaus", "olga", "priya", "quinn", "rosa", "sami",
    ];
    const LAST: [&str; 20] = [
        "berg", "costa", "diaz", "evans", "fischer", "garcia", "haas", "ito", "jansen", "kim",
        "lopez", "moreau", "novak", "okafor", "patel", "rossi", "sato", "tanaka", "weber", "young",
    ];
    let name = format!("{}-{}", FIRST[number % 20], LAST[number / 20 % 20]);
    match number / 400 {
        0 => name,
        more => format!("{name}{}", more + 1),
    }
}

/// Who caused a run: few people cause many.
pub(super) fn someone<'a>(rng: &mut Rng, world: &'a World, repository: &Repository) -> &'a str {
    let place = rng.usize(..TEAM);
    let place = repository.team[rng.usize(..=place)];
    &world.people[place]
}

/// A word for a branch, a title or a fork.
pub(super) fn subject(rng: &mut Rng) -> &'static str {
    SUBJECTS[rng.usize(..SUBJECTS.len())]
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn names_and_ids_are_unique() {
        let world = World::new(&mut Rng::with_seed(1));
        let repositories = &world.repositories;
        assert_eq!(repositories.len(), REPOSITORIES);
        let names: HashSet<_> = repositories.iter().map(|r| &r.name).collect();
        let ids: HashSet<_> = repositories.iter().map(|r| r.id).collect();
        let workflows = repositories.iter().flat_map(|r| &r.workflows);
        let of_workflows: HashSet<_> = workflows.clone().map(|w| w.id).collect();
        let people: HashSet<_> = world.people.iter().collect();
        assert_eq!((names.len(), ids.len()), (REPOSITORIES, REPOSITORIES));
        assert_eq!(of_workflows.len(), workflows.count());
        assert_eq!(people.len(), PEOPLE);
    }

    #[test]
    fn one_repository_has_three_tenths_of_an_accounts_runs() {
        let world = World::new(&mut Rng::with_seed(1));
        let mut rng = Rng::with_seed(2);
        let drawn = (0..10_000).filter(|_| world.share.draw(&mut rng) == 0);
        // Of an account that has four tenths of all.
        let drawn = drawn.count();
        assert!((1100..1300).contains(&drawn), "{drawn}");
    }
}
