//! Killed at every step between a report and what came of its message: each edge is told, and
//! a repeat says that it is one.

use std::time::Duration;

use lampboard_github_double::Conclusion::{Failure, Success};
use lampboard_proto::v1::{AlertChannel, AlertRepeatPolicy, AlertState};

use crate::support::{
    crew::{Crew, sent, webhook},
    lampboard::{Lampboard, Mode},
    obstacle::Obstacle,
    receiver::Act,
};

/// Where the sender dies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    /// The report is committed and answered for, and nobody has begun to send.
    Raised,
    /// It is marked as about to be sent, and the provider has read nothing.
    Claimed,
    /// The provider has read it, and has not answered.
    Sent,
    /// The provider has answered, and that is not written down.
    Answered,
    /// That it was sent is written down.
    Written,
}

impl Step {
    const ALL: [Self; 5] = [
        Self::Raised,
        Self::Claimed,
        Self::Sent,
        Self::Answered,
        Self::Written,
    ];

    /// How often the provider reads what is sent at the time.
    fn times(self) -> usize {
        match self {
            Self::Sent | Self::Answered => 2,
            Self::Raised | Self::Claimed | Self::Written => 1,
        }
    }

    /// Whether those who go on can not know if it was sent.
    fn is_in_doubt(self) -> bool {
        matches!(self, Self::Claimed | Self::Sent | Self::Answered)
    }

    fn obstacle(self) -> Option<Obstacle> {
        match self {
            Self::Raised => Some(Obstacle::to_claims()),
            Self::Answered => Some(Obstacle::to_results()),
            Self::Claimed | Self::Sent | Self::Written => None,
        }
    }

    fn act(self) -> Option<Act> {
        match self {
            Self::Claimed => Some(Act::Ignore),
            Self::Sent => Some(Act::Hold),
            Self::Raised | Self::Answered | Self::Written => None,
        }
    }

    /// Waits until a sender is there with its second message. The webhook was answered.
    async fn is_reached(self, crew: &Crew) {
        match self {
            Self::Raised => {}
            Self::Claimed => crew.receiver.connected(2).await,
            Self::Sent => drop(crew.receiver.received(2).await),
            Self::Answered => crew.logged("what was sent is noted later").await,
            Self::Written => drop(crew.sent(2).await),
        }
    }
}

/// A crew that was told of a failure, and about to be told of its recovery by the same server.
struct Scene {
    crew: Crew,
    /// The server beside it, which sends nothing as long as `only` is in the way.
    heir: Option<Lampboard>,
    only: Obstacle,
}

impl Scene {
    /// With one server.
    async fn of_one(policy: AlertRepeatPolicy) -> Self {
        let mut crew = Crew::start(Mode::OneProcess, Vec::new()).await;
        let channel = AlertChannel {
            display_name: "hook".to_owned(),
            target: Some(webhook(crew.receiver.url("/hook"))),
            repeat_policy: policy.into(),
            ..AlertChannel::default()
        };
        let channel = crew.channel_as(channel).await;
        crew.rule(&[&channel]).await;
        crew.told(Failure).await;
        crew.sent(1).await;
        let holder = crew.lampboard.database_to_change().await.holder().await;
        Self {
            crew,
            heir: None,
            only: Obstacle::to_all_but(&holder),
        }
    }

    /// With two servers. None if the database is a file.
    async fn of_two() -> Option<Self> {
        let mut scene = Self::of_one(AlertRepeatPolicy::Repeat).await;
        scene.heir = Some(scene.crew.lampboard.beside().await?);
        let mut database = scene.crew.lampboard.database_to_change().await;
        scene.only.put(&mut database).await;
        Some(scene)
    }

    /// The sender of the recovery is killed there; those that are left go on.
    async fn kill_at(&mut self, step: Step) {
        let crew = &mut self.crew;
        let mut database = crew.lampboard.database_to_change().await;
        let obstacle = step.obstacle();
        if let Some(obstacle) = &obstacle {
            obstacle.put(&mut database).await;
        }
        crew.receiver.next(step.act());
        crew.told(Success).await;
        step.is_reached(crew).await;
        crew.lampboard.server.kill();
        if let Some(obstacle) = &obstacle {
            obstacle.remove(&mut database).await;
        }
        if self.heir.is_some() {
            self.only.remove(&mut database).await;
        }
        crew.go_on(self.heir.take()).await;
    }

    /// All three edges were told, the second one as often as its sender's end explains.
    async fn assert_told(mut self, step: Step) {
        self.crew.sent(2).await;
        self.crew.told(Failure).await;
        let alerts = self.crew.sent(3).await;
        let flags: Vec<bool> = alerts.iter().map(|it| it.possible_repeat).collect();
        assert_eq!(flags, [false, step.is_in_doubt(), false], "{step:?}");
        let received = self.crew.receiver.received(2 + step.times()).await;
        let times = alerts.iter().map(|alert| {
            let id = alert.message_id.as_str();
            let of_it = received.iter().filter(|it| it.header("webhook-id") == id);
            of_it.count()
        });
        let times: Vec<usize> = times.collect();
        assert_eq!(times, [1, step.times(), 1], "{step:?}");
        assert_eq!(received.len(), 2 + step.times(), "{step:?}");
    }
}

