//! What people write: commit messages and names of branches.

use fastrand::Rng;

const VERBS: &[&str] = &[
    "Fix",
    "Simplify",
    "Speed up",
    "Test",
    "Document",
    "Rework",
    "Log",
    "Tidy up",
    "Harden",
    "Cache",
    "Trace",
    "Rename parts of",
];

const ENDINGS: &[&str] = &[
    "",
    "",
    "",
    "",
    " for large fleets",
    " on slow networks",
    " when a token expires",
    " behind a flag",
    " for visitors",
    " after a restart",
    " in other time zones",
];

/// The first line of a commit's message.
pub(super) fn title(subjects: &[&str], rng: &mut Rng) -> String {
    let (verb, ending) = (pick(VERBS, rng), pick(ENDINGS, rng));
    format!("{verb} {}{ending}", pick(subjects, rng))
}

/// The same of a commit that should have been looked at longer.
pub(super) fn rash_title(subjects: &[&str], rng: &mut Rng) -> String {
    let subject = pick(subjects, rng);
    match rng.u8(..4) {
        0 => format!("Rewrite {subject} from scratch"),
        1 => format!("Remove the old path of {subject}"),
        2 => format!("Move {subject} to the new library"),
        _ => format!("Make {subject} twice as fast"),
    }
}

/// The message of the commit that mends what the commit with the title `culprit` broke.
pub(super) fn mend(culprit: &str, workflow: &str, rng: &mut Rng) -> String {
    match rng.u8(..3) {
        0 => format!("Make {workflow} pass again"),
        1 => format!("Fix the fallout of \"{culprit}\""),
        _ => format!("Revert \"{culprit}\""),
    }
}

/// What a person who made `title` calls the branch.
pub(super) fn branch(title: &str, login: &str, rng: &mut Rng) -> String {
    let words = title.split_whitespace().take(4).map(str::to_lowercase);
    let name = words.collect::<Vec<_>>().join("-");
    match rng.u8(..3) {
        0 => format!("{login}/{name}"),
        1 => format!("fix/{name}"),
        _ => name,
    }
}

/// What somebody from outside calls it; often they never made one.
pub(super) fn fork_branch(rng: &mut Rng) -> String {
    pick(&["patch-1", "patch-2", "main", "fix-typo"], rng).to_owned()
}

/// Title and branch of the bot's pull request for a package, given as `ecosystem/name`.
pub(super) fn bump(packages: &[&str], rng: &mut Rng) -> (String, String) {
    let full_name = pick(packages, rng);
    let (_, package) = full_name.split_once('/').unwrap_or(("", full_name));
    let (minor, patch) = (rng.u8(1..40), rng.u8(0..9));
    let title = format!("Bump {package} from 1.{minor}.{patch} to 1.{}.0", minor + 1);
    let branch = format!("dependabot/{full_name}-1.{}.0", minor + 1);
    (title, branch)
}

/// The message of the commit that merges a pull request.
pub(super) fn merge(title: &str, number: u64) -> String {
    format!("{title} (#{number})\n\nReviewed and merged through the queue.")
}

fn pick<'a>(choices: &[&'a str], rng: &mut Rng) -> &'a str {
    choices[rng.usize(..choices.len())]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn branches_are_made_of_titles() {
        let mut rng = Rng::with_seed(4);
        let title = "Fix session renewal when a token expires";
        let branches: Vec<_> = (0..40).map(|_| branch(title, "ada", &mut rng)).collect();
        for expected in ["fix-session-renewal-when", "ada/fix-session-renewal-when"] {
            assert!(branches.iter().any(|branch| branch == expected));
        }
    }
}
