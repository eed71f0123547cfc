//! The contract between Coffer and what keeps its files.
//!
//! A [`BlobStore`] keeps whole files under [`Key`]s. An engine promises:
//!
//! - **Whole versions.** A reader sees one version of a file, from its first byte
//!   to its last, however often the key is replaced or removed meanwhile.
//! - **Stage, then publish.** What [`BlobStore::create`] takes in is invisible
//!   until [`BlobStore::finish`] returns; dropped, broken off or refused, it leaves
//!   nothing that is visible and nothing that lasts.
//! - **Durable.** When `finish` or [`BlobStore::remove`] returns, the change
//!   survives a crash of process and machine, and every reader sees it.
//! - **Decided on the spot.** [`Conditions`] and guards ([`Whose`],
//!   `may_create`) hold for the very version that is opened, replaced or removed.
//! - **Lists in order.** Ascending by the keys' bytes; a key that is there
//!   throughout a walk over the pages is reported exactly once.
//! - **Bounded memory** for a file of any size.
//!
//! The module `contract` is this list as tests, for every engine.

pub mod absent;
pub mod body;
pub mod conditions;
#[cfg(test)]
pub mod contract;
pub mod key;
pub mod local;
pub mod metered;
pub mod s3;
pub mod span;

use std::any::Any;
use std::path::PathBuf;
use std::time::SystemTime;

use bytes::Bytes;

pub use body::Body;
pub use conditions::{Conditions, Etags, Validator};
pub use key::Key;

/// What is stored beside the bytes of one version of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Info {
    /// The key that it is stored under.
    pub key: Key,
    /// In bytes.
    pub size: u64,
    /// A strong entity tag with its quotes (RFC 9110, 8.8.3); never the same for
    /// two versions of a key whose bytes differ.
    pub etag: String,
    /// When this version became visible.
    pub modified: SystemTime,
    /// As given at [`BlobStore::create`].
    pub content_type: String,
    /// As given at [`BlobStore::create`].
    pub uploader: Option<String>,
}

/// Which bytes of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Span {
    /// Every byte.
    All,
    /// From this offset to the end.
    From(u64),
    /// First and last offset, both included, the first not after the last; a last
    /// one past the end means the end.
    Between(u64, u64),
    /// The last so many bytes; all where the file has fewer.
    Last(u64),
}

/// How to open a file.
#[derive(Debug, Clone)]
pub struct OpenOptions {
    /// The bytes that are wanted.
    pub span: Span,
    /// `If-Range`: where this is not the version opened, `span` counts as all.
    pub span_only_if: Option<Validator>,
    /// What must hold for the version opened.
    pub conditions: Conditions,
}

/// A version of a file, held open.
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

/// Whose files may be replaced or removed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Whose {
    /// None at all.
    Nobodys,
    /// Those that this uploader stored; never those without an uploader.
    Uploaders(String),
    /// Every file.
    Anyones,
}

/// How to store a file.
#[derive(Debug, Clone)]
pub struct CreateOptions {
    /// Kept with the file.
    pub content_type: String,
    /// Kept with the file.
    pub uploader: Option<String>,
    /// Whether a new key may come to be.
    pub may_create: bool,
    /// Whether a key that exists may get a new version.
    pub may_replace: Whose,
    /// What must hold for the version replaced.
    pub conditions: Conditions,
    /// In bytes; one more is [`Error::TooLarge`].
    pub max_size: u64,
    /// How many bytes a client has announced that does not wait to be told to send them.
    pub announced: Option<u64>,
    /// The content's SHA-256, verified before it is published.
    pub sha256: Option<[u8; 32]>,
}

/// A file on its way in. Dropped without [`BlobStore::finish`], it is gone.
#[async_trait::async_trait]
pub trait Upload: Any + Send {
    /// Appends bytes; waits until there is room for more.
    ///
    /// # Errors
    /// [`Error::TooLarge`], [`Error::NoSpace`], [`Error::Unavailable`]. Afterwards
    /// this upload can only be dropped.
    async fn write(&mut self, bytes: Bytes) -> Result<(), Error>;

    /// Says that no more bytes will come, so that none need be held in memory for
    /// an upload that waits for others of its batch. Not needed before `finish`.
    ///
    /// # Errors
    /// As [`Upload::write`].
    async fn complete(&mut self) -> Result<(), Error>;
}

/// A file that has become visible.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stored {
    /// Its description as readers see it; `modified` may be a little later, where the
    /// engine tells the exact time only to readers.
    pub info: Info,
    /// Whether the key had a version before.
    pub replaced: bool,
}

/// Why a batch of uploads was not published; none of it was.
#[derive(Debug, thiserror::Error)]
#[error("upload {index} of the batch: {error}")]
pub struct Refusal {
    /// Which upload it was about, counted from 0.
    pub index: usize,
    /// What was wrong with it.
    #[source]
    pub error: Error,
}

