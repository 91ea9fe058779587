//! The message about one build.

use jiff::SignedDuration;
use url::Url;

use super::{
    clean::{clean, clean_header},
    letter::{Fact, Letter, State, foreign_link},
    wording::{commit, commit_of, count, run, span, time},
};
use crate::{
    alerts::links::{self, Links},
    model::{AlertKind, IncidentFacts, Job, Message, elapsed},
};

/// How many failed jobs are named.
const JOB_LIMIT: usize = 10;

/// Writes all that is told of one build.
pub(super) fn letter(message: &Message, links: &Links) -> Letter {
    let facts = &message.build.record.facts;
    Letter {
        subject: subject(message),
        state: state(message.kind),
        headline: headline(message),
        about: format!(
            "{} {} on {}",
            clean_header(&message.build.repository),
            clean_header(&facts.workflow),
            clean_header(&facts.branch_name())
        ),
        facts: everything_known(message),
        groups: Vec::new(),
        next: next(message),
        links: where_to_go(message, links),
        notes: vec![format!(
            "You get this because of the rule \u{201c}{}\u{201d} in Lampboard.",
            clean_header(&message.rule)
        )],
        unsubscribe: None,
    }
}

fn state(kind: AlertKind) -> State {
    match kind {
        AlertKind::Failure => State::Failing,
        AlertKind::Recovery => State::Recovered,
        AlertKind::StaysRed => State::StillFailing,
        AlertKind::Slow => State::Slow,
        AlertKind::Queued => State::Waiting,
    }
}

/// The same for all messages of an incident, whatever they say, so that they stay together in
/// every mailbox. What is longest is cut, not what is last.
fn subject(message: &Message) -> String {
    let facts = &message.build.record.facts;
    let word = match message.kind {
        AlertKind::Slow => "slow",
        AlertKind::Queued => "waiting",
        AlertKind::Failure | AlertKind::Recovery | AlertKind::StaysRed => "broken",
    };
    let which = match &message.incident {
        Some(incident) if word == "broken" => format!("incident {}", short_id(&incident.id)),
        _ => run(&message.build),
    };
    clean_header(&format!(
        "{} {} {word} on {}, {which}",
        clean(&message.build.repository, 70),
        clean(&facts.workflow, 40),
        clean(&facts.branch_name(), 40),
    ))
}

/// The start of an id: enough to tell the incidents of one branch apart.
fn short_id(id: &str) -> String {
    let start: String = id.chars().take(8).collect();
    clean(&start, 8)
}

fn headline(message: &Message) -> String {
    let incident = message.incident.as_ref();
    match message.kind {
        AlertKind::Failure => "FAILED".to_owned(),
        AlertKind::Recovery => match incident.and_then(time_to_recovery) {
            Some(time) => format!("RECOVERED after {}", span(time)),
            None => "RECOVERED".to_owned(),
        },
        AlertKind::StaysRed => match incident {
            Some(incident) => {
                let red = elapsed(incident.open_time, message.create_time);
                format!("STILL FAILING after {}", span(red))
            }
            None => "STILL FAILING".to_owned(),
        },
        AlertKind::Slow => match message.build.record.wall_time() {
            Some(time) => format!("SLOW, took {}", span(time)),
            None => format!("SLOW, runs for {}", span(running(message))),
        },
        AlertKind::Queued => format!("WAITING for {}", span(running(message))),
    }
}

fn time_to_recovery(incident: &IncidentFacts) -> Option<SignedDuration> {
    Some(elapsed(incident.open_time, incident.resolve_time?))
}

/// How long a build that is not over has been there when the message was raised.
fn running(message: &Message) -> SignedDuration {
    elapsed(message.build.record.facts.start_time, message.create_time)
}

/// All that is known, what is asked for first before all else.
fn everything_known(message: &Message) -> Vec<Fact> {
    let facts = &message.build.record.facts;
    let attempt = message.build.record.id.attempt;
    let mut known: Vec<Fact> = vec![
        ("Failed", failed(message)),
        ("Commit", vec![commit(facts)]),
        ("Author", vec![clean_header(&facts.commit_author)]),
        ("Conclusion", vec![conclusion(message)]),
        ("Duration", vec![duration(message)]),
    ];
    if let Some(incident) = &message.incident {
        known.extend(history(incident, message));
    }
    // The title says these already, if in short.
    known.extend([
        ("Repository", vec![clean_header(&message.build.repository)]),
        ("Workflow", vec![clean_header(&facts.workflow)]),
        ("Branch", vec![clean_header(&facts.branch_name())]),
        (
            "Build",
            vec![format!("run {}, attempt {attempt}", facts.run_number)],
        ),
    ]);
    known.retain(|(_, lines)| lines.iter().any(|line| !line.is_empty()));
    known
}

