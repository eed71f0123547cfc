//! Lists: keys in the order of their bytes, in pages, with folders as single entries.

use crate::Listed;

/// Which keys to list.
#[derive(Debug, Clone)]
pub struct ListOptions {
    /// Only keys that start with these characters; may be empty.
    pub prefix: String,
    /// Keys that have this after the prefix are folded into one folder. Not empty.
    pub delimiter: Option<String>,
    /// Start behind this key, or behind all keys of this folder. Need not exist.
    pub after: Option<String>,
    /// The most entries of the page; at least 1.
    pub limit: usize,
}

/// One line of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Entry {
    /// A file.
    File(Listed),
    /// A key's beginning, up to and including the delimiter.
    Folder(String),
}

/// One page of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listing {
    /// Ascending by the bytes of key or folder.
    pub entries: Vec<Entry>,
    /// Whether there is more behind the last entry.
    pub more: bool,
}

impl Entry {
    /// The file's key, or the folder.
    #[must_use]
    pub fn name(&self) -> &str {
        match self {
            Entry::File(listed) => listed.key.as_str(),
            Entry::Folder(folder) => folder,
        }
    }
}

impl ListOptions {
    /// The folder that a key is folded into, or that a text is: up to and including the
    /// delimiter's first occurrence behind the prefix.
    #[must_use]
    pub fn folder_of<'a>(&self, key: &'a str) -> Option<&'a str> {
        let delimiter = self.delimiter.as_deref()?;
        let rest = key.strip_prefix(self.prefix.as_str())?;
        key.get(..self.prefix.len() + rest.find(delimiter)? + delimiter.len())
    }

    /// The least bytes that a key of the page's first entry can have.
    #[must_use]
    pub fn start(&self) -> Vec<u8> {
        match &self.after {
            Some(after) if *after >= self.prefix => match self.folder_of(after) {
                Some(folder) if folder == after => behind_all(folder),
                _ => behind(after),
            },
            _ => self.prefix.as_bytes().to_vec(),
        }
    }
}

/// The least bytes above this text.
#[must_use]
pub fn behind(text: &str) -> Vec<u8> {
    let mut bytes = text.as_bytes().to_vec();
    bytes.push(0);
    bytes
}

/// The least bytes above all texts that start with this one. UTF-8 has no byte 0xff, so
/// the last one can be counted up.
#[must_use]
pub fn behind_all(text: &str) -> Vec<u8> {
    let mut bytes = text.as_bytes().to_vec();
    if let Some(last) = bytes.last_mut() {
        *last = last.saturating_add(1);
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    fn options(prefix: &str, delimiter: Option<&str>, after: Option<&str>) -> ListOptions {
        ListOptions {
            prefix: prefix.to_owned(),
            delimiter: delimiter.map(str::to_owned),
            after: after.map(str::to_owned),
            limit: 1,
        }
    }

    #[test]
    fn a_folder_ends_with_the_first_delimiter_behind_the_prefix() {
        let slash = Some("/");
        for (key, prefix, delimiter, folder) in [
            ("p/a/b", "p/", slash, Some("p/a/")),
            ("p/a", "p/", slash, None),
            ("p/a/b", "p", slash, Some("p/")),
            ("p/a/b", "p/", None, None),
            ("q/a/b", "p/", slash, None),
            ("p/é/b", "p/", slash, Some("p/é/")),
        ] {
            let options = options(prefix, delimiter, None);
            assert_eq!(options.folder_of(key), folder, "{key} {options:?}");
        }
    }

    #[test]
    fn a_page_starts_behind_a_key_or_behind_a_whole_folder() {
        let slash = Some("/");
        for (prefix, delimiter, after, start) in [
            ("", None, None, ""),
            ("p/", slash, None, "p/"),
            ("p/", slash, Some("a"), "p/"),
            ("p/", slash, Some("p/a"), "p/a\0"),
            ("p/", slash, Some("p/a/"), "p/a0"),
            ("p/", slash, Some("p/a/b"), "p/a/b\0"),
            ("p/", None, Some("p/a/"), "p/a/\0"),
        ] {
            let options = options(prefix, delimiter, after);
            assert_eq!(options.start(), start.as_bytes(), "{options:?}");
        }
    }
}
