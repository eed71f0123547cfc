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
    /// As `stat-many` of the port.
    fn stat_many(&self, keys: &[Key], may_read: &Guard) -> Vec<Result<Info, Error>> {
        let unconditional = Conditions::default();
        let found = keys
            .iter()
            .map(|key| self.stat(key, may_read, &unconditional));
        found.collect()
    }

    /// Removes each of these files, which differ.
    ///
    /// # Errors
    /// As `remove-many` of the port.
    fn remove_many(&self, keys: &[Key], may_remove: &Guard) -> Vec<Result<(), Error>> {
        let unconditional = Conditions::default();
        let removed = keys
            .iter()
            .map(|key| match self.remove(key, may_remove, &unconditional) {
                Err(Error::NotFound) => Ok(()),
                removed => removed,
            });
        removed.collect()
    }

    /// Copies or moves each of these files, whose keys are disjoint.
    ///
    /// # Errors
    /// As `copy` of the port.
    fn copy(&self, copies: Vec<Copy>) -> Vec<Result<Stored, CopyError>> {
        copies
            .iter()
            .map(|_| Err(CopyError::Target(Error::Unsupported)))
            .collect()
    }

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
    ) -> Result<Info, Error> {
        let _ = (key, may_replace, conditions, amendment);
        Err(Error::Unsupported)
    }

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
