//! What messages look like, and that they keep within Slack's limits whatever they hold.

use proptest::prelude::*;
use serde_json::Value;

use crate::{
    alerts::{
        examples::{HOSTILE, KINDS, all_of, lines, links, message, one, parcel, test},
        provider::{Content, Line, Parcel},
        slack::{body, json, message::recovered, preview},
        wording::units,
    },
    model::AlertKind,
};

fn value(parcel: &Parcel) -> Value {
    serde_json::from_slice(&json(&body(parcel, &links()))).unwrap()
}

/// What Slack refuses, by its documentation.
fn within_limits(value: &Value) -> Result<(), String> {
    let size = value.to_string().len();
    if size >= 12_000 {
        return Err(format!("{size} bytes"));
    }
    let text = value["text"].as_str().unwrap_or_default();
    let blocks = value["blocks"].as_array().unwrap();
    if text.is_empty() || blocks.is_empty() || blocks.len() > 50 {
        return Err(format!("{} blocks, text `{text}`", blocks.len()));
    }
    blocks.iter().try_for_each(block_within_limits)
}

fn block_within_limits(block: &Value) -> Result<(), String> {
    let texts = |name: &str| block[name].as_array().cloned().unwrap_or_default();
    let (fields, elements) = (texts("fields"), texts("elements"));
    let most = match block["type"].as_str().unwrap() {
        "header" => 150,
        "section" => 3000,
        "actions" => 75,
        _ => 2000,
    };
    let mut all: Vec<(&Value, usize)> = vec![];
    if !block["text"].is_null() {
        all.push((&block["text"]["text"], most));
    }
    all.extend(fields.iter().map(|field| (&field["text"], 2000)));
    all.extend(elements.iter().map(|element| match &element["text"] {
        text if text.is_object() => (&text["text"], most),
        text => (text, most),
    }));
    if all.is_empty() || fields.len() > 10 || elements.len() > 10 {
        return Err(format!("odd: {block}"));
    }
    for (text, most) in all {
        let text = text.as_str().unwrap();
        if text.is_empty() || units(text) > most {
            return Err(format!("{} of {most} units: {text}", units(text)));
        }
    }
    if elements
        .iter()
        .any(|element| element["url"].as_str().is_some_and(|url| url.len() > 3000))
    {
        return Err("a long link".to_owned());
    }
    Ok(())
}

/// All that Slack would make more of than text: what stands in angle brackets.
fn specials(value: &Value) -> Vec<String> {
    let text = value.to_string();
    let specials = text.split('<').skip(1);
    specials
        .map(|rest| rest.split('>').next().unwrap().to_owned())
        .collect()
}

#[test]
fn each_kind_looks_as_agreed() {
    for (name, kind) in KINDS {
        let parcel = one(message(kind));
        within_limits(&value(&parcel)).unwrap();
        insta::assert_snapshot!(name, preview(&parcel, &links()));
    }
}

#[test]
fn a_repeat_says_that_it_may_be_one() {
    let parcel = Parcel {
        possible_repeat: true,
        ..one(message(AlertKind::Failure))
    };
    assert!(value(&parcel).to_string().contains("This may be a repeat"));
}

#[test]
fn a_recovered_failure_looks_as_agreed() {
    let body = recovered(&message(AlertKind::Recovery), &links()).unwrap();
    within_limits(&serde_json::to_value(&body).unwrap()).unwrap();
    insta::assert_snapshot!("recovered", serde_json::to_string_pretty(&body).unwrap());
}

#[test]
fn a_test_looks_as_agreed() {
    within_limits(&value(&test())).unwrap();
    insta::assert_snapshot!("test", preview(&test(), &links()));
}

#[test]
fn a_digest_looks_as_agreed() {
    for count in [12, 60] {
        let parcel = parcel(Content::Digest(lines(count)));
        within_limits(&value(&parcel)).unwrap();
        insta::assert_snapshot!(format!("digest_{count}"), preview(&parcel, &links()));
    }
}

