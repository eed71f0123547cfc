//! The digest of a request's content (RFC 9530).

use std::convert::Infallible;

use http::{HeaderMap, HeaderName};
use sfv::visitor::{
    DictionaryVisitor, EntryVisitor, Ignored, InnerListVisitor, ItemVisitor, ParameterVisitor,
};
use sfv::{BareItemFromInput, KeyRef, Parser};

use crate::problem::Problem;

/// The SHA-256 in `Content-Digest` or `Repr-Digest`; other algorithms are
/// ignored. The content is stored as received, so both fields mean the same
/// here, and two different digests cannot both match.
pub(crate) fn sha256(headers: &HeaderMap) -> Result<Option<[u8; 32]>, Problem> {
    let content = announced(headers, &HeaderName::from_static("content-digest"))?;
    let representation = announced(headers, &HeaderName::from_static("repr-digest"))?;
    match (content, representation) {
        (Some(one), Some(other)) if one != other => Err(Problem::DigestMismatch),
        (one, other) => Ok(one.or(other)),
    }
}

/// The SHA-256 in `Content-Digest` alone: that of a body which is a part of the file.
///
/// # Errors
/// [`Problem::InvalidRequest`] for a malformed field, and for a `Repr-Digest` with the SHA-256 of the
/// whole file, which cannot be verified.
pub(crate) fn of_content(headers: &HeaderMap) -> Result<Option<[u8; 32]>, Problem> {
    if announced(headers, &HeaderName::from_static("repr-digest"))?.is_some() {
        return Err(Problem::InvalidRequest(
            "Repr-Digest is not supported for a file that is sent in parts; send Content-Digest \
             with each part"
                .to_owned(),
        ));
    }
    announced(headers, &HeaderName::from_static("content-digest"))
}

fn announced(headers: &HeaderMap, name: &HeaderName) -> Result<Option<[u8; 32]>, Problem> {
    let mut found = Announced::Nothing;
    for field in headers.get_all(name) {
        Parser::new(field)
            .parse_dictionary_with_visitor(&mut found)
            .map_err(|_| malformed(name))?;
    }
    match found {
        Announced::Nothing => Ok(None),
        Announced::Digest(digest) => Ok(Some(digest)),
        Announced::SomethingElse => Err(malformed(name)),
    }
}

fn malformed(name: &HeaderName) -> Problem {
    Problem::InvalidRequest(format!("{name} is not a valid digest field (RFC 9530)"))
}

/// The value of `sha-256`; if there are several, the last one counts (RFC 9651, 3.2).
enum Announced {
    Nothing,
    Digest([u8; 32]),
    SomethingElse,
}

/// A member of the dictionary, and where to store its value, if anywhere.
struct Member<'f>(Option<&'f mut Announced>);

impl<'de> DictionaryVisitor<'de> for &mut Announced {
    type Out = ();
    type Error = Infallible;

    fn entry(&mut self, key: &'de KeyRef) -> Result<impl EntryVisitor<'de>, Infallible> {
        Ok(Member((key.as_str() == "sha-256").then_some(&mut **self)))
    }

    fn finish(self) -> Result<(), Infallible> {
        Ok(())
    }
}

impl<'de> EntryVisitor<'de> for Member<'_> {
    type Error = Infallible;

    fn item(self) -> Result<impl ItemVisitor<'de>, Infallible> {
        Ok(self)
    }

    fn inner_list(self) -> Result<impl InnerListVisitor<'de>, Infallible> {
        if let Some(found) = self.0 {
            *found = Announced::SomethingElse;
        }
        Ok(Ignored)
    }
}

impl<'de> ItemVisitor<'de> for Member<'_> {
    type Out = ();
    type Error = Infallible;

    fn bare_item(
        self,
        item: BareItemFromInput<'de>,
    ) -> Result<impl ParameterVisitor<'de, Out = ()>, Infallible> {
        if let Some(found) = self.0 {
            let digest = item
                .as_byte_sequence()
                .and_then(|bytes| <[u8; 32]>::try_from(bytes).ok());
            *found = digest.map_or(Announced::SomethingElse, Announced::Digest);
        }
        Ok(Ignored)
    }
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    /// The digest of empty content.
    const EMPTY: &str = "sha-256=:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=:";
    const ZEROS: &str = "sha-256=:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=:";

    fn first_byte(fields: &[(&'static str, &str)]) -> Result<Option<u8>, Problem> {
        let mut headers = HeaderMap::new();
        for (name, value) in fields {
            let value = HeaderValue::from_bytes(value.as_bytes()).map_err(|_| Problem::Internal)?;
            headers.append(*name, value);
        }
        Ok(sha256(&headers)?.map(|digest| digest[0]))
    }

    #[test]
    fn sha_256_is_found_among_others() {
        let among = format!("sha-512=:AA==:, {EMPTY};x=1, unixsum=3");
        let doubled = format!("{ZEROS}, {EMPTY}");
        for (fields, expected) in [
            (&[][..], None),
            (&[("content-digest", "")], None),
            (&[("content-digest", "sha-512=:AA==:, md5=(1 2), x")], None),
            (&[("content-digest", EMPTY)], Some(0xe3)),
            (&[("repr-digest", EMPTY)], Some(0xe3)),
            (&[("content-digest", &among)], Some(0xe3)),
            (&[("content-digest", &doubled)], Some(0xe3)),
            (
                &[
                    ("content-digest", "sha-512=:AA==:"),
                    ("content-digest", EMPTY),
                ],
                Some(0xe3),
            ),
            (
                &[("content-digest", ZEROS), ("repr-digest", ZEROS)],
                Some(0),
            ),
        ] {
            assert_eq!(first_byte(fields), Ok(expected), "{fields:?}");
        }
    }

    #[test]
    fn two_different_digests_cannot_both_match() {
        let both = [("content-digest", EMPTY), ("repr-digest", ZEROS)];
        assert_eq!(first_byte(&both), Err(Problem::DigestMismatch));
    }

    #[test]
    fn a_malformed_digest_is_refused() {
        for value in [
            "sha-256",
            "sha-256=",
            "sha-256=47DEQpj8",
            "sha-256=\"x\"",
            "sha-256=:AAAA:",
            "sha-256=:****:",
            "sha-256=(:AA==:)",
            "sha-256=:AAAA",
            "SHA-256=:AA==:",
            ",",
            "é",
        ] {
            let refused = first_byte(&[("content-digest", value)]);
            assert!(
                matches!(refused, Err(Problem::InvalidRequest(_))),
                "{value}"
            );
        }
    }
}
