//! What is sent: once, in order, in its thread, to each reader.

use jiff::SignedDuration;

use super::{
    super::{CHANGE, Team, build, content},
    later, of_all, refused, sent,
};
use crate::{
    fixtures::{at, build_id},
    model::{
        AlertKind, AlertState, BuildFacts, ChannelAddress, ChannelContent, Limit, RecipientOutcome,
        RecipientState, Source, Trigger,
    },
};

#[tokio::test]
async fn what_is_sent_is_sent_once_and_in_order() {
    let team = Team::new().await;
    let ci = team.channel("#ci").await;
    team.rule(CHANGE, &[&ci]).await;
    assert_eq!(
        team.fixture.store.due_channels(at(0)).await.unwrap(),
        Vec::<String>::new()
    );
    team.run(1, "failure").await;
    team.run(2, "success").await;
    team.set_clock(121);
    assert_eq!(
        team.fixture.store.due_channels(at(122)).await.unwrap(),
        std::slice::from_ref(&ci.id)
    );
    let failure = team.message(&ci, None).await;
    assert_eq!(failure.alerts[0].build, build_id(1, 1));
    assert_eq!(
        failure.alerts[0].delivery.attempt_count, 0,
        "as it was before"
    );
    let recovery = team.message(&ci, Some(sent(&failure))).await;
    assert_eq!(recovery.alerts[0].build, build_id(2, 1));
    assert_ne!(recovery.message_id, failure.message_id);
    assert_eq!(team.wait(&ci, Some(sent(&recovery))).await, None);
    for alert in team.alerts().await {
        let AlertState::Sent { send_time } = alert.state else {
            panic!("it was sent: {:?}", alert.state);
        };
        assert_eq!(send_time.as_second(), at(121).as_second());
        assert_eq!(alert.delivery.attempt_count, 1);
        assert_eq!(alert.delivery.answer, "200");
        assert!(!alert.delivery.possible_repeat);
    }
}

#[tokio::test]
async fn a_recovery_knows_where_its_failure_went() {
    let team = Team::new().await;
    let ci = team.channel("#ci").await;
    team.rule(CHANGE, &[&ci]).await;
    team.run(1, "failure").await;
    team.run(2, "success").await;
    let failure = team.message(&ci, None).await;
    assert_eq!(failure.thread, "");
    let mut outcome = sent(&failure);
    outcome.thread = "C1:17.42".to_owned();
    assert_eq!(team.message(&ci, Some(outcome)).await.thread, "C1:17.42");
}

#[tokio::test]
async fn that_a_build_took_long_is_not_the_message_of_the_failure() {
    let team = Team::new().await;
    let ci = team.channel("#ci").await;
    let limit = Limit::LongerThan(SignedDuration::from_secs(30));
    team.rule(Trigger::Duration(limit), &[&ci]).await;
    team.rule(Trigger::Change { failures: 2 }, &[&ci]).await;
    team.run(1, "failure").await;
    let slow = team.message(&ci, None).await;
    assert_eq!(slow.alerts[0].kind, AlertKind::Slow);
    let mut outcome = sent(&slow);
    outcome.thread = "C1:17.42".to_owned();
    team.wait(&ci, Some(outcome)).await;
    let quick = BuildFacts {
        start_time: at(100),
        ..build(2, 1, "failure")
    };
    team.report(build_id(2, 1), quick, Source::Webhook).await;
    let failure = team.message(&ci, None).await;
    assert_eq!(failure.alerts[0].kind, AlertKind::Failure);
    assert_eq!(failure.alerts[0].incident, slow.alerts[0].incident);
    assert_eq!(failure.thread, "");
}