/// Which keys to list.
#[derive(Debug, Clone)]
pub struct ListOptions {
    /// Only keys that start with these characters; may be empty.
    pub prefix: String,
    /// Keys that have this after the prefix are folded into one folder. Not empty.
    pub delimiter: Option<String>,
    /// Start behind this key, or behind all keys of this folder. Need not exist.
    pub after: Option<String>,
    /// At most so many entries; at least 1.
    pub limit: usize,
}

/// One line of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Entry {
    /// A file.
    File(Listed),
    /// A key's beginning, up to and including the delimiter.
    Folder(String),
}

/// A file as a list shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    /// The key that it is stored under.
    pub key: Key,
    /// In bytes.
    pub size: u64,
    /// As in [`Info`].
    pub etag: String,
    /// As in [`Info`].
    pub modified: SystemTime,
}

/// One page of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listing {
    /// Ascending by the bytes of key or folder.
    pub entries: Vec<Entry>,
    /// Whether there is more behind the last entry.
    pub more: bool,
}

/// What a [`BlobStore`] may answer instead of doing what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Nothing is stored under this key, or it may not come to be.
    #[error("no such file")]
    NotFound,
    /// A guard protects the file that is there.
    #[error("the file is protected")]
    Protected,
    /// A condition does not hold.
    #[error("a precondition failed")]
    PreconditionFailed,
    /// The caller's copy is still good.
    #[error("not modified")]
    NotModified(Box<Info>),
    /// The span starts past the end of a file of this size.
    #[error("the span lies outside a file of {0} bytes")]
    SpanOutside(u64),
    /// More bytes than allowed came.
    #[error("too large")]
    TooLarge,
    /// The content is not what its digest said.
    #[error("the digest does not match")]
    DigestMismatch,
    /// The engine is full.
    #[error("no space left")]
    NoSpace,
    /// The engine failed or is out of reach.
    #[error("the store is unavailable")]
    Unavailable(#[source] Box<dyn std::error::Error + Send + Sync>),
}

/// Keeps files under keys; see the module's documentation for its promises.
#[async_trait::async_trait]
pub trait BlobStore: Send + Sync + 'static {
    /// Opens a file for reading.
    ///
    /// # Errors
    /// [`Error::NotFound`], [`Error::PreconditionFailed`], [`Error::NotModified`],
    /// [`Error::SpanOutside`], [`Error::Unavailable`]. Conditions come before the
    /// span.
    async fn open(&self, key: &Key, options: OpenOptions) -> Result<Opened, Error>;

    /// Describes a file.
    ///
    /// # Errors
    /// As [`BlobStore::open`], without the span's.
    async fn stat(&self, key: &Key, conditions: &Conditions) -> Result<Info, Error>;

    /// Starts an upload. Refuses already now what `finish` would refuse now, before a
    /// byte is taken in; `finish` decides anew.
    ///
    /// # Errors
    /// [`Error::NotFound`], [`Error::Protected`], [`Error::PreconditionFailed`],
    /// [`Error::NoSpace`], [`Error::Unavailable`].
    async fn create(&self, key: Key, options: CreateOptions) -> Result<Box<dyn Upload>, Error>;

    /// Publishes uploads of this store, all or none. Keys in a batch differ. An engine
    /// without transactions says how near it comes to that where several uploads are
    /// published and it fails in the middle.
    ///
    /// # Errors
    /// Those of `create`, and [`Error::DigestMismatch`], with the place in the batch.
    async fn finish(&self, uploads: Vec<Box<dyn Upload>>) -> Result<Vec<Stored>, Refusal>;

    /// Removes a file.
    ///
    /// # Errors
    /// [`Error::NotFound`] first, then [`Error::Protected`],
    /// [`Error::PreconditionFailed`], [`Error::Unavailable`].
    async fn remove(
        &self,
        key: &Key,
        may_remove: &Whose,
        conditions: &Conditions,
    ) -> Result<(), Error>;

    /// One page of keys.
    ///
    /// # Errors
    /// [`Error::Unavailable`].
    async fn list(&self, options: ListOptions) -> Result<Listing, Error>;

    /// Which engine this is and what it cannot promise, for operators.
    fn describe(&self) -> Description;

    /// Ends all service: waits until what is under way is in order, so that the next start
    /// need not look for what a crash leaves.
    async fn close(&self);

    /// How many files were found damaged since the start, by those who read them: their
    /// bytes are missing, too few, too many or unreadable.
    fn damaged_files(&self) -> u64 {
        0
    }
}

/// What operators are told of an engine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Description {
    /// Its name, with what is best effort only.
    pub engine: &'static str,
    /// Where the files are, without anything secret.
    pub place: String,
    /// The directory of this machine that it keeps files in, if it does.
    pub data_dir: Option<PathBuf>,
    /// What it cannot promise, as one line.
    pub notice: Option<&'static str>,
}
