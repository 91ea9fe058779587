//! What became of GitHub's last deliveries, by its own log of them.

use std::collections::HashSet;

use jiff::Timestamp;

use super::{Finding, ago, not_told};
use crate::github::{Delivery, GitHub};

const SUBJECT: &str = "deliveries";

/// Reads the newest page of GitHub's log.
pub(super) async fn examine(github: &GitHub, now: Timestamp) -> Finding {
    match github.deliveries(None).await {
        Ok(page) => judge(&page.items, now),
        Err(error) => not_told(SUBJECT, &error),
    }
}

/// What went wrong with a delivery, as far as people have to do different things
/// about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Trouble {
    Signature,
    Place,
    Form,
    Proxy,
    Silence,
    Other,
}

/// Judges by the newest attempt: what failed earlier is fetched by reconciling.
fn judge(deliveries: &[Delivery], now: Timestamp) -> Finding {
    // The first ping comes before anybody knows the secret, and says nothing.
    let told = deliveries
        .iter()
        .filter(|it| it.event.as_deref() != Some("ping"));
    let deliveries: &[Delivery] = &told.cloned().collect::<Vec<_>>();
    let Some(last) = deliveries.first() else {
        return Finding::warn(
            SUBJECT,
            "GitHub has delivered nothing in the last days",
            "push something; if still nothing comes, see whether the webhook is active in the \
             App's settings at GitHub, and the App installed",
        );
    };
    let told = last
        .delivered_at
        .map_or_else(|| "at some time".to_owned(), |time| ago(time, now));
    if !last.is_taken() {
        return Finding::fail(
            SUBJECT,
            format!("the last one, {told}, was not taken in: {}", words(last)),
            fix(trouble(last)),
        );
    }
    let missed = missed(deliveries);
    let Some(latest) = missed.first() else {
        let message = format!("the last one was taken in {told}; so were all the last ones");
        return Finding::ok(SUBJECT, message);
    };
    Finding::warn(
        SUBJECT,
        format!(
            "the last one was taken in {told}, but {} of the last {} were not: {}",
            missed.len(),
            deliveries.len(),
            words(latest)
        ),
        fix(trouble(latest)),
    )
}

/// The events that no attempt brought here, each once, the latest first.
fn missed(deliveries: &[Delivery]) -> Vec<&Delivery> {
    let taken = deliveries.iter().filter(|it| it.is_taken());
    let mut known: HashSet<_> = taken.map(|it| it.guid.as_deref()).collect();
    let others = deliveries.iter();
    others
        .filter(|it| known.insert(it.guid.as_deref()))
        .collect()
}

fn words(delivery: &Delivery) -> String {
    let status = delivery.status.as_deref().unwrap_or("no status");
    match delivery.status_code {
        Some(code) if code > 0 && !status.contains(&code.to_string()) => {
            format!("{status} ({code})")
        }
        _ => status.to_owned(),
    }
}

fn trouble(delivery: &Delivery) -> Trouble {
    match delivery.status_code {
        Some(401) => Trouble::Signature,
        Some(301..=308 | 403..=405) => Trouble::Place,
        Some(400 | 415) => Trouble::Form,
        // Also what GitHub itself says in place of an answer that did not come.
        Some(502..=504) => Trouble::Proxy,
        Some(100..=599) => Trouble::Other,
        _ => Trouble::Silence,
    }
}

fn fix(trouble: Trouble) -> &'static str {
    match trouble {
        Trouble::Signature => {
            "the two secrets differ: set the webhook secret in the App's settings at GitHub to what \
             LAMPBOARD_WEBHOOK_SECRET is here"
        }
        Trouble::Place => {
            "something that is not Lampboard answers: let the proxy pass \
             /api/webhook/github-actions on to it, without sign-in or redirect"
        }
        Trouble::Form => {
            "set the webhook's content type to application/json in the App's settings at GitHub"
        }
        Trouble::Proxy => {
            "see whether Lampboard runs, and whether the proxy before it reaches it; what was \
             missed is fetched by reconciling"
        }
        Trouble::Silence => {
            "let GitHub reach this machine: see its name in DNS, its firewall and its certificate; \
             if that can not be, set LAMPBOARD_GITHUB_POLLING=true"
        }
        Trouble::Other => "look at the log of `lampboard serve` or `lampboard github-app`",
    }
}

#[cfg(test)]
mod tests;
