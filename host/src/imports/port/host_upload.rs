//! The component's operations on its uploads.

use std::collections::HashSet;
use std::time::Duration;

use tokio::time::Instant;
use wasmtime::component::Resource;
use wasmtime::{bail, ensure};
use wasmtime_wasi_http::p2::body::HostIncomingBody;

use super::parked::{NoInstanceWaits, Parked, Received, Receiving};
use super::upload::{Fed, Kind, Upload};
use super::{PortView, outgoing};
use crate::bindings::coffer::storage::blobs as wit;

/// Max length of the note of a `receive`, in bytes.
const LONGEST_NOTE: usize = 64 << 10;
/// How long an instance may wait for a body: most have arrived by then, and the others may take
/// hours.
const PATIENCE: Duration = Duration::from_millis(10);

impl wit::HostUpload for PortView<'_> {
    async fn receive(
        &mut self,
        upload: Resource<Upload>,
        body: Resource<HostIncomingBody>,
        note: Vec<u8>,
    ) -> wasmtime::Result<Result<u64, wit::Error>> {
        ensure!(note.len() <= LONGEST_NOTE, "a note of {} bytes", note.len());
        let mut body = self.table.delete(body)?;
        let Some(stream) = body.take_stream() else {
            bail!("the body given to `receive` was already read");
        };
        let waiting = self.table.get_mut(&upload)?;
        ensure!(
            waiting.fed == Fed::NotYet,
            "`receive` on an upload that already has bytes"
        );
        waiting.fed = Fed::ByBody;
        self.client.host_waits();
        let mut body = Receiving::new(stream);
        match body.arrive(waiting, Instant::now() + PATIENCE).await? {
            Some(received) => Ok(received),
            None => {
                let upload = self.table.delete(Resource::new_own(upload.rep()))?;
                *self.parked = Some(Parked { upload, body, note });
                Err(NoInstanceWaits.into())
            }
        }
    }

    async fn received(&mut self) -> wasmtime::Result<(Resource<Upload>, Result<u64, wit::Error>)> {
        let Some(Received { upload, outcome }) = self.received.take() else {
            bail!("`received` without an upload that the host received");
        };
        Ok((self.table.push(upload)?, outcome))
    }

    async fn write(
        &mut self,
        upload: Resource<Upload>,
        bytes: Vec<u8>,
    ) -> wasmtime::Result<Result<(), wit::Error>> {
        let upload = self.table.get_mut(&upload)?;
        ensure!(
            matches!(upload.fed, Fed::NotYet | Fed::ByWrites),
            "`write` on an upload that received a body or is complete"
        );
        upload.fed = Fed::ByWrites;
        if let Some(error) = &upload.failed {
            return Ok(Err(error.clone()));
        }
        if bytes.is_empty() {
            return Ok(Ok(()));
        }
        Ok(upload.append(bytes.into()).await)
    }

    async fn complete(
        &mut self,
        upload: Resource<Upload>,
    ) -> wasmtime::Result<Result<(), wit::Error>> {
        let upload = self.table.get_mut(&upload)?;
        upload.fed = Fed::Wholly;
        if let Some(error) = &upload.failed {
            return Ok(Err(error.clone()));
        }
        let written = upload.staged.complete().await;
        Ok(written.map_err(|error| upload.fail(outgoing::refusal(error))))
    }

    async fn finish(
        &mut self,
        uploads: Vec<Resource<Upload>>,
    ) -> wasmtime::Result<Result<Vec<wit::Stored>, wit::Refusal>> {
        let uploads = uploads
            .into_iter()
            .map(|upload| self.table.delete(upload))
            .collect::<Result<Vec<_>, _>>()?;
        let mut keys = HashSet::with_capacity(uploads.len());
        for (index, upload) in uploads.iter().enumerate() {
            let Kind::File(key) = &upload.kind else {
                bail!("a turn of a resumable upload cannot be published with others");
            };
            ensure!(keys.insert(key), "two uploads of a batch have the same key");
            if let Some(error) = upload.failed.clone() {
                return Ok(Err(wit::Refusal {
                    index: u32::try_from(index)?,
                    error,
                }));
            }
        }
        let staged = uploads.into_iter().map(|upload| upload.staged).collect();
        match self.store.finish(staged).await {
            Ok(stored) => Ok(Ok(stored.into_iter().map(outgoing::stored).collect())),
            Err(refused) => Ok(Err(wit::Refusal {
                index: u32::try_from(refused.index)?,
                error: outgoing::refusal(refused.error),
            })),
        }
    }

    async fn drop(&mut self, upload: Resource<Upload>) -> wasmtime::Result<()> {
        self.table.delete(upload)?;
        Ok(())
    }
}
