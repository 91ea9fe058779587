//! Where and when histories happen: names that are alike, and days on which clocks are changed.

use jiff::SignedDuration;

/// Where clocks are changed: no day of the histories is far from one.
pub(super) const SEASONS: [(&str, &[&str]); 2] = [
    (
        "2025-03-01T00:00:00Z",
        &[
            "2025-03-09T05:00:00Z", // Havana, which has no midnight then
            "2025-03-09T07:00:00Z", // New York
            "2025-03-29T22:00:00Z", // Beirut, which has no midnight then
            "2025-03-30T01:00:00Z", // Berlin
            "2025-04-05T15:00:00Z", // Lord Howe Island, by half an hour
        ],
    ),
    (
        "2025-09-30T00:00:00Z",
        &[
            "2025-10-04T15:30:00Z", // Lord Howe Island
            "2025-10-25T21:00:00Z", // Beirut
            "2025-10-26T01:00:00Z", // Berlin
            "2025-11-02T05:00:00Z", // Havana, which has two midnights then
            "2025-11-02T06:00:00Z", // New York
        ],
    ),
];
/// How long a season is.
pub(super) const LENGTH: SignedDuration = SignedDuration::from_hours(40 * 24);

/// Names and default branches before and after a change.
pub(super) const REPOSITORIES: [(i64, [&str; 2], [&str; 2]); 3] = [
    (101, ["acme/api", "acme/api"], ["main", "main"]),
    (102, ["acme/web-ui", "Acme/Web"], ["trunk", "main"]),
    (103, ["acme/infra", "acme/infra_tools"], ["Main", "trunk"]),
];
/// Names before and after a change. Two have one name: they are told apart by id.
pub(super) const WORKFLOWS: [(i64, [&str; 2]); 4] = [
    (1, ["CI", "CI"]),
    (2, ["CI", "CI (old)"]),
    (3, ["Deploy", "Deploy to production"]),
    (4, ["Nightly", "Weekly"]),
];
pub(super) const BRANCHES: [&str; 8] = [
    "main",
    "main",
    "trunk",
    "Main",
    "release/1.2",
    "release/1%2",
    "fix_1",
    "fix-1",
];
pub(super) const FORKS: [(i64, &str); 2] = [(901, "mona/api"), (902, "hubot/acme-web")];
pub(super) const ACTORS: [&str; 5] = ["ada", "ada", "grace", "dependabot[bot]", "Ada"];
pub(super) const EVENTS: [&str; 3] = ["push", "pull_request", "schedule"];
pub(super) const CONCLUSIONS: [Option<&str>; 19] = [
    Some("success"),
    Some("success"),
    Some("success"),
    Some("success"),
    Some("success"),
    Some("success"),
    Some("failure"),
    Some("failure"),
    Some("failure"),
    Some("timed_out"),
    Some("startup_failure"),
    Some("cancelled"),
    Some("cancelled"),
    Some("skipped"),
    Some("neutral"),
    Some("action_required"),
    Some("stale"),
    Some("exploded"),
    None,
];
