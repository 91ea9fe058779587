//! Whose word counts for where a request comes from.

use std::net::IpAddr;

use axum::http::HeaderMap;
use ipnet::IpNet;

const FORWARDED_FOR: &str = "x-forwarded-for";
/// What proxies say of clients.
const FORWARDED: [&str; 6] = [
    "forwarded",
    FORWARDED_FOR,
    "x-forwarded-host",
    "x-forwarded-port",
    "x-forwarded-proto",
    "x-real-ip",
];

/// The proxies that are believed.
#[derive(Clone, Debug, Default)]
pub(crate) struct Proxies(Vec<IpNet>);

impl Proxies {
    pub(crate) fn new(networks: Vec<IpNet>) -> Self {
        Self(networks)
    }

    fn trust(&self, address: IpAddr) -> bool {
        self.0.iter().any(|network| network.contains(&address))
    }

    /// The client's address: that of whoever is at the other end or, if he is believed, the one
    /// that he tells. What others say of themselves is taken out of the request.
    pub(super) fn client(&self, peer: IpAddr, headers: &mut HeaderMap) -> IpAddr {
        let peer = peer.to_canonical();
        if !self.trust(peer) {
            for name in FORWARDED {
                headers.remove(name);
            }
            return peer;
        }
        let mut client = peer;
        // Each proxy adds whom it heard at the end, so only what stands there was seen by one that
        // is believed; what stands before the first stranger is a stranger's word.
        for hop in hops(headers).into_iter().rev() {
            let Some(hop) = hop else { break };
            client = hop;
            if !self.trust(hop) {
                break;
            }
        }
        client
    }
}

fn hops(headers: &HeaderMap) -> Vec<Option<IpAddr>> {
    let values = headers.get_all(FORWARDED_FOR).iter();
    let texts = values.map(|value| value.to_str().unwrap_or("?"));
    texts
        .flat_map(|text| text.split(','))
        .map(address)
        .collect()
}

/// Reads an address, of which some proxies tell the port as well.
fn address(text: &str) -> Option<IpAddr> {
    let text = text.trim();
    let with_port = || Some(text.parse::<std::net::SocketAddr>().ok()?.ip());
    let bare = text.trim_start_matches('[').trim_end_matches(']');
    let address = bare.parse().ok().or_else(with_port)?;
    Some(IpAddr::to_canonical(&address))
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    /// The client, as a peer and its lines of `X-Forwarded-For` tell.
    fn client(proxies: &str, peer: &str, lines: &[&'static str]) -> String {
        let networks = proxies.split_whitespace().map(|it| it.parse().unwrap());
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append(FORWARDED_FOR, HeaderValue::from_static(line));
        }
        let proxies = Proxies::new(networks.collect());
        proxies
            .client(peer.parse().unwrap(), &mut headers)
            .to_string()
    }

    #[test]
    fn a_strangers_word_is_ignored_and_goes_no_further() {
        assert_eq!(client("", "192.0.2.1", &["10.0.0.1"]), "192.0.2.1");
        assert_eq!(
            client("127.0.0.0/8", "192.0.2.1", &["127.0.0.1"]),
            "192.0.2.1"
        );
        let mut headers: HeaderMap = FORWARDED
            .map(|name| (name.parse().unwrap(), HeaderValue::from_static("https")))
            .into_iter()
            .collect();
        Proxies::default().client([192, 0, 2, 1].into(), &mut headers);
        assert!(headers.is_empty(), "{headers:?}");
    }

    #[test]
    fn of_a_chain_the_last_one_counts_that_is_no_proxy_of_ours() {
        let proxies = "127.0.0.1/32 10.0.0.0/8 2001:db8::/32";
        for (lines, expected) in [
            (&["192.0.2.7"][..], "192.0.2.7"),
            // The client wrote the first two himself.
            (&["127.0.0.1, 10.1.1.1, 192.0.2.7"], "192.0.2.7"),
            (&["198.51.100.1, 192.0.2.7, 10.0.0.9"], "192.0.2.7"),
            (&["198.51.100.1", "192.0.2.7", "10.0.0.9"], "192.0.2.7"),
            (&["192.0.2.7:4711"], "192.0.2.7"),
            (&["[2001:db9::1]:4711, [2001:db8::1]"], "2001:db9::1"),
            (&["::ffff:192.0.2.7"], "192.0.2.7"),
            (&["192.0.2.7, nonsense, 10.0.0.9"], "10.0.0.9"),
            (&["192.0.2.7, "], "127.0.0.1"),
            (&[], "127.0.0.1"),
        ] {
            assert_eq!(client(proxies, "127.0.0.1", lines), expected, "{lines:?}");
            assert_eq!(
                client(proxies, "::ffff:127.0.0.1", lines),
                expected,
                "{lines:?}"
            );
        }
    }
}
