//! What a real mail server gets, and what is made of its answers.

use std::{
    sync::atomic::{AtomicUsize, Ordering},
    time::Duration,
};

use secrecy::SecretString;

use super::{
    certificates::Certificates,
    mail_server::MailServer,
    parse::header,
    samples::{self, links, tokens},
};
use crate::{
    alerts::{
        email::{
            config::MailConfig,
            mailer::{Limits, Mailer, caught},
            smtp::Trouble,
        },
        provider::{ChannelFault, Handed, Verdict},
    },
    clock::Clock,
    fixtures::at,
    store::Back,
};

const NO_TLS: [&str; 0] = [];

fn config(url: &str) -> MailConfig {
    MailConfig::new(&SecretString::from(url), "ci@example.com").expect("a config")
}

fn mailer(config: MailConfig) -> Mailer {
    Mailer::new(config, tokens(), Clock::new(|| at(700))).expect("a mailer")
}

fn in_clear(server: &MailServer) -> Mailer {
    mailer(config(&format!(
        "smtp://127.0.0.1:{}?tls=none",
        server.port
    )))
}

async fn hand(mailer: &Mailer, names: &[&str]) -> Handed {
    let addresses: Vec<_> = names
        .iter()
        .map(|name| format!("{name}@example.com"))
        .collect();
    mailer
        .hand(&samples::failure(), &addresses, &links(), &|| false)
        .await
}

/// The first word of each recipient's verdict.
fn verdicts(handed: &Handed) -> Vec<&'static str> {
    handed
        .recipients
        .iter()
        .map(|recipient| word(&recipient.verdict))
        .collect()
}

fn word(verdict: &Verdict) -> &'static str {
    match verdict {
        Verdict::Sent => "sent",
        Verdict::Later { .. } => "later",
        Verdict::Refused { .. } => "refused",
    }
}

#[tokio::test]
async fn each_recipient_gets_a_message_of_his_own_over_one_connection() {
    let server = MailServer::start(NO_TLS);
    let handed = hand(&in_clear(&server), &["ada", "bob", "eve"]).await;
    assert_eq!(handed.verdict, Verdict::Sent);
    assert_eq!(handed.answer, "250 2.0.0 Ok: queued");
    assert_eq!(verdicts(&handed), ["sent", "sent", "sent"]);
    let story = server.stop();
    assert_eq!(story.connections, 1);
    let recipients: Vec<_> = story.messages.iter().map(|mail| &mail.recipients).collect();
    assert_eq!(
        recipients,
        [
            &["ada@example.com"],
            &["bob@example.com"],
            &["eve@example.com"]
        ]
    );
    for name in ["Message-ID", "List-Unsubscribe"] {
        let mut values: Vec<_> = story
            .messages
            .iter()
            .map(|mail| header(&mail.content, name))
            .collect();
        values.dedup();
        assert_eq!(values.len(), 3, "{name} is not each one's own");
    }
    let first = story.messages.first().expect("a message");
    assert_eq!(first.sender, "ci@example.com");
    let sent = samples::mail(&samples::failure());
    assert_eq!(first.content.trim_end(), sent.trim_end());
}

#[tokio::test]
async fn starttls_comes_before_all_else() {
    let certificates = Certificates::new();
    let server = MailServer::with_tls(&certificates, &["--login", "ci:p:a/s s"]);
    let url = format!("smtp://ci:p%3Aa%2Fs%20s@127.0.0.1:{}", server.port);
    let trusting = config(&url)
        .with_ca(certificates.authority.clone())
        .expect("an authority");
    let handed = hand(&mailer(trusting), &["ada"]).await;
    assert_eq!(handed.verdict, Verdict::Sent, "{handed:?}");
    let story = server.stop();
    let mail = story.messages.first().expect("a message");
    assert!(mail.encrypted && mail.signed_in, "{mail:?}");
    assert!(story.logins.iter().all(|login| login["encrypted"] == true));
}

#[tokio::test]
async fn smtps_is_encrypted_from_the_start() {
    let certificates = Certificates::new();
    let server = MailServer::with_tls(&certificates, &["--implicit-tls", "--login", "ci:secret"]);
    let url = format!("smtps://ci:secret@127.0.0.1:{}", server.port);
    let trusting = config(&url)
        .with_ca(certificates.authority.clone())
        .expect("an authority");
    let handed = hand(&mailer(trusting), &["ada", "bob"]).await;
    assert_eq!(handed.verdict, Verdict::Sent, "{handed:?}");
    let story = server.stop();
    assert_eq!((story.connections, story.messages.len()), (1, 2));
}

