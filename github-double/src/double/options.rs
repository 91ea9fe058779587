//! What a [`Double`](super::Double) is started with.

use std::net::{Ipv4Addr, SocketAddr};

use jiff::{SignedDuration, Timestamp};

use crate::api::switches::Switches;
use crate::clock::VirtualClock;
use crate::github::GitHub;
use crate::github::host::Hosts;
use crate::hook::deliveries::{Deliveries, DeliveryRules};
use crate::web::options::WebOptions;

/// Which GitHub it is, and how it behaves.
#[derive(Clone, Debug)]
pub struct Options {
    /// Which GitHub it is.
    pub flavor: Flavor,
    /// What all randomness comes from.
    pub seed: u64,
    /// The login of the organisation that is there from the beginning.
    pub organization: String,
    /// What time it is.
    pub clock: VirtualClock,
    /// How much virtual time each answer of the API takes, if it takes any.
    pub answer_time: Option<SignedDuration>,
    /// Whether requests are limited; on GHES they are not by default.
    pub limits_requests: bool,
    /// How its API behaves where nobody knows the real one.
    pub switches: Switches,
    /// How it delivers webhooks, if not as its flavor does.
    pub delivery: Option<DeliveryRules>,
    /// How strict its web pages are.
    pub web: WebOptions,
    /// Whether webhooks are posted as they arise, and not only when they are asked for.
    pub delivers_at_once: bool,
    /// Where its web pages listen; its API listens at the same address, on another port.
    pub listen: SocketAddr,
}

/// Which GitHub it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Flavor {
    /// `github.com`, whose API is another host.
    GithubCom,
    /// GitHub Enterprise Server, whose API is below `/api/v3`.
    Ghes {
        /// Such as `3.19.1`.
        version: String,
    },
}

impl Options {
    /// `github.com` with the organisation `acme`, at a time that stands still.
    pub fn frozen(seed: u64, at: Timestamp) -> Self {
        Self {
            flavor: Flavor::GithubCom,
            seed,
            organization: "acme".to_owned(),
            clock: VirtualClock::frozen(at),
            answer_time: None,
            limits_requests: true,
            switches: Switches::default(),
            delivery: None,
            web: WebOptions::default(),
            delivers_at_once: false,
            listen: (Ipv4Addr::LOCALHOST, 0).into(),
        }
    }

    /// What it holds at first.
    pub(super) fn github(&self, hosts: &Hosts) -> GitHub {
        let now = self.clock.now();
        let mut github = GitHub::without_app(&self.organization, self.seed, now);
        github.set_hosts(hosts.clone());
        github
    }

    /// The deliveries of webhooks, none made yet.
    pub(super) fn deliveries(&self) -> Deliveries {
        let of_flavor = || match self.flavor {
            Flavor::GithubCom => DeliveryRules::github_com(),
            Flavor::Ghes { .. } => DeliveryRules::enterprise_server(),
        };
        let rules = self.delivery.clone().unwrap_or_else(of_flavor);
        Deliveries::new(rules, self.clock.clone(), self.seed)
    }

    /// The same as a GitHub Enterprise Server.
    #[must_use]
    pub fn ghes(mut self, version: &str) -> Self {
        let version = version.to_owned();
        self.flavor = Flavor::Ghes { version };
        self.limits_requests = false;
        self
    }
}
