//! The host that a request is for: the rules of `Host` (RFC 9112, 3.2), and which host names this
//! service answers to.

use std::net::{IpAddr, SocketAddr};

use http::{HeaderMap, HeaderValue, Uri, Version, header, uri};

use super::reply::Reply;

/// The host names that a service answers to besides IP addresses and localhost. A page of another
/// site whose name is made to resolve to this machine (DNS rebinding) sends that name, which is
/// none of these.
#[derive(Debug, Clone)]
pub struct Hosts(Option<Vec<String>>);

impl Hosts {
    /// These names, without ports; `*` is any.
    pub fn only(names: impl IntoIterator<Item = String>) -> Self {
        let names: Vec<_> = names
            .into_iter()
            .map(|name| name.trim_end_matches('.').to_ascii_lowercase())
            .collect();
        Self((!names.iter().any(|name| name == "*")).then_some(names))
    }

    /// Any name.
    pub fn any() -> Self {
        Self(None)
    }

    /// Whether this host, without its port, is one of them.
    pub fn admit(&self, host: &str) -> bool {
        let Some(names) = &self.0 else {
            return true;
        };
        let address = host.trim_start_matches('[').trim_end_matches(']');
        let host = host.trim_end_matches('.').to_ascii_lowercase();
        address.parse::<IpAddr>().is_ok()
            || host == "localhost"
            || host.ends_with(".localhost")
            || names.contains(&host)
    }
}

/// Checks which host a request is for, and normalizes it to a single `Host`.
///
/// # Errors
/// [`Reply::BadRequest`] if it does not name exactly one host, and [`Reply::Misdirected`] if it is
/// for another one.
pub(super) fn settle(
    target: &mut Uri,
    version: Version,
    fields: &mut HeaderMap,
    here: SocketAddr,
    hosts: &Hosts,
) -> Result<(), Reply> {
    let mut given = fields.get_all(header::HOST).iter();
    let authority = match (given.next(), given.next(), target.authority()) {
        (_, Some(_), _) => return Err(Reply::BadRequest),
        // The target's authority counts (RFC 9112, 3.2.2), but a Host must still be valid.
        (host, None, Some(authority)) => {
            if let Some(host) = host {
                parse(host.as_bytes())?;
            }
            parse(authority.as_str().as_bytes())?
        }
        (Some(host), None, None) => parse(host.as_bytes())?,
        // HTTP/1.0 does not require it.
        (None, None, None) if version == Version::HTTP_10 => {
            let here = HeaderValue::try_from(here.to_string()).map_err(|_| Reply::BadRequest)?;
            parse(here.as_bytes())?
        }
        (None, None, None) => return Err(Reply::BadRequest),
    };
    if !hosts.admit(authority.host()) {
        return Err(Reply::Misdirected);
    }
    let host = HeaderValue::try_from(authority.as_str()).map_err(|_| Reply::BadRequest)?;
    fields.insert(header::HOST, host);
    if target.authority().is_some() {
        let mut parts = uri::Parts::default();
        parts.path_and_query = target.path_and_query().cloned();
        *target = Uri::from_parts(parts).map_err(|_| Reply::BadRequest)?;
    }
    Ok(())
}

/// A host with at most a port (RFC 9110, 4.2.4: no user), which may be empty (RFC 3986,
/// 3.2.3).
fn parse(text: &[u8]) -> Result<uri::Authority, Reply> {
    let text = text.strip_suffix(b":").unwrap_or(text);
    let authority = uri::Authority::try_from(text).map_err(|_| Reply::BadRequest)?;
    let host = authority.host();
    let rest = authority.as_str().strip_prefix(host);
    let port = rest.is_some_and(|rest| rest.is_empty() || authority.port_u16().is_some());
    if !host.is_empty() && port {
        Ok(authority)
    } else {
        Err(Reply::BadRequest)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settled(target: &str, version: Version, hosts: &[&str]) -> Result<(String, String), Reply> {
        let mut target = Uri::try_from(target).expect("a target");
        let mut fields = HeaderMap::new();
        for host in hosts {
            let host = HeaderValue::try_from(*host).expect("a value");
            fields.append(header::HOST, host);
        }
        let here = "127.0.0.1:8080".parse().expect("an address");
        settle(&mut target, version, &mut fields, here, &Hosts::any())?;
        assert_eq!(fields.get_all(header::HOST).iter().count(), 1);
        let host = fields[header::HOST].to_str().expect("text").to_owned();
        Ok((host, target.to_string()))
    }

    #[test]
    fn a_request_names_exactly_one_host() {
        let (one, zero) = (Version::HTTP_11, Version::HTTP_10);
        for (target, version, hosts, expected) in [
            ("/a", one, &["example.com"][..], Ok(("example.com", "/a"))),
            ("/a", one, &["example.com:80"], Ok(("example.com:80", "/a"))),
            ("/a", one, &["example.com:"], Ok(("example.com", "/a"))),
            ("/a", one, &["[::1]:80"], Ok(("[::1]:80", "/a"))),
            ("/a", one, &[], Err(Reply::BadRequest)),
            ("/a", zero, &[], Ok(("127.0.0.1:8080", "/a"))),
            ("/a", zero, &["b"], Ok(("b", "/a"))),
            ("/a", one, &["a", "a"], Err(Reply::BadRequest)),
            ("/a", one, &["u:p@a"], Err(Reply::BadRequest)),
            ("/a", one, &["a:99999"], Err(Reply::BadRequest)),
            ("/a", one, &[""], Err(Reply::BadRequest)),
            ("http://b/a?q", one, &["c"], Ok(("b", "/a?q"))),
            ("http://u:p@b/a", one, &["b"], Err(Reply::BadRequest)),
            ("http://b/a", one, &["u@b"], Err(Reply::BadRequest)),
            ("http://b:/a", one, &["b"], Ok(("b", "/a"))),
        ] {
            let expected = expected.map(|(host, target)| (host.to_owned(), target.to_owned()));
            assert_eq!(
                settled(target, version, hosts),
                expected,
                "{target} {hosts:?}"
            );
        }
    }

    #[test]
    fn foreign_host_names_are_not_admitted() {
        let hosts = Hosts::only(["Files.example.com.".to_owned()]);
        for (host, expected) in [
            ("127.0.0.1", true),
            ("[::1]", true),
            ("192.0.2.7", true),
            ("localhost", true),
            ("LOCALHOST", true),
            ("app.localhost", true),
            ("files.example.com", true),
            ("FILES.example.com.", true),
            ("evil.example.com", false),
            ("files.example.com.evil.example", false),
            ("notlocalhost", false),
            ("127.0.0.1.evil.example", false),
        ] {
            assert_eq!(hosts.admit(host), expected, "{host}");
        }
        assert!(Hosts::only(["*".to_owned()]).admit("evil.example.com"));
    }
}
