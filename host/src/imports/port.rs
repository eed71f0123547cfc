//! The WIT port over a [`BlobStore`]: the only file that knows both.
//!
//! The component is not trusted with the host's health: keys, header fields,
//! lengths and counts are checked again here, and a component that breaks the
//! port's rules traps, which costs its one request a 500.

mod incoming;
mod outgoing;
mod parked;
mod redirect;

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::header::{CONTENT_LENGTH, HeaderValue};
use tokio::time::Instant;
use wasmtime::component::{HasData, Resource, ResourceTable};
use wasmtime::{bail, ensure};
use wasmtime_wasi_http::p2::body::HostIncomingBody;
use wasmtime_wasi_http::p2::types::HostResponseOutparam;

use crate::bindings::coffer::storage::blobs as wit;
use crate::imports::client_wait::ClientWait;
use crate::store::{self, BlobStore, Body, Key};
use parked::Receiving;

pub use parked::{NoInstanceWaits, Parked, Received};

/// The longest note of a `receive`, in bytes.
const LONGEST_NOTE: usize = 64 << 10;
/// How long an instance may wait for a body: most bodies are there by then, and those
/// that are not may take hours.
const PATIENCE: Duration = Duration::from_millis(10);

/// Gives the linker a [`PortView`] of a request's state.
pub struct Port;

impl HasData for Port {
    type Data<'a> = PortView<'a>;
}

/// The port during one call of the component.
pub struct PortView<'a> {
    /// The request's resources.
    pub table: &'a mut ResourceTable,
    /// Where the files are.
    pub store: &'a Arc<dyn BlobStore>,
    /// Who waits for this request's client.
    pub client: &'a ClientWait,
    /// Where a request goes whose client takes its time.
    pub parked: &'a mut Option<Parked>,
    /// What came of it, for the instance that goes on.
    pub received: &'a mut Option<Received>,
}

/// Marks a response whose bytes the store sends, which never are in memory whole.
#[derive(Debug, Clone, Copy)]
pub struct FromStore;

/// A version of a file that the component holds open.
pub struct Blob {
    length: u64,
    body: Body,
}

/// A file on its way in, on behalf of the component.
pub struct Upload {
    key: Key,
    staged: Box<dyn store::Upload>,
    fed: Fed,
    failed: Option<wit::Error>,
}

/// How an upload gets its bytes; one way excludes the other.
#[derive(PartialEq, Eq)]
enum Fed {
    NotYet,
    ByBody,
    ByWrites,
    /// Nothing more may come.
    Wholly,
}

impl Upload {
    async fn append(&mut self, bytes: Bytes) -> Result<(), wit::Error> {
        match self.staged.write(bytes).await {
            Ok(()) => Ok(()),
            Err(error) => Err(self.fail(outgoing::refusal(error))),
        }
    }

    fn fail(&mut self, error: wit::Error) -> wit::Error {
        self.failed = Some(error.clone());
        error
    }
}

impl wit::HostBlob for PortView<'_> {
    async fn respond(
        &mut self,
        blob: Resource<Blob>,
        out: Resource<HostResponseOutparam>,
        status: u16,
        headers: Vec<(String, Vec<u8>)>,
    ) -> wasmtime::Result<()> {
        let blob = self.table.delete(blob)?;
        let fields = incoming::fields(headers)?;
        ensure!(
            matches!(status, 200 | 206),
            "a blob cannot answer with status {status}"
        );
        let out = self.table.delete(out)?;

        let body = match blob.body {
            Body::Whole(bytes) => outgoing::whole(bytes),
            Body::Bytes(bytes) => outgoing::body(bytes),
            Body::Elsewhere(place) => {
                let response = redirect::to(place.as_ref(), &fields).await;
                (out.send)(Ok(response));
                return Ok(());
            }
        };
        let mut response = http::Response::new(body);
        response.extensions_mut().insert(FromStore);
        *response.status_mut() = http::StatusCode::from_u16(status)?;
        *response.headers_mut() = fields;
        response
            .headers_mut()
            .insert(CONTENT_LENGTH, HeaderValue::from(blob.length));
        (out.send)(Ok(response));
        Ok(())
    }

    async fn drop(&mut self, blob: Resource<Blob>) -> wasmtime::Result<()> {
        self.table.delete(blob)?;
        Ok(())
    }
}

