//! How the GitHub App is, as it last told the server.

use jiff::{SignedDuration, Timestamp};
use lampboard_github_app::doctor::Finding;
use lampboard_proto::v1::{AppMode, AppStatus, GetSystemResponse, RefusedWebhooks};

use super::{ago, time};

const SUBJECT: &str = "app";
/// It tells every minute.
const SILENCE: SignedDuration = SignedDuration::from_mins(3);

/// Judges what the app told.
pub(super) fn judge(system: &GetSystemResponse, now: Timestamp) -> Vec<Finding> {
    let Some(app) = &system.app else {
        return vec![Finding::warn(
            SUBJECT,
            "no github-app has ever told this server how it is",
            "start `lampboard github-app` with the write key and the address of this server",
        )];
    };
    let mut findings = vec![life(system, app, now)];
    findings.extend(app.problems.iter().map(|problem| {
        let message = "something keeps it from its work";
        Finding::warn(SUBJECT, message, problem)
    }));
    findings.extend(app.refused.iter().map(|refused| refusal(refused, now)));
    findings.extend(round(app));
    findings.extend(last_delivery(system, app, now));
    findings
}

fn life(system: &GetSystemResponse, app: &AppStatus, now: Timestamp) -> Finding {
    let told = time(system.app_report_time).unwrap_or(Timestamp::UNIX_EPOCH);
    if now.duration_since(told) > SILENCE {
        return Finding::warn(
            SUBJECT,
            format!("it last told how it is {}", ago(told, now)),
            "see whether `lampboard github-app` runs, and reaches the server",
        );
    }
    match app.mode() {
        AppMode::Connected => {
            Finding::ok(SUBJECT, "it takes webhooks, and asks for what they miss")
        }
        AppMode::Polling => Finding::ok(SUBJECT, "it asks GitHub for everything"),
        AppMode::Webhooks => Finding::warn(
            SUBJECT,
            "it takes webhooks, and has no key to ask for what they miss",
            "set LAMPBOARD_GITHUB_APP_ID and LAMPBOARD_GITHUB_PRIVATE_KEY_FILE",
        ),
        AppMode::Setup | AppMode::Unspecified => Finding::warn(
            SUBJECT,
            "it waits to be set up",
            "open the link that `lampboard serve` shows as it starts",
        ),
    }
}

fn refusal(refused: &RefusedWebhooks, now: Timestamp) -> Finding {
    let last = time(refused.last_time).map_or_else(String::new, |it| {
        let last = ago(it, now);
        format!(", the last one {last}")
    });
    let fix = if refused.reason == "unauthorized" {
        "somebody else tries the door, or the webhook secret is not the one in the App's settings \
         at GitHub"
    } else {
        "look at the app's log; what was missed is fetched by reconciling"
    };
    Finding::warn(
        "refused webhooks",
        format!("{} as {}{last}", refused.count, refused.reason),
        fix,
    )
}

fn round(app: &AppStatus) -> Option<Finding> {
    let round = app.last_round.as_ref()?;
    Some(if round.problem.is_empty() {
        Finding::ok("reconciling", "the last round went well")
    } else {
        Finding::warn(
            "reconciling",
            format!("in the last round: {}", round.problem),
            "it is tried again each round; if that does not help, see what is said of GitHub above",
        )
    })
}

fn last_delivery(system: &GetSystemResponse, app: &AppStatus, now: Timestamp) -> Option<Finding> {
    if app.mode() == AppMode::Polling {
        return None;
    }
    let subject = "last delivery";
    Some(match time(system.last_delivery_time) {
        Some(time) => Finding::ok(subject, format!("was taken in {}", ago(time, now))),
        None => Finding::warn(
            subject,
            "no webhook was ever taken in",
            "push something; if still nothing comes, see what is said of deliveries and the webhook",
        ),
    })
}
