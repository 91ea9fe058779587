//! Mail programs show the messages of an incident as one thread, and no others in it: checked
//! by what they do, RFC 5256 (grouping alone, not the order within).

use std::collections::{BTreeMap, BTreeSet};

use super::{
    parse::header,
    samples::{self, failure, recovery, stays_red},
};
use crate::alerts::provider::{Content, Parcel};

/// RFC 5256, REFERENCES: messages are of one thread if references connect them, also by way of
/// messages that are not there; then threads whose first messages have the same subject are put
/// together.
fn by_references(mails: &[String]) -> Vec<usize> {
    let mut groups = Groups::default();
    for mail in mails {
        let own = header(mail, "Message-ID").expect("a name");
        let others = header(mail, "References")
            .or_else(|| header(mail, "In-Reply-To"))
            .unwrap_or_default();
        for other in others.split_whitespace() {
            groups.join(&own, other);
        }
        groups.join(&own, &format!("subject {}", base_subject(mail)));
    }
    let names = mails.iter().map(|mail| header(mail, "Message-ID"));
    groups.of(names.map(Option::unwrap_or_default))
}

/// RFC 5256, ORDEREDSUBJECT: messages are of one thread if their base subjects are the same.
fn by_subject(mails: &[String]) -> Vec<usize> {
    Groups::default().of(mails.iter().map(|mail| base_subject(mail)))
}

/// RFC 5256 strips what replies and lists put before a subject: `Re:`, `Fwd:`, `[list]`. What it
/// would strip is not to be in ours at all.
fn base_subject(mail: &str) -> String {
    let subject = header(mail, "Subject").expect("a subject");
    assert!(!subject.contains(['[', ']']), "{subject}");
    for prefix in ["re:", "fw:", "fwd:"] {
        assert!(!subject.to_lowercase().starts_with(prefix), "{subject}");
    }
    subject.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Sets of names that grow together.
#[derive(Default)]
struct Groups(BTreeMap<String, String>);

impl Groups {
    fn join(&mut self, one: &str, other: &str) {
        let (one, other) = (self.root(one), self.root(other));
        self.0.insert(one, other);
    }

    fn root(&self, name: &str) -> String {
        match self.0.get(name) {
            Some(next) if next != name => self.root(next),
            _ => name.to_owned(),
        }
    }

    /// The number of the group of each name.
    fn of(&self, names: impl Iterator<Item = String>) -> Vec<usize> {
        let mut seen = Vec::new();
        names
            .map(|name| {
                let root = self.root(&name);
                seen.iter()
                    .position(|known| *known == root)
                    .unwrap_or_else(|| {
                        seen.push(root);
                        seen.len() - 1
                    })
            })
            .collect()
    }
}

fn of_other_incident(parcel: &Parcel) -> Parcel {
    let mut parcel = parcel.clone();
    parcel.id = parcel.id.replace("-8000-", "-9000-");
    if let Content::One(message) = &mut parcel.content
        && let Some(incident) = &mut message.incident
    {
        "11111111-7425-40de-944b-e07fc1f90ae7".clone_into(&mut incident.id);
    }
    parcel
}

#[test]
fn an_incident_is_one_thread_and_another_one_is_not_in_it() {
    let incident = [failure(), stays_red(), recovery()];
    let other = incident.clone().map(|parcel| of_other_incident(&parcel));
    let single = [samples::slow(), samples::digest(3), samples::test()];
    let parcels = incident.iter().chain(&other).chain(&single);
    let mails: Vec<_> = parcels.map(samples::mail).collect();
    let threads = vec![0, 0, 0, 1, 1, 1, 2, 3, 4];
    assert_eq!(by_references(&mails), threads);
    assert_eq!(by_subject(&mails), threads);
}

#[test]
fn who_never_got_the_first_message_still_has_one_thread() {
    let mails = [stays_red(), recovery()].map(|parcel| samples::mail(&parcel));
    assert_eq!(by_references(&mails), [0, 0]);
}

#[test]
fn the_first_failure_is_the_root_and_the_rest_are_answers_to_it() {
    let (root, follow_up) = (samples::mail(&failure()), samples::mail(&recovery()));
    let name = header(&root, "Message-ID");
    assert!(
        name.as_deref()
            .is_some_and(|name| name.starts_with("<incident-7c9e6679-"))
    );
    assert_eq!(header(&root, "In-Reply-To"), None);
    assert_eq!(header(&follow_up, "In-Reply-To"), name);
    assert_eq!(header(&follow_up, "References"), name);
    assert_ne!(header(&follow_up, "Message-ID"), name);
}

#[test]
fn no_two_messages_have_the_same_name() {
    let parcels = samples::all().map(|(_, parcel)| parcel);
    let once = parcels.iter().filter(|parcel| !parcel.possible_repeat);
    let names: Vec<_> = once
        .map(|parcel| header(&samples::mail(parcel), "Message-ID"))
        .collect();
    let different: BTreeSet<_> = names.iter().collect();
    assert_eq!(different.len(), names.len(), "{names:?}");
}

#[test]
fn a_later_failure_does_not_take_the_name_of_the_first() {
    let mut message = samples::failure_message();
    message.build = samples::build(813, 1, "failure", 400);
    let later = samples::mail(&samples::one(9, message));
    let first = samples::mail(&failure());
    assert_ne!(header(&later, "Message-ID"), header(&first, "Message-ID"));
    assert_eq!(header(&later, "References"), header(&first, "Message-ID"));
}

#[test]
fn a_try_has_the_name_of_the_one_before_and_each_recipient_one_of_his_own() {
    let repeat = Parcel {
        possible_repeat: true,
        ..recovery()
    };
    let name = |mail: &str| header(mail, "Message-ID").expect("a name");
    let first = name(&samples::mail(&recovery()));
    assert_eq!(name(&samples::mail(&repeat)), first);
    assert_ne!(
        name(&samples::mail_to("bob@example.com", &recovery())),
        first
    );
    assert!(first.ends_with("@example.com>"), "{first}");
}
