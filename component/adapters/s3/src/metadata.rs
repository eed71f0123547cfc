//! What is kept beside an object's bytes, just as the host's own S3 engine keeps it: the
//! content type as the object's own where it can be, all else in its user metadata. Text
//! goes there as `b64:` and base64url (RFC 4648, 5).

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;

const UPLOADER: &str = "x-amz-meta-coffer-uploader";
const CONTENT_TYPE: &str = "x-amz-meta-coffer-content-type";
const VERSION: &str = "x-amz-meta-coffer-version";
const MARK: &str = "b64:";
/// What is said of an object whose content type a header field cannot carry.
const OTHER: &str = "application/octet-stream";

/// What is kept beside the bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Metadata {
    pub content_type: String,
    pub uploader: Option<String>,
    /// A name that no other version has, by which an adapter knows its own again.
    pub version: Option<String>,
}

impl Metadata {
    /// As header fields of the request that stores the object.
    pub fn to_fields(&self) -> Vec<(&'static str, String)> {
        let mut fields = Vec::new();
        if is_plain(&self.content_type) {
            fields.push(("content-type", self.content_type.clone()));
        } else {
            fields.push(("content-type", OTHER.to_owned()));
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

    /// From the header fields of the answer that describes the object.
    pub fn of_fields<'a>(field: impl Fn(&str) -> Option<&'a str>) -> Metadata {
        let text = |name| decode(field(name)?);
        Metadata {
            content_type: text(CONTENT_TYPE)
                .unwrap_or_else(|| field("content-type").unwrap_or(OTHER).to_owned()),
            uploader: text(UPLOADER),
            version: field(VERSION).map(str::to_owned),
        }
    }
}

/// Whether a header field gives this back as it is, through whatever canonical form a
/// signature may ask for.
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
    fn any_text_comes_back_and_the_fields_are_only_ascii() {
        for content_type in ["text/plain; a=\"b, c\"", "", "text/ü", " a", "a  b", "a\tb"] {
            for uploader in [None, Some(""), Some("auth0|5f7c"), Some("Zoë 🦊 日本")] {
                let metadata = Metadata {
                    content_type: content_type.to_owned(),
                    uploader: uploader.map(str::to_owned),
                    version: Some("v".to_owned()),
                };
                let fields = metadata.to_fields();
                assert!(
                    fields.iter().all(|(_, value)| is_plain(value)),
                    "{fields:?}"
                );
                let field = |name: &str| {
                    let found = fields.iter().find(|(n, _)| *n == name);
                    found.map(|(_, value)| value.as_str())
                };
                assert_eq!(Metadata::of_fields(field), metadata);
            }
        }
    }

    #[test]
    fn the_form_is_the_one_of_the_native_engine() {
        let metadata = Metadata {
            content_type: "a/b".to_owned(),
            uploader: Some("ann".to_owned()),
            version: None,
        };
        let expected = [
            ("content-type", "a/b"),
            ("x-amz-meta-coffer-uploader", "b64:YW5u"),
        ];
        let expected = expected.map(|(name, value)| (name, value.to_owned()));
        assert_eq!(metadata.to_fields(), expected);
    }
}
