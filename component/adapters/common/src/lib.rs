//! Shared code of the adapters: `coffer:storage` over a [`Store`], on any wasi-http platform.
//!
//! An adapter implements [`Store`] and exports [`Port`] of it. Here the component's arguments
//! are checked and mapped to the plain data of [`coffer_port`], and bodies are received and
//! sent; a store keeps files and publishes them.

pub mod bindings;
mod body;
mod forgetful;
mod incoming;
mod outgoing;
pub mod platform;
mod port;

pub use body::Source;
pub use port::Port;

use coffer_port::{
    Conditions, CreateOptions, Error, Extent, Guard, Info, Key, ListOptions, Listing, OpenOptions,
    Refusal, Stored,
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

    /// One page of keys.
    ///
    /// # Errors
    /// As `list` of the port.
    fn list(&self, options: &ListOptions) -> Result<Listing, Error>;
}

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
