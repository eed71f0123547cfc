//! What comes along when a service copies an object, beside what its description says.

use super::metadata::{CONTENT_TYPE, PAIRS, UPLOADER, VERSION, entry_name, is_plain};
use crate::object::ObjectMetadata;

/// The header field of the entry with the entity tag of what a copy was made of. The copy's own
/// may differ: services give those of objects in parts, or encrypted, another form.
pub const ORIGIN: &str = "x-amz-meta-coffer-origin";
/// What entries of Coffer's begin with.
const OWN: &str = "coffer-";
/// The most user metadata of an object, in bytes.
const ROOM: usize = 2048;

/// Whether an object with this tag and this origin has the bytes of the one with the other tag,
/// as far as can be told without reading them.
#[must_use]
pub fn has_bytes_of(tag: &str, origin: Option<&str>, other: &str) -> bool {
    let other = bare(other);
    bare(tag) == other || origin.is_some_and(|origin| bare(origin) == other)
}

/// The entries that a copy gets besides those of its metadata: its origin, if it is told, and
/// its source's checksums and whatever others keep there. What there is no room for is left out.
pub fn carried<'a>(
    metadata: &ObjectMetadata,
    source: impl Iterator<Item = (&'a str, &'a str)>,
    origin: Option<&str>,
) -> Vec<(String, String)> {
    let replaced = |name: &str| {
        let replaced = [UPLOADER, CONTENT_TYPE, VERSION, PAIRS];
        let mut replaced = replaced.into_iter().chain(origin.map(|_| ORIGIN));
        replaced.any(|field| entry_name(field) == name)
    };
    let mut entries: Vec<_> = source
        .filter(|(name, value)| !replaced(name) && is_plain(value))
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect();
    entries.extend(origin.map(|tag| (entry_name(ORIGIN).to_owned(), bare(tag).to_owned())));
    entries.retain(|(_, value)| is_plain(value));
    // Coffer's own first, then those of others.
    entries
        .sort_unstable_by(|(a, _), (b, _)| (!a.starts_with(OWN), a).cmp(&(!b.starts_with(OWN), b)));
    let size = |name: &str, value: &str| name.len() + value.len();
    let fields = metadata.fields();
    let own = fields
        .iter()
        .map(|(name, value)| size(entry_name(name), value));
    let mut used: usize = own.sum();
    entries.retain(|(name, value)| {
        let fits = used + size(name, value) <= ROOM;
        if fits {
            used += size(name, value);
        }
        fits
    });
    entries
}

fn bare(tag: &str) -> &str {
    tag.trim_matches('"')
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Metadata;

    fn metadata() -> ObjectMetadata {
        ObjectMetadata {
            content_type: "a/b".to_owned(),
            uploader: Some("ann".to_owned()),
            version: Some("2".to_owned()),
            metadata: Metadata::default(),
        }
    }

    fn names(entries: &[(String, String)]) -> Vec<&str> {
        entries.iter().map(|(name, _)| name.as_str()).collect()
    }

    const SOURCE: [(&str, &str); 7] = [
        ("mine", "1"),
        ("coffer-uploader", "b64:Ym9i"),
        ("coffer-version", "1"),
        ("coffer-metadata", "a=b"),
        ("coffer-crc32", "y/Q5Jg=="),
        ("coffer-origin", "0"),
        ("not-ascii", "é"),
    ];

    #[test]
    fn checksums_and_the_entries_of_others_come_along_and_the_description_does_not() {
        let copied = carried(&metadata(), SOURCE.into_iter(), Some("\"1-2\""));
        assert_eq!(names(&copied), ["coffer-crc32", "coffer-origin", "mine"]);
        assert_eq!(copied[1].1, "1-2");
        // The bytes stay where they are.
        let amended = carried(&metadata(), SOURCE.into_iter(), None);
        assert_eq!(names(&amended), ["coffer-crc32", "coffer-origin", "mine"]);
        assert_eq!(amended[1].1, "0");
    }

    #[test]
    fn what_there_is_no_room_for_is_left_out_and_checksums_come_first() {
        let long = "x".repeat(1990);
        let source = [
            ("a", long.as_str()),
            ("coffer-crc32", "y/Q5Jg=="),
            ("b", "1"),
        ];
        let copied = carried(&metadata(), source.into_iter(), None);
        assert_eq!(names(&copied), ["coffer-crc32", "b"]);
    }

    #[test]
    fn a_copy_is_known_by_its_tag_or_its_origin() {
        for (tag, origin, expected) in [
            ("\"1\"", None, true),
            ("1", None, true),
            ("\"2\"", Some("1"), true),
            ("\"2\"", None, false),
            ("\"2\"", Some("3"), false),
        ] {
            assert_eq!(
                has_bytes_of(tag, origin, "\"1\""),
                expected,
                "{tag} {origin:?}"
            );
        }
    }
}
