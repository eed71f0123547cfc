//! Opens a version: its bytes are in the index, or in a file that may have been removed since
//! the index was read.

use std::io::ErrorKind::NotFound;

use bytes::Bytes;
use futures_util::{StreamExt, TryStreamExt};

use super::damage::Damage;
use super::id::Id;
use super::{LocalStore, reader};
use crate::store::{Body, Error, Extent, Key, OpenOptions, Opened};

impl LocalStore {
    pub(super) async fn open_version(
        &self,
        key: &Key,
        options: OpenOptions,
    ) -> Result<Opened, Error> {
        // Reads from memory never wait, so yield to other tasks.
        tokio::task::consume_budget().await;
        let mut missing = None;
        loop {
            let snapshot = self.index.snapshot()?;
            let version = snapshot.get(key)?.ok_or(Error::NotFound)?;
            let extent = options.check(&version.info)?.within(version.info.size)?;
            let (id, size) = (version.id, version.info.size);
            let body = match snapshot.content(&version)? {
                Some(bytes) => {
                    self.check_length(id, bytes.len() as u64, size)?;
                    Body::Whole(part(extent, &bytes))
                }
                None => match reader::open(&self.layout, id).await {
                    Ok(file) => {
                        self.check_length(id, file.metadata()?.len(), size)?;
                        let damaged = self.damaged.clone();
                        let body = reader::body(file, extent, self.spares.clone());
                        let body = body.inspect_err(move |error| damaged.unreadable(id, error));
                        Body::Bytes(body.boxed())
                    }
                    // Replaced or removed since the lookup: look again.
                    Err(error) if error.kind() == NotFound && missing != Some(id) => {
                        missing = Some(id);
                        continue;
                    }
                    Err(error) if error.kind() == NotFound => {
                        return Err(self.damaged.found(id, Damage::Missing));
                    }
                    Err(error) => return Err(Error::Unavailable(Box::new(error))),
                },
            };
            return Ok(Opened {
                info: version.info,
                offset: extent.offset,
                length: extent.length,
                partial: extent.partial,
                body,
            });
        }
    }

    fn check_length(&self, id: Id, found: u64, size: u64) -> Result<(), Error> {
        if found == size {
            return Ok(());
        }
        Err(self.damaged.found(id, Damage::Length { found, size }))
    }
}

/// The requested bytes of a file that is in memory.
fn part(extent: Extent, file: &Bytes) -> Bytes {
    let place = |offset: u64| usize::try_from(offset).map_or(file.len(), |o| o.min(file.len()));
    let end = place(extent.offset.saturating_add(extent.length));
    file.slice(place(extent.offset).min(end)..end)
}
