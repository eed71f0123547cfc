//! What is kept beside an object's bytes: the content type as the object's own
//! where it can be, all else in its user metadata, which is ASCII and at most 2 KB.
//!
//! Metadata goes there as in a query, `author=Zo%C3%AB&year=2026`, or compressed
//! where that is long. Other text goes there as `b64:` and base64url (RFC 4648, 5), so that any text, the
//! empty one too, comes back as it was. Objects that others put into the bucket
//! lack all of it and are files without an uploader.

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use miniz_oxide::{deflate, inflate};

use crate::Metadata;

/// What the header field of a user metadata entry begins with.
const FIELD: &str = "x-amz-meta-";
pub(super) const UPLOADER: &str = "x-amz-meta-coffer-uploader";
pub(super) const CONTENT_TYPE: &str = "x-amz-meta-coffer-content-type";
pub(super) const VERSION: &str = "x-amz-meta-coffer-version";
pub(super) const PAIRS: &str = "x-amz-meta-coffer-metadata";
const MARK: &str = "b64:";
/// What compressed metadata begins with; a query of pairs has a `=` before any `:`.
const COMPRESSED: &str = "z:";
/// The longest metadata that is not compressed, in bytes.
const READABLE: usize = 512;
/// The longest metadata before it is compressed, in bytes: two separators per pair.
const UNCOMPRESSED: usize = Metadata::MAX_BYTES + 2 * Metadata::MAX_PAIRS;
/// What is said of an object whose content type a header field cannot carry.
const OTHER: &str = "application/octet-stream";

/// What is kept beside the bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ObjectMetadata {
    /// The file's.
    pub content_type: String,
    /// The file's.
    pub uploader: Option<String>,
    /// A name that no other version has, by which a writer knows its own again.
    pub version: Option<String>,
    /// The file's.
    pub metadata: Metadata,
}