#[tokio::test]
async fn without_starttls_nothing_is_sent() {
    let server = MailServer::start(["--login", "ci:secret"]);
    let url = format!("smtp://ci:secret@127.0.0.1:{}", server.port);
    let handed = hand(&mailer(config(&url)), &["ada", "bob"]).await;
    assert_eq!(verdicts(&handed), ["later", "later"]);
    assert!(
        handed.answer.contains("does not offer STARTTLS"),
        "{handed:?}"
    );
    let story = server.stop();
    assert_eq!(story.connections, 1, "tried once, not once a recipient");
    assert!(story.messages.is_empty() && story.logins.is_empty());
}

#[tokio::test]
async fn an_answer_slipped_in_before_tls_makes_no_refusal_an_acceptance() {
    let certificates = Certificates::new();
    let server = MailServer::with_tls(&certificates, &["--meddle"]);
    let trusting = config(&format!("smtp://127.0.0.1:{}", server.port))
        .with_ca(certificates.authority.clone())
        .expect("an authority");
    let handed = hand(&mailer(trusting), &["spam"]).await;
    assert_eq!(verdicts(&handed), ["later"]);
    assert!(handed.answer.contains("do not belong"), "{handed:?}");
}

#[tokio::test]
async fn a_certificate_that_nobody_vouches_for_is_refused() {
    for more in [&[][..], &["--implicit-tls"]] {
        let certificates = Certificates::new();
        let server = MailServer::with_tls(&certificates, more);
        let scheme = if more.is_empty() { "smtp" } else { "smtps" };
        let url = format!("{scheme}://ci:secret@127.0.0.1:{}", server.port);
        let handed = hand(&mailer(config(&url)), &["ada"]).await;
        assert_eq!(word(&handed.verdict), "later");
        assert!(handed.answer.contains("UnknownIssuer"), "{handed:?}");
        assert!(
            handed.answer.contains("LAMPBOARD_SMTP_CA_FILE"),
            "{handed:?}"
        );
        assert!(server.stop().messages.is_empty());
    }
}

#[tokio::test]
async fn a_certificate_of_another_server_is_refused() {
    let certificates = Certificates::of("other.example.com");
    let server = MailServer::with_tls(&certificates, &[]);
    let trusting = config(&format!("smtp://127.0.0.1:{}", server.port))
        .with_ca(certificates.authority.clone())
        .expect("an authority");
    let handed = hand(&mailer(trusting), &["ada"]).await;
    assert_eq!(word(&handed.verdict), "later");
    assert!(handed.answer.contains("not valid for name"), "{handed:?}");
    assert!(server.stop().messages.is_empty());
}

#[tokio::test]
async fn a_sign_in_that_is_refused_stops_the_channel_and_no_recipient() {
    let certificates = Certificates::new();
    let server = MailServer::with_tls(&certificates, &["--login", "ci:other"]);
    let url = format!("smtp://ci:hunter2@127.0.0.1:{}", server.port);
    let trusting = config(&url)
        .with_ca(certificates.authority.clone())
        .expect("an authority");
    let handed = hand(&mailer(trusting), &["ada", "bob"]).await;
    assert_doubtful(&handed, "AUTH: the mail server answered 535");
    assert!(!format!("{handed:?}").contains("hunter2"));
    assert_eq!(server.stop().logins.len(), 1);
}

fn assert_doubtful(handed: &Handed, said: &str) {
    let Verdict::Refused { error, channel } = &handed.verdict else {
        panic!("{handed:?}");
    };
    assert_eq!(*channel, ChannelFault::Doubtful);
    assert!(error.starts_with(said), "{error}");
    // No address is left out for what the channel did.
    assert!(verdicts(handed).iter().all(|verdict| *verdict != "refused"));
}

#[tokio::test]
async fn a_sign_in_that_is_put_off_is_tried_again() {
    let certificates = Certificates::new();
    let answer = ["--login", "ci:secret", "--login-answer", "454 4.7.0 Later"];
    let server = MailServer::with_tls(&certificates, &answer);
    let url = format!("smtp://ci:secret@127.0.0.1:{}", server.port);
    let trusting = config(&url)
        .with_ca(certificates.authority.clone())
        .expect("an authority");
    let handed = hand(&mailer(trusting), &["ada", "bob"]).await;
    assert_eq!(verdicts(&handed), ["later", "later"]);
    assert_eq!(
        handed.answer,
        "AUTH: the mail server answered 454 4.7.0 Later"
    );
}

