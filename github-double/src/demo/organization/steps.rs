//! The steps of jobs, each with its share of the time.

use super::Steps;

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

pub(super) const RUST_LINT: Steps = &[
    CHECKOUT,
    RUST,
    CACHE,
    ("Run cargo fmt --check", 3),
    ("Run cargo clippy", 60),
];
pub(super) const RUST_TEST: Steps = &[
    CHECKOUT,
    RUST,
    CACHE,
    ("Run cargo build", 40),
    ("Run cargo test", 45),
];
pub(super) const RUST_PACKAGE: Steps = &[
    CHECKOUT,
    RUST,
    CACHE,
    ("Run cargo build --release", 70),
    ("Upload the binary", 6),
];
pub(super) const RUST_BUILD_TESTS: Steps =
    &[CHECKOUT, RUST, CACHE, ("Run cargo build --tests", 60)];
pub(super) const INTEGRATION_TEST: Steps = &[
    CHECKOUT,
    ("Start PostgreSQL", 12),
    ("Apply migrations", 4),
    ("Run integration tests", 70),
];
pub(super) const RELEASE_BUILD: Steps = &[
    CHECKOUT,
    RUST,
    ("Run cargo build --release", 80),
    ("Upload artifacts", 6),
];
pub(super) const RELEASE_PUBLISH: Steps = &[
    CHECKOUT,
    ("Download artifacts", 10),
    ("Publish the release", 30),
];
pub(super) const AUDIT: Steps = &[CHECKOUT, RUST, ("Check advisories", 20)];
pub(super) const WEB_LINT: Steps = &[
    CHECKOUT,
    NODE,
    NPM,
    ("Run eslint", 24),
    ("Run tsc --noEmit", 30),
];
pub(super) const WEB_TEST: Steps = &[CHECKOUT, NODE, NPM, ("Run vitest", 60)];
pub(super) const WEB_BUILD: Steps = &[
    CHECKOUT,
    NODE,
    NPM,
    ("Run vite build", 40),
    ("Check bundle size", 2),
];
pub(super) const WEB_BROWSER: Steps = &[
    CHECKOUT,
    NODE,
    NPM,
    ("Install browsers", 12),
    ("Run playwright test", 90),
];
pub(super) const WEB_REPORT: Steps = &[
    CHECKOUT,
    ("Download results", 10),
    ("Publish the report", 10),
];
pub(super) const WEB_PREVIEW: Steps = &[
    CHECKOUT,
    NODE,
    NPM,
    ("Run vite build", 30),
    ("Deploy the preview", 20),
];
pub(super) const WEB_STAGING: Steps = &[
    CHECKOUT,
    NODE,
    NPM,
    ("Run vite build", 30),
    ("Deploy to staging", 30),
];
pub(super) const WEB_SMOKE: Steps = &[CHECKOUT, NODE, NPM, ("Run smoke tests", 40)];
pub(super) const PYTHON_TEST: Steps = &[
    CHECKOUT,
    PYTHON,
    PIP,
    ("Run ruff check", 3),
    ("Run pytest", 80),
];
pub(super) const PYTHON_DOWNLOAD: Steps = &[CHECKOUT, PYTHON, PIP, ("Download stations", 80)];
pub(super) const PYTHON_COMPARE: Steps = &[CHECKOUT, PYTHON, PIP, ("Compare with last year", 90)];
pub(super) const ANDROID: Steps = &[
    CHECKOUT,
    JAVA,
    CACHE,
    ("Run gradle test", 40),
    ("Run gradle assemble", 40),
];
pub(super) const IOS: Steps = &[
    CHECKOUT,
    CACHE,
    ("Resolve packages", 12),
    ("Run xcodebuild test", 90),
];
pub(super) const GO_VET: Steps = &[CHECKOUT, GO, ("Run go vet", 20)];
pub(super) const GO_TEST: Steps = &[
    CHECKOUT,
    GO,
    ("Start PostgreSQL", 10),
    ("Run go test -race", 70),
];
pub(super) const IMAGE: Steps = &[CHECKOUT, ("Set up buildx", 8), ("Build and push", 60)];
pub(super) const ROLL_OUT: Steps = &[CHECKOUT, ("Roll out", 40), ("Check the roll-out", 20)];
pub(super) const TERRAFORM_VALIDATE: Steps = &[CHECKOUT, TERRAFORM, ("Run terraform validate", 10)];
pub(super) const TERRAFORM_PLAN: Steps = &[
    CHECKOUT,
    TERRAFORM,
    ("Run terraform init", 20),
    ("Run terraform plan", 60),
];
