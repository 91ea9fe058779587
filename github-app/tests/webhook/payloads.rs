//! Payloads as GitHub sends them, cut down to what matters.

use serde_json::{Value, json};

/// The second attempt of a run that failed, started by someone else.
pub(crate) fn workflow_run() -> Value {
    json!({
        "action": "completed",
        "workflow_run": {
            "id": 5001,
            "name": "CI",
            "path": ".github/workflows/ci.yml@main",
            "display_title": "Fix the build",
            "run_number": 77,
            "run_attempt": 2,
            "event": "push",
            "status": "completed",
            "conclusion": "failure",
            "workflow_id": 31,
            "head_branch": "main",
            "head_sha": "ABCDEF0123456789abcdef0123456789abcdef01",
            "head_commit": {
                "id": "abcdef0123456789abcdef0123456789abcdef01",
                "message": "Fix the build\n\nIt was broken.",
                "author": { "name": "Mona Lisa", "email": "mona@example.com" },
            },
            "head_repository": { "id": 900, "full_name": "acme/api" },
            "html_url": "https://github.com/acme/api/actions/runs/5001",
            "actor": { "login": "mona" },
            "triggering_actor": { "login": "hubot" },
            "pull_requests": [
                { "number": 12, "base": { "ref": "main", "repo": { "id": 900, "name": "api" } } },
            ],
            "created_at": "2026-03-01T11:00:00Z",
            "run_started_at": "2026-03-01T11:30:00Z",
            "updated_at": "2026-03-01T11:40:00Z",
        },
        "workflow": { "id": 31, "name": "CI", "path": ".github/workflows/ci.yml" },
        "repository": repository(),
        "installation": { "id": 44 },
        "sender": { "login": "hubot" },
    })
}

/// A job of that attempt, which failed in its second step.
pub(crate) fn workflow_job() -> Value {
    json!({
        "action": "completed",
        "workflow_job": {
            "id": 60001,
            "run_id": 5001,
            "run_attempt": 2,
            "name": "test (stable)",
            "status": "completed",
            "conclusion": "failure",
            "labels": ["ubuntu-latest", "x64"],
            "runner_name": "runner 3",
            "html_url": "https://github.com/acme/api/actions/runs/5001/job/60001",
            "created_at": "2026-03-01T11:30:00Z",
            "started_at": "2026-03-01T11:31:00Z",
            "completed_at": "2026-03-01T11:39:00Z",
            "steps": [
                {
                    "number": 1,
                    "name": "Set up job",
                    "status": "completed",
                    "conclusion": "success",
                    "started_at": "2026-03-01T11:31:00.000-00:00",
                    "completed_at": "2026-03-01T12:31:05.250+01:00",
                },
                {
                    "number": 2,
                    "name": "Run tests",
                    "status": "completed",
                    "conclusion": "failure",
                    "started_at": "2026-03-01T11:31:05Z",
                    "completed_at": "2026-03-01T11:38:59Z",
                },
            ],
        },
        "repository": repository(),
        "installation": { "id": 44 },
        "sender": { "login": "hubot" },
    })
}

pub(crate) fn repository() -> Value {
    json!({
        "id": 900,
        "full_name": "acme/api",
        "default_branch": "main",
        "archived": false,
        "private": true,
        "updated_at": "2026-02-20T08:00:00Z",
    })
}
