//! Every message, to the byte, in the folder `golden`. After a change that is meant:
//! `UPDATE_GOLDEN=1 cargo test --workspace golden`, and look at what changed.

use std::path::Path;

use super::samples;
use crate::alerts::email::{html::html, mail::preview, text::text};

#[test]
fn messages_are_as_they_were_looked_at() {
    for (name, parcel) in samples::all() {
        let letter = samples::letter(&parcel);
        check(&format!("{name}.txt"), &text(&letter));
        check(&format!("{name}.html"), &html(&letter));
        // Lines end as they do on the way to the server; in the files, as files do.
        check(
            &format!("{name}.eml"),
            &samples::mail(&parcel).replace("\r\n", "\n"),
        );
    }
}

fn check(name: &str, text: &str) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/alerts/email/tests/golden");
    let path = folder.join(name);
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::write(&path, text).expect("written");
    }
    let golden = std::fs::read_to_string(&path).unwrap_or_default();
    assert_eq!(text, golden, "{} has changed", path.display());
}

#[test]
fn every_message_says_all_that_there_is_to_say() {
    let preview = preview(&samples::failure().content, &samples::links());
    for told in [
        "FAILED",
        "acme/api",
        "CI",
        "main",
        "run 812, attempt 2",
        "failure",
        "test (ubuntu-latest, 1.94) \u{203a} Run cargo test",
        "lint \u{203a} Run cargo clippy",
        "4f8fdcc Fix the parser",
        "Ada Example",
        "4 min 10 s; the median is 3 min 2 s",
        "2026-03-02 09:04 UTC",
        "a94a8fe Read the settings once",
        "by Grace Example, run 809",
        "https://ci.example.com/builds/7-812-2",
        "https://github.com/acme/api/actions/runs/812/attempts/2",
        "https://github.com/acme/api/compare/a94a8fe5ccb19ba61c4c0873d391e987982fbbd3...4f8fdcc1c3a5a2a1fdf4b5b0f2f3c5e9d1a7b6c8",
        "What to do next",
        "main breaks or recovers",
    ] {
        let text = preview.text.replace("\n             ", " ");
        assert!(text.contains(told), "{told} in {text}");
        assert!(preview.html.contains(told), "{told} in {}", preview.html);
    }
}

#[test]
fn no_message_is_too_wide_or_too_large() {
    let digests = [1, 300, 5_000].map(|count| ("digest", samples::digest(count)));
    for (name, parcel) in samples::all().into_iter().chain(digests) {
        let preview = preview(&parcel.content, &samples::links());
        for line in preview.text.lines() {
            let fits = line.chars().count() <= 78 || line.starts_with("https://");
            assert!(fits, "{name}: {line}");
        }
        assert!(
            preview.html.len() < 30_000,
            "{name}: {}",
            preview.html.len()
        );
        assert!(!preview.html.contains("<img"), "{name}");
    }
}

#[test]
fn a_digest_of_three_hundred_names_them_all() {
    let preview = preview(&samples::digest(300).content, &samples::links());
    for number in 0..300 {
        let name = format!("service-{number:03}: CI on main failed");
        assert!(preview.text.contains(&name), "{name}");
        assert!(preview.html.contains(&name), "{name}");
    }
}

#[test]
fn a_digest_that_does_not_fit_says_how_many_are_missing() {
    let parcel = samples::digest(5_000);
    let preview = preview(&parcel.content, &samples::links());
    let named = preview.text.matches(": CI on main ").count();
    let rest = format!("{} more are not named here", 5_001 - named);
    assert!(preview.text.contains(&rest), "{rest}");
    assert!(
        preview
            .text
            .contains("https://ci.example.com/alerts/history")
    );
}
