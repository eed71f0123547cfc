//! The version that a URL names: `?v=etag-9d67…`.

use super::percent;
use crate::bindings::coffer::storage::blobs::Etags;

/// Distinguishes versions from the cache busters of pages, such as `?v=3`.
const PREFIX: &str = "etag-";
/// The maximum length of an entity tag in a query, in bytes.
const MAX_BYTES: usize = 256;

/// One version of a file, by its entity tag.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Version {
    /// With its quotes; `None` if it is not an entity tag, so that no version matches.
    etag: Option<String>,
}

impl Version {
    /// The query parameter that names a version.
    pub(crate) const PARAMETER: &str = "v";

    /// Reads the parameter's value; `None` if it is not about a version.
    pub(super) fn parse(value: &str) -> Option<Self> {
        let opaque = value.strip_prefix(PREFIX)?;
        let is_tag = (1..=MAX_BYTES).contains(&opaque.len())
            && opaque
                .bytes()
                .all(|byte| matches!(byte, b'!' | b'#'..=b'~'));
        Some(Self {
            etag: is_tag.then(|| ["\"", opaque, "\""].concat()),
        })
    }

    /// The one version that two parameters can name together.
    pub(super) fn and(self, other: Self) -> Self {
        let etag = self.etag.filter(|etag| other.names(etag));
        Self { etag }
    }

    /// The query of a URL that names the version with this entity tag.
    pub(crate) fn query(etag: &str) -> String {
        let opaque = percent::encode_component(etag.trim_matches('"'));
        [Self::PARAMETER, "=", PREFIX, &opaque].concat()
    }

    /// Whether it is the version with this entity tag.
    pub(crate) fn names(&self, etag: &str) -> bool {
        self.etag.as_deref() == Some(etag)
    }

    /// What `If-Match` says to get this version and no other.
    pub(crate) fn etags(&self) -> Etags {
        Etags::List(self.etag.iter().cloned().collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_query_of_a_version_names_it_and_no_other() {
        for (etag, query) in [
            ("\"9d67-2\"", "v=etag-9d67-2"),
            ("\"a+/=%&#é\"", "v=etag-a%2B%2F%3D%25%26%23%C3%A9"),
        ] {
            assert_eq!(Version::query(etag), query);
        }
        let version = Version::parse("etag-a+/=%&#").expect("a version");
        assert!(version.names("\"a+/=%&#\""));
        assert!(!version.names("\"a\"") && !version.names("a+/=%&#"));
    }

    #[test]
    fn cache_busters_are_not_versions() {
        for value in ["", "3", "9d67", "etag", "ETAG-9d67", " etag-9d67"] {
            assert_eq!(Version::parse(value), None, "{value}");
        }
    }

    #[test]
    fn what_is_no_entity_tag_names_no_version() {
        let long = "a".repeat(MAX_BYTES + 1);
        for opaque in ["", "a b", "\"", "a\",\"b", "a\n", "é", &long] {
            let version = Version::parse(&[PREFIX, opaque].concat()).expect("a version");
            assert!(!version.names(&format!("\"{opaque}\"")), "{opaque}");
            assert!(matches!(version.etags(), Etags::List(tags) if tags.is_empty()));
        }
    }
}
