//! Guards and conditions of one call, in the order in which they are evaluated: whether the
//! file exists, whether the guard admits the caller to it, then the conditions. So a caller
//! who may not touch a file learns nothing of it, not even that a condition fails.

use crate::{Conditions, Error, Guard, Info, Metadata, Span, Validator};

/// How to open a file.
#[derive(Debug, Clone)]
pub struct OpenOptions {
    /// The bytes that are wanted.
    pub span: Span,
    /// `If-Range`: where this is not the version opened, `span` counts as all.
    pub if_range: Option<Validator>,
    /// Whose files may be read.
    pub may_read: Guard,
    /// What must hold for the version opened.
    pub conditions: Conditions,
}

/// How to store a file.
#[derive(Debug, Clone)]
pub struct CreateOptions {
    /// Kept with the file.
    pub content_type: String,
    /// Kept with the file.
    pub uploader: Option<String>,
    /// Kept with the file.
    pub metadata: Metadata,
    /// Whether a new key may be created.
    pub may_create: bool,
    /// Whether a key that exists may get a new version.
    pub may_replace: Guard,
    /// What must hold for the version replaced.
    pub conditions: Conditions,
    /// In bytes; one more is [`Error::TooLarge`].
    pub max_size: u64,
    /// How many bytes a client has announced that does not wait to be told to send them.
    pub announced: Option<u64>,
    /// The content's SHA-256, verified before it is published.
    pub sha256: Option<[u8; 32]>,
}

impl OpenOptions {
    /// Whether this version may be opened, and with which span: all of it, unless
    /// `if_range` holds or is not given.
    ///
    /// # Errors
    /// As [`check_read`].
    pub fn check(&self, info: &Info) -> Result<Span, Error> {
        check_read(info, &self.may_read, &self.conditions)?;
        Ok(match &self.if_range {
            Some(validator) if !validator.matches(info) => Span::All,
            _ => self.span,
        })
    }
}

impl CreateOptions {
    /// Whether a file may be stored in place of `current`: the guards, then the
    /// conditions.
    ///
    /// # Errors
    /// [`Error::NotFound`], [`Error::Protected`], [`Error::PreconditionFailed`].
    pub fn check(&self, current: Option<&Info>) -> Result<(), Error> {
        match current {
            None if !self.may_create => return Err(Error::NotFound),
            Some(info) => admit(info, &self.may_replace)?,
            None => {}
        }
        self.conditions.check_write(current)
    }

    /// Whether any file may be created and any replaced, so that what is there does not
    /// matter.
    #[must_use]
    pub fn is_free(&self) -> bool {
        self.may_create && self.may_replace == Guard::Any && self.conditions.is_none()
    }
}

/// Whether this version may be read: the guard, then the conditions.
///
/// # Errors
/// [`Error::Protected`], [`Error::PreconditionFailed`], [`Error::NotModified`].
pub fn check_read(info: &Info, may_read: &Guard, conditions: &Conditions) -> Result<(), Error> {
    admit(info, may_read)?;
    conditions.check_read(info)
}

/// Whether `current` may be removed or amended: existence, the guard, then the conditions.
///
/// # Errors
/// [`Error::NotFound`], [`Error::Protected`], [`Error::PreconditionFailed`].
pub fn check_remove(
    current: Option<&Info>,
    may_remove: &Guard,
    conditions: &Conditions,
) -> Result<(), Error> {
    let info = current.ok_or(Error::NotFound)?;
    admit(info, may_remove)?;
    conditions.check_write(current)
}

fn admit(info: &Info, guard: &Guard) -> Result<(), Error> {
    match guard.admits(info.uploader.as_deref()) {
        true => Ok(()),
        false => Err(Error::Protected),
    }
}

#[cfg(test)]
mod tests;
