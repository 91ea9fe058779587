//! The invented organisation: its repositories, their workflows, and the jobs of these.

use crate::github::workflow::CancelInProgress;

/// The organisation's login.
pub(super) const LOGIN: &str = "saltmarsh-works";

/// A repository and how its people work on it.
#[derive(Debug)]
pub(super) struct RepositorySpec {
    pub(super) name: &'static str,
    pub(super) description: &'static str,
    pub(super) language: &'static str,
    pub(super) private: bool,
    /// Pushes an hour when everyone is at work.
    pub(super) pushes: f64,
    /// How much likelier its pull requests fail than those of others.
    pub(super) trouble: f64,
    /// What its commits are about.
    pub(super) subjects: &'static [&'static str],
    /// What the bot keeps up to date, as `ecosystem/name`.
    pub(super) packages: &'static [&'static str],
    pub(super) workflows: &'static [WorkflowSpec],
}

/// A workflow.
#[derive(Debug)]
pub(super) struct WorkflowSpec {
    pub(super) name: &'static str,
    pub(super) path: &'static str,
    pub(super) on: &'static [On],
    pub(super) cancels: CancelInProgress,
    pub(super) quirk: Quirk,
    pub(super) jobs: &'static [JobSpec],
}

/// What starts a workflow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum On {
    /// A push to the default branch.
    Push,
    PullRequest,
    /// Every day at this hour, UTC.
    Daily(i8),
    Dispatch,
}

/// What a workflow is known for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Quirk {
    None,
    /// Its second job fails for no reason now and then, and passes when run again.
    Flaky,
    /// It takes longer every day.
    Slowing,
    /// It has no secrets for bots and forks, and skips them.
    TeamOnly,
}

/// A job.
#[derive(Debug)]
pub(super) struct JobSpec {
    pub(super) name: &'static str,
    pub(super) label: &'static str,
    pub(super) minutes: f64,
    /// The slots of the jobs that must pass first.
    pub(super) needs: &'static [usize],
    /// Whether a person must approve it.
    pub(super) approval: bool,
    pub(super) steps: Steps,
}

/// Names of steps, each with its share of the job's time. The last one is what the job is for.
pub(super) type Steps = &'static [(&'static str, u32)];

const CHECKOUT: (&str, u32) = ("Run actions/checkout@v5", 2);
const RUST: (&str, u32) = ("Install the toolchain", 5);
const CACHE: (&str, u32) = ("Run actions/cache@v4", 6);
const NODE: (&str, u32) = ("Run actions/setup-node@v5", 3);
const NPM: (&str, u32) = ("Run npm ci", 14);
const PYTHON: (&str, u32) = ("Run actions/setup-python@v6", 4);
const PIP: (&str, u32) = ("Install dependencies", 16);
const GO: (&str, u32) = ("Run actions/setup-go@v6", 5);
const JAVA: (&str, u32) = ("Run actions/setup-java@v5", 5);
const TERRAFORM: (&str, u32) = ("Set up Terraform", 6);

const fn job(name: &'static str, minutes: f64, steps: Steps) -> JobSpec {
    JobSpec {
        name,
        label: "ubuntu-latest",
        minutes,
        needs: &[],
        approval: false,
        steps,
    }
}

impl JobSpec {
    const fn on(self, label: &'static str) -> Self {
        Self { label, ..self }
    }

    const fn needs(self, needs: &'static [usize]) -> Self {
        Self { needs, ..self }
    }

    const fn approved(self) -> Self {
        Self {
            approval: true,
            ..self
        }
    }
}

const fn workflow(
    name: &'static str,
    path: &'static str,
    on: &'static [On],
    jobs: &'static [JobSpec],
) -> WorkflowSpec {
    WorkflowSpec {
        name,
        path,
        on,
        cancels: CancelInProgress::Never,
        quirk: Quirk::None,
        jobs,
    }
}

impl WorkflowSpec {
    const fn cancels(self, cancels: CancelInProgress) -> Self {
        Self { cancels, ..self }
    }

    const fn quirk(self, quirk: Quirk) -> Self {
        Self { quirk, ..self }
    }
}

/// The repositories, the busiest first.
pub(super) const REPOSITORIES: [RepositorySpec; 6] =
    [HARBOR, SKIFF, ALMANAC, POCKET, LEDGER, GROUNDS];