#[tokio::test]
async fn who_got_an_email_is_known_and_who_never_will_is_left_out() {
    let team = Team::new().await;
    let mail = team.channel("mail").await;
    team.rule(CHANGE, &[&mail]).await;
    team.run(1, "failure").await;
    let first = team.message(&mail, None).await;
    let recipient = |address: &str, state| RecipientOutcome {
        address: address.to_owned(),
        state,
        answer: "550 no such user".to_owned(),
    };
    let recipients = vec![
        recipient("ada@acme.example", RecipientState::Sent),
        recipient("bob@acme.example", RecipientState::Failed),
        recipient("eve@acme.example", RecipientState::Pending),
    ];
    let mut outcome = later(&first, None);
    outcome.recipients = recipients.clone();
    outcome.left_out = vec![("bob@acme.example".to_owned(), "550 no such user".to_owned())];
    team.wait(&mail, Some(outcome)).await;
    team.set_clock(5);
    let again = team.message(&mail, None).await;
    assert_eq!(again.alerts[0].delivery.recipients, recipients);
    let store = &team.fixture.store;
    let left_out = store
        .alert_channel(&mail.id)
        .await
        .unwrap()
        .unwrap()
        .left_out;
    assert_eq!(left_out.len(), 1);
    assert_eq!(left_out[0].address, "bob@acme.example");
    assert!(!left_out[0].unsubscribed);
    assert!(
        store
            .unsubscribe(mail.id.clone(), "eve@acme.example".to_owned())
            .await
            .unwrap()
    );
    assert!(
        !store
            .unsubscribe("nowhere".to_owned(), "eve@acme.example".to_owned())
            .await
            .unwrap()
    );
    // A test that was accepted takes in again who was refused, and nobody else.
    let took = ["bob@acme.example", "eve@acme.example"].map(str::to_owned);
    store.take_in(mail.id.clone(), took.to_vec()).await.unwrap();
    let left_out = store
        .alert_channel(&mail.id)
        .await
        .unwrap()
        .unwrap()
        .left_out;
    assert_eq!(left_out.len(), 1);
    assert_eq!(left_out[0].address, "eve@acme.example");
}

/// Who left stays out until he is taken out of the list, however his name is written, and
/// whether or not he was refused before.
#[tokio::test]
async fn who_unsubscribed_is_not_taken_in_with_who_was_refused() {
    let team = Team::new().await;
    let address = |addresses: [&str; 2]| ChannelContent {
        address: ChannelAddress::Email {
            addresses: addresses.map(str::to_owned).to_vec(),
        },
        ..content("mail")
    };
    let mail = team
        .channel_as(address(["Ada@acme.example", "bob@acme.example"]))
        .await;
    team.rule(CHANGE, &[&mail]).await;
    team.run(1, "failure").await;
    let first = team.message(&mail, None).await;
    let mut outcome = refused(&first, true);
    outcome.left_out = ["Ada@acme.example", "bob@acme.example"]
        .map(|it| (it.to_owned(), "550 no such user".to_owned()))
        .to_vec();
    team.wait(&mail, Some(outcome)).await;
    let store = &team.fixture.store;
    let ada = "Ada@acme.example".to_owned();
    assert!(store.unsubscribe(mail.id.clone(), ada).await.unwrap());
    let update = |addresses| {
        let content = address(addresses);
        store.update_alert_channel(mail.id.clone(), None, content, None)
    };
    let updated = update(["ada@acme.example", "bob@acme.example"]).await;
    let left_out = updated.unwrap().left_out;
    assert_eq!(left_out.len(), 1, "{left_out:?}");
    assert!(left_out[0].unsubscribed);
    // Refused or not, he does not want it.
    let again = team.message(&mail, None).await;
    let mut outcome = refused(&again, true);
    outcome.left_out = vec![("Ada@acme.example".to_owned(), "550".to_owned())];
    team.wait(&mail, Some(outcome)).await;
    let updated = update(["ada@acme.example", "bob@acme.example"]).await;
    assert!(updated.unwrap().left_out[0].unsubscribed);
    let updated = update(["eve@acme.example", "bob@acme.example"]).await;
    assert_eq!(updated.unwrap().left_out, []);
}

#[tokio::test]
async fn who_stops_leaves_the_next_message_untouched() {
    let team = Team::new().await;
    let ci = team.channel("#ci").await;
    team.rule_as(of_all(CHANGE, &[&ci])).await;
    team.break_branches(1..3, 0).await;
    let first = team.message(&ci, None).await;
    let store = &team.fixture.store;
    store
        .last_message(ci.id.clone(), sent(&first))
        .await
        .unwrap();
    assert_eq!(team.pending().await, [2]);
    let next = team.message(&ci, None).await;
    assert_eq!(next.alerts[0].delivery.attempt_count, 0);
    assert!(!next.possible_repeat);
}