#[test]
fn what_may_be_a_repeat_says_so() {
    for content in [
        parcel(Content::Digest(lines(12))),
        one(message(AlertKind::Failure)),
    ] {
        assert!(!preview(&content, &links()).contains("may be a repeat"));
        let repeat = Parcel {
            possible_repeat: true,
            ..content
        };
        assert!(preview(&repeat, &links()).contains("may be a repeat"));
    }
}

#[test]
fn a_digest_names_as_many_as_there_is_room_for() {
    for count in [1, 12, 60, 300, 5000] {
        let value = value(&parcel(Content::Digest(lines(count))));
        within_limits(&value).unwrap();
        let text = value.to_string();
        let named = lines(count)
            .iter()
            .filter(|line| text.contains(line.repository.split_once('/').unwrap().1))
            .count();
        let told = text.contains(&format!("{} more alerts are on", count - named));
        assert!(named == count || told, "{named} of {count}: {text}");
        assert!(named == count || named >= 300, "{named} of {count}");
        assert!(count > 300 || named == count, "{named} of {count}");
        assert!(text.contains("https://ci.acme.example/alerts/history"));
    }
}

#[test]
fn text_of_others_is_text() {
    for (name, kind) in KINDS {
        let value = value(&one(all_of(kind, HOSTILE)));
        within_limits(&value).unwrap();
        for special in specials(&value) {
            let ours = special.starts_with("!date^")
                || special.starts_with("https://github.com/acme/")
                || special.starts_with("https://ci.acme.example/");
            assert!(ours, "{special}");
        }
        let text = value.to_string();
        assert!(text.contains("&lt;!channel&gt;"), "{text}");
        assert!(
            !text.contains("\\u") && !text.contains('\u{202e}'),
            "{text}"
        );
        insta::assert_snapshot!(
            format!("hostile_{name}"),
            serde_json::to_string_pretty(&value).unwrap()
        );
    }
}

#[test]
fn links_that_are_not_of_github_are_left_out() {
    let mut message = message(AlertKind::Failure);
    for url in [
        "javascript:alert(1)",
        "http://github.com/a",
        "https://x@github.com/",
    ] {
        url.clone_into(&mut message.build.record.facts.url);
        url.clone_into(&mut message.failed_jobs[0].facts.url);
        message.incident = None;
        let text = value(&one(message.clone())).to_string();
        assert!(!text.contains(url), "{text}");
        assert!(!text.contains("GitHub"), "{text}");
    }
}

#[test]
fn long_texts_are_cut() {
    for unit in ["a", "<", "\"", "💥", "é", "\u{fffd}", "a "] {
        for (_, kind) in KINDS {
            within_limits(&value(&one(all_of(kind, &unit.repeat(5000))))).unwrap();
        }
    }
}

fn any_text() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        any::<char>().prop_map(String::from),
        "[<>&`\"\\\\|/ ]",
        Just("\u{10ffff}".to_owned()),
        Just("<!channel>".to_owned()),
    ];
    (prop::collection::vec(piece, 0..30), 1..20_usize)
        .prop_map(|(pieces, times)| pieces.concat().repeat(times))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn any_text_keeps_within_the_limits(text in any_text(), kind in 0..5_usize) {
        let message = all_of(KINDS[kind].1, &text);
        if let Some(body) = recovered(&message, &links()) {
            prop_assert_eq!(within_limits(&serde_json::to_value(&body).unwrap()), Ok(()));
        }
        prop_assert_eq!(within_limits(&value(&one(message))), Ok(()));
        let content = Content::Test { display_name: text };
        prop_assert_eq!(within_limits(&value(&parcel(content))), Ok(()));
    }

    #[test]
    fn any_digest_keeps_within_the_limits(text in any_text(), count in 1..200_usize, many: bool) {
        let line = |number: usize| Line {
            repository: if many { format!("{number}{text}/{text}") } else { text.clone() },
            workflow: text.clone(),
            branch: text.clone(),
            kind: KINDS[number % 5].1,
            build: number.to_string(),
        };
        let digest = parcel(Content::Digest((0..count).map(line).collect()));
        prop_assert_eq!(within_limits(&value(&digest)), Ok(()));
    }
}
