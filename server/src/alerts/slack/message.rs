//! One alert as Slack shows it.

use std::fmt::Write as _;

use jiff::SignedDuration;

use crate::{
    alerts::{
        links::{self, Links},
        wording,
    },
    model::{AlertKind, Build, IncidentFacts, Job, Message},
};

use super::{
    block::{Block, Body},
    text::{HEADER, code, date, escaped, github, link},
};

/// So many failing jobs are named; the build's page has all.
const JOBS: usize = 5;

/// How the small print begins of what may have been sent before.
pub(super) const REPEAT: &str =
    "This may be a repeat: nobody knows whether the first try arrived. ";

/// Makes what Slack is sent of one alert.
pub(super) fn body(message: &Message, links: &Links, possible_repeat: bool) -> Body {
    let title = wording::title(message);
    let blocks = vec![
        Block::header(&title),
        Block::section(lead(message)),
        Block::fields(fields(message)),
        Block::section(format!("*Next:* {}", wording::next_step(message))),
        Block::buttons(buttons(message, links)),
        Block::context(small_print(message, possible_repeat)),
    ];
    Body::new(fallback(message, &title), blocks)
}

/// What the failure becomes when its recovery is told.
pub(super) fn recovered(message: &Message, links: &Links) -> Option<Body> {
    let incident = message.incident.as_ref()?;
    let first = incident.first_failure.as_ref()?;
    let title = format!("FAILED, since recovered: {}", wording::place(first));
    let mut lead = lead(message);
    lead.push('\n');
    lead.push_str(&link(
        &links.build(message.build.record.id),
        "The build that passed",
    ));
    let mut pages = vec![("Open build", links.build(first.record.id))];
    pages.extend(github(&first.record.facts.url).map(|url| ("Open on GitHub", url)));
    let blocks = vec![
        Block::header(&title),
        Block::section(lead),
        Block::fields(of_build(first)),
        Block::buttons(pages),
        Block::context(small_print(message, false)),
    ];
    Some(Body::new(escaped(&title, HEADER), blocks))
}

/// What notifications show: the title, and what failed.
fn fallback(message: &Message, title: &str) -> String {
    let title = escaped(title, HEADER);
    let detail = match message.kind {
        AlertKind::Recovery => {
            wording::red_for(message).map(|span| format!("after {}", wording::span(span)))
        }
        AlertKind::Queued => Some(format!("for {}", wording::span(wording::so_far(message)))),
        _ => message.failed_jobs.first().map(|job| {
            let step = job.facts.failed_step().map(|step| step.name.as_str());
            let names = [Some(job.facts.name.as_str()), step];
            let names: Vec<_> = names.into_iter().flatten().collect();
            escaped(&names.join(" > "), HEADER)
        }),
    };
    match detail {
        Some(detail) if message.kind == AlertKind::Recovery => format!("{title} {detail}"),
        Some(detail) => format!("{title}: {detail}"),
        None => title,
    }
}

/// What people read first: what failed, or for how long.
fn lead(message: &Message) -> String {
    let build = &message.build.record;
    match message.kind {
        AlertKind::Failure => failing(&message.failed_jobs),
        AlertKind::StaysRed => {
            let red = wording::red_for(message).map_or_else(String::new, |span| {
                format!("Red for {}.\n", wording::span(span))
            });
            red + &failing(&message.failed_jobs)
        }
        AlertKind::Recovery => match wording::red_for(message) {
            Some(span) => format!("It passes again, after {}.", wording::span(span)),
            None => "It passes again.".to_owned(),
        },
        AlertKind::Slow => {
            let (verb, took) = match build.wall_time() {
                Some(wall) => ("took", wall),
                None => ("has been running for", wording::so_far(message)),
            };
            let span = wording::span(took);
            match message.usual.filter(SignedDuration::is_positive) {
                Some(usual) => format!(
                    "It {verb} {span}, {:.1} times as long as usual.",
                    took.as_secs_f64() / usual.as_secs_f64()
                ),
                None => format!("It {verb} {span}."),
            }
        }
        AlertKind::Queued => format!(
            "It has waited {} for its first job to start.",
            wording::span(wording::so_far(message))
        ),
    }
}

