//! What concerns everybody.

use serde::Serialize;

use super::answer::Answer;
use super::limit::Budget;

#[derive(Serialize)]
struct MetaJson {
    verifiable_password_authentication: bool,
    hooks: [&'static str; 2],
    api: [&'static str; 2],
    web: [&'static str; 2],
    actions: [&'static str; 2],
}

/// `GET /meta`: this GitHub never leaves the machine.
pub(super) fn meta() -> Answer {
    const LOOPBACK: [&str; 2] = ["127.0.0.0/8", "::1/128"];
    Answer::json(&MetaJson {
        verifiable_password_authentication: false,
        hooks: LOOPBACK,
        api: LOOPBACK,
        web: LOOPBACK,
        actions: LOOPBACK,
    })
}

#[derive(Serialize)]
struct RateLimitJson {
    resources: ResourcesJson,
    rate: Budget,
}

#[derive(Serialize)]
struct ResourcesJson {
    core: Budget,
    search: Budget,
}

/// `GET /rate_limit`
pub(super) fn rate_limit(budget: Budget) -> Answer {
    // Nothing can be searched here, so that none of it is ever used.
    let search = Budget {
        limit: 30,
        used: 0,
        remaining: 30,
        ..budget
    };
    Answer::json(&RateLimitJson {
        resources: ResourcesJson {
            core: budget,
            search,
        },
        rate: budget,
    })
}