fn conclusion(message: &Message) -> String {
    let status = &message.build.record.facts.status;
    let word = match status.conclusion() {
        Some(conclusion) => conclusion.word(),
        None => status.word(),
    };
    clean(word, 40).replace('_', " ")
}

/// Why it failed: the jobs that did, and the step of each.
fn failed(message: &Message) -> Vec<String> {
    let jobs = &message.failed_jobs;
    if jobs.is_empty() {
        let is_failure = matches!(message.kind, AlertKind::Failure | AlertKind::StaysRed);
        let unknown = "GitHub names no failed job";
        return is_failure.then(|| unknown.to_owned()).into_iter().collect();
    }
    let mut lines: Vec<_> = jobs.iter().take(JOB_LIMIT).map(job_and_step).collect();
    if let Some(more) = jobs.len().checked_sub(JOB_LIMIT).filter(|more| *more > 0) {
        lines.push(format!("and {}", count(more, "more job", "more jobs")));
    }
    lines
}

fn job_and_step(job: &Job) -> String {
    let name = clean(&job.facts.name, 100);
    match job.facts.failed_step() {
        Some(step) => format!("{name} \u{203a} {}", clean(&step.name, 100)),
        None => name,
    }
}

/// How long it took, against what it usually takes.
fn duration(message: &Message) -> String {
    let so_far = || format!("{} so far", span(running(message)));
    let took = message.build.record.wall_time().map_or_else(so_far, span);
    match message.usual {
        Some(usual) => format!("{took}; the median is {}", span(usual)),
        None => format!("{took}; too few successes for a median"),
    }
}

/// Since when it is red, since which commit, and what was good before.
fn history(incident: &IncidentFacts, message: &Message) -> Vec<Fact> {
    let since = time(incident.open_time);
    let runs = usize::try_from(incident.failures).unwrap_or_default();
    let failed = count(runs, "failed run", "failed runs");
    let red = if let Some(end) = incident.resolve_time {
        format!("{since} to {}, {failed}", time(end))
    } else {
        match elapsed(incident.open_time, message.create_time) {
            // It broke just now.
            short if short < SignedDuration::from_mins(1) => format!("{since}, {failed}"),
            so_far => format!("{since}, for {}, {failed}", span(so_far)),
        }
    };
    let unknown = || vec!["not known".to_owned()];
    let builds = [
        ("Broke with", &incident.first_failure),
        ("Last good", &incident.last_success),
    ];
    let name = match incident.resolve_time {
        Some(_) => "Was red",
        None => "Red since",
    };
    std::iter::once((name, vec![red]))
        .chain(builds.map(|(name, build)| (name, build.as_ref().map_or_else(unknown, commit_of))))
        .collect()
}

fn next(message: &Message) -> Vec<String> {
    let has_range = message.incident.as_ref().and_then(links::compare).is_some();
    let look = if has_range {
        "Look through what changed since the last success: the range is linked below."
    } else {
        "Look at the commit above: the last success before it is not known."
    };
    let steps: &[&str] = match message.kind {
        AlertKind::Failure => &[
            "Read the log of the failed step.",
            look,
            "If the change is not to blame, run the failed jobs again from the run on GitHub.",
        ],
        AlertKind::StaysRed => &[
            "Fix it, or revert the commit that it broke with: whoever merges meanwhile can not see what they break.",
            look,
        ],
        AlertKind::Recovery => &["Nothing: builds succeed again."],
        AlertKind::Slow => &[
            "See on the build's page which job took longer than usual, and whether it waited for a runner.",
        ],
        AlertKind::Queued => &[
            "See whether a runner with the labels of the job is online and free.",
            "See whether a concurrency group or an approval holds the run back.",
        ],
    };
    steps.iter().map(|step| (*step).to_owned()).collect()
}

fn where_to_go(message: &Message, links: &Links) -> Vec<(&'static str, Url)> {
    let job = message.failed_jobs.first();
    let places = [
        (
            "Build in Lampboard",
            Some(links.build(message.build.record.id)),
        ),
        (
            "Run on GitHub",
            foreign_link(&message.build.record.facts.url),
        ),
        (
            "Log of the failed job",
            job.and_then(|job| foreign_link(&job.facts.url)),
        ),
        (
            "Changes since the last success",
            message.incident.as_ref().and_then(links::compare),
        ),
    ];
    places
        .into_iter()
        .filter_map(|(name, link)| Some((name, foreign_link(link?.as_str())?)))
        .collect()
}
