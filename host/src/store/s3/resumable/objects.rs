//! The objects that an upload has beside its parts: its state, the tail of its bytes, and one that
//! says that it is not finished.
//!
//! All of them are below `.coffer/`, where no file of any area is, and which lists leave out.

use bytes::Bytes;
use coffer_port::object::{ObjectMetadata, Pin, Range};

use super::format::{self, Known, Unreadable};
use super::id::Id;
use super::state::State;
use crate::store::s3::bucket::Written;
use crate::store::s3::checksum::Checksum;
use crate::store::s3::failure::S3Failure;
use crate::store::s3::shared::Shared;
use crate::store::{Conditions, Error, Key};

/// The states of uploads, finished or not.
pub(super) const STATES: &str = ".coffer/uploads/";
/// An empty object for each upload that is not finished, so that these can be counted.
pub(super) const UNFINISHED: &str = ".coffer/unfinished/";
/// Bytes that are less than a part.
pub(super) const TAILS: &str = ".coffer/tails/";
/// The longest state: 10,000 parts, a note and a small tail are about 1 MiB.
const LONGEST: u64 = 4 << 20;
/// How often an object is read whose bytes do not arrive whole.
const ATTEMPTS: u32 = 3;

/// The state of an unfinished upload, as it was read or written last.
#[derive(Debug, Clone)]
pub(super) struct Held {
    pub(super) state: State,
    pub(super) etag: String,
    /// The revisions of attempts to replace it that may have succeeded: they are this turn's too.
    pub(super) tried: Vec<String>,
}

impl Held {
    pub(super) fn new(state: State, etag: String) -> Held {
        Held {
            state,
            etag,
            tried: Vec::new(),
        }
    }

    /// Whether this revision is the state, as far as this turn knows.
    pub(super) fn may_be(&self, revision: &str) -> bool {
        self.state.revision == revision || self.tried.iter().any(|tried| tried == revision)
    }
}

/// What is stored about an upload.
pub(super) struct Found {
    pub(super) known: Known,
    pub(super) etag: String,
}

/// The object of an upload below one of the prefixes.
pub(super) fn key(prefix: &str, id: Id) -> Result<Key, Error> {
    Key::new(format!("{prefix}{id}")).map_err(Error::unavailable)
}

/// The object of the tail that a turn left.
pub(super) fn tail_key(id: Id, turn: &str) -> Result<Key, Error> {
    Key::new(format!("{TAILS}{id}/{turn}")).map_err(Error::unavailable)
}

impl Shared {
    /// What is known of an upload, if anything is.
    ///
    /// # Errors
    /// What is [`Unreadable`] is [`Error::Misconfigured`].
    pub(super) async fn find(&self, id: Id) -> Result<Option<Found>, Error> {
        let Some((bytes, etag)) = self.read_small(&key(STATES, id)?).await? else {
            return Ok(None);
        };
        match format::read(&bytes) {
            Ok(known) => Ok(Some(Found { known, etag })),
            Err(cause) => {
                let id = id.to_string();
                Err(Unreadable { id, cause }.into())
            }
        }
    }

    /// Writes an object of an upload on this condition.
    pub(super) async fn write_small(
        &self,
        key: &Key,
        bytes: Bytes,
        pin: &Pin,
    ) -> Result<Written, S3Failure> {
        let metadata = ObjectMetadata::plain();
        self.bucket.put(key, &metadata, bytes, pin).await
    }

    /// Reads an object piece by piece into `into`, which is emptied before each attempt.
    pub(super) async fn read_into(
        &self,
        key: &Key,
        size: u64,
        into: &mut Vec<u8>,
    ) -> Result<(), Error> {
        let mut attempt = 1;
        loop {
            into.clear();
            match self.try_read(key, size, into).await {
                Ok(_) if into.len() as u64 == size => return Ok(()),
                Ok(_) => return Err(Error::unavailable(format!("{key} is shorter than it was"))),
                Err(Error::Unavailable(_)) if attempt < ATTEMPTS => attempt += 1,
                Err(Error::NotFound) => return Err(Error::unavailable(format!("{key} is gone"))),
                Err(error) => return Err(error),
            }
        }
    }

    /// An object that may be missing.
    async fn read_small(&self, key: &Key) -> Result<Option<(Bytes, String)>, Error> {
        let mut bytes = Vec::new();
        let mut attempt = 1;
        loop {
            bytes.clear();
            match self.try_read(key, LONGEST, &mut bytes).await {
                Ok(etag) => return Ok(Some((bytes.into(), etag))),
                Err(Error::NotFound) => return Ok(None),
                Err(Error::Unavailable(_)) if attempt < ATTEMPTS => attempt += 1,
                Err(error) => return Err(error),
            }
        }
    }

    /// Returns the entity tag.
    async fn try_read(&self, key: &Key, most: u64, into: &mut Vec<u8>) -> Result<String, Error> {
        let unconditional = Conditions::default();
        let got = self.bucket.get(key, Range::WHOLE, &unconditional).await?;
        if got.length > most {
            return Err(Error::unavailable(format!("{key} is longer than expected")));
        }
        let mut verifier = got.checksum.map(Checksum::verifier);
        let mut stream = got.stream;
        while let Some(piece) = stream.try_next().await.map_err(Error::unavailable)? {
            if let Some(verifier) = &mut verifier {
                verifier.update(&piece);
            }
            into.extend_from_slice(&piece);
        }
        if into.len() as u64 != got.length {
            return Err(Error::unavailable(format!("{key} breaks off")));
        }
        verifier.map_or(Ok(()), |verifier| {
            verifier.verify().map_err(Error::unavailable)
        })?;
        Ok(got.object.info.etag)
    }

    /// Removes an object of an upload; one that cannot be removed stays for the sweep.
    pub(super) async fn drop_object(&self, key: &Key) {
        match self.bucket.delete(key, &Pin::None).await {
            Ok(()) | Err(S3Failure::NotFound) => {}
            Err(failure) => tracing::warn!(?failure, %key, "cannot remove an object for now"),
        }
    }
}