/// The failing jobs with their steps.
fn failing(jobs: &[Job]) -> String {
    match jobs {
        [] => "Which job failed is not known.".to_owned(),
        [job] => format!("*Failing:* {}", failing_job(job)),
        jobs => {
            let mut lines = vec![format!("*Failing:* {} jobs", jobs.len())];
            let named = jobs.iter().take(JOBS);
            lines.extend(named.map(|job| format!("• {}", failing_job(job))));
            let rest = jobs.len().saturating_sub(JOBS);
            if rest > 0 {
                lines.push(format!("• and {rest} more"));
            }
            lines.join("\n")
        }
    }
}

fn failing_job(job: &Job) -> String {
    let mut line = code(&job.facts.name, 100);
    if let Some(step) = job.facts.failed_step() {
        let _ = write!(line, " &gt; step {} {}", step.number, code(&step.name, 80));
    }
    if let Some(url) = github(&job.facts.url) {
        let _ = write!(line, " ({})", link(&url, "log"));
    }
    line
}

/// At most ten.
fn fields(message: &Message) -> Vec<(&'static str, String)> {
    let mut fields = of_build(&message.build);
    if let Some(wall) = message.build.record.wall_time() {
        let usual = match message.usual {
            Some(usual) => format!(", usually {}", wording::span(usual)),
            None => String::new(),
        };
        fields.push(("Duration", wording::span(wall) + &usual));
    }
    if let Some(incident) = &message.incident {
        fields.extend(of_incident(message, incident));
    }
    fields
}

/// At most three.
fn of_incident(message: &Message, incident: &IncidentFacts) -> Vec<(&'static str, String)> {
    let runs = usize::try_from(incident.failures).unwrap_or(0);
    let runs = wording::count(runs, "run failed", "runs failed");
    let open = date(incident.open_time);
    let mut fields = vec![match incident.resolve_time {
        Some(end) => ("Was red", format!("{open} to {}, {runs}", date(end))),
        None => ("Red since", format!("{open}, {runs}")),
    }];
    if let Some(first) = &incident.first_failure {
        let is_this = first.record.id == message.build.record.id;
        let commit = if is_this {
            "this commit".to_owned()
        } else {
            commit(first)
        };
        fields.push(("Broke with", commit));
    }
    fields.extend(
        incident
            .last_success
            .as_ref()
            .map(|good| ("Last success", commit(good))),
    );
    fields
}

/// At most six.
fn of_build(build: &Build) -> Vec<(&'static str, String)> {
    let facts = &build.record.facts;
    let id = build.record.id;
    let conclusion = if facts.status.is_completed() {
        "Conclusion"
    } else {
        "Status"
    };
    vec![
        ("Repository", code(&build.repository, 150)),
        (
            "Workflow",
            format!("{} #{}", code(&facts.workflow, 80), facts.run_number),
        ),
        ("Branch", code(&facts.branch_name(), 120)),
        ("Commit", commit(build)),
        (
            "Build",
            format!(
                "`{id}`, attempt {}, on {} by {}",
                id.attempt,
                code(&facts.event, 40),
                code(&facts.triggering_actor, 40)
            ),
        ),
        (conclusion, escaped(&wording::status(build), 60)),
    ]
}

fn commit(build: &Build) -> String {
    let facts = &build.record.facts;
    format!(
        "{} {} by {}",
        code(wording::short_sha(build), 10),
        code(&facts.commit_title, 120),
        code(&facts.commit_author, 60)
    )
}

fn buttons<'a>(message: &Message, links: &Links) -> Vec<(&'a str, url::Url)> {
    let build = &message.build.record;
    let incident = message.incident.as_ref();
    let mut buttons = vec![("Open build", links.build(build.id))];
    buttons.extend(github(&build.facts.url).map(|url| ("Open on GitHub", url)));
    if let Some(first) = incident.and_then(|incident| incident.first_failure.as_ref())
        && first.record.id != build.id
    {
        buttons.push(("Open first failure", links.build(first.record.id)));
    }
    let compare = incident
        .and_then(links::compare)
        .and_then(|url| github(url.as_str()));
    buttons.extend(compare.map(|url| ("Commits since the last success", url)));
    buttons
}

fn small_print(message: &Message, possible_repeat: bool) -> String {
    let repeat = if possible_repeat { REPEAT } else { "" };
    format!(
        "{repeat}Lampboard, by the rule {}, {}",
        code(&message.rule, 100),
        date(message.create_time)
    )
}
