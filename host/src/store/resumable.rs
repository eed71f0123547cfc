//! Uploads that go on over several requests: `wit/uploads.wit`.

use coffer_port::resumable::{BeginOptions, Progress, Terms, TurnOptions, UploadId};

use super::{Error, Key, Stored, Upload};

/// What an engine with resumable uploads can do besides. It guarantees:
///
/// - **Durable offsets.** What [`Resumable::suspend`] and [`Resumable::look`] say survives a
///   crash of process and machine, and every host sees it.
/// - **One turn at a time**, on all hosts.
/// - **Invisible** until [`Resumable::finish`]; expired or discarded, nothing of it remains.
/// - **Bounded memory**, as for other uploads.
#[async_trait::async_trait]
pub trait Resumable: Send + Sync {
    /// Begins an upload.
    ///
    /// # Errors
    /// Those of [`BlobStore::create`](super::BlobStore::create), and [`Error::TooMany`].
    async fn begin(&self, key: Key, options: BeginOptions) -> Result<UploadId, Error>;

    /// What is known of an upload.
    ///
    /// # Errors
    /// [`Error::NotFound`] for one that is discarded or has expired.
    async fn look(&self, id: &UploadId) -> Result<Progress, Error>;

    /// Takes a turn. An error of its [`Upload::write`] leaves what was written before; dropped,
    /// nothing of it is kept.
    ///
    /// # Errors
    /// [`Error::Busy`] while another turn lasts, [`Error::NotFound`] as [`Resumable::look`] and
    /// for a finished upload.
    async fn resume(
        &self,
        id: &UploadId,
        options: TurnOptions,
    ) -> Result<(Box<dyn Upload>, Progress), Error>;

    /// Ends a turn of this store and keeps what it received; returns the durable offset. Where
    /// given, `length` is how many bytes there will be in all.
    ///
    /// # Errors
    /// [`Error::DigestMismatch`], [`Error::NoSpace`]; [`Error::NotFound`] if the upload was
    /// discarded meanwhile, [`Error::Busy`] if the turn was lost to another host. Nothing of the
    /// turn is kept then.
    async fn suspend(&self, turn: Box<dyn Upload>, length: Option<u64>) -> Result<u64, Error>;

    /// Ends a turn of this store, and makes all that was received a file.
    ///
    /// # Errors
    /// As [`Resumable::suspend`], and those of [`BlobStore::finish`](super::BlobStore::finish).
    /// After [`Error::Unavailable`] the upload is as after [`Resumable::suspend`]; after any
    /// other but [`Error::DigestMismatch`] and [`Error::Busy`] it is discarded.
    async fn finish(&self, turn: Box<dyn Upload>, terms: Terms) -> Result<Stored, Error>;

    /// Discards an upload. A finished one is forgotten, its file stays.
    ///
    /// # Errors
    /// [`Error::NotFound`].
    async fn discard(&self, id: &UploadId) -> Result<(), Error>;
}