const HARBOR: RepositorySpec = RepositorySpec {
    name: "harbor",
    description: "Berths, voyages and moorings: the service behind everything",
    language: "Rust",
    private: false,
    pushes: 2.05,
    trouble: 0.9,
    subjects: &[
        "session renewal",
        "the berth scheduler",
        "upload limits",
        "the tide table import",
        "rate limiting",
        "the health check",
        "paging through voyages",
        "graceful shutdown",
        "the audit log",
        "request deadlines",
    ],
    packages: &[
        "cargo/tokio",
        "cargo/serde",
        "cargo/hyper",
        "github_actions/actions/cache",
    ],
    workflows: &[
        workflow(
            "CI",
            ".github/workflows/ci.yml",
            &[On::Push, On::PullRequest],
            &[
                job(
                    "lint",
                    2.2,
                    &[
                        CHECKOUT,
                        RUST,
                        CACHE,
                        ("Run cargo fmt --check", 3),
                        ("Run cargo clippy", 60),
                    ],
                ),
                job(
                    "test (ubuntu)",
                    6.4,
                    &[
                        CHECKOUT,
                        RUST,
                        CACHE,
                        ("Run cargo build", 40),
                        ("Run cargo test", 45),
                    ],
                ),
                job(
                    "test (macos)",
                    7.6,
                    &[
                        CHECKOUT,
                        RUST,
                        CACHE,
                        ("Run cargo build", 42),
                        ("Run cargo test", 45),
                    ],
                )
                .on("macos-15"),
                job(
                    "package",
                    2.6,
                    &[
                        CHECKOUT,
                        RUST,
                        CACHE,
                        ("Run cargo build --release", 70),
                        ("Upload the binary", 6),
                    ],
                )
                .needs(&[0, 1]),
            ],
        )
        .cancels(CancelInProgress::PullRequests),
        workflow(
            "Integration",
            ".github/workflows/integration.yml",
            &[On::Push, On::PullRequest],
            &[
                job(
                    "build",
                    3.4,
                    &[CHECKOUT, RUST, CACHE, ("Run cargo build --tests", 60)],
                ),
                job(
                    "against PostgreSQL",
                    5.2,
                    &[
                        CHECKOUT,
                        ("Start PostgreSQL", 12),
                        ("Apply migrations", 4),
                        ("Run integration tests", 70),
                    ],
                )
                .needs(&[0]),
            ],
        )
        .quirk(Quirk::Flaky),
        workflow(
            "Release",
            ".github/workflows/release.yml",
            &[On::Dispatch],
            &[
                job(
                    "build",
                    8.5,
                    &[
                        CHECKOUT,
                        RUST,
                        ("Run cargo build --release", 80),
                        ("Upload artifacts", 6),
                    ],
                ),
                job(
                    "publish",
                    1.8,
                    &[
                        CHECKOUT,
                        ("Download artifacts", 10),
                        ("Publish the release", 30),
                    ],
                )
                .needs(&[0])
                .approved(),
            ],
        ),
        workflow(
            "Audit",
            ".github/workflows/audit.yml",
            &[On::Daily(5)],
            &[job(
                "dependencies",
                1.4,
                &[CHECKOUT, RUST, ("Check advisories", 20)],
            )],
        ),
    ],
};

