//! Stories of the simulated GitHub, with people who are told: one message for each edge.

use jiff::SignedDuration;
use lampboard_github_double::{
    Double, Options, Slack, Stage,
    scenarios::{outages, runs},
};
use lampboard_proto::v1::AlertKind;
use secrecy::ExposeSecret as _;

use crate::support::{
    WEBHOOK,
    crew::{Crew, ago, email, slack},
    lampboard::Mode,
};

/// A GitHub that tells Lampboard of its runs, and the Slack and the mail server beside it.
struct Town {
    stage: Stage,
    crew: Crew,
}

impl Town {
    async fn start() -> Self {
        // A re-run comes three hours later, and what ended six hours ago is no news.
        let beginning = ago(SignedDuration::from_hours(5));
        let double = Double::start(Options::frozen(1, beginning)).await.unwrap();
        let mail_server = format!("smtp://{}?tls=none", double.smtp().address());
        let more = vec![
            ("LAMPBOARD_SLACK_HOSTS", double.web_url().to_owned()),
            ("LAMPBOARD_SMTP_URL", mail_server),
            ("LAMPBOARD_MAIL_FROM", "ci@acme.example".to_owned()),
        ];
        let mut crew = Crew::start(Mode::OneProcess, more).await;
        let hook = format!("http://{}{WEBHOOK}", crew.lampboard.webhook_address());
        let stage = Stage::set(&double, Some(&hook));
        let app = double.github(|github| github.app(stage.app).cloned().unwrap());
        let secret = app.webhook_secret.expose_secret().to_owned();
        crew.lampboard.set("LAMPBOARD_WEBHOOK_SECRET", secret);
        crew.lampboard.server.kill();
        crew.go_on(None).await;
        let url = format!("{}{}", double.web_url(), Slack::PATH);
        let channels = [
            crew.channel("#ci", slack(url)).await,
            crew.channel("mail", email("ada@acme.example")).await,
        ];
        crew.rule(&channels.each_ref()).await;
        Self { stage, crew }
    }

    /// Lets GitHub tell what happened. Once all is sent, gives what each channel was told: it is
    /// as much as came.
    async fn told(&self) -> Vec<(AlertKind, i32)> {
        let double = &self.stage.double;
        double.deliver().await;
        let alerts = self.crew.sent(0).await;
        let of = |channel| {
            let alerts = alerts
                .iter()
                .filter(move |it| it.channel_display_name == channel);
            let told = alerts.map(|it| (it.kind(), it.build.as_ref().unwrap().run_attempt));
            told.collect::<Vec<_>>()
        };
        assert_eq!(of("#ci"), of("mail"));
        assert!(alerts.iter().all(|it| it.attempt_count == 1));
        assert_eq!(double.slack().messages().len(), of("#ci").len());
        assert_eq!(double.smtp().mails().len(), of("mail").len());
        of("#ci")
    }
}

#[tokio::test]
async fn s2_a_rerun_that_passes_is_told_as_a_recovery() {
    let town = Town::start().await;
    runs::recover_on_rerun(&town.stage);
    let told = town.told().await;
    assert_eq!(told, [(AlertKind::Failure, 1), (AlertKind::Recovery, 2)]);
    let messages = town.stage.double.slack().messages();
    for (message, word) in messages.iter().zip(["failed", "recovered"]) {
        let text = message.text().to_lowercase();
        assert!(text.contains(word), "{text}");
    }
}

#[tokio::test]
async fn s2_with_webhooks_that_come_four_times_is_told_the_same() {
    let town = Town::start().await;
    outages::repeat(&town.stage, 3);
    runs::recover_on_rerun(&town.stage);
    runs::happy(&town.stage);
    let told = town.told().await;
    assert_eq!(told, [(AlertKind::Failure, 1), (AlertKind::Recovery, 2)]);
}

#[tokio::test]
async fn s2_in_disorder_and_four_times_is_told_no_more() {
    let town = Town::start().await;
    outages::repeat(&town.stage, 3);
    outages::disorder(&town.stage, 20);
    runs::recover_on_rerun(&town.stage);
    let told = town.told().await;
    // What failed first is told, unless its success was heard of before.
    let both = [(AlertKind::Failure, 1), (AlertKind::Recovery, 2)];
    assert!(told.is_empty() || told == both, "{told:?}");
}
