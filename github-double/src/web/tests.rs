//! The pages, visited over HTTP.

mod browser;
mod installing;
mod registering;
mod signing_in;

use std::cell::Cell;
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

use super::options::WebOptions;
use crate::double::{Double, Options};
use crate::github::GitHub;
use crate::github::id::{AppId, RepositoryId};
use crate::hook::log::DeliveryRecord;
use browser::Browser;

/// A GitHub whose pages are served on loopback.
struct Site {
    double: Double,
    /// How many deliveries were looked at.
    told: Cell<usize>,
}

impl Site {
    /// `acme`, owned by `acme-admin`, with the repositories `api` and `web`, and the person `ada`.
    async fn start() -> Self {
        Self::with(Options {
            web: WebOptions {
                refuses_local_hooks: false,
                ..WebOptions::default()
            },
            ..Options::frozen(7, Timestamp::UNIX_EPOCH)
        })
        .await
    }

    async fn with(options: Options) -> Self {
        let double = Double::start(options).await.unwrap();
        double.github(|github| {
            github.create_person("ada", "Ada Example");
            github.create_repository("api");
            github.create_repository("web");
        });
        Self {
            double,
            told: Cell::new(0),
        }
    }

    fn browser(&self) -> Browser {
        Browser::new(self.double.web_url())
    }

    /// A program that speaks to the API.
    fn api(&self) -> Browser {
        Browser::new(self.double.api_url())
    }

    /// A browser that is signed in.
    async fn browser_of(&self, login: &str) -> Browser {
        let mut browser = self.browser();
        browser.post("/login", &[("login", login)]).await;
        browser
    }

    fn github<R>(&self, act: impl FnOnce(&mut GitHub) -> R) -> R {
        self.double.github(act)
    }

    fn advance(&self, minutes: i64) {
        self.double
            .clock()
            .advance(SignedDuration::from_mins(minutes));
    }

    /// The names and actions of what the App was told since the last time, oldest first.
    async fn events(&self, app: AppId) -> Vec<String> {
        self.double.deliver().await;
        let deliveries = self.double.deliveries(app);
        let told = self.told.replace(deliveries.len());
        let events = deliveries.iter().rev().skip(told);
        let name = |it: &Arc<DeliveryRecord>| match it.action() {
            Some(action) => format!("{}.{action}", it.event()),
            None => it.event().to_owned(),
        };
        events.map(name).collect()
    }

    fn repository(&self, name: &str) -> RepositoryId {
        self.github(|github| github.repositories().find(|it| it.name == name).unwrap().id)
    }
}
