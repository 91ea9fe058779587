//! URLs that lead to where they should not.

use std::{
    net::IpAddr,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use bytes::Bytes;
use futures_util::FutureExt as _;
use http::{HeaderMap, StatusCode};
use secrecy::SecretString;

use super::double::{Act, Double};
use crate::{
    alerts::outbound::{Answer, Failure, Outbound, OutboundConfig, Post, Refusal, Resolver},
    fixtures::at,
};

/// A resolver that gives the next of these answers each time.
fn names(answers: &[&[&str]]) -> Resolver {
    let answers: Vec<Vec<IpAddr>> = answers
        .iter()
        .map(|answer| answer.iter().map(|text| text.parse().unwrap()).collect())
        .collect();
    let asked = AtomicUsize::new(0);
    Arc::new(move |_| {
        let turn = asked.fetch_add(1, Ordering::Relaxed).min(answers.len() - 1);
        std::future::ready(Ok(answers[turn].clone())).boxed()
    })
}

fn outbound(allow: &[&str], resolver: Resolver) -> Outbound {
    let config = OutboundConfig {
        slack_hosts: Vec::new(),
        allow: allow.iter().map(|range| (*range).to_owned()).collect(),
    };
    Outbound::with(&config, resolver, Duration::from_secs(10)).unwrap()
}

async fn post(outbound: &Outbound, url: &str) -> Result<Answer, Failure> {
    let post = Post {
        url: &SecretString::from(url),
        headers: HeaderMap::new(),
        body: Bytes::from_static(b"{}"),
    };
    outbound.post(post, at(0)).await
}

const REFUSED: [&str; 62] = [
    "https://127.0.0.1/",
    "https://127.1/",
    "https://0x7f.1/",
    "https://0x7f000001/",
    "https://0177.0.0.1/",
    "https://2130706433/",
    "https://127.0.0.1./",
    "https://127。0。0。1/",
    "https://①②⑦.0.0.1/",
    "https://%31%32%37.0.0.1/",
    "https://0/",
    "https://0.0.0.0/",
    "https://10.1.2.3/",
    "https://100.64.0.1/",
    "https://100.100.100.200/",
    "https://168.63.129.16/",
    "https://169.254.169.254/latest/meta-data/",
    "https://172.16.0.1/",
    "https://172.31.255.255/",
    "https://192.0.0.192/",
    "https://192.0.2.1/",
    "https://192.88.99.1/",
    "https://192.168.1.1/",
    "https://198.18.0.1/",
    "https://198.51.100.7/",
    "https://203.0.113.7/",
    "https://224.0.0.1/",
    "https://240.0.0.1/",
    "https://255.255.255.255/",
    "https://[::]/",
    "https://[::1]/",
    "https://[::127.0.0.1]/",
    "https://[::ffff:127.0.0.1]/",
    "https://[::ffff:7f00:1]/",
    "https://[::ffff:0:127.0.0.1]/",
    "https://[64:ff9b::127.0.0.1]/",
    "https://[64:ff9b:1::7f00:1]/",
    "https://[100::1]/",
    "https://[2001::1]/",
    "https://[2001:db8::1]/",
    "https://[2002:7f00:1::]/",
    "https://[3fff::1]/",
    "https://[5f00::1]/",
    "https://[fc00::1]/",
    "https://[fd00:ec2::254]/",
    "https://[fe80::1]/",
    "https://[fe80::1%251]/",
    "https://[fec0::1]/",
    "https://[ff02::1]/",
    "https://localhost/",
    "https://LOCALHOST/",
    "https://localhost./",
    "https://a.localhost/",
    "https://example.com./",
    "https://example.com@127.0.0.1/",
    "https://user:password@example.com/",
    "https://example.com:22/",
    "https://example.com:6379/",
    "http://example.com/",
    "file:///etc/passwd",
    "gopher://example.com/_x",
    "//example.com/",
];

/// Names that anybody may point anywhere.
const NAMES: [&str; 3] = [
    "https://127.0.0.1.nip.io/",
    "https://metadata.google.internal/",
    "https://example.com/",
];

#[tokio::test]
async fn nothing_private_is_reached() {
    let outbound = outbound(&[], names(&[&["127.0.0.1"]]));
    for url in REFUSED {
        assert!(outbound.check(url).is_err(), "saved: {url}");
        let answer = post(&outbound, url).await;
        assert!(matches!(answer, Err(Failure::Refused(_))), "sent: {url}");
    }
    for url in NAMES {
        assert!(outbound.check(url).is_ok(), "{url}");
        let answer = post(&outbound, url).await;
        assert_eq!(answer, Err(Failure::Refused(Refusal::NotPublic)), "{url}");
    }
}

#[test]
fn what_is_public_is_taken() {
    let outbound = outbound(&[], names(&[&[]]));
    let urls = [
        "https://hooks.slack.com/services/T0/B0/x",
        "https://example.com:443/path?key=value#part",
        "https://8.8.8.8/",
        "https://[2606:4700:4700::1111]/",
        "https://bücher.example/",
        "HTTPS://EXAMPLE.COM/",
    ];
    for url in urls {
        assert!(outbound.check(url).is_ok(), "{url}");
    }
}

#[test]
fn a_refusal_never_tells_the_url() {
    let outbound = outbound(&[], names(&[&[]]));
    for url in [
        "https://10.0.0.1/canary",
        "https://canary@b.example/",
        "canary",
    ] {
        let refusal = outbound.check(url).unwrap_err();
        assert!(!refusal.to_string().contains("canary"), "{refusal}");
    }
}

#[test]
fn ranges_open_what_they_name_and_no_more() {
    let outbound = outbound(&["10.0.0.0/8", "127.0.0.1", "fd00::/8"], names(&[&[]]));
    let open = [
        "http://10.1.2.3:8080/",
        "https://10.1.2.3/",
        "http://127.0.0.1/",
        "http://localhost:99/",
        "https://[fd00::1]:8443/",
        // The range of a name is seen when it is connected to.
        "http://ci.example:8080/",
    ];
    for url in open {
        assert!(outbound.check(url).is_ok(), "{url}");
    }
    for url in [
        "http://127.0.0.2/",
        "https://11.0.0.1:8443/",
        "http://8.8.8.8/",
    ] {
        assert!(outbound.check(url).is_err(), "{url}");
    }
}

#[test]
fn odd_ranges_are_refused() {
    for range in ["", "10.0.0.0/33", "localhost", "all", "10.0.0.0-10.0.0.9"] {
        let config = OutboundConfig {
            allow: vec![range.to_owned()],
            ..OutboundConfig::default()
        };
        let error = Outbound::new(&config).map(|_| ()).unwrap_err();
        assert!(error.to_string().contains("10.0.0.0/8"), "{range}");
    }
}

#[tokio::test]
async fn a_name_that_moves_into_the_house_is_refused_when_it_does() {
    let double = Double::start(Act::Answer(StatusCode::OK, "", "ok")).await;
    let url = format!("http://rebind.example:{}/", double.port());
    let outbound = outbound(&["127.0.0.2"], names(&[&["127.0.0.2"], &["127.0.0.1"]]));
    assert!(outbound.check(&url).is_ok());
    // Nobody listens there, which is as far as a public address gets here.
    assert!(matches!(
        post(&outbound, &url).await,
        Err(Failure::Unavailable(_))
    ));
    let second = post(&outbound, &url).await;
    assert!(matches!(second, Err(Failure::Refused(_))), "{second:?}");
    assert_eq!(double.requests(), 0);
}

#[tokio::test]
async fn of_several_addresses_only_those_allowed_are_dialled() {
    let double = Double::start(Act::Answer(StatusCode::OK, "", "ok")).await;
    let url = format!("http://two.example:{}/", double.port());
    let both: &[&[&str]] = &[&["127.0.0.1", "127.0.0.3"]];
    let other = outbound(&["127.0.0.3"], names(both));
    assert!(matches!(
        post(&other, &url).await,
        Err(Failure::Unavailable(_))
    ));
    assert_eq!(double.requests(), 0);
    let right = outbound(&["127.0.0.1"], names(both));
    assert!(post(&right, &url).await.is_ok());
    assert_eq!(double.requests(), 1);
}

#[tokio::test]
async fn what_is_plain_by_port_stays_so_when_it_resolves() {
    let outbound = outbound(&["10.0.0.0/8"], names(&[&["8.8.8.8"]]));
    let sent = post(&outbound, "http://public.example/").await;
    assert_eq!(sent, Err(Failure::Refused(Refusal::Scheme)));
    let sent = post(&outbound, "https://public.example:8443/").await;
    assert_eq!(sent, Err(Failure::Refused(Refusal::Port)));
}
