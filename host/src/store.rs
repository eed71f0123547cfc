//! The contract between Coffer and the engines that store its files.
//!
//! A [`BlobStore`] keeps whole files under [`Key`]s. An engine guarantees:
//!
//! - **Whole versions.** A reader sees one version of a file, from its first byte
//!   to its last, however often the key is replaced or removed meanwhile.
//! - **Stage, then publish.** An upload of [`BlobStore::create`] is invisible
//!   until [`BlobStore::finish`] returns; dropped, aborted or refused, it leaves
//!   nothing behind, visible or not.
//! - **Durable.** When `finish` or [`BlobStore::remove`] returns, the change
//!   survives a crash of process and machine, and every reader sees it.
//! - **Atomic conditions.** [`Conditions`] and guards ([`Guard`],
//!   `may_create`) hold for exactly the version that is opened, replaced or removed.
//! - **Independent copies.** A copy has the bytes of the very version that was named, whatever
//!   happens to its source later, and a description of its own.
//! - **Lists in order.** Ascending by the keys' bytes; a key that exists
//!   throughout a walk over the pages is reported exactly once.
//! - **Bounded memory** for a file of any size.
//!
//! What is the same for every engine is in [`coffer_port`]; the module `contract` is this
//! list as tests, for each of them.

pub mod absent;
pub mod body;
#[cfg(test)]
pub mod contract;
pub mod local;
pub mod metered;
pub mod pending;
pub mod resumable;
pub mod s3;

use std::any::Any;
use std::path::PathBuf;

use bytes::Bytes;
use futures_util::{StreamExt, stream};

pub use body::Body;
pub use coffer_port::error::{causes, one_line};
pub use coffer_port::{
    Amendment, Conditions, Copy, CopyError, CreateOptions, Digest, Entry, Error, Etags, Extent,
    Guard, Info, Key, KeyError, ListOptions, Listed, Listing, Metadata, OpenOptions, Refusal, Size,
    Span, Stored, Validator, check_read, check_remove,
};
pub use resumable::Resumable;

/// How many files an engine without an operation for many looks at together.
const AT_ONCE: usize = 32;

/// An open version of a file.
pub struct Opened {
    /// What is stored beside the bytes.
    pub info: Info,
    /// Where the span starts.
    pub offset: u64,
    /// How many bytes the span holds.
    pub length: u64,
    /// Whether a span other than [`Span::All`] is in force; false for an empty file.
    pub partial: bool,
    /// The span's bytes, or where they are.
    pub body: Body,
}

/// A file being uploaded. Dropped without [`BlobStore::finish`], it is discarded.
#[async_trait::async_trait]
pub trait Upload: Any + Send {
    /// Appends bytes; waits until there is room for more.
    ///
    /// # Errors
    /// [`Error::TooLarge`], [`Error::NoSpace`], [`Error::UnsupportedKey`],
    /// [`Error::Unavailable`], [`Error::Misconfigured`]. Afterwards this upload can only
    /// be dropped.
    async fn write(&mut self, bytes: Bytes) -> Result<(), Error>;

    /// Signals that no more bytes will come, so that none need be held in memory for
    /// an upload that waits for others of its batch. Not required before `finish`.
    ///
    /// # Errors
    /// As [`Upload::write`].
    async fn complete(&mut self) -> Result<(), Error>;
}

