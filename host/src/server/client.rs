//! Who sent a request: the peer or, behind trusted proxies, the client that they name.

use std::net::IpAddr;

use forwarded_header_value::{ForwardedHeaderValue, ForwardedStanza};
use http::{HeaderMap, header};
use ipnet::IpNet;

/// The address of a request's client.
///
/// Proxies append the peer that they see, so the entries are read from the end as long as their
/// author is trusted (RFC 7239, 5.2 and 8.1), up to one without an address. `Forwarded` takes
/// precedence over `X-Forwarded-For`.
pub(super) fn address(peer: IpAddr, fields: &HeaderMap, trusted: &[IpNet]) -> IpAddr {
    let is_trusted = |address: &IpAddr| trusted.iter().any(|net| net.contains(address));
    let mut client = peer.to_canonical();
    if !is_trusted(&client) {
        return client;
    }
    let named = if fields.contains_key(header::FORWARDED) {
        forwarded(fields)
    } else {
        x_forwarded_for(fields)
    };
    for address in named.into_iter().rev() {
        let Some(address) = address else { break };
        client = address.to_canonical();
        if !is_trusted(&client) {
            break;
        }
    }
    client
}

fn forwarded(fields: &HeaderMap) -> Vec<Option<IpAddr>> {
    lines(fields, header::FORWARDED.as_str())
        .flat_map(|line| match ForwardedHeaderValue::from_forwarded(line) {
            Ok(value) => value
                .iter()
                .map(ForwardedStanza::forwarded_for_ip)
                .collect(),
            Err(_) => vec![None],
        })
        .collect()
}

fn x_forwarded_for(fields: &HeaderMap) -> Vec<Option<IpAddr>> {
    lines(fields, "x-forwarded-for")
        .flat_map(|line| line.split(','))
        .map(|entry| parse(entry.trim()))
        .collect()
}

fn lines<'f>(fields: &'f HeaderMap, name: &'f str) -> impl Iterator<Item = &'f str> {
    let lines = fields.get_all(name).into_iter();
    lines.map(|line| line.to_str().unwrap_or_default())
}

/// An address, with or without a port.
fn parse(entry: &str) -> Option<IpAddr> {
    let bare = entry.trim_start_matches('[').trim_end_matches(']');
    bare.parse().ok().or_else(|| {
        let address: std::net::SocketAddr = entry.parse().ok()?;
        Some(address.ip())
    })
}

#[cfg(test)]
mod tests {
    use http::{HeaderName, HeaderValue};

    use super::*;

    #[test]
    fn only_trusted_proxies_name_the_client() {
        let trusted: [IpNet; 2] = ["10.0.0.0/8", "fd00::/8"].map(|net| net.parse().expect("a net"));
        for (peer, name, value, expected) in [
            ("192.0.2.1", "x-forwarded-for", "203.0.113.9", "192.0.2.1"),
            ("10.0.0.1", "x-forwarded-for", "203.0.113.9", "203.0.113.9"),
            (
                "::ffff:10.0.0.1",
                "x-forwarded-for",
                "203.0.113.9",
                "203.0.113.9",
            ),
            (
                "10.0.0.1",
                "x-forwarded-for",
                "1.1.1.1, 203.0.113.9, 10.0.0.2",
                "203.0.113.9",
            ),
            (
                "10.0.0.1",
                "x-forwarded-for",
                "203.0.113.9:4711",
                "203.0.113.9",
            ),
            (
                "10.0.0.1",
                "x-forwarded-for",
                "[2001:db8::1]:80",
                "2001:db8::1",
            ),
            (
                "10.0.0.1",
                "x-forwarded-for",
                "203.0.113.9, unknown",
                "10.0.0.1",
            ),
            ("10.0.0.1", "x-forwarded-for", "", "10.0.0.1"),
            (
                "10.0.0.1",
                "x-forwarded-for",
                "10.0.0.3, 10.0.0.2",
                "10.0.0.3",
            ),
            (
                "10.0.0.1",
                "forwarded",
                "for=203.0.113.9;proto=https",
                "203.0.113.9",
            ),
            (
                "fd00::1",
                "forwarded",
                "for=1.1.1.1, for=\"[2001:db8::1]:4711\", for=10.0.0.2",
                "2001:db8::1",
            ),
            ("10.0.0.1", "forwarded", "for=_hidden", "10.0.0.1"),
            ("10.0.0.1", "forwarded", ";;;", "10.0.0.1"),
        ] {
            let mut fields = HeaderMap::new();
            fields.insert(
                HeaderName::from_static(name),
                HeaderValue::try_from(value).expect("a value"),
            );
            let got = address(peer.parse().expect("an address"), &fields, &trusted);
            assert_eq!(got.to_string(), expected, "{peer} {name}: {value}");
        }
    }
}