impl wit::HostUpload for PortView<'_> {
    async fn receive(
        &mut self,
        upload: Resource<Upload>,
        body: Resource<HostIncomingBody>,
        note: Vec<u8>,
    ) -> wasmtime::Result<Result<u64, wit::Error>> {
        ensure!(note.len() <= LONGEST_NOTE, "a note of {}", note.len());
        let mut body = self.table.delete(body)?;
        let Some(stream) = body.take_stream() else {
            bail!("the body given to `receive` was read before");
        };
        let waiting = self.table.get_mut(&upload)?;
        ensure!(
            waiting.fed == Fed::NotYet,
            "`receive` on an upload that has bytes already"
        );
        waiting.fed = Fed::ByBody;
        self.client.host_waits();
        let mut body = Receiving::new(stream);
        match body
            .arrive(waiting, Some(Instant::now() + PATIENCE))
            .await?
        {
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
            bail!("`received` where nothing was received meanwhile");
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
        for (index, upload) in uploads.iter().enumerate() {
            if uploads
                .iter()
                .take(index)
                .any(|earlier| earlier.key == upload.key)
            {
                bail!("two uploads of a batch have the same key");
            }
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

impl wit::Host for PortView<'_> {
    async fn open(
        &mut self,
        key: String,
        options: wit::OpenOptions,
    ) -> wasmtime::Result<Result<wit::Opened, wit::Error>> {
        let options = incoming::open_options(options)?;
        let opened = match self.store.open(&incoming::key(key)?, options).await {
            Ok(opened) => opened,
            Err(error) => return Ok(Err(outgoing::refusal(error))),
        };
        let blob = self.table.push(Blob {
            length: opened.length,
            body: opened.body,
        })?;
        Ok(Ok(wit::Opened {
            blob,
            info: outgoing::info(opened.info),
            offset: opened.offset,
            length: opened.length,
            partial: opened.partial,
        }))
    }

    async fn stat(
        &mut self,
        key: String,
        asked: wit::Conditions,
    ) -> wasmtime::Result<Result<wit::Info, wit::Error>> {
        let found = self
            .store
            .stat(&incoming::key(key)?, &incoming::conditions(asked)?)
            .await;
        Ok(found.map(outgoing::info).map_err(outgoing::refusal))
    }

    async fn create(
        &mut self,
        key: String,
        options: wit::CreateOptions,
    ) -> wasmtime::Result<Result<Resource<Upload>, wit::Error>> {
        let key = incoming::key(key)?;
        let options = incoming::create_options(options)?;
        match self.store.create(key.clone(), options).await {
            Ok(staged) => {
                let upload = Upload {
                    key,
                    staged,
                    fed: Fed::NotYet,
                    failed: None,
                };
                Ok(Ok(self.table.push(upload)?))
            }
            Err(error) => Ok(Err(outgoing::refusal(error))),
        }
    }

    async fn remove(
        &mut self,
        key: String,
        may_remove: wit::Whose,
        asked: wit::Conditions,
    ) -> wasmtime::Result<Result<(), wit::Error>> {
        let key = incoming::key(key)?;
        let removed = self
            .store
            .remove(
                &key,
                &incoming::whose(may_remove),
                &incoming::conditions(asked)?,
            )
            .await;
        Ok(removed.map_err(outgoing::refusal))
    }

    async fn list(
        &mut self,
        options: wit::ListOptions,
    ) -> wasmtime::Result<Result<wit::Listing, wit::Error>> {
        let options = incoming::list_options(options)?;
        let listing = match self.store.list(options).await {
            Ok(listing) => listing,
            Err(error) => return Ok(Err(outgoing::refusal(error))),
        };
        let entries = listing.entries.into_iter().map(outgoing::entry).collect();
        Ok(Ok(wit::Listing {
            entries,
            more: listing.more,
        }))
    }
}