#[tokio::test]
async fn a_recipient_put_off_is_tried_again_and_the_others_are_not() {
    let server = MailServer::start(NO_TLS);
    let handed = hand(
        &in_clear(&server),
        &["ada", "greylisted", "bob", "later", "eve"],
    )
    .await;
    assert_eq!(
        verdicts(&handed),
        ["sent", "later", "sent", "later", "sent"]
    );
    assert_eq!(word(&handed.verdict), "later");
    assert_eq!(
        handed.answer,
        "RCPT TO: the mail server answered 450 4.2.0 Greylisted, try again later"
    );
    let story = server.stop();
    assert_eq!((story.connections, story.messages.len()), (1, 3));
}

#[tokio::test]
async fn a_recipient_refused_for_good_is_left_out_and_the_channel_goes_on() {
    let server = MailServer::start(NO_TLS);
    let handed = hand(&in_clear(&server), &["ada", "unknown", "bob"]).await;
    assert_eq!(verdicts(&handed), ["sent", "refused", "sent"]);
    assert_eq!(handed.verdict, Verdict::Sent);
    let refused = &handed.recipients[1];
    assert!(refused.answer.contains("550 5.1.1"), "{refused:?}");
}

#[tokio::test]
async fn what_nobody_accepts_is_not_sent() {
    let server = MailServer::start(NO_TLS);
    let handed = hand(&in_clear(&server), &["unknown", "unknown"]).await;
    let Verdict::Refused { error, channel } = &handed.verdict else {
        panic!("{handed:?}");
    };
    assert_eq!(*channel, ChannelFault::Gone, "there is nobody else");
    assert!(
        error.contains("nobody is left") && error.contains("550 5.1.1"),
        "{error}"
    );
}

#[tokio::test]
async fn a_policy_is_no_fault_of_the_address() {
    let server = MailServer::start(NO_TLS);
    let handed = hand(&in_clear(&server), &["unwanted", "ada"]).await;
    assert_eq!(verdicts(&handed), ["refused", "sent"]);
    assert_eq!(handed.verdict, Verdict::Sent);
    let unwanted = &handed.recipients[0].verdict;
    assert!(
        matches!(
            unwanted,
            Verdict::Refused {
                channel: ChannelFault::Doubtful,
                ..
            }
        ),
        "{unwanted:?}"
    );
    let handed = hand(&in_clear(&server), &["unknown", "unwanted"]).await;
    assert!(
        matches!(&handed.verdict, Verdict::Refused { channel: ChannelFault::Doubtful, error }
            if error.contains("550 5.7.1")),
        "{handed:?}"
    );
}

#[tokio::test]
async fn a_full_mailbox_is_put_off_whatever_it_is_called() {
    let server = MailServer::start(NO_TLS);
    let handed = hand(&in_clear(&server), &["full", "ada"]).await;
    assert_eq!(verdicts(&handed), ["later", "sent"]);
}

#[tokio::test]
async fn a_server_that_relays_nothing_says_nothing_of_the_address() {
    let server = MailServer::start(NO_TLS);
    let handed = hand(&in_clear(&server), &["foreign", "ada"]).await;
    assert_eq!(verdicts(&handed), ["later", "sent"]);
}

#[tokio::test]
async fn a_server_that_shuts_down_is_left_alone() {
    let server = MailServer::start(NO_TLS);
    let handed = hand(&in_clear(&server), &["ada", "busy", "bob"]).await;
    assert_eq!(verdicts(&handed), ["sent", "later", "later"]);
    let story = server.stop();
    assert_eq!((story.connections, story.messages.len()), (1, 1));
}

#[tokio::test]
async fn refusals_of_sender_and_message_stop_the_channel() {
    let server = MailServer::start(["--refuse-sender", "550 5.7.1 Not from you"]);
    let handed = hand(&in_clear(&server), &["ada", "bob"]).await;
    assert_doubtful(&handed, "MAIL FROM: the mail server answered 550");

    let server = MailServer::start(NO_TLS);
    let handed = hand(&in_clear(&server), &["ada", "spam", "bob"]).await;
    assert_doubtful(&handed, "the message: the mail server answered 554");
    assert_eq!(verdicts(&handed), ["sent", "later", "later"]);

    let server = MailServer::start(NO_TLS);
    let handed = hand(&in_clear(&server), &["unauthenticated"]).await;
    assert_doubtful(&handed, "RCPT TO: the mail server answered 530");
}

