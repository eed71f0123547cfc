//! Whose files a call is for.

/// Whose files may be read, replaced or removed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Guard {
    /// Nobody's: no file at all.
    None,
    /// Those that this uploader stored; never those without an uploader.
    Uploader(String),
    /// Every file.
    Any,
}

impl Guard {
    /// Whether a file of this uploader is one of those.
    #[must_use]
    pub fn admits(&self, uploader: Option<&str>) -> bool {
        match self {
            Guard::None => false,
            Guard::Uploader(name) => uploader == Some(name),
            Guard::Any => true,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_guard_admits_by_uploader_and_never_files_without_one() {
        let ann = Guard::Uploader("ann".to_owned());
        let nobody = Guard::Uploader(String::new());
        for (guard, uploader, expected) in [
            (&Guard::Any, None, true),
            (&Guard::Any, Some("ann"), true),
            (&ann, Some("ann"), true),
            (&ann, Some("Ann"), false),
            (&ann, Some(""), false),
            (&ann, None, false),
            (&nobody, Some(""), true),
            (&nobody, None, false),
            (&Guard::None, Some("ann"), false),
            (&Guard::None, None, false),
        ] {
            assert_eq!(guard.admits(uploader), expected, "{guard:?} {uploader:?}");
        }
    }
}
