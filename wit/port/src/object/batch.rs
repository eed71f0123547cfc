//! Several files that are published all or none, as far as a service without transactions allows.

use crate::{Error, Stored};

/// What became of one file of a batch.
#[derive(Debug)]
pub enum Outcome {
    /// It is not stored.
    Nothing,
    /// It may be stored: no answer says so.
    Unknown,
    /// It is stored.
    Stored(Stored),
}

/// How a file is rolled back once another one of its batch has failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Undo {
    /// There is nothing to do.
    Nothing,
    /// It is removed, if it is that version and there.
    Remove,
    /// It has replaced another version, which is gone.
    Replaced,
    /// The same, perhaps.
    PerhapsReplaced,
}

impl Outcome {
    /// Of a file that could not be published.
    #[must_use]
    pub fn failed(error: &Error) -> Self {
        match error {
            Error::Unavailable(_) => Self::Unknown,
            _ => Self::Nothing,
        }
    }

    /// How it is rolled back. `replacing`: there was a version before it.
    #[must_use]
    pub fn undo(&self, replacing: bool) -> Undo {
        match self {
            Self::Nothing => Undo::Nothing,
            Self::Unknown if replacing => Undo::PerhapsReplaced,
            Self::Stored(stored) if stored.replaced => Undo::Replaced,
            Self::Unknown | Self::Stored(_) => Undo::Remove,
        }
    }

    /// The file, if it is known to be stored.
    #[must_use]
    pub fn into_stored(self) -> Option<Stored> {
        match self {
            Self::Stored(stored) => Some(stored),
            Self::Nothing | Self::Unknown => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::UNIX_EPOCH;

    use super::*;
    use crate::{Info, Key, Metadata};

    fn stored(replaced: bool) -> Outcome {
        Outcome::Stored(Stored {
            info: Info {
                key: Key::new("a").expect("a key"),
                size: 1,
                etag: "\"1\"".into(),
                modified: UNIX_EPOCH,
                content_type: "a/b".into(),
                uploader: None,
                metadata: Metadata::default(),
            },
            replaced,
        })
    }

    #[test]
    fn what_is_or_may_be_new_is_removed_and_what_replaced_something_stays() {
        let lost = || Outcome::failed(&Error::unavailable("no answer"));
        for (outcome, replacing, undo) in [
            (stored(false), false, Undo::Remove),
            // The version before it was removed meanwhile.
            (stored(false), true, Undo::Remove),
            (stored(true), true, Undo::Replaced),
            (lost(), false, Undo::Remove),
            (lost(), true, Undo::PerhapsReplaced),
            (Outcome::failed(&Error::Protected), false, Undo::Nothing),
            (Outcome::Nothing, true, Undo::Nothing),
        ] {
            assert_eq!(outcome.undo(replacing), undo, "{outcome:?} {replacing}");
        }
    }
}