#[tokio::test]
async fn a_sender_put_off_is_tried_again() {
    let server = MailServer::start(["--refuse-sender", "451 4.7.1 Too fast"]);
    let handed = hand(&in_clear(&server), &["ada"]).await;
    assert_eq!(word(&handed.verdict), "later");
}

#[tokio::test]
async fn a_greeting_may_refuse_for_now_or_for_good() {
    let server = MailServer::start(["--greeting", "421 4.7.0 Too many connections\r\n"]);
    let handed = hand(&in_clear(&server), &["ada", "bob"]).await;
    assert_eq!(verdicts(&handed), ["later", "later"]);
    assert_eq!(server.stop().connections, 1);

    let server = MailServer::start(["--greeting", "554 5.7.1 Go away\r\n"]);
    let handed = hand(&in_clear(&server), &["ada"]).await;
    assert_doubtful(&handed, "the connection: the mail server answered 554");
}

#[tokio::test]
async fn nobody_there_is_tried_again() {
    let server = MailServer::start(NO_TLS);
    let mailer = in_clear(&server);
    server.stop();
    let handed = hand(&mailer, &["ada"]).await;
    assert_eq!(word(&handed.verdict), "later");
}

fn impatient(server: &MailServer) -> Mailer {
    in_clear(server).with_limits(Limits {
        send: Duration::from_millis(300),
        parcel: Duration::from_secs(30),
    })
}

#[tokio::test]
async fn a_server_that_hangs_is_not_waited_for() {
    for server in [
        MailServer::start(["--greeting", ""]),
        MailServer::start(["--greeting", "220-mail.test\r\n"]),
        MailServer::start(["--greeting", "220 mail.test\r\n"]),
    ] {
        let handed = hand(&impatient(&server), &["ada", "bob"]).await;
        assert_eq!(verdicts(&handed), ["later", "later"]);
        assert!(handed.answer.contains("took longer"), "{handed:?}");
        // It may be stopped before it saw the one.
        assert!(server.stop().connections <= 1);
    }
}

#[tokio::test]
async fn what_was_handed_over_and_not_answered_may_be_there() {
    for (name, expected) in [("hanging", false), ("silent", true)] {
        let server = MailServer::start(NO_TLS);
        let handed = hand(&impatient(&server), &[name, "bob"]).await;
        assert_eq!(verdicts(&handed), ["later", "later"]);
        let Verdict::Later { may_be_there, .. } = handed.verdict else {
            panic!("{handed:?}");
        };
        assert_eq!(may_be_there, expected, "{name}");
    }
}

#[tokio::test]
async fn a_parcel_takes_no_longer_than_its_sender_may_hold_it() {
    let server = MailServer::start(NO_TLS);
    let mailer = in_clear(&server).with_limits(Limits {
        send: Duration::from_secs(10),
        parcel: Duration::ZERO,
    });
    let handed = hand(&mailer, &["ada", "bob"]).await;
    assert_eq!(verdicts(&handed), ["later", "later"]);
    assert_eq!(server.stop().connections, 0);
}

#[tokio::test]
async fn when_it_stops_no_further_reader_is_sent_to() {
    let server = MailServer::start(NO_TLS);
    let asked = AtomicUsize::new(0);
    let addresses = ["ada@example.com", "bob@example.com"].map(str::to_owned);
    let mailer = in_clear(&server);
    let stops = || asked.fetch_add(1, Ordering::Relaxed) > 0;
    let handed = mailer
        .hand(&samples::failure(), &addresses, &links(), &stops)
        .await;
    assert_eq!(verdicts(&handed), ["sent", "later"]);
    assert!(
        matches!(
            &handed.verdict,
            Verdict::Later {
                back: Back::Rest,
                ..
            }
        ),
        "{handed:?}"
    );
    assert_eq!(server.stop().messages.len(), 1);
}

#[tokio::test]
async fn what_is_no_address_is_left_out() {
    let server = MailServer::start(NO_TLS);
    let addresses = ["ada@example.com", "b\u{f6}b@example.com", "x\r\ny@z"].map(str::to_owned);
    let mailer = in_clear(&server);
    let handed = mailer
        .hand(&samples::test(), &addresses, &links(), &|| false)
        .await;
    assert_eq!(verdicts(&handed), ["sent", "refused", "refused"]);
    assert_eq!(server.stop().messages.len(), 1);
}

#[test]
fn a_panic_is_the_trouble_of_one_message() {
    let outcome: Result<(), _> = caught(|| panic!("a name that nobody thought of"));
    assert!(matches!(outcome, Err(Trouble::Later(_))), "{outcome:?}");
}
