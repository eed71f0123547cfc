//! What a URL is made for: a file or a folder.

use super::name::Name;
use super::percent;
use crate::problem::Problem;

/// A file, or a folder if the name ends in `/`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Target {
    /// The file with this name.
    File(Name),
    /// The files whose names start with this one and a `/`.
    Folder(Name),
}

impl Target {
    /// The target in this part of a URL's path, percent-decoded once.
    pub(crate) fn decode(raw: &str) -> Result<Self, Problem> {
        let decoded = percent::decode(raw).unwrap_or_default();
        match decoded.strip_suffix('/') {
            Some(folder) if !folder.is_empty() => Name::new(folder).map(Self::Folder),
            _ => Name::decode(raw).map(Self::File),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_ends_in_a_slash_is_a_folder() -> Result<(), Problem> {
        for (raw, expected) in [
            ("a", Target::File(Name::new("a")?)),
            ("a/b%20c", Target::File(Name::new("a/b c")?)),
            ("a/", Target::Folder(Name::new("a")?)),
            ("a/b/", Target::Folder(Name::new("a/b")?)),
            ("%E6%97%A5%2F", Target::Folder(Name::new("日")?)),
        ] {
            assert_eq!(Target::decode(raw), Ok(expected), "{raw}");
        }
        for raw in [
            "", "/", "a//", "/a/", "../", "a/../", "a%5C/", "%00/", "%zz/", "%FF/",
        ] {
            let refused = Target::decode(raw);
            assert!(matches!(refused, Err(Problem::InvalidName(_))), "{raw}");
        }
        Ok(())
    }
}
