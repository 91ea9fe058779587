//! One parcel of each kind.

use jiff::{SignedDuration, Timestamp};
use url::Url;

use crate::{
    alerts::{
        email::{address::From, letter::Letter, mail::Sender, unsubscribe::Tokens},
        links::Links,
        provider::{Content, Line, Parcel},
    },
    fixtures::{at, build_id, facts, job, status},
    model::{AlertKind, Build, BuildRecord, IncidentFacts, Job, Message, Step},
};

pub(super) const CHANNEL: &str = "0191d5a4-0000-7000-8000-00000000c0de";
const INCIDENT: &str = "7c9e6679-7425-40de-944b-e07fc1f90ae7";

pub(super) fn links() -> Links {
    Links::new(Url::parse("https://ci.example.com/").expect("a URL"))
}

pub(super) fn tokens() -> Tokens {
    Tokens::new(&[7; 32], [])
}

pub(super) fn from() -> From {
    From::parse("ci@example.com").expect("an address")
}

/// The message as `ada@example.com` gets it.
pub(super) fn mail(parcel: &Parcel) -> String {
    mail_to("ada@example.com", parcel)
}

pub(super) fn mail_to(to: &str, parcel: &Parcel) -> String {
    let to = to.parse().expect("an address");
    let mail = |sender: Sender<'_>| sender.mail(parcel, &to, at(700)).expect("a message");
    String::from_utf8(by_sender(mail)).expect("a message is ASCII")
}

/// What the message says to `ada@example.com`.
pub(super) fn letter(parcel: &Parcel) -> Letter {
    let to = "ada@example.com".parse().expect("an address");
    by_sender(|sender| sender.letter(parcel, &to))
}

fn by_sender<T>(work: impl FnOnce(Sender<'_>) -> T) -> T {
    let (from, tokens, links) = (from(), tokens(), links());
    work(Sender {
        from: &from,
        tokens: &tokens,
        links: &links,
    })
}

pub(super) fn parcel(id: u32, content: Content) -> Parcel {
    Parcel {
        id: format!("0191d5a4-0000-7000-8000-{id:012}"),
        channel: CHANNEL.to_owned(),
        content,
        thread: None,
        possible_repeat: false,
    }
}

pub(super) fn build(run: i64, attempt: i32, word: &str, end: i64) -> Build {
    let mut facts = facts(word, end);
    facts.run_number = i32::try_from(run).expect("a small number");
    facts.url = format!("https://github.com/acme/api/actions/runs/{run}/attempts/{attempt}");
    Build {
        record: BuildRecord::new(build_id(run, attempt), facts),
        repository: "acme/api".to_owned(),
        default_branch: "main".to_owned(),
        superseded: false,
    }
}

fn failed_job(id: i64, name: &str, step: &str) -> Job {
    let mut job = job(id, build_id(812, 2), "failure", (Some(5), Some(250)));
    name.clone_into(&mut job.facts.name);
    job.facts.steps = vec![
        Step {
            number: 1,
            name: "Set up job".to_owned(),
            status: status("success"),
            start_time: Some(at(5)),
            end_time: Some(at(9)),
        },
        Step {
            number: 2,
            name: step.to_owned(),
            status: status("failure"),
            start_time: Some(at(9)),
            end_time: Some(at(250)),
        },
    ];
    job
}

pub(super) fn incident() -> IncidentFacts {
    let mut good = build(809, 1, "success", -600);
    good.record.facts.commit_sha = "a94a8fe5ccb19ba61c4c0873d391e987982fbbd3".to_owned();
    good.record.facts.commit_title = "Read the settings once".to_owned();
    good.record.facts.commit_author = "Grace Example".to_owned();
    IncidentFacts {
        id: INCIDENT.to_owned(),
        open_time: at(250),
        resolve_time: None,
        failures: 1,
        first_failure: Some(build(812, 2, "failure", 250)),
        last_success: Some(good),
    }
}

fn message(kind: AlertKind, build: Build, create_time: Timestamp) -> Message {
    Message {
        kind,
        create_time,
        rule: "main breaks or recovers".to_owned(),
        build,
        failed_jobs: Vec::new(),
        usual: Some(SignedDuration::from_secs(182)),
        incident: None,
    }
}

pub(super) fn failure_message() -> Message {
    Message {
        failed_jobs: vec![
            failed_job(1, "test (ubuntu-latest, 1.94)", "Run cargo test"),
            failed_job(2, "lint", "Run cargo clippy"),
        ],
        incident: Some(incident()),
        ..message(AlertKind::Failure, build(812, 2, "failure", 250), at(252))
    }
}

pub(super) fn one(id: u32, message: Message) -> Parcel {
    parcel(id, Content::One(Box::new(message)))
}

pub(super) fn failure() -> Parcel {
    one(1, failure_message())
}

pub(super) fn stays_red() -> Parcel {
    let message = failure_message();
    one(
        2,
        Message {
            kind: AlertKind::StaysRed,
            create_time: at(250 + 7_500),
            incident: Some(IncidentFacts {
                failures: 3,
                ..incident()
            }),
            ..message
        },
    )
}

pub(super) fn recovery() -> Parcel {
    let mut build = build(815, 1, "success", 2_770);
    build.record.facts.start_time = at(2_600);
    build.record.facts.commit_sha = "0beec7b5ea3f0fdbc95d0dd47f3c5bc275da8a33".to_owned();
    build.record.facts.commit_title = "Parse empty lists again".to_owned();
    one(
        3,
        Message {
            incident: Some(IncidentFacts {
                resolve_time: Some(at(2_770)),
                failures: 3,
                ..incident()
            }),
            ..message(AlertKind::Recovery, build, at(2_771))
        },
    )
}

pub(super) fn slow() -> Parcel {
    let build = build(820, 1, "success", 900);
    one(4, message(AlertKind::Slow, build, at(901)))
}

pub(super) fn queued() -> Parcel {
    let mut build = build(821, 1, "queued", 0);
    build.record.facts.head_repository = "mallory/api".to_owned();
    let mut message = message(AlertKind::Queued, build, at(720));
    message.usual = None;
    one(5, message)
}

/// `count` failures in organisations of ten repositories each, and one recovery.
pub(super) fn digest(count: usize) -> Parcel {
    let line = |number: usize, kind| Line {
        repository: format!("org-{:02}/service-{number:03}", number / 10),
        workflow: "CI".to_owned(),
        branch: "main".to_owned(),
        kind,
        build: format!("7-{number}-1"),
    };
    let lines = (0..count)
        .map(|number| line(number, AlertKind::Failure))
        .chain([line(1, AlertKind::Recovery)]);
    parcel(6, Content::Digest(lines.collect()))
}

pub(super) fn test() -> Parcel {
    let display_name = "Build team".to_owned();
    parcel(7, Content::Test { display_name })
}

pub(super) fn all() -> [(&'static str, Parcel); 8] {
    [
        ("failure", failure()),
        ("stays-red", stays_red()),
        ("recovery", recovery()),
        ("slow", slow()),
        ("queued", queued()),
        ("digest", digest(12)),
        ("test", test()),
        (
            "repeat",
            Parcel {
                possible_repeat: true,
                ..failure()
            },
        ),
    ]
}
