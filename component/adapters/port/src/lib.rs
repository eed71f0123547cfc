//! What adapters share: `coffer:storage` over a [`Store`], on any wasi-http platform.
//!
//! An adapter implements [`Store`] and exports [`Port`] of it. The port's rules are
//! checked here, conditions and spans are evaluated here, bodies are received and sent
//! here; a store keeps files and publishes them.

// The port's own error: it is large where pointers are, not where this runs.
#![allow(clippy::result_large_err)]

pub mod bindings;
mod body;
pub mod conditions;
mod forgetful;
pub mod key;
mod measure;
pub mod platform;
mod port;
pub mod span;

pub use bindings::exports::coffer::storage::blobs::{
    Conditions, CreateOptions, Entry, Error, Etags, Info, ListOptions, Listed, Listing,
    OpenOptions, Refusal, Span, Stored, Validator, Whose,
};
pub use body::Source;
pub use port::Port;

use span::Extent;

/// Keeps files under keys, as `wit/blobs.wit` says of the functions of the same names.
/// Keys and options were checked before they come here.
pub trait Store: Sized + 'static {
    /// A file on its way in. Dropped without [`Store::finish`], it is gone.
    type Staged: Staged;

    /// Reads the settings. Called once in each call of the port.
    ///
    /// # Errors
    /// [`Error::Misconfigured`], once the log says why.
    fn connect() -> Result<Self, Error>;

    /// Opens the bytes of a file.
    ///
    /// # Errors
    /// As `open` of the port.
    fn open(&self, key: &str, options: &OpenOptions) -> Result<Opened, Error>;

    /// Describes a file.
    ///
    /// # Errors
    /// As `stat` of the port.
    fn stat(&self, key: &str, conditions: &Conditions) -> Result<Info, Error>;

    /// Starts an upload.
    ///
    /// # Errors
    /// As `create` of the port.
    fn create(self, key: String, options: CreateOptions) -> Result<Self::Staged, Error>;

    /// Publishes uploads that have come whole and are as their senders said. Never
    /// called without any.
    ///
    /// # Errors
    /// As `finish` of the port.
    fn finish(self, uploads: Vec<Self::Staged>) -> Result<Vec<Stored>, Refusal>;

    /// Removes a file.
    ///
    /// # Errors
    /// As `remove` of the port.
    fn remove(&self, key: &str, may_remove: &Whose, conditions: &Conditions) -> Result<(), Error>;

    /// One page of keys.
    ///
    /// # Errors
    /// As `list` of the port.
    fn list(&self, options: &ListOptions) -> Result<Listing, Error>;
}

/// A version of a file, held open.
pub struct Opened {
    /// What is stored beside the bytes.
    pub info: Info,
    /// Which bytes.
    pub extent: Extent,
    /// The bytes themselves.
    pub source: Source,
}

/// A file on its way in.
pub trait Staged {
    /// Appends bytes, at least one.
    ///
    /// # Errors
    /// [`Error::NoSpace`], [`Error::TooLarge`], [`Error::Unavailable`]. Afterwards this
    /// upload can only be dropped.
    fn write(&mut self, bytes: &[u8]) -> Result<(), Error>;

    /// No more bytes will come, and others of the batch may take long.
    ///
    /// # Errors
    /// As [`Staged::write`].
    fn complete(&mut self) -> Result<(), Error>;
}

/// [`Error::Unavailable`], once the log has its cause.
pub fn unavailable(cause: impl std::fmt::Display) -> Error {
    eprintln!("the store failed: {cause}");
    Error::Unavailable
}

/// [`Error::Misconfigured`], once the log has its cause.
pub fn misconfigured(cause: impl std::fmt::Display) -> Error {
    eprintln!("misconfigured: {cause}");
    Error::Misconfigured
}
