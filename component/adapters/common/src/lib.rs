//! Shared code of the adapters: `coffer:storage` over a [`Store`], on any wasi-http platform.
//!
//! An adapter implements [`Store`] and exports [`Port`] of it. Here the component's arguments
//! are checked and mapped to the plain data of [`coffer_port`], and bodies are received and
//! sent; a store keeps files and publishes them.

#![allow(
    clippy::result_large_err,
    reason = "the port's errors hold a file's description"
)]

pub mod bindings;
mod body;
mod documents;
mod exchange;
mod forgetful;
mod incoming;
mod outgoing;
pub mod platform;
mod port;
mod unsupported;

pub use body::Source;
pub use port::Port;

use coffer_port::{
    Amendment, Conditions, Copy, CopyError, CreateOptions, Error, Extent, Guard, Info, Key,
    ListOptions, Listing, OpenOptions, Refusal, Stored,
};

/// Keeps files under keys, as `wit/blobs.wit` specifies for the functions of the same names.
pub trait Store: Sized + 'static {
    /// A file being uploaded. Dropped without [`Store::finish`], it is discarded.
    type Staged: Staged;

    /// Reads the settings. Called once in each call of the port.
    ///
    /// # Errors
    /// [`Error::Misconfigured`].
    fn connect() -> Result<Self, Error>;

    /// Opens the bytes of a file.
    ///
    /// # Errors
    /// As `open` of the port.
    fn open(&self, key: &Key, options: &OpenOptions) -> Result<Opened, Error>;

    /// Describes a file.
    ///
    /// # Errors
    /// As `stat` of the port.
    fn stat(&self, key: &Key, may_read: &Guard, conditions: &Conditions) -> Result<Info, Error>;

    /// Starts an upload. Size and digest of its bytes are checked by the caller.
    ///
    /// # Errors
    /// As `create` of the port.
    fn create(self, key: Key, options: CreateOptions) -> Result<Self::Staged, Error>;

    /// Publishes uploads that were received completely and verified. Never
    /// called with an empty list.
    ///
    /// # Errors
    /// As `finish` of the port.
    fn finish(self, uploads: Vec<Self::Staged>) -> Result<Vec<Stored>, Refusal>;

    /// Removes a file.
    ///
    /// # Errors
    /// As `remove` of the port.
    fn remove(&self, key: &Key, may_remove: &Guard, conditions: &Conditions) -> Result<(), Error>;

    /// Describes each of these files.
    ///
    /// # Errors
    /// As `stat-many` of the port, for each; as a whole if the store failed for all of them.
    fn stat_many(&self, keys: &[Key], may_read: &Guard) -> Batch<Info, Error>;

    /// Removes each of these files, which differ. A key without a file counts as removed.
    ///
    /// # Errors
    /// As `remove-many` of the port, for each; as a whole if the store failed for all of them.
    fn remove_many(&self, keys: &[Key], may_remove: &Guard) -> Batch<(), Error>;

    /// Copies or moves each of these files. A key that is stored under occurs once.
    ///
    /// # Errors
    /// As `copy` of the port, for each; as a whole if the store failed for all of them.
    fn copy(&self, copies: &[Copy]) -> Batch<Stored, CopyError>;

    /// Changes a file's description.
    ///
    /// # Errors
    /// As `amend` of the port.
    fn amend(
        &self,
        key: &Key,
        may_replace: &Guard,
        conditions: &Conditions,
        amendment: Amendment,
    ) -> Result<Info, Error>;

    /// One page of keys.
    ///
    /// # Errors
    /// As `list` of the port.
    fn list(&self, options: &ListOptions) -> Result<Listing, Error>;
}

/// The outcome for each file of a call, unless the store failed for all of them.
pub type Batch<T, E> = Result<Vec<Result<T, E>>, Error>;

/// An open version of a file.
pub struct Opened {
    /// What is stored beside the bytes.
    pub info: Info,
    /// Which bytes.
    pub extent: Extent,
    /// The bytes themselves.
    pub source: Source,
}

/// A file being uploaded.
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
