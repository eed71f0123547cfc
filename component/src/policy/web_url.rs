//! URLs of what the IAM API publishes.

use std::io::{self, Read, Write};

use borsh::{BorshDeserialize, BorshSerialize};
use http::Uri;
use http::uri::Scheme;

/// An absolute http or https URL (RFC 9110, 4.2).
///
/// Invariants: it has a host, no invalid port, and neither user information nor a
/// fragment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WebUrl(Uri);

impl WebUrl {
    /// Parses a URL; `None` if it is not such a URL.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        // The parser drops a fragment silently.
        if text.contains(['#', '@']) {
            return None;
        }
        let uri: Uri = text.parse().ok()?;
        let is_web = uri.scheme() == Some(&Scheme::HTTP) || uri.scheme() == Some(&Scheme::HTTPS);
        let authority = uri.authority()?;
        let host = authority.host();
        let has_port = authority.port_u16().is_some();
        let is_whole = has_port || authority.as_str() == host;
        (is_web && is_whole && !host.is_empty()).then_some(Self(uri))
    }

    /// Scheme, host and port (RFC 6454, 6.2): lower case, without the scheme's default
    /// port.
    pub(crate) fn origin(&self) -> String {
        let host = self.0.host().unwrap_or_default().to_ascii_lowercase();
        let usual = if self.is_secure() { 443 } else { 80 };
        let scheme = self.0.scheme_str().unwrap_or_default();
        match self.0.port_u16() {
            Some(port) if port != usual => format!("{scheme}://{host}:{port}"),
            _ => format!("{scheme}://{host}"),
        }
    }

    /// Whether it is an https URL.
    pub(crate) fn is_secure(&self) -> bool {
        self.0.scheme() == Some(&Scheme::HTTPS)
    }

    /// Whether it has a query.
    pub(crate) fn has_query(&self) -> bool {
        self.0.query().is_some()
    }
}

impl std::fmt::Display for WebUrl {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

impl BorshSerialize for WebUrl {
    fn serialize<W: Write>(&self, writer: &mut W) -> io::Result<()> {
        self.0.to_string().serialize(writer)
    }
}

impl BorshDeserialize for WebUrl {
    fn deserialize_reader<R: Read>(reader: &mut R) -> io::Result<Self> {
        let text = String::deserialize_reader(reader)?;
        Self::parse(&text).ok_or_else(|| io::ErrorKind::InvalidData.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_origin_is_scheme_host_and_port_and_nothing_else() {
        let table = [
            ("https://iam.example.com", "https://iam.example.com"),
            ("https://iam.example.com/a/b?c", "https://iam.example.com"),
            ("HTTPS://IAM.Example.com:443/", "https://iam.example.com"),
            (
                "https://iam.example.com:8443/",
                "https://iam.example.com:8443",
            ),
            ("http://iam.example.com:443/", "http://iam.example.com:443"),
            ("http://127.0.0.1:80/x", "http://127.0.0.1"),
            ("http://[::1]:3000/x", "http://[::1]:3000"),
        ];
        for (text, origin) in table {
            let url = WebUrl::parse(text).expect(text);
            assert_eq!(url.origin(), origin, "{text}");
        }
    }

    #[test]
    fn an_invalid_url_is_refused() {
        let texts = [
            "",
            "iam.example.com",
            "/jwks",
            "ftp://iam.example.com/jwks",
            "file:///etc/passwd",
            "https://",
            "https:///jwks",
            "https://iam.example.com:99999/",
            "https://user@iam.example.com/",
            "https://user:secret@iam.example.com/",
            "https://iam.example.com/#keys",
            "https://iam.example.com/a b",
            "https://iam.example.com:port/",
            "https://bücher.example/",
        ];
        for text in texts {
            assert_eq!(WebUrl::parse(text), None, "{text:?}");
        }
    }
}