/// Keeps files under keys; see the module's documentation for its guarantees.
///
/// Each operation can also fail with [`Error::Misconfigured`].
#[async_trait::async_trait]
pub trait BlobStore: Send + Sync + 'static {
    /// Opens a file for reading.
    ///
    /// # Errors
    /// [`Error::NotFound`], then [`Error::Protected`], then
    /// [`Error::PreconditionFailed`] and [`Error::NotModified`], then
    /// [`Error::SpanOutside`]; [`Error::Unavailable`].
    async fn open(&self, key: &Key, options: OpenOptions) -> Result<Opened, Error>;

    /// Describes a file.
    ///
    /// # Errors
    /// As [`BlobStore::open`], without the span's.
    async fn stat(
        &self,
        key: &Key,
        may_read: &Guard,
        conditions: &Conditions,
    ) -> Result<Info, Error>;

    /// Starts an upload. Refuses what `finish` would refuse now, before a byte is
    /// received; `finish` decides again.
    ///
    /// # Errors
    /// [`Error::NotFound`], [`Error::Protected`], [`Error::PreconditionFailed`],
    /// [`Error::NoSpace`], [`Error::UnsupportedKey`], [`Error::Unavailable`].
    async fn create(&self, key: Key, options: CreateOptions) -> Result<Box<dyn Upload>, Error>;

    /// Publishes uploads of this store, all or none. Keys in a batch differ. An engine
    /// without transactions documents what happens if it fails in the middle of a batch.
    ///
    /// # Errors
    /// Those of `create`, and [`Error::DigestMismatch`], with the index in the batch.
    async fn finish(&self, uploads: Vec<Box<dyn Upload>>) -> Result<Vec<Stored>, Refusal>;

    /// Removes a file.
    ///
    /// # Errors
    /// [`Error::NotFound`] first, then [`Error::Protected`],
    /// [`Error::PreconditionFailed`], [`Error::Unavailable`].
    async fn remove(
        &self,
        key: &Key,
        may_remove: &Guard,
        conditions: &Conditions,
    ) -> Result<(), Error>;

    /// Describes each of these files, without conditions.
    ///
    /// # Errors
    /// As [`BlobStore::stat`].
    async fn stat_many(&self, keys: &[Key], may_read: &Guard) -> Vec<Result<Info, Error>> {
        let unconditional = Conditions::default();
        let mut found = Vec::with_capacity(keys.len());
        for key in keys {
            found.push(self.stat(key, may_read, &unconditional));
        }
        stream::iter(found).buffered(AT_ONCE).collect().await
    }

    /// Removes each of these files, without regard for the others. A key without a file counts as
    /// removed.
    ///
    /// # Errors
    /// As [`BlobStore::remove`].
    async fn remove_many(&self, keys: &[Key], may_remove: &Guard) -> Vec<Result<(), Error>>;

    /// Copies or moves each of these files, without regard for the others. The targets differ
    /// from each other and from all sources. An engine without transactions may, if it fails
    /// during a move, leave both.
    ///
    /// # Errors
    /// Those of [`Copy::check_source`], then those of [`BlobStore::create`] as
    /// [`CopyError::Target`].
    async fn copy(&self, copies: Vec<Copy>) -> Vec<Result<Stored, CopyError>>;

    /// Changes a file's description.
    ///
    /// # Errors
    /// As [`BlobStore::remove`].
    async fn amend(
        &self,
        key: &Key,
        may_replace: &Guard,
        conditions: &Conditions,
        amendment: Amendment,
    ) -> Result<Info, Error>;

    /// One page of keys.
    ///
    /// # Errors
    /// [`Error::Unavailable`].
    async fn list(&self, options: ListOptions) -> Result<Listing, Error>;

    /// Its resumable uploads.
    ///
    /// # Errors
    /// [`Error::Unsupported`] if it has none, [`Error::Unavailable`] if that is not known yet.
    fn resumable(&self) -> Result<&dyn Resumable, Error> {
        Err(Error::Unsupported)
    }

    /// Whether requests can be served, which a request of its own finds out.
    ///
    /// # Errors
    /// [`Error::Unavailable`] if that may pass, [`Error::Misconfigured`] if an operator must
    /// act.
    async fn ready(&self) -> Result<(), Error> {
        self.list(readiness()).await.map(drop)
    }

    /// The SHA-256 of a version, if it was recorded: that of a backup's.
    ///
    /// # Errors
    /// [`Error::Unavailable`].
    fn digest(&self, _: &Info) -> Result<Option<[u8; 32]>, Error> {
        Ok(None)
    }

    /// Which engine this is and what it cannot guarantee, for operators.
    fn describe(&self) -> Description;

    /// Shuts down gracefully: waits for the operations in progress, so that the next start
    /// need not scan for orphaned blobs.
    async fn close(&self);

    /// How many files were found damaged when read since the start: their bytes are missing,
    /// too few, too many or unreadable. Copies that share their bytes count as one.
    fn damaged_files(&self) -> u64 {
        0
    }

    /// Why it is not open yet; none if it is.
    fn unopened(&self) -> Option<String> {
        None
    }

    /// How many downloads were broken off since the start because the bytes did not match
    /// the checksum stored with them.
    fn checksum_mismatches(&self) -> u64 {
        0
    }
}

/// The least list there is.
pub(crate) fn readiness() -> ListOptions {
    ListOptions {
        prefix: "readiness".to_owned(),
        delimiter: None,
        after: None,
        limit: 1,
    }
}

/// A description of an engine for operators.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Description {
    /// Its name, and what is only best effort.
    pub engine: String,
    /// Where the files are stored, without secrets.
    pub place: String,
    /// The local directory that it stores files in, if any.
    pub data_dir: Option<PathBuf>,
    /// What it cannot guarantee, as one line.
    pub notice: Option<String>,
}
