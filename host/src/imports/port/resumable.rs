//! The component's resumable uploads.

use std::time::Duration;

use coffer_port::resumable::{self, MAX_NOTE, MAX_OWNER, TurnDigest, UploadId};
use wasmtime::component::Resource;
use wasmtime::{bail, ensure, format_err};

use super::upload::{Kind, Upload};
use super::{PortView, incoming, outgoing};
use crate::bindings::coffer::storage::uploads as wit;
use crate::imports::exchange::datetime;
use crate::store::{BlobStore, Error, Resumable};

impl PortView<'_> {
    /// Ends a turn that the component holds.
    fn turn(&mut self, upload: Resource<Upload>) -> wasmtime::Result<(Upload, Option<u64>)> {
        let upload = self.table.delete(upload)?;
        match upload.kind {
            Kind::Turn { length, .. } => Ok((upload, length)),
            Kind::File(_) => bail!("an upload that is not resumable"),
        }
    }
}

impl wit::Host for PortView<'_> {
    async fn begin(
        &mut self,
        key: String,
        options: wit::BeginOptions,
    ) -> wasmtime::Result<Result<String, wit::Error>> {
        let (key, options) = (incoming::key(key)?, begin_options(options)?);
        let store = self.store;
        let begun = async { store.resumable()?.begin(key, options).await };
        Ok(begun
            .await
            .map(|id| id.as_str().to_owned())
            .map_err(outgoing::refusal))
    }

    async fn look(&mut self, id: String) -> wasmtime::Result<Result<wit::Progress, wit::Error>> {
        let store = self.store;
        let found = async {
            let (store, id) = found(store.as_ref(), id)?;
            store.look(&id).await
        };
        Ok(found.await.map(progress).map_err(outgoing::refusal))
    }

    async fn resume(
        &mut self,
        id: String,
        options: wit::TurnOptions,
    ) -> wasmtime::Result<Result<wit::Turn, wit::Error>> {
        let options = turn_options(options)?;
        let (store, turns) = (self.store, self.turns);
        let begun = async {
            let (store, id) = found(store.as_ref(), id)?;
            let mut begun = store.resume(&id, options).await;
            if matches!(begun, Err(Error::Busy)) && turns.end_silent(&id).await {
                begun = store.resume(&id, options).await;
            }
            begun.map(|(staged, known)| (staged, known, turns.begin(id)))
        };
        let (staged, known, turn) = match begun.await {
            Ok(begun) => begun,
            Err(error) => return Ok(Err(outgoing::refusal(error))),
        };
        let length = known.length;
        let upload = Upload::new(Kind::Turn { length, turn }, staged);
        Ok(Ok(wit::Turn {
            upload: self.table.push(upload)?,
            progress: progress(known),
        }))
    }

    async fn suspend(
        &mut self,
        upload: Resource<Upload>,
        length: Option<u64>,
    ) -> wasmtime::Result<Result<u64, wit::Error>> {
        let (upload, said) = self.turn(upload)?;
        if let (Some(length), Some(said)) = (length, said) {
            ensure!(length == said, "another length than was said before");
        }
        let store = self.store;
        let suspended = async { store.resumable()?.suspend(upload.staged, length).await };
        Ok(suspended.await.map_err(outgoing::refusal))
    }

    async fn finish(
        &mut self,
        upload: Resource<Upload>,
        terms: wit::Terms,
    ) -> wasmtime::Result<Result<wit::Stored, wit::Error>> {
        let (upload, _) = self.turn(upload)?;
        let terms = resumable::Terms {
            may_create: terms.may_create,
            may_replace: incoming::guard(terms.may_replace),
            conditions: incoming::conditions(terms.conditions)?,
        };
        let store = self.store;
        let stored = async { store.resumable()?.finish(upload.staged, terms).await };
        let stored = stored.await.map(outgoing::stored);
        Ok(stored.map_err(outgoing::refusal))
    }

    async fn discard(&mut self, id: String) -> wasmtime::Result<Result<(), wit::Error>> {
        let store = self.store;
        let discarded = async {
            let (store, id) = found(store.as_ref(), id)?;
            store.discard(&id).await
        };
        Ok(discarded.await.map_err(outgoing::refusal))
    }
}

/// The upload with this id, and the engine's interface to it.
fn found(store: &dyn BlobStore, id: String) -> Result<(&dyn Resumable, UploadId), Error> {
    let id = UploadId::new(id).ok_or(Error::NotFound);
    Ok((store.resumable()?, id?))
}

fn begin_options(asked: wit::BeginOptions) -> wasmtime::Result<resumable::BeginOptions> {
    let target = incoming::create_options(asked.target)?;
    ensure!(
        target.announced.is_none() && target.sha256.is_none(),
        "a resumable upload begins without a body"
    );
    ensure!(
        (1..=MAX_OWNER).contains(&asked.owner.len()),
        "an owner of {} bytes",
        asked.owner.len()
    );
    ensure!(
        asked.note.len() <= MAX_NOTE,
        "a note of {} bytes",
        asked.note.len()
    );
    Ok(resumable::BeginOptions {
        target,
        length: asked.length,
        lifetime: Duration::from_secs(asked.lifetime.into()),
        owner: asked.owner,
        most: asked.most,
        note: asked.note,
    })
}

fn turn_options(asked: wit::TurnOptions) -> wasmtime::Result<resumable::TurnOptions> {
    let wrong = || format_err!("a digest of the wrong length");
    let digest = match asked.digest {
        None => None,
        Some(wit::Digest::Sha1(bytes)) => {
            let bytes = bytes.try_into().map_err(|_| wrong())?;
            Some(TurnDigest::Sha1(bytes))
        }
        Some(wit::Digest::Sha256(bytes)) => {
            let bytes = bytes.try_into().map_err(|_| wrong())?;
            Some(TurnDigest::Sha256(bytes))
        }
    };
    Ok(resumable::TurnOptions {
        max_size: asked.max_size,
        digest,
    })
}

fn progress(known: resumable::Progress) -> wit::Progress {
    wit::Progress {
        offset: known.offset,
        length: known.length,
        note: known.note,
        expires: datetime(known.expires),
        finished: known.finished,
    }
}