const SKIFF: RepositorySpec = RepositorySpec {
    name: "skiff",
    description: "The web application that harbour masters use",
    language: "TypeScript",
    private: false,
    pushes: 1.55,
    trouble: 1.15,
    subjects: &[
        "the berth map",
        "keyboard navigation",
        "the arrivals table",
        "dark mode",
        "offline drafts",
        "form validation",
        "the sign-in page",
        "date formats",
        "image loading",
        "the search box",
    ],
    packages: &[
        "npm_and_yarn/vite",
        "npm_and_yarn/svelte",
        "npm_and_yarn/playwright",
    ],
    workflows: &[
        workflow(
            "CI",
            ".github/workflows/ci.yml",
            &[On::Push, On::PullRequest],
            &[
                job(
                    "lint",
                    1.6,
                    &[
                        CHECKOUT,
                        NODE,
                        NPM,
                        ("Run eslint", 24),
                        ("Run tsc --noEmit", 30),
                    ],
                ),
                job("unit", 3.1, &[CHECKOUT, NODE, NPM, ("Run vitest", 60)]),
                job(
                    "build",
                    2.3,
                    &[
                        CHECKOUT,
                        NODE,
                        NPM,
                        ("Run vite build", 40),
                        ("Check bundle size", 2),
                    ],
                ),
            ],
        )
        .cancels(CancelInProgress::PullRequests),
        workflow(
            "End to end",
            ".github/workflows/e2e.yml",
            &[On::Push, On::PullRequest],
            &[
                job(
                    "chromium",
                    9.5,
                    &[
                        CHECKOUT,
                        NODE,
                        NPM,
                        ("Install browsers", 12),
                        ("Run playwright test", 90),
                    ],
                ),
                job(
                    "webkit",
                    11.0,
                    &[
                        CHECKOUT,
                        NODE,
                        NPM,
                        ("Install browsers", 12),
                        ("Run playwright test", 90),
                    ],
                )
                .on("macos-15"),
                job(
                    "report",
                    0.6,
                    &[
                        CHECKOUT,
                        ("Download results", 10),
                        ("Publish the report", 10),
                    ],
                )
                .needs(&[0, 1]),
            ],
        )
        .cancels(CancelInProgress::PullRequests)
        .quirk(Quirk::Slowing),
        workflow(
            "Preview",
            ".github/workflows/preview.yml",
            &[On::PullRequest],
            &[job(
                "deploy",
                2.1,
                &[
                    CHECKOUT,
                    NODE,
                    NPM,
                    ("Run vite build", 30),
                    ("Deploy the preview", 20),
                ],
            )],
        )
        .cancels(CancelInProgress::PullRequests)
        .quirk(Quirk::TeamOnly),
        workflow(
            "Deploy",
            ".github/workflows/deploy.yml",
            &[On::Push],
            &[
                job(
                    "staging",
                    3.0,
                    &[
                        CHECKOUT,
                        NODE,
                        NPM,
                        ("Run vite build", 30),
                        ("Deploy to staging", 30),
                    ],
                ),
                job(
                    "smoke tests",
                    1.5,
                    &[CHECKOUT, NODE, NPM, ("Run smoke tests", 40)],
                )
                .needs(&[0]),
            ],
        )
        .cancels(CancelInProgress::Always),
    ],
};

const ALMANAC: RepositorySpec = RepositorySpec {
    name: "almanac",
    description: "Tides, weather and daylight as data",
    language: "Python",
    private: false,
    pushes: 1.0,
    trouble: 0.7,
    subjects: &[
        "tide interpolation",
        "the station list",
        "leap seconds",
        "the wind model",
        "daylight tables",
        "the download cache",
        "unit conversion",
        "chart depths",
    ],
    packages: &["pip/numpy", "pip/pandas", "pip/ruff"],
    workflows: &[
        workflow(
            "Tests",
            ".github/workflows/tests.yml",
            &[On::Push, On::PullRequest],
            &[
                job(
                    "test (3.12)",
                    4.6,
                    &[
                        CHECKOUT,
                        PYTHON,
                        PIP,
                        ("Run ruff check", 3),
                        ("Run pytest", 80),
                    ],
                ),
                job(
                    "test (3.13)",
                    4.4,
                    &[
                        CHECKOUT,
                        PYTHON,
                        PIP,
                        ("Run ruff check", 3),
                        ("Run pytest", 80),
                    ],
                ),
                job(
                    "test (3.14)",
                    4.9,
                    &[
                        CHECKOUT,
                        PYTHON,
                        PIP,
                        ("Run ruff check", 3),
                        ("Run pytest", 80),
                    ],
                ),
            ],
        )
        .cancels(CancelInProgress::PullRequests),
        workflow(
            "Nightly",
            ".github/workflows/nightly.yml",
            &[On::Daily(2)],
            &[
                job(
                    "download",
                    12.0,
                    &[CHECKOUT, PYTHON, PIP, ("Download stations", 80)],
                ),
                job(
                    "compare",
                    26.0,
                    &[CHECKOUT, PYTHON, PIP, ("Compare with last year", 90)],
                )
                .needs(&[0]),
            ],
        ),
    ],
};

