//! What is kept beside an object's bytes: the content type as the object's own
//! where it can be, all else in its user metadata, which is ASCII and at most 2 KB.
//!
//! Text goes there as `b64:` and base64url (RFC 4648, 5), so that any text, the
//! empty one too, comes back as it was. Objects that others put into the bucket
//! lack all of it and are files without an uploader.

use std::collections::HashMap;

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;

const UPLOADER: &str = "coffer-uploader";
const CONTENT_TYPE: &str = "coffer-content-type";
const VERSION: &str = "coffer-version";
const MARK: &str = "b64:";
/// What is said of an object whose content type a header field cannot carry.
const OTHER: &str = "application/octet-stream";

/// What is kept beside the bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Metadata {
    pub(super) content_type: String,
    pub(super) uploader: Option<String>,
    /// A name that no other version has, by which a host knows its own again.
    pub(super) version: Option<String>,
}

impl Metadata {
    /// `Content-Type` and the user metadata of the object.
    pub(super) fn to_object(&self) -> (String, HashMap<String, String>) {
        let mut user = HashMap::new();
        let mut content_type = self.content_type.clone();
        if !is_plain(&content_type) {
            user.insert(CONTENT_TYPE.to_owned(), encode(&content_type));
            OTHER.clone_into(&mut content_type);
        }
        if let Some(uploader) = &self.uploader {
            user.insert(UPLOADER.to_owned(), encode(uploader));
        }
        if let Some(version) = &self.version {
            user.insert(VERSION.to_owned(), version.clone());
        }
        (content_type, user)
    }

    /// From what the service says of an object.
    pub(super) fn of_object(
        content_type: Option<&str>,
        user: Option<&HashMap<String, String>>,
    ) -> Metadata {
        let kept = |name: &str| user?.get(name);
        let text = |name: &str| decode(kept(name)?);
        Metadata {
            content_type: text(CONTENT_TYPE)
                .unwrap_or_else(|| content_type.unwrap_or(OTHER).to_owned()),
            uploader: text(UPLOADER),
            version: kept(VERSION).cloned(),
        }
    }
}

/// Whether a header field gives this back as it is, through whatever canonical
/// form a signature may ask for.
fn is_plain(text: &str) -> bool {
    let visible = text.bytes().all(|byte| matches!(byte, b' '..=b'~'));
    visible && !text.is_empty() && text.trim() == text && !text.contains("  ")
}

fn encode(text: &str) -> String {
    format!("{MARK}{}", BASE64_URL_SAFE_NO_PAD.encode(text))
}

fn decode(kept: &str) -> Option<String> {
    let bytes = BASE64_URL_SAFE_NO_PAD
        .decode(kept.strip_prefix(MARK)?)
        .ok()?;
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_text_comes_back_and_the_object_says_only_ascii() {
        let types = ["text/plain; a=\"b, c\"", "", "text/ü", " a", "a  b", "a\tb"];
        let uploaders = [None, Some(""), Some("auth0|5f7c"), Some("Zoë 🦊 日本")];
        for content_type in types {
            for uploader in uploaders {
                let metadata = Metadata {
                    content_type: content_type.to_owned(),
                    uploader: uploader.map(str::to_owned),
                    version: Some("v".to_owned()),
                };
                let (header, user) = metadata.to_object();
                assert!(is_plain(&header), "{header:?}");
                assert!(user.values().all(|value| is_plain(value)), "{user:?}");
                assert_eq!(Metadata::of_object(Some(&header), Some(&user)), metadata);
            }
        }
    }

    #[test]
    fn the_longest_metadata_stays_within_two_kilobytes() {
        let metadata = Metadata {
            content_type: "a/b".to_owned(),
            uploader: Some("é".repeat(512)),
            version: Some("v".repeat(36)),
        };
        let (_, user) = metadata.to_object();
        let size: usize = user
            .iter()
            .map(|(name, value)| name.len() + value.len())
            .sum();
        assert!(size <= 2048, "{size}");
    }

    #[test]
    fn what_others_stored_is_nobodys() {
        let metadata = Metadata::of_object(Some("image/png"), None);
        assert_eq!(metadata.content_type, "image/png");
        assert_eq!((metadata.uploader, metadata.version), (None, None));
        assert_eq!(Metadata::of_object(None, None).content_type, OTHER);
    }
}
