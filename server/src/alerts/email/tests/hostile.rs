//! Names that others chose can neither add a header, nor make a line too long, nor break what
//! makes messages.

use std::collections::BTreeSet;

use proptest::prelude::*;

use super::{
    parse::{header, headers},
    samples,
};
use crate::{
    alerts::{
        email::mail::preview,
        provider::{Content, Line, Parcel},
    },
    model::{AlertKind, Conclusion, Status},
};

/// The parcels with one text in every place that others can write to.
fn parcels(text: &str, alerts: usize) -> Vec<Parcel> {
    let mut failure = samples::failure_message();
    let put = |place: &mut String| text.clone_into(place);
    for build in [
        Some(&mut failure.build),
        failure
            .incident
            .as_mut()
            .and_then(|incident| incident.first_failure.as_mut()),
    ]
    .into_iter()
    .flatten()
    {
        put(&mut build.repository);
        let facts = &mut build.record.facts;
        for place in [
            &mut facts.workflow,
            &mut facts.branch,
            &mut facts.head_repository,
            &mut facts.commit_sha,
            &mut facts.commit_title,
            &mut facts.commit_author,
            &mut facts.url,
        ] {
            put(place);
        }
        facts.status = Status::Completed(Conclusion::Unknown(text.to_owned()));
    }
    put(&mut failure.rule);
    let job = failure.failed_jobs.first_mut().expect("a job");
    put(&mut job.facts.name);
    put(&mut job.facts.url);
    for step in &mut job.facts.steps {
        put(&mut step.name);
    }
    failure.failed_jobs = vec![job.clone(); 12];
    let line = Line {
        repository: text.to_owned(),
        workflow: text.to_owned(),
        branch: text.to_owned(),
        kind: AlertKind::Failure,
        build: text.to_owned(),
    };
    let display_name = text.to_owned();
    let mut parcels = vec![
        samples::one(1, failure),
        samples::parcel(2, Content::Digest(vec![line; alerts])),
        samples::parcel(3, Content::Test { display_name }),
    ];
    // Ids are ours; that they are UUIDs is not what keeps messages whole.
    let mut odd = parcels.first().expect("a parcel").clone();
    put(&mut odd.id);
    put(&mut odd.channel);
    odd.channel.truncate(
        odd.channel
            .char_indices()
            .nth(60)
            .map_or(odd.channel.len(), |(at, _)| at),
    );
    if let Content::One(message) = &mut odd.content
        && let Some(incident) = &mut message.incident
    {
        put(&mut incident.id);
    }
    parcels.push(odd);
    parcels
}

/// What there is in a message that holds no text of others.
fn expected(parcel: &Parcel) -> BTreeSet<String> {
    let mut names: BTreeSet<_> = [
        "From",
        "To",
        "Subject",
        "Date",
        "Message-ID",
        "Auto-Submitted",
        "X-Auto-Response-Suppress",
        "List-Id",
        "List-Unsubscribe",
        "List-Unsubscribe-Post",
        "MIME-Version",
        "Content-Type",
    ]
    .map(str::to_owned)
    .into();
    if matches!(parcel.content, Content::One(_)) {
        // The text took the place of the first failure, so this is not it, or it is.
        names.extend(["In-Reply-To", "References"].map(str::to_owned));
    }
    names
}

/// "Lampboard, failing" and its like, encoded for the comma.
fn sender(parcel: &Parcel) -> &'static str {
    match parcel.content {
        Content::One(_) => "=?utf-8?b?TGFtcGJvYXJkLCBmYWlsaW5n?= <ci@example.com>",
        Content::Digest(_) => "=?utf-8?b?TGFtcGJvYXJkLCBzdW1tYXJ5?= <ci@example.com>",
        Content::Test { .. } => "=?utf-8?b?TGFtcGJvYXJkLCB0ZXN0?= <ci@example.com>",
    }
}

fn check(text: &str, alerts: usize) {
    for parcel in parcels(text, alerts) {
        let mail = samples::mail(&parcel);
        assert!(mail.is_ascii());
        for line in mail.split("\r\n") {
            assert!(line.len() <= 998, "{} characters: {line}", line.len());
            assert!(!line.contains(['\r', '\n', '\0']), "{line:?}");
        }
        let found = headers(&mail);
        let names: BTreeSet<_> = found.iter().map(|(name, _)| name.clone()).collect();
        assert_eq!(names.len(), found.len(), "a header is there twice");
        assert!(names.is_subset(&expected(&parcel)), "{names:?}");
        assert_eq!(header(&mail, "To").as_deref(), Some("ada@example.com"));
        assert_eq!(header(&mail, "From").as_deref(), Some(sender(&parcel)));
        let preview = preview(&parcel.content, &samples::links());
        assert!(preview.html.len() < 30_000, "{}", preview.html.len());
        assert!(preview.subject.chars().count() <= 200);
        let hidden =
            |c: char| (c.is_control() && c != '\n') || ('\u{202a}'..='\u{202e}').contains(&c);
        assert!(!preview.text.contains(hidden), "{:?}", preview.text);
        assert!(!preview.html.contains(hidden), "{:?}", preview.html);
    }
}

#[test]
fn the_known_tricks_do_nothing() {
    let long = "x".repeat(5_000);
    let folded = "x ".repeat(2_500);
    for text in [
        "",
        "main\r\nBcc: all@evil.test",
        "main\nSubject: other\n\nbody",
        "\r\n\r\n<script>alert(1)</script>",
        "a\0b",
        "\u{202e}niam\u{2066}",
        "\u{85}\u{2028}X-Evil: 1",
        "=?utf-8?q?=0d=0aBcc:=20x?=",
        "\"quoted\", <x@evil.test>",
        "--lampboard-0000\r\n",
        "....\r\n.\r\n",
        "\u{1f4a5}\u{4e2d}\u{6587}",
        &long,
        &folded,
        &"\u{4e2d}".repeat(5_000),
        &"\u{1f4a5}".repeat(5_000),
        &"\"&<>".repeat(1_250),
        &"\r\n".repeat(2_500),
    ] {
        check(text, 400);
    }
}

#[test]
fn markup_stays_text() {
    let mail = preview(
        &parcels("<script>alert(1)</script>", 1)
            .first()
            .expect("a parcel")
            .content,
        &samples::links(),
    );
    assert!(!mail.html.contains("<script"), "{}", mail.html);
}

#[test]
fn links_lead_to_web_pages_only() {
    for url in [
        "javascript:alert(1)",
        "data:text/html,x",
        "https://x/".repeat(400).as_str(),
    ] {
        let mut message = samples::failure_message();
        url.clone_into(&mut message.build.record.facts.url);
        let preview = preview(&samples::one(1, message).content, &samples::links());
        assert!(!preview.html.contains("Run on GitHub"), "{}", preview.html);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn no_text_breaks_a_message(text in "(?s).{0,300}") {
        check(&text, 20);
    }

    #[test]
    fn no_mixture_of_tricks_breaks_a_message(parts in prop::collection::vec(
        prop::sample::select(vec![
            "\r\n", "\n", "\r", "\0", "Bcc: x@evil.test", " ", "\t", ".", "\u{202e}", "\u{2028}",
            "=?utf-8?b?", "?=", "\"", "<", ">", ",", "(", "\\", "\u{1f4a5}", "a", ":", "=",
        ]),
        0..400,
    )) {
        check(&parts.concat(), 20);
    }
}
