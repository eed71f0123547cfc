//! What is there before a file is stored, and whether it lets the file be stored.

use super::shared::Shared;
use crate::store::{Conditions, CreateOptions, Error, Key, Whose};

/// What was there when it was looked last.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Seen {
    /// It was not looked.
    NotLooked,
    /// No file.
    Nothing,
    /// The version with this entity tag.
    Version(String),
}

impl Seen {
    /// Whether there is something to replace, as far as is known.
    pub(super) fn is_version(&self) -> bool {
        matches!(self, Seen::Version(_))
    }
}

/// Whether any file may be created and any replaced.
pub(super) fn is_free(options: &CreateOptions) -> bool {
    options.may_create
        && options.may_replace == Whose::Anyones
        && options.conditions == Conditions::default()
}

impl Shared {
    /// What is there, if that lets the file be stored.
    pub(super) async fn look_and_check(
        &self,
        key: &Key,
        options: &CreateOptions,
    ) -> Result<Seen, Error> {
        let current = self.bucket.look(key).await?;
        let info = current.map(|found| found.info);
        options.check(info.as_ref())?;
        Ok(info.map_or(Seen::Nothing, |info| Seen::Version(info.etag)))
    }
}
