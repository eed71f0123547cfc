//! What must hold for the version that is read, replaced or removed: the
//! preconditions of RFC 9110, 13.

use std::time::{SystemTime, UNIX_EPOCH};

use crate::{Error, Info};

/// The preconditions of RFC 9110, 13.1, of one request; none by default. Dates
/// count in whole seconds.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Conditions {
    /// Only these versions.
    pub if_match: Option<Etags>,
    /// Only a version from this second or before. Ignored beside `if_match`.
    pub if_unmodified_since: Option<SystemTime>,
    /// Only other versions than these.
    pub if_none_match: Option<Etags>,
    /// Only a version from a later second than this. Ignored beside
    /// `if_none_match`, and when writing.
    pub if_modified_since: Option<SystemTime>,
}

/// Versions, as `If-Match` and `If-None-Match` name them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Etags {
    /// `*`: any version at all.
    Any,
    /// Strong entity tags with their quotes; none of them matches nothing.
    List(Vec<String>),
}

/// A version, as `If-Range` names it (RFC 9110, 13.1.5).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Validator {
    /// A strong entity tag with its quotes.
    Etag(String),
    /// The version of exactly this second.
    Modified(SystemTime),
}

impl Conditions {
    /// Whether nothing must hold.
    #[must_use]
    pub fn is_none(&self) -> bool {
        *self == Conditions::default()
    }

    /// That this is the version, and no other.
    #[must_use]
    pub fn only(etag: &str) -> Conditions {
        Conditions {
            if_match: Some(Etags::List(vec![etag.to_owned()])),
            ..Conditions::default()
        }
    }

    /// Evaluates them for reading this version, in the order of RFC 9110, 13.2.2.
    ///
    /// # Errors
    /// [`Error::PreconditionFailed`], [`Error::NotModified`].
    pub fn check_read(&self, info: &Info) -> Result<(), Error> {
        self.check_unchanged(Some(info))?;
        let not_modified = match (&self.if_none_match, self.if_modified_since) {
            (Some(etags), _) => etags.matches(info),
            (None, Some(date)) => seconds(info.modified) <= seconds(date),
            (None, None) => false,
        };
        if not_modified {
            return Err(Error::NotModified(Box::new(info.clone())));
        }
        Ok(())
    }

    /// Evaluates them for replacing or removing this version, or for creating
    /// where there is none: then `if_match` fails and the others hold.
    ///
    /// # Errors
    /// [`Error::PreconditionFailed`].
    pub fn check_write(&self, current: Option<&Info>) -> Result<(), Error> {
        self.check_unchanged(current)?;
        match (&self.if_none_match, current) {
            (Some(etags), Some(info)) if etags.matches(info) => Err(Error::PreconditionFailed),
            _ => Ok(()),
        }
    }

    /// `If-Match`, or `If-Unmodified-Since` where that is not given.
    fn check_unchanged(&self, current: Option<&Info>) -> Result<(), Error> {
        let holds = match (&self.if_match, self.if_unmodified_since, current) {
            (Some(etags), _, Some(info)) => etags.matches(info),
            (Some(_), _, None) => false,
            (None, Some(date), Some(info)) => seconds(info.modified) <= seconds(date),
            (None, _, _) => true,
        };
        if holds {
            Ok(())
        } else {
            Err(Error::PreconditionFailed)
        }
    }
}

impl Etags {
    fn matches(&self, info: &Info) -> bool {
        match self {
            Etags::Any => true,
            Etags::List(tags) => tags.contains(&info.etag),
        }
    }
}

impl Validator {
    /// Whether this is the version that it names.
    #[must_use]
    pub fn matches(&self, info: &Info) -> bool {
        match self {
            Validator::Etag(tag) => *tag == info.etag,
            Validator::Modified(date) => seconds(*date) == seconds(info.modified),
        }
    }
}

/// Whole seconds since the epoch; what lies before it counts as the epoch.
fn seconds(time: SystemTime) -> u64 {
    time.duration_since(UNIX_EPOCH)
        .map_or(0, |since| since.as_secs())
}

#[cfg(test)]
mod tests;
