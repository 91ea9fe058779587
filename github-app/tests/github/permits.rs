//! Permits: GitHub is asked for nothing without one, and for no longer than it lasts.

use std::{
    collections::BTreeSet,
    sync::{Arc, Mutex},
    time::Duration,
};

use futures_util::future::{BoxFuture, FutureExt as _};
use lampboard_github_app::github::{Error, Permit, Permits, Purpose};

use crate::support::{
    INSTALLATION, World,
    fake::{Canned, Fake, made_token},
    path,
};

/// Permits of one length for one installation, and what was asked for.
struct Permitted {
    installation: i64,
    time: Duration,
    asked: Mutex<BTreeSet<i64>>,
}

impl Permitted {
    fn new(installation: i64, time: Duration) -> Arc<Self> {
        Arc::new(Self {
            installation,
            time,
            asked: Mutex::default(),
        })
    }

    fn asked(&self) -> Vec<i64> {
        self.asked.lock().unwrap().iter().copied().collect()
    }
}

impl Permits for Permitted {
    fn permit(&self, installation_id: i64) -> BoxFuture<'_, Permit> {
        self.asked.lock().unwrap().insert(installation_id);
        let permit = (installation_id == self.installation).then_some(self.time);
        async move { permit }.boxed()
    }
}

fn answering() -> Fake {
    Fake::answering_all(|asked| match asked.path.as_str() {
        _ if asked.asks_for_token() => made_token("token", asked.time),
        "/hang" => Canned::never(),
        _ => Canned::json(&serde_json::json!({})),
    })
}

#[tokio::test]
async fn an_installation_needs_its_own_permit_its_token_included() {
    let world = World::new(answering()).await;
    let permits = Permitted::new(INSTALLATION, Duration::from_mins(1));
    let github = world.github.permitted_by(Arc::clone(&permits) as _);
    let thing = path("/thing");
    let got = github.get(INSTALLATION, Purpose::Live, &thing).await;
    assert!(got.is_ok(), "{got:?}");
    assert_eq!(permits.asked(), [INSTALLATION]);
    let asked = world.fake.asked().len();
    let other = github.get(INSTALLATION + 1, Purpose::Live, &thing).await;
    let Err(Error::NotHeld { installation_id }) = other else {
        panic!("{other:?}");
    };
    assert_eq!(installation_id, INSTALLATION + 1);
    assert_eq!(world.fake.asked().len(), asked, "not even for a token");
}

#[tokio::test]
async fn the_app_needs_the_permit_of_what_it_asks_for() {
    let world = World::new(answering()).await;
    let permits = Permitted::new(INSTALLATION, Duration::from_mins(1));
    let github = world.github.permitted_by(Arc::clone(&permits) as _);
    let app = github.app().await;
    assert!(matches!(app, Err(Error::NotHeld { installation_id: 0 })));
    assert_eq!(world.fake.asked().len(), 0);
    assert!(github.installation(INSTALLATION).await.is_ok());
    let delivery = github.on_behalf_of(INSTALLATION).delivery(7).await;
    assert!(!matches!(delivery, Err(Error::NotHeld { .. })));
    assert_eq!(world.fake.asked().len(), 2);
    assert_eq!(permits.asked(), [0, INSTALLATION]);
}

#[tokio::test]
async fn what_is_under_way_is_given_up_when_the_permit_ends() {
    let world = World::new(answering()).await;
    let permits = Permitted::new(INSTALLATION, Duration::from_millis(50));
    let github = world.github.permitted_by(permits);
    let hung = github.on_behalf_of(INSTALLATION);
    let hung = hung.get(INSTALLATION, Purpose::Live, &path("/hang")).await;
    assert!(matches!(hung, Err(Error::NotHeld { .. })), "{hung:?}");
}
