//! What is kept beside an object's bytes: the content type as the object's own
//! where it can be, all else in its user metadata, which is ASCII and at most 2 KB.
//!
//! Text goes there as `b64:` and base64url (RFC 4648, 5), so that any text, the
//! empty one too, comes back as it was. Objects that others put into the bucket
//! lack all of it and are files without an uploader.

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;

/// What the header field of a user metadata entry begins with.
const FIELD: &str = "x-amz-meta-";
const UPLOADER: &str = "x-amz-meta-coffer-uploader";
const CONTENT_TYPE: &str = "x-amz-meta-coffer-content-type";
const VERSION: &str = "x-amz-meta-coffer-version";
const MARK: &str = "b64:";
/// What is said of an object whose content type a header field cannot carry.
const OTHER: &str = "application/octet-stream";

/// What is kept beside the bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Metadata {
    /// The file's.
    pub content_type: String,
    /// The file's.
    pub uploader: Option<String>,
    /// A name that no other version has, by which a writer knows its own again.
    pub version: Option<String>,
}

impl Metadata {
    /// The object's own content type.
    #[must_use]
    pub fn object_type(&self) -> &str {
        match is_plain(&self.content_type) {
            true => &self.content_type,
            false => OTHER,
        }
    }

    /// The user metadata, as header fields of the request that stores the object.
    #[must_use]
    pub fn fields(&self) -> Vec<(&'static str, String)> {
        let mut fields = Vec::new();
        if !is_plain(&self.content_type) {
            fields.push((CONTENT_TYPE, encode(&self.content_type)));
        }
        if let Some(uploader) = &self.uploader {
            fields.push((UPLOADER, encode(uploader)));
        }
        if let Some(version) = &self.version {
            fields.push((VERSION, version.clone()));
        }
        fields
    }

    /// From what the service says of an object: its own content type, and its user metadata
    /// by the name of the header field.
    pub fn read<'a>(
        object_type: Option<&str>,
        field: impl Fn(&str) -> Option<&'a str>,
    ) -> Metadata {
        let text = |name| decode(field(name)?);
        Metadata {
            content_type: text(CONTENT_TYPE)
                .unwrap_or_else(|| object_type.unwrap_or(OTHER).to_owned()),
            uploader: text(UPLOADER),
            version: field(VERSION).map(str::to_owned),
        }
    }
}

/// The name of a user metadata entry, given that of its header field.
#[must_use]
pub fn entry_name(field: &str) -> &str {
    field.strip_prefix(FIELD).unwrap_or(field)
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

    fn metadata(content_type: &str, uploader: Option<&str>) -> Metadata {
        Metadata {
            content_type: content_type.to_owned(),
            uploader: uploader.map(str::to_owned),
            version: Some("v".to_owned()),
        }
    }

    #[test]
    fn any_text_comes_back_and_the_object_says_only_ascii() {
        for content_type in ["text/plain; a=\"b, c\"", "", "text/ü", " a", "a  b", "a\tb"] {
            for uploader in [None, Some(""), Some("auth0|5f7c"), Some("Zoë 🦊 日本")] {
                let metadata = metadata(content_type, uploader);
                let fields = metadata.fields();
                assert!(is_plain(metadata.object_type()), "{content_type:?}");
                assert!(
                    fields.iter().all(|(_, value)| is_plain(value)),
                    "{fields:?}"
                );
                let field = |name: &str| {
                    let found = fields.iter().find(|(known, _)| *known == name);
                    found.map(|(_, value)| value.as_str())
                };
                assert_eq!(
                    Metadata::read(Some(metadata.object_type()), field),
                    metadata
                );
            }
        }
    }

    #[test]
    fn the_form_in_the_bucket_stays_what_it_is() {
        let metadata = metadata("a/b", Some("ann"));
        assert_eq!(metadata.object_type(), "a/b");
        let expected = [
            ("x-amz-meta-coffer-uploader", "b64:YW5u"),
            ("x-amz-meta-coffer-version", "v"),
        ];
        assert_eq!(
            metadata.fields(),
            expected.map(|(name, value)| (name, value.to_owned()))
        );
        assert_eq!(entry_name(UPLOADER), "coffer-uploader");
    }

    #[test]
    fn the_longest_metadata_stays_within_two_kilobytes() {
        let mut metadata = metadata("a/b", Some(&"é".repeat(512)));
        metadata.version = Some("v".repeat(36));
        let fields = metadata.fields();
        let size = fields
            .iter()
            .map(|(name, value)| entry_name(name).len() + value.len());
        let size: usize = size.sum();
        assert!(size <= 2048, "{size}");
    }

    #[test]
    fn what_others_stored_has_no_uploader() {
        let metadata = Metadata::read(Some("image/png"), |_| None);
        assert_eq!(metadata.content_type, "image/png");
        assert_eq!((metadata.uploader, metadata.version), (None, None));
        assert_eq!(Metadata::read(None, |_| None).content_type, OTHER);
    }
}
