//! Where in the names of an area a list continues.

/// The last character, of which no name has as many as fit.
const LAST: char = '\u{10ffff}';
/// More bytes than a name can have, in bytes. With the prefix of an area they are a key's length.
const LONGEST: usize = 940;

/// Names that a list has dealt with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum After {
    /// Those up to this text, by their bytes. It need not be a name.
    Name(String),
    /// Those up to this folder, which ends in `/`, and all in it.
    Folder(String),
}

impl After {
    /// What an entry of a list shows, a name or a folder: for lists of what starts with `prefix`,
    /// by folders or not.
    pub(crate) fn entry(entry: String, prefix: &str, by_folders: bool) -> Self {
        if by_folders && is_shown(&entry, prefix) {
            Self::Folder(entry)
        } else {
            Self::Name(entry)
        }
    }

    /// The text.
    pub(crate) fn text(&self) -> &str {
        match self {
            Self::Name(text) | Self::Folder(text) => text,
        }
    }

    /// Whether all names that start with `prefix` are dealt with.
    pub(crate) fn is_past(&self, prefix: &str) -> bool {
        let text = self.text();
        let is_around = matches!(self, Self::Folder(_)) && prefix.starts_with(text);
        is_around || (!text.starts_with(prefix) && text > prefix)
    }

    /// The folder in the middle of which this is, of those that a list by folders shows of what
    /// starts with `prefix`.
    pub(crate) fn within(&self, prefix: &str) -> Option<&str> {
        let text = self.text();
        let end = prefix.len() + text.strip_prefix(prefix)?.find('/')? + 1;
        let is_whole = matches!(self, Self::Folder(_)) && end == text.len();
        (!is_whole).then(|| &text[..end])
    }

    /// The name after which a store lists what starts with `prefix`, by folders or not.
    pub(crate) fn key(&self, prefix: &str, by_folders: bool) -> String {
        match self {
            Self::Name(text) => text.clone(),
            Self::Folder(text) if by_folders && is_shown(text, prefix) => text.clone(),
            // No name in the folder comes after this one.
            Self::Folder(text) => {
                let room = LONGEST.saturating_sub(text.len()) / LAST.len_utf8();
                text.chars()
                    .chain(std::iter::repeat_n(LAST, room))
                    .collect()
            }
        }
    }
}

/// Whether a list by folders of what starts with `prefix` shows this as a folder.
fn is_shown(folder: &str, prefix: &str) -> bool {
    let rest = folder.strip_prefix(prefix).unwrap_or_default();
    rest.find('/').is_some_and(|at| at + 1 == rest.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(text: &str) -> After {
        After::Name(text.to_owned())
    }

    fn folder(text: &str) -> After {
        After::Folder(text.to_owned())
    }

    #[test]
    fn an_entry_is_a_folder_if_a_list_shows_it_as_one() {
        for (entry, prefix, by_folders, expected) in [
            ("a", "", true, name("a")),
            ("a/", "", true, folder("a/")),
            ("a/", "", false, name("a/")),
            ("a/b/", "a/", true, folder("a/b/")),
            ("a/b/", "", true, name("a/b/")),
            ("a/", "a/b", true, name("a/")),
            ("a/b", "", true, name("a/b")),
            ("ab/", "a", true, folder("ab/")),
        ] {
            let got = After::entry(entry.to_owned(), prefix, by_folders);
            assert_eq!(got, expected, "{entry} {prefix}");
        }
    }

    #[test]
    fn it_is_past_a_prefix_or_within_a_folder_of_it() {
        for (after, prefix, is_past, within) in [
            (name("a/b"), "", false, Some("a/")),
            (name("a/b"), "a/", false, None),
            (name("a/b/c"), "a/", false, Some("a/b/")),
            (name("a/"), "", false, Some("a/")),
            (name("b"), "a/", true, None),
            (name("a"), "a/", false, None),
            (name("a-"), "a/", false, None),
            (folder("a/"), "", false, None),
            (folder("a/b/"), "", false, Some("a/")),
            (folder("a/"), "a/b", true, None),
            (folder("a/"), "a/", true, None),
            (folder("a/"), "b", false, None),
        ] {
            assert_eq!(after.is_past(prefix), is_past, "{after:?} {prefix}");
            assert_eq!(after.within(prefix), within, "{after:?} {prefix}");
        }
    }

    #[test]
    fn what_a_store_starts_after_is_behind_everything_in_a_folder() {
        assert_eq!(folder("a/b/").key("a/", true), "a/b/");
        assert_eq!(name("a/b/").key("a/", true), "a/b/");
        let longest = format!("a/{}", "\u{10ffff}".repeat(224));
        for (prefix, by_folders) in [("", false), ("", true), ("a/b/", true)] {
            let key = folder("a/b/").key(prefix, by_folders);
            assert!(key.starts_with("a/b/\u{10ffff}"), "{prefix}");
            assert!(key.as_str() < "a/b0");
        }
        let key = folder("a/").key("", false);
        assert!(key.as_str() > longest.as_str());
        assert!(key.len() <= LONGEST);
    }
}