impl ObjectMetadata {
    /// Of an object that is nobody's file.
    #[must_use]
    pub fn plain() -> Self {
        Self {
            content_type: OTHER.to_owned(),
            uploader: None,
            version: None,
            metadata: Metadata::default(),
        }
    }

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
        if !self.metadata.is_empty() {
            fields.push((PAIRS, encode_pairs(&self.metadata)));
        }
        fields
    }

    /// From what the service says of an object: its own content type, and its user metadata
    /// by the name of the header field.
    pub fn read<'a>(
        object_type: Option<&str>,
        field: impl Fn(&str) -> Option<&'a str>,
    ) -> ObjectMetadata {
        let text = |name| decode(field(name)?);
        ObjectMetadata {
            content_type: text(CONTENT_TYPE)
                .unwrap_or_else(|| object_type.unwrap_or(OTHER).to_owned()),
            uploader: text(UPLOADER),
            version: field(VERSION).map(str::to_owned),
            metadata: field(PAIRS).and_then(decode_pairs).unwrap_or_default(),
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
pub(super) fn is_plain(text: &str) -> bool {
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

/// The shorter of both forms, and the readable one while it is short.
fn encode_pairs(metadata: &Metadata) -> String {
    let query = form_urlencoded::Serializer::new(String::new())
        .extend_pairs(metadata.iter())
        .finish();
    if query.len() <= READABLE {
        return query;
    }
    let plain: String = metadata
        .iter()
        .flat_map(|(name, value)| [name, "\0", value, "\0"])
        .collect();
    let compressed = deflate::compress_to_vec(plain.as_bytes(), 9);
    let compressed = format!("{COMPRESSED}{}", BASE64_URL_SAFE_NO_PAD.encode(compressed));
    match compressed.len() < query.len() {
        true => compressed,
        false => query,
    }
}

fn decode_pairs(kept: &str) -> Option<Metadata> {
    let pairs = match kept.strip_prefix(COMPRESSED) {
        None => form_urlencoded::parse(kept.as_bytes())
            .into_owned()
            .collect(),
        Some(text) => {
            let compressed = BASE64_URL_SAFE_NO_PAD.decode(text).ok()?;
            let plain = inflate::decompress_to_vec_with_limit(&compressed, UNCOMPRESSED).ok()?;
            let plain = String::from_utf8(plain).ok()?;
            let mut texts = plain.split_terminator('\0').map(str::to_owned);
            std::iter::from_fn(|| Some((texts.next()?, texts.next()?))).collect()
        }
    };
    Metadata::new(pairs).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn metadata(content_type: &str, uploader: Option<&str>) -> ObjectMetadata {
        ObjectMetadata {
            content_type: content_type.to_owned(),
            uploader: uploader.map(str::to_owned),
            version: Some("v".to_owned()),
            metadata: Metadata::default(),
        }
    }

    /// Metadata as long as there may be, of these characters.
    fn longest(characters: impl Iterator<Item = char>) -> Metadata {
        let mut pairs = Vec::new();
        let mut room = Metadata::MAX_BYTES;
        let mut value = String::new();
        for character in characters {
            value.push(character);
            if value.len() >= 40 {
                let name = format!("n{}", pairs.len());
                let bytes = name.len() + value.len();
                if bytes > room || pairs.len() == Metadata::MAX_PAIRS {
                    break;
                }
                room -= bytes;
                pairs.push((name, std::mem::take(&mut value)));
            }
        }
        Metadata::new(pairs).expect("metadata")
    }

    fn entry_sizes(metadata: &ObjectMetadata) -> usize {
        let fields = metadata.fields();
        let sizes = fields
            .iter()
            .map(|(name, value)| entry_name(name).len() + value.len());
        sizes.sum()
    }

    #[test]
    fn all_metadata_comes_back_and_leaves_room_for_the_rest() {
        // A simple generator of numbers without a pattern.
        let mut state = 1_u32;
        let mut number = move || {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            state >> 8
        };
        let ranges = [
            (' ', '~'),
            ('\u{a0}', '\u{7ff}'),
            ('一', '龥'),
            ('\u{1f300}', '\u{1faff}'),
            ('a', 'z'),
        ];
        for (first, last) in ranges {
            let (first, last) = (first as u32, last as u32);
            let characters = std::iter::from_fn(|| {
                let code = first + number() % (last - first + 1);
                Some(char::from_u32(code).unwrap_or('x'))
            });
            let mut stored = metadata("a/b", Some("auth0|0123456789abcdef"));
            stored.metadata = longest(characters);
            let (_, pairs) = stored.fields().pop().expect("a field");
            assert!(is_plain(&pairs), "{pairs}");
            assert_eq!(decode_pairs(&pairs).as_ref(), Some(&stored.metadata));
            let size = entry_sizes(&stored);
            assert!(size <= 2048, "{size} for {first:x}");
        }
    }

    #[test]
    fn metadata_that_cannot_be_read_is_none() {
        let long = deflate::compress_to_vec(&[b'a'; 100_000], 9);
        let long = format!("z:{}", BASE64_URL_SAFE_NO_PAD.encode(long));
        for kept in ["z:", "z:!", "z:AAAA", "A=1", "a=1&a=2", &long] {
            let read = ObjectMetadata::read(None, |name| (name == PAIRS).then_some(kept));
            assert_eq!(read.metadata, Metadata::default(), "{kept:.40}");
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
                    ObjectMetadata::read(Some(metadata.object_type()), field),
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
        let pairs = [("year", "2026"), ("author", "Zoë B=&")];
        let pairs = pairs.map(|(name, value)| (name.to_owned(), value.to_owned()));
        let pairs = Metadata::new(pairs.into()).expect("metadata");
        assert_eq!(encode_pairs(&pairs), "author=Zo%C3%AB+B%3D%26&year=2026");
    }

    #[test]
    fn the_longest_metadata_stays_within_two_kilobytes() {
        let mut metadata = metadata("a/b", Some(&"é".repeat(512)));
        metadata.version = Some("v".repeat(36));
        let size = entry_sizes(&metadata);
        assert!(size <= 2048, "{size}");
    }

    #[test]
    fn what_others_stored_has_no_uploader() {
        let metadata = ObjectMetadata::read(Some("image/png"), |_| None);
        assert_eq!(metadata.content_type, "image/png");
        assert_eq!((metadata.uploader, metadata.version), (None, None));
        assert_eq!(ObjectMetadata::read(None, |_| None).content_type, OTHER);
    }
}