const POCKET: RepositorySpec = RepositorySpec {
    name: "pocket",
    description: "Harbour arrivals on a phone",
    language: "Kotlin",
    private: false,
    pushes: 0.7,
    trouble: 1.7,
    subjects: &[
        "push messages",
        "the map tiles",
        "battery use",
        "the onboarding screens",
        "tablet layouts",
        "background sync",
        "font scaling",
    ],
    packages: &["gradle/kotlin", "gradle/okhttp"],
    workflows: &[workflow(
        "Build",
        ".github/workflows/build.yml",
        &[On::Push, On::PullRequest],
        &[
            job(
                "android",
                9.0,
                &[
                    CHECKOUT,
                    JAVA,
                    CACHE,
                    ("Run gradle test", 40),
                    ("Run gradle assemble", 40),
                ],
            ),
            job(
                "ios",
                13.0,
                &[
                    CHECKOUT,
                    CACHE,
                    ("Resolve packages", 12),
                    ("Run xcodebuild test", 90),
                ],
            )
            .on("macos-15"),
        ],
    )
    .cancels(CancelInProgress::PullRequests)],
};

const LEDGER: RepositorySpec = RepositorySpec {
    name: "ledger",
    description: "Harbour dues and invoices",
    language: "Go",
    private: true,
    pushes: 0.9,
    trouble: 0.8,
    subjects: &[
        "invoice rounding",
        "the dues calculator",
        "currency tables",
        "the export to accounting",
        "refunds",
        "monthly statements",
        "the tax report",
    ],
    packages: &[
        "go_modules/golang.org/x/net",
        "go_modules/golang.org/x/crypto",
    ],
    workflows: &[
        workflow(
            "CI",
            ".github/workflows/ci.yml",
            &[On::Push, On::PullRequest],
            &[
                job("vet", 1.3, &[CHECKOUT, GO, ("Run go vet", 20)]),
                job(
                    "test",
                    3.6,
                    &[
                        CHECKOUT,
                        GO,
                        ("Start PostgreSQL", 10),
                        ("Run go test -race", 70),
                    ],
                ),
            ],
        )
        .cancels(CancelInProgress::PullRequests),
        workflow(
            "Deploy",
            ".github/workflows/deploy.yml",
            &[On::Dispatch],
            &[
                job(
                    "build image",
                    3.5,
                    &[CHECKOUT, ("Set up buildx", 8), ("Build and push", 60)],
                ),
                job(
                    "production",
                    2.4,
                    &[CHECKOUT, ("Roll out", 40), ("Check the roll-out", 20)],
                )
                .needs(&[0])
                .approved(),
            ],
        ),
    ],
};

const GROUNDS: RepositorySpec = RepositorySpec {
    name: "grounds",
    description: "Clusters, networks and DNS, as code",
    language: "HCL",
    private: true,
    pushes: 0.5,
    trouble: 0.6,
    subjects: &[
        "node pools",
        "DNS records",
        "the backup bucket",
        "network policies",
        "certificate renewal",
        "alert thresholds",
    ],
    packages: &["terraform/kubernetes", "github_actions/actions/checkout"],
    workflows: &[workflow(
        "Terraform",
        ".github/workflows/terraform.yml",
        &[On::Push, On::PullRequest, On::Daily(6)],
        &[
            job(
                "validate",
                1.1,
                &[CHECKOUT, TERRAFORM, ("Run terraform validate", 10)],
            ),
            job(
                "plan",
                4.2,
                &[
                    CHECKOUT,
                    TERRAFORM,
                    ("Run terraform init", 20),
                    ("Run terraform plan", 60),
                ],
            )
            .needs(&[0])
            .on("self-hosted"),
        ],
    )],
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn six_repositories_two_private_fourteen_workflows() {
        assert_eq!(REPOSITORIES.iter().filter(|spec| spec.private).count(), 2);
        let workflows: usize = REPOSITORIES.iter().map(|spec| spec.workflows.len()).sum();
        assert_eq!(workflows, 14);
    }

    #[test]
    fn jobs_need_earlier_jobs_only() {
        for workflow in REPOSITORIES.iter().flat_map(|spec| spec.workflows) {
            for (slot, job) in workflow.jobs.iter().enumerate() {
                assert!(job.needs.iter().all(|need| *need < slot), "{}", job.name);
            }
        }
    }
}
