//! What a key is.

/// The longest key, in bytes.
pub const MAX_LEN: usize = 1024;

/// Whether a text is a key as `wit/blobs.wit` has it.
#[must_use]
pub fn is_key(text: &str) -> bool {
    text.len() <= MAX_LEN
        && !text.chars().any(char::is_control)
        && text
            .split('/')
            .all(|segment| !matches!(segment, "" | "." | ".."))
}

/// The folder that a key is folded into: up to and including the delimiter's first
/// occurrence behind the prefix.
#[must_use]
pub fn folder<'a>(key: &'a str, prefix: &str, delimiter: Option<&str>) -> Option<&'a str> {
    let delimiter = delimiter?;
    let rest = key.strip_prefix(prefix)?;
    key.get(..prefix.len() + rest.find(delimiter)? + delimiter.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_has_segments_and_no_control_characters() {
        let longest = "k".repeat(MAX_LEN);
        for key in ["a", "a/b", "...", "a/.b/..c", "日本語/📄 +%\\", &longest] {
            assert!(is_key(key), "{key:?}");
        }
        let too_long = "k".repeat(MAX_LEN + 1);
        for text in [
            "", "/", "/a", "a/", "a//b", ".", "a/..", "a\0", "a\u{85}", &too_long,
        ] {
            assert!(!is_key(text), "{text:?}");
        }
    }

    #[test]
    fn a_folder_ends_with_the_first_delimiter_behind_the_prefix() {
        assert_eq!(folder("p/a/b", "p/", Some("/")), Some("p/a/"));
        assert_eq!(folder("p/a", "p/", Some("/")), None);
        assert_eq!(folder("p/a/b", "p", Some("/")), Some("p/"));
        assert_eq!(folder("p/a/b", "p/", None), None);
        assert_eq!(folder("q/a/b", "p/", Some("/")), None);
    }
}
