//! Examples for the tests of messages: one of each kind, and hostile ones.

use jiff::SignedDuration;
use url::Url;

use super::{
    links::Links,
    provider::{Content, Line, Parcel},
};
use crate::{
    fixtures::{at, build_id, facts, job},
    model::{AlertKind, Build, BuildRecord, IncidentFacts, Job, Message, Step},
};

/// A text of others that tries everything.
pub(super) const HOSTILE: &str = "<!channel> <@U1> <http://evil|github.com> *b* _i_ ~s~ `c` ```d``` &lt; > q :smile: \
     https://evil.example @here \u{202e}gnp.exe\0\r\nBcc: x\u{200b}\u{1b}[31m \"quoted\" \\ 💥";

pub(super) fn links() -> Links {
    Links::new(Url::parse("https://ci.acme.example/").unwrap())
}

pub(super) fn parcel(content: Content) -> Parcel {
    Parcel {
        id: "0198f3b4-7c1e-7a53-9d0e-3f6a2b1c4d5e".to_owned(),
        channel: "c1".to_owned(),
        content,
        thread: None,
        possible_repeat: false,
    }
}

pub(super) fn one(message: Message) -> Parcel {
    parcel(Content::One(Box::new(message)))
}

pub(super) fn test() -> Parcel {
    parcel(Content::Test {
        display_name: "#ci".to_owned(),
    })
}

/// A build of `acme/web` that ended at a second.
pub(super) fn build(run: i64, word: &str, end: i64) -> Build {
    let mut facts = facts(word, end);
    facts.run_number = i32::try_from(run).unwrap();
    facts.url = format!("https://github.com/acme/web/actions/runs/{run}");
    facts.commit_sha = format!("{run:040x}").chars().rev().collect();
    let mut record = BuildRecord::new(build_id(run, 1), facts);
    record.jobs.start = Some(at(12));
    Build {
        record,
        repository: "acme/web".to_owned(),
        default_branch: "main".to_owned(),
        superseded: false,
    }
}

fn failed_job(build: &Build) -> Job {
    let mut failed = job(41, build.record.id, "failure", (Some(12), Some(800)));
    failed.facts.name = "test (2, 5)".to_owned();
    let step = |number, name: &str, word: &str| Step {
        number,
        name: name.to_owned(),
        status: crate::fixtures::status(word),
        start_time: None,
        end_time: None,
    };
    failed.facts.steps = vec![
        step(1, "Set up job", "success"),
        step(6, "Run tests", "failure"),
        step(7, "Upload", "skipped"),
    ];
    failed
}

fn incident() -> IncidentFacts {
    IncidentFacts {
        id: "0198f3b4-0000-7a53-9d0e-3f6a2b1c4d5e".to_owned(),
        open_time: at(842),
        resolve_time: None,
        failures: 1,
        first_failure: Some(build(1871, "failure", 842)),
        last_success: Some(build(1870, "success", 300)),
    }
}

/// An alert of a kind.
pub(super) fn message(kind: AlertKind) -> Message {
    let failed = build(1871, "failure", 842);
    let base = Message {
        kind,
        create_time: at(845),
        rule: "Default branch breaks or recovers".to_owned(),
        failed_jobs: vec![failed_job(&failed)],
        build: failed,
        usual: Some(SignedDuration::from_secs(364)),
        incident: Some(incident()),
    };
    match kind {
        AlertKind::Failure => base,
        AlertKind::Recovery => Message {
            create_time: at(3400),
            build: build(1874, "success", 3362),
            failed_jobs: Vec::new(),
            incident: Some(IncidentFacts {
                resolve_time: Some(at(3362)),
                failures: 3,
                ..incident()
            }),
            ..base
        },
        AlertKind::StaysRed => Message {
            create_time: at(842 + 3600),
            ..base
        },
        AlertKind::Slow => Message {
            build: build(1872, "success", 842),
            failed_jobs: Vec::new(),
            incident: None,
            ..base
        },
        AlertKind::Queued => Message {
            create_time: at(720),
            build: build(1873, "queued", 0),
            failed_jobs: Vec::new(),
            usual: None,
            incident: None,
            ..base
        },
    }
}

pub(super) const KINDS: [(&str, AlertKind); 5] = [
    ("failure", AlertKind::Failure),
    ("recovery", AlertKind::Recovery),
    ("stays_red", AlertKind::StaysRed),
    ("slow", AlertKind::Slow),
    ("queued", AlertKind::Queued),
];

/// An alert in which every text of others is this one.
pub(super) fn all_of(kind: AlertKind, text: &str) -> Message {
    let mut message = message(kind);
    message.rule = text.to_owned();
    overwrite(&mut message.build, text);
    let job = message.failed_jobs.first().cloned();
    message.failed_jobs = job.into_iter().cycle().take(9).collect();
    for job in &mut message.failed_jobs {
        job.facts.name = text.to_owned();
        for step in &mut job.facts.steps {
            step.name = text.to_owned();
        }
    }
    if let Some(incident) = &mut message.incident {
        let builds = [&mut incident.first_failure, &mut incident.last_success];
        for build in builds.into_iter().flatten() {
            overwrite(build, text);
        }
    }
    message
}

fn overwrite(build: &mut Build, text: &str) {
    build.repository = text.to_owned();
    let facts = &mut build.record.facts;
    for field in [
        &mut facts.workflow,
        &mut facts.branch,
        &mut facts.head_repository,
        &mut facts.event,
        &mut facts.commit_title,
        &mut facts.commit_author,
        &mut facts.title,
        &mut facts.actor,
        &mut facts.triggering_actor,
        &mut facts.workflow_path,
    ] {
        text.clone_into(field);
    }
}

/// So many failures, and a recovery for each tenth, in repositories of three organisations.
pub(super) fn lines(count: usize) -> Vec<Line> {
    let line = |number: usize| Line {
        repository: format!(
            "{}/service-{number:04}",
            ["acme", "globex", "initech"][number % 3]
        ),
        workflow: "CI".to_owned(),
        branch: "main".to_owned(),
        kind: if number % 10 == 9 {
            AlertKind::Recovery
        } else {
            AlertKind::Failure
        },
        build: format!("7-{number}-1"),
    };
    (0..count).map(line).collect()
}
