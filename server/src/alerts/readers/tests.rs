//! Who is left of some readers, and what is made of the mail server's refusals.

use super::*;
use crate::{
    alerts::provider::Recipient,
    fixtures::at,
    model::{ChannelAddress, ChannelContent, LeftOut},
};

const ALL: [&str; 3] = ["ada@x", "bob@x", "eve@x"];

/// A channel, some readers of which are left out: unsubscribed or refused.
fn channel(left_out: &[(&str, bool)]) -> AlertChannel {
    let left_out = left_out.iter().map(|(address, unsubscribed)| LeftOut {
        address: (*address).to_owned(),
        unsubscribed: *unsubscribed,
        answer: String::new(),
        update_time: at(0),
    });
    AlertChannel {
        id: "1".to_owned(),
        content: ChannelContent {
            display_name: "mail".to_owned(),
            address: ChannelAddress::Email {
                addresses: ALL.map(str::to_owned).to_vec(),
            },
            disabled: false,
            holds: false,
        },
        pause: None,
        pending_count: 0,
        left_out: left_out.collect(),
        version: 1,
        create_time: at(0),
        update_time: at(0),
    }
}

fn earlier(outcomes: &[(&str, RecipientState)]) -> Vec<RecipientOutcome> {
    let outcome = |(address, state): &(&str, RecipientState)| RecipientOutcome {
        address: (*address).to_owned(),
        state: *state,
        answer: String::new(),
    };
    outcomes.iter().map(outcome).collect()
}

fn left(left_out: &[(&str, bool)], outcomes: &[(&str, RecipientState)]) -> Readers {
    let all = ALL.map(str::to_owned);
    Readers::of(&channel(left_out), &all, &earlier(outcomes))
}

#[test]
fn only_who_has_it_not_and_is_not_left_out_is_sent_to() {
    let expected = |names: &[&str]| Readers::Left(names.iter().map(ToString::to_string).collect());
    assert_eq!(left(&[], &[]), expected(&ALL));
    let tried = [
        ("ada@x", RecipientState::Sent),
        ("bob@x", RecipientState::Pending),
    ];
    assert_eq!(left(&[("eve@x", false)], &tried), expected(&["bob@x"]));
    let other_letters = [("ADA@x", true), ("EVE@X", false)];
    assert_eq!(left(&other_letters, &[]), expected(&["bob@x"]));
    // Somebody has seen to the channel since: an alert that is retried goes out.
    let refused = ALL.map(|address| (address, RecipientState::Failed));
    assert_eq!(left(&[], &refused), expected(&ALL));
}

#[test]
fn if_nobody_is_left_it_is_said_why() {
    let all_left_out =
        |unsubscribed: [bool; 3]| -> Vec<_> { ALL.into_iter().zip(unsubscribed).collect() };
    let Readers::Nobody(why) = left(&all_left_out([true; 3]), &[]) else {
        panic!("nobody is left");
    };
    assert!(why.ends_with("have unsubscribed"), "{why}");
    let Readers::Nobody(why) = left(&all_left_out([true, false, true]), &[]) else {
        panic!("nobody is left");
    };
    assert!(why.contains("refuses the addresses"), "{why}");
    let got_it = [("ada@x", RecipientState::Sent)];
    assert_eq!(left(&all_left_out([true; 3]), &got_it), Readers::Done);
}

fn refusal(channel: ChannelFault) -> Handed {
    let refused = Handed::refused("550", channel);
    Handed {
        recipients: vec![Recipient {
            address: "bob@x".to_owned(),
            verdict: refused.verdict.clone(),
            answer: "550 5.1.1".to_owned(),
        }],
        ..refused
    }
}

#[test]
fn what_one_reader_got_is_sent_though_the_others_are_refused() {
    for channel in [ChannelFault::Gone, ChannelFault::Doubtful] {
        let refusal = refusal(channel);
        let got_it = earlier(&[("ada@x", RecipientState::Sent)]);
        assert_eq!(judged(refusal.clone(), &got_it).verdict, Verdict::Sent);
        let nobody_has_it = earlier(&[("bob@x", RecipientState::Pending)]);
        assert_eq!(judged(refusal.clone(), &nobody_has_it), refusal);
    }
}

#[test]
fn only_who_is_gone_is_left_out() {
    let gone_for_good = ("bob@x".to_owned(), "550 5.1.1".to_owned());
    assert_eq!(gone(&refusal(ChannelFault::Gone)), [gone_for_good]);
    assert_eq!(gone(&refusal(ChannelFault::Doubtful)), []);
}
