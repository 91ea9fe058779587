//! What the organisation has: six repositories with fourteen workflows.

use super::{On, Quirk, RepositorySpec, job, steps, workflow};
use crate::github::workflow::CancelInProgress;

/// The repositories, the busiest first.
pub(in crate::demo) const REPOSITORIES: [RepositorySpec; 6] =
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
                job("lint", 2.2, steps::RUST_LINT),
                job("test (ubuntu)", 6.4, steps::RUST_TEST),
                job("test (macos)", 7.6, steps::RUST_TEST).on("macos-15"),
                job("package", 2.6, steps::RUST_PACKAGE).needs(&[0, 1]),
            ],
        )
        .cancels(CancelInProgress::PullRequests),
        workflow(
            "Integration",
            ".github/workflows/integration.yml",
            &[On::Push, On::PullRequest],
            &[
                job("build", 3.4, steps::RUST_BUILD_TESTS),
                job("against PostgreSQL", 5.2, steps::INTEGRATION_TEST).needs(&[0]),
            ],
        )
        .quirk(Quirk::Flaky),
        workflow(
            "Release",
            ".github/workflows/release.yml",
            &[On::Dispatch],
            &[
                job("build", 8.5, steps::RELEASE_BUILD),
                job("publish", 1.8, steps::RELEASE_PUBLISH)
                    .needs(&[0])
                    .approved(),
            ],
        ),
        workflow(
            "Audit",
            ".github/workflows/audit.yml",
            &[On::Daily(5)],
            &[job("dependencies", 1.4, steps::AUDIT)],
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
                job("lint", 1.6, steps::WEB_LINT),
                job("unit", 3.1, steps::WEB_TEST),
                job("build", 2.3, steps::WEB_BUILD),
            ],
        )
        .cancels(CancelInProgress::PullRequests),
        workflow(
            "End to end",
            ".github/workflows/e2e.yml",
            &[On::Push, On::PullRequest],
            &[
                job("chromium", 9.5, steps::WEB_BROWSER),
                job("webkit", 11.0, steps::WEB_BROWSER).on("macos-15"),
                job("report", 0.6, steps::WEB_REPORT).needs(&[0, 1]),
            ],
        )
        .cancels(CancelInProgress::PullRequests)
        .quirk(Quirk::Slowing),
        workflow(
            "Preview",
            ".github/workflows/preview.yml",
            &[On::PullRequest],
            &[job("deploy", 2.1, steps::WEB_PREVIEW)],
        )
        .cancels(CancelInProgress::PullRequests)
        .quirk(Quirk::TeamOnly),
        workflow(
            "Deploy",
            ".github/workflows/deploy.yml",
            &[On::Push],
            &[
                job("staging", 3.0, steps::WEB_STAGING),
                job("smoke tests", 1.5, steps::WEB_SMOKE).needs(&[0]),
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
                job("test (3.12)", 4.6, steps::PYTHON_TEST),
                job("test (3.13)", 4.4, steps::PYTHON_TEST),
                job("test (3.14)", 4.9, steps::PYTHON_TEST),
            ],
        )
        .cancels(CancelInProgress::PullRequests),
        workflow(
            "Nightly",
            ".github/workflows/nightly.yml",
            &[On::Daily(2)],
            &[
                job("download", 12.0, steps::PYTHON_DOWNLOAD),
                job("compare", 26.0, steps::PYTHON_COMPARE).needs(&[0]),
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
            job("android", 9.0, steps::ANDROID),
            job("ios", 13.0, steps::IOS).on("macos-15"),
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
                job("vet", 1.3, steps::GO_VET),
                job("test", 3.6, steps::GO_TEST),
            ],
        )
        .cancels(CancelInProgress::PullRequests),
        workflow(
            "Deploy",
            ".github/workflows/deploy.yml",
            &[On::Dispatch],
            &[
                job("build image", 3.5, steps::IMAGE),
                job("production", 2.4, steps::ROLL_OUT)
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
            job("validate", 1.1, steps::TERRAFORM_VALIDATE),
            job("plan", 4.2, steps::TERRAFORM_PLAN)
                .needs(&[0])
                .on("self-hosted"),
        ],
    )],
};
