//! What workflows look like: their jobs, and the steps of these.

/// What the runs of a workflow have in common.
pub(super) struct Shape {
    pub(super) name: &'static str,
    pub(super) path: &'static str,
    /// How many of a hundred runs are of a schedule.
    pub(super) scheduled: f64,
    pub(super) jobs: &'static [JobShape],
}

/// A job of a workflow.
pub(super) struct JobShape {
    pub(super) name: &'static str,
    pub(super) label: &'static str,
    pub(super) steps: &'static [&'static str],
}

const fn job(name: &'static str, label: &'static str, steps: &'static [&'static str]) -> JobShape {
    JobShape { name, label, steps }
}

const UBUNTU: &str = "ubuntu-latest";

/// In the order in which repositories come to have them. They have three jobs
/// on average, as GitHub's runs do, and these eight steps.
pub(super) const WORKFLOWS: [Shape; 6] = [
    Shape {
        name: "CI",
        path: ".github/workflows/ci.yml",
        scheduled: 0.0,
        jobs: &[
            job(
                "lint",
                UBUNTU,
                &[
                    "Set up job",
                    "Run actions/checkout@v5",
                    "Install",
                    "Lint",
                    "Post Run actions/checkout@v5",
                    "Complete job",
                ],
            ),
            job(
                "build",
                UBUNTU,
                &[
                    "Set up job",
                    "Run actions/checkout@v5",
                    "Run actions/cache@v4",
                    "Install",
                    "Build",
                    "Upload",
                    "Post Run actions/cache@v4",
                    "Post Run actions/checkout@v5",
                    "Complete job",
                ],
            ),
            job(
                "test (20, ubuntu-latest)",
                UBUNTU,
                &[
                    "Set up job",
                    "Run actions/checkout@v5",
                    "Run actions/setup-node@v5",
                    "Install",
                    "Run unit tests",
                    "Run integration tests",
                    "Post Run actions/setup-node@v5",
                    "Post Run actions/checkout@v5",
                    "Complete job",
                ],
            ),
            job(
                "test (22, ubuntu-latest)",
                UBUNTU,
                &[
                    "Set up job",
                    "Run actions/checkout@v5",
                    "Run actions/setup-node@v5",
                    "Install",
                    "Run unit tests",
                    "Run integration tests",
                    "Post Run actions/setup-node@v5",
                    "Post Run actions/checkout@v5",
                    "Complete job",
                ],
            ),
        ],
    },
    Shape {
        name: "Lint",
        path: ".github/workflows/lint.yml",
        scheduled: 0.0,
        jobs: &[job(
            "lint",
            UBUNTU,
            &[
                "Set up job",
                "Run actions/checkout@v5",
                "Install",
                "Lint",
                "Check formatting",
                "Check licences",
                "Post Run actions/checkout@v5",
                "Complete job",
            ],
        )],
    },
    Shape {
        name: "Deploy",
        path: ".github/workflows/deploy.yml",
        scheduled: 0.0,
        jobs: &[
            job(
                "image",
                UBUNTU,
                &[
                    "Set up job",
                    "Run actions/checkout@v5",
                    "Log in",
                    "Build image",
                    "Push image",
                    "Post Log in",
                    "Post Run actions/checkout@v5",
                    "Complete job",
                ],
            ),
            job(
                "staging",
                "self-hosted",
                &[
                    "Set up job",
                    "Run actions/checkout@v5",
                    "Deploy",
                    "Wait for health",
                    "Smoke tests",
                    "Complete job",
                ],
            ),
            job(
                "production",
                "self-hosted",
                &[
                    "Set up job",
                    "Run actions/checkout@v5",
                    "Deploy",
                    "Wait for health",
                    "Smoke tests",
                    "Complete job",
                ],
            ),
        ],
    },
    Shape {
        name: "Nightly",
        path: ".github/workflows/nightly.yml",
        scheduled: 100.0,
        jobs: &[
            job(
                "end to end (chromium)",
                "ubuntu-24.04-16core",
                &[
                    "Set up job",
                    "Run actions/checkout@v5",
                    "Run actions/setup-node@v5",
                    "Install",
                    "Install browsers",
                    "Build",
                    "Run end to end tests",
                    "Upload traces",
                    "Post Run actions/checkout@v5",
                    "Complete job",
                ],
            ),
            job(
                "end to end (firefox)",
                "ubuntu-24.04-16core",
                &[
                    "Set up job",
                    "Run actions/checkout@v5",
                    "Run actions/setup-node@v5",
                    "Install",
                    "Install browsers",
                    "Build",
                    "Run end to end tests",
                    "Upload traces",
                    "Post Run actions/checkout@v5",
                    "Complete job",
                ],
            ),
            job(
                "load",
                "self-hosted",
                &[
                    "Set up job",
                    "Run actions/checkout@v5",
                    "Start",
                    "Load",
                    "Report",
                    "Complete job",
                ],
            ),
        ],
    },
    Shape {
        name: "Security",
        path: ".github/workflows/security.yml",
        scheduled: 30.0,
        jobs: &[
            job(
                "Analyze (javascript)",
                UBUNTU,
                &[
                    "Set up job",
                    "Run actions/checkout@v5",
                    "Initialize",
                    "Autobuild",
                    "Analyze",
                    "Post Analyze",
                    "Post Initialize",
                    "Post Run actions/checkout@v5",
                    "Complete job",
                ],
            ),
            job(
                "dependencies",
                UBUNTU,
                &[
                    "Set up job",
                    "Run actions/checkout@v5",
                    "Review dependencies",
                    "Complete job",
                ],
            ),
        ],
    },
    Shape {
        name: "Release",
        path: ".github/workflows/release.yml",
        scheduled: 0.0,
        jobs: &[
            job(
                "build (x86_64)",
                UBUNTU,
                &[
                    "Set up job",
                    "Run actions/checkout@v5",
                    "Install",
                    "Build",
                    "Sign",
                    "Upload",
                    "Post Run actions/checkout@v5",
                    "Complete job",
                ],
            ),
            job(
                "build (aarch64)",
                "ubuntu-24.04-arm",
                &[
                    "Set up job",
                    "Run actions/checkout@v5",
                    "Install",
                    "Build",
                    "Sign",
                    "Upload",
                    "Post Run actions/checkout@v5",
                    "Complete job",
                ],
            ),
            job(
                "build (windows)",
                "windows-latest",
                &[
                    "Set up job",
                    "Run actions/checkout@v5",
                    "Install",
                    "Build",
                    "Sign",
                    "Upload",
                    "Post Run actions/checkout@v5",
                    "Complete job",
                ],
            ),
            job(
                "publish",
                UBUNTU,
                &[
                    "Set up job",
                    "Download",
                    "Publish",
                    "Announce",
                    "Complete job",
                ],
            ),
        ],
    },
];
