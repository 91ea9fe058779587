//! How much GitHub may still be asked.

use super::{Finding, installations::Accounts};
use crate::github::Budget;

/// Below one part of this many, reconciling and backfills wait.
const RESERVE: u64 = 10;

/// Judges what the App, and each installation, may still ask.
pub(super) fn examine(budgets: &[Budget], accounts: &Accounts) -> Vec<Finding> {
    budgets
        .iter()
        .map(|budget| {
            let subject = match budget.installation_id {
                None => "requests of the App".to_owned(),
                Some(id) => {
                    let id_text = id.to_string();
                    format!("requests of {}", accounts.get(&id).unwrap_or(&id_text))
                }
            };
            judge(&subject, budget)
        })
        .collect()
}

fn judge(subject: &str, budget: &Budget) -> Finding {
    if let Some(until) = budget.limited_until {
        return Finding::warn(
            subject,
            format!("GitHub wants to be asked nothing until {until:.0}"),
            "nothing: Lampboard waits; if it happens often, find out what else asks as this App",
        );
    }
    let (Some(limit), Some(remaining)) = (budget.limit, budget.remaining) else {
        return Finding::ok(subject, "GitHub sets no limit");
    };
    let message = format!("{remaining} of {limit} an hour are left");
    if remaining <= limit / RESERVE {
        let reset = budget.reset_time;
        let reset = reset.map_or_else(String::new, |it| format!(" at {it:.0}"));
        return Finding::warn(
            subject,
            message,
            format!("nothing: reconciling goes on when the hour is over{reset}"),
        );
    }
    Finding::ok(subject, message)
}

#[cfg(test)]
mod tests {
    use super::{super::Level, *};
    use crate::github::Spent;

    fn budget(remaining: Option<u64>) -> Budget {
        Budget {
            installation_id: Some(88),
            limit: remaining.map(|_| 5000),
            remaining,
            reset_time: Some("2026-03-01T12:30:00Z".parse().unwrap()),
            limited_until: None,
            spent: Spent::default(),
        }
    }

    fn examined(budget: Budget) -> Finding {
        let accounts = Accounts::from([(88, "acme".to_owned())]);
        examine(&[budget], &accounts).remove(0)
    }

    #[test]
    fn enough_or_no_limit_is_fine() {
        let finding = examined(budget(Some(4200)));
        assert_eq!(finding.level, Level::Ok);
        assert_eq!(finding.subject, "requests of acme");
        assert_eq!(finding.message, "4200 of 5000 an hour are left");
        assert_eq!(examined(budget(None)).level, Level::Ok);
    }

    #[test]
    fn little_or_nothing_is_told_with_its_end() {
        let finding = examined(budget(Some(500)));
        assert_eq!(finding.level, Level::Warn);
        assert!(finding.fix.unwrap().contains("2026-03-01T12:30:00Z"));
        let finding = examined(Budget {
            limited_until: Some("2026-03-01T12:10:00Z".parse().unwrap()),
            ..budget(Some(4200))
        });
        assert_eq!(finding.level, Level::Warn);
        assert!(finding.message.contains("2026-03-01T12:10:00Z"));
    }
}
