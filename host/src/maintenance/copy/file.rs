//! One file: read from the source, written to the target, and compared.

use std::time::Duration;

use bytes::Bytes;
use futures_util::StreamExt;
use futures_util::stream::{self, BoxStream};
use sha2::{Digest, Sha256};

use super::Store;
use super::failure::{Ended, FileError, of_source, of_target};
use super::ledger::{Copied, Ledger, Tag, listed};
use crate::store::{
    Body, Conditions, CreateOptions, Error, Etags, Guard, Info, Key, Listed, OpenOptions, Opened,
    Span,
};

/// How often a file is tried that changes, or that a store fails to read or write.
const ROUNDS: u32 = 5;
/// The pause before the second attempt after a failure; it doubles.
const PAUSE: Duration = Duration::from_millis(200);

/// Copies files.
pub(super) struct Copier {
    pub(super) source: Store,
    pub(super) target: Store,
    pub(super) ledger: Ledger,
    /// Whether files of others are replaced.
    pub(super) replace: bool,
    /// Whether the bytes are read back.
    pub(super) read_back: bool,
}

/// What became of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Done {
    Copied {
        bytes: u64,
    },
    Unchanged,
    /// The source no longer has it.
    Gone,
}

impl Copier {
    /// Copies a file unless the target has it, given what the lists say of it.
    pub(super) async fn copy(
        &self,
        mut from: Listed,
        mut there: Option<Listed>,
    ) -> Result<Done, FileError> {
        let key = from.key.clone();
        let known = self.ledger.get(&key)?;
        let mut pause = PAUSE;
        for round in 1..=ROUNDS {
            let ended = match self.attempt(&from, there.as_ref(), known.as_ref()).await {
                Ok(done) => return Ok(done),
                Err(ended) => ended,
            };
            match ended {
                Ended::SourceChanged => {}
                Ended::TargetChanged => {
                    there = stat(&self.target, &key).await.map_err(FileError::Target)?;
                    continue;
                }
                Ended::Failed(
                    FileError::Source(Error::Unavailable(_))
                    | FileError::Target(Error::Unavailable(_)),
                ) if round < ROUNDS => {
                    tokio::time::sleep(pause).await;
                    pause *= 2;
                    // A write may have been carried out.
                    there = stat(&self.target, &key).await.map_err(FileError::Target)?;
                }
                Ended::Failed(error) => return Err(error),
            }
            match stat(&self.source, &key).await.map_err(FileError::Source)? {
                Some(latest) if latest.etag == from.etag => {}
                Some(latest) => from = latest,
                None => return Ok(Done::Gone),
            }
        }
        Err(FileError::KeptChanging)
    }

    async fn attempt(
        &self,
        from: &Listed,
        there: Option<&Listed>,
        known: Option<&Copied>,
    ) -> Result<Done, Ended> {
        let key = &from.key;
        let is_ours =
            |there: &&Listed| known.is_some_and(|known| known.target == Tag::listed(there));
        let conditions = match (there, there.filter(is_ours)) {
            (None, _) => Conditions {
                if_none_match: Some(Etags::Any),
                ..Conditions::default()
            },
            (Some(_), Some(ours)) => {
                if known.is_some_and(|known| known.source == Tag::exact(from)) {
                    return Ok(Done::Unchanged);
                }
                Conditions::only(&ours.etag)
            }
            (Some(there), None) => {
                if let Some(info) = self.same(from, there).await? {
                    self.record(from, &info)?;
                    return Ok(Done::Unchanged);
                }
                if !self.replace {
                    return Err(FileError::Conflict.into());
                }
                Conditions::only(&there.etag)
            }
        };
        let opened = self.source.open(key, whole(&from.etag));
        let opened = opened.await.map_err(of_source)?;
        let info = opened.info.clone();
        let options = CreateOptions {
            content_type: info.content_type.clone(),
            uploader: info.uploader.clone(),
            metadata: info.metadata.clone(),
            may_create: true,
            may_replace: Guard::Any,
            conditions,
            max_size: u64::MAX,
            announced: None,
            sha256: self.source.digest(&info).map_err(of_source)?,
        };
        let created = self.target.create(key.clone(), options);
        let mut upload = created.await.map_err(of_target)?;
        let digest = {
            let mut hash = Sha256::new();
            let mut body = pieces(opened).map_err(of_source)?;
            while let Some(piece) = body.next().await {
                let piece = piece.map_err(of_source)?;
                hash.update(&piece);
                upload.write(piece).await.map_err(of_target)?;
            }
            <[u8; 32]>::from(hash.finalize())
        };
        let stored = self.target.finish(vec![upload]).await;
        let stored = stored.map_err(|refusal| of_target(refusal.error))?;
        let stored = stored.into_iter().next();
        let nothing = || of_target(Error::Unavailable("nothing was stored".into()));
        let stored = stored.ok_or_else(nothing)?.info;
        let found = self.verify(&info, &stored, &digest).await?;
        self.record(from, &found)?;
        Ok(Done::Copied { bytes: info.size })
    }