#[tokio::test]
async fn killed_at_any_step_it_tells_each_edge_when_it_is_started_again() {
    for step in Step::ALL {
        let mut scene = Scene::of_one(AlertRepeatPolicy::Repeat).await;
        scene.kill_at(step).await;
        scene.assert_told(step).await;
    }
}

#[tokio::test]
async fn killed_at_any_step_another_server_tells_each_edge() {
    for step in Step::ALL {
        let Some(mut scene) = Scene::of_two().await else {
            return;
        };
        scene.kill_at(step).await;
        scene.assert_told(step).await;
    }
}

#[tokio::test]
async fn a_channel_that_holds_repeats_nothing_and_says_why() {
    let mut scene = Scene::of_one(AlertRepeatPolicy::Hold).await;
    scene.kill_at(Step::Answered).await;
    let crew = &mut scene.crew;
    crew.told(Failure).await;
    let alerts = crew.sent(2).await;
    let held = &alerts[1];
    assert_eq!(held.state(), AlertState::Failed);
    assert!(held.possible_repeat);
    assert!(held.error.contains("may have been sent"), "{}", held.error);
    assert_eq!(crew.receiver.received(3).await.len(), 3);
}

/// It stood still for longer than its lease, and another one sent what it had sent.
#[tokio::test]
async fn a_server_that_stood_still_changes_nothing_when_it_goes_on() {
    let Some(mut scene) = Scene::of_two().await else {
        return;
    };
    let crew = &mut scene.crew;
    let mut database = crew.lampboard.database_to_change().await;
    crew.receiver.next([Act::Hold]);
    crew.told(Success).await;
    crew.receiver.received(2).await;
    crew.lampboard.server.freeze();
    scene.only.remove(&mut database).await;
    crew.end_leases().await;
    crew.receiver.received(3).await;
    crew.lampboard.server.thaw();
    scene.assert_told(Step::Sent).await;
}

#[tokio::test]
async fn killed_while_slack_answers_it_repeats_once_at_most_and_says_so() {
    let (mut crew, _) = Crew::with_slack(Mode::OneProcess).await;
    crew.receiver.next([Act::Hold]);
    crew.told(Failure).await;
    crew.receiver.received(1).await;
    crew.lampboard.server.kill();
    crew.go_on(None).await;
    let alerts = crew.sent(1).await;
    assert!(alerts[0].possible_repeat);
    crew.told(Success).await;
    let alerts = crew.sent(2).await;
    assert_eq!(alerts.len(), 2);
    assert!(!alerts[1].possible_repeat);
    let received = crew.receiver.received(3).await;
    assert_eq!(received.len(), 3);
    assert!(received[1].body.contains("repeat"), "{}", received[1].body);
    assert!(!received[2].body.contains("repeat"), "{}", received[2].body);
}

#[tokio::test]
async fn killed_after_a_webhook_was_answered_it_sends_what_that_raised() {
    let (mut crew, _) = Crew::with_slack(Mode::OneProcess).await;
    // So the second one is answered for, and waits.
    crew.receiver
        .next([Act::Answer("429 Too Many Requests", "retry-after: 2\r\n")]);
    crew.told(Failure).await;
    crew.receiver.received(1).await;
    crew.told(Success).await;
    assert_eq!(crew.receiver.so_far(), 1);
    crew.lampboard.server.kill();
    crew.go_on(None).await;
    let alerts = crew.sent(2).await;
    assert_eq!(alerts.len(), 2);
    let repeats = alerts.iter().filter(|it| it.possible_repeat).count();
    assert!(crew.receiver.received(3).await.len() <= 3 + repeats);
}

#[tokio::test]
async fn killed_at_any_moment_it_tells_all_and_repeats_only_what_it_says() {
    let mut crew = Crew::start(Mode::OneProcess, Vec::new()).await;
    let channel = crew
        .channel("hook", webhook(crew.receiver.url("/hook")))
        .await;
    crew.rule(&[&channel]).await;
    for round in 0..6 {
        let conclusion = if round % 2 == 0 { Failure } else { Success };
        crew.told(conclusion).await;
        crew.lampboard.server.kill();
        crew.go_on(None).await;
    }
    let alerts = crew.sent(6).await;
    assert_eq!(alerts.len(), 6, "{alerts:?}");
    let received = crew.receiver.received(6).await;
    for alert in alerts {
        let id = alert.message_id.as_str();
        let times = received
            .iter()
            .filter(|it| it.header("webhook-id") == id)
            .count();
        let most = if alert.possible_repeat { 2 } else { 1 };
        assert!((1..=most).contains(&times), "{times} times: {alert:?}");
    }
}

#[tokio::test]
#[ignore = "a lease has to end: a minute"]
async fn another_server_sends_within_a_minute_what_a_killed_one_held() {
    let Some(mut scene) = Scene::of_two().await else {
        return;
    };
    let crew = &mut scene.crew;
    crew.receiver.next([Act::Hold]);
    crew.told(Success).await;
    crew.receiver.received(2).await;
    crew.lampboard.server.kill();
    let mut database = crew.lampboard.database_to_change().await;
    scene.only.remove(&mut database).await;
    let received = crew.receiver.received(3).await;
    let waited = received[2].at - received[1].at;
    println!("taken over after {waited:?}");
    assert!(waited <= Duration::from_mins(1));
    let alerts = sent(&scene.heir.unwrap(), 2).await;
    assert!(alerts[1].possible_repeat);
}