    /// What the target has now, which is what was written.
    async fn verify(&self, wrote: &Info, stored: &Info, digest: &[u8; 32]) -> Result<Info, Ended> {
        let (key, etag) = (&wrote.key, &stored.etag);
        let (found, read) = if self.read_back {
            let opened = self
                .target
                .open(key, whole(etag))
                .await
                .map_err(of_target)?;
            let info = opened.info.clone();
            (info, Some(digest_of(opened).await.map_err(of_target)?))
        } else {
            let conditions = Conditions::only(etag);
            let found = self.target.stat(key, &Guard::Any, &conditions).await;
            (found.map_err(of_target)?, None)
        };
        let error = match (read, difference(&found, wrote)) {
            (Some(read), _) if read != *digest => FileError::Mismatch,
            // A client has described it otherwise since; its entity tag may be that of the bytes.
            (_, Some(_)) if found.modified > stored.modified => return Err(Ended::TargetChanged),
            (_, Some(what)) => FileError::Described(what),
            (_, None) => return Ok(found),
        };
        // Nobody should take it for the file.
        let only = Conditions::only(etag);
        let removed = self.target.remove(key, &Guard::Any, &only).await;
        removed.map_err(of_target)?;
        Err(error.into())
    }

    /// Whether both ends have the same bytes and description: then, the one of the target.
    async fn same(&self, from: &Listed, there: &Listed) -> Result<Option<Info>, Ended> {
        if from.size != there.size {
            return Ok(None);
        }
        let one = self.source.open(&from.key, whole(&from.etag)).await;
        let one = one.map_err(of_source)?;
        let expected = self.source.digest(&one.info).map_err(of_source)?;
        let other = self.target.open(&there.key, whole(&there.etag)).await;
        let other = other.map_err(of_target)?;
        let info = other.info.clone();
        if difference(&info, &one.info).is_some() {
            return Ok(None);
        }
        let one = digest_of(one).await.map_err(of_source)?;
        if expected.is_some_and(|expected| expected != one) {
            return Err(FileError::Damaged.into());
        }
        let other = digest_of(other).await.map_err(of_target)?;
        Ok((one == other).then_some(info))
    }

    fn record(&self, from: &Listed, info: &Info) -> Result<(), FileError> {
        let copied = Copied {
            source: Tag::exact(from),
            target: Tag::described(info),
        };
        Ok(self.ledger.put(from.key.clone(), copied)?)
    }
}

fn whole(etag: &str) -> OpenOptions {
    OpenOptions {
        span: Span::All,
        if_range: None,
        may_read: Guard::Any,
        conditions: Conditions::only(etag),
    }
}

/// What differs between two descriptions.
fn difference(one: &Info, other: &Info) -> Option<&'static str> {
    [
        ("size", one.size == other.size),
        ("type", one.content_type == other.content_type),
        ("uploader", one.uploader == other.uploader),
        ("metadata", one.metadata == other.metadata),
    ]
    .into_iter()
    .find_map(|(what, same)| (!same).then_some(what))
}

async fn stat(store: &Store, key: &Key) -> Result<Option<Listed>, Error> {
    match store.stat(key, &Guard::Any, &Conditions::default()).await {
        Ok(info) => Ok(Some(listed(&info))),
        Err(Error::NotFound) => Ok(None),
        Err(error) => Err(error),
    }
}

type Pieces = BoxStream<'static, Result<Bytes, Error>>;

fn pieces(opened: Opened) -> Result<Pieces, Error> {
    match opened.body {
        Body::Whole(bytes) => Ok(stream::iter([Ok(bytes)]).boxed()),
        Body::Bytes(bytes) => Ok(bytes),
        Body::Elsewhere(_) => Err(Error::Unsupported),
    }
}

async fn digest_of(opened: Opened) -> Result<[u8; 32], Error> {
    let mut hash = Sha256::new();
    let mut body = pieces(opened)?;
    while let Some(piece) = body.next().await {
        hash.update(&piece?);
    }
    Ok(hash.finalize().into())
}

#[cfg(test)]
mod tests;
