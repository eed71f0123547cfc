//! The WIT port over a [`BlobStore`]; nothing outside this folder knows both.
//!
//! The component is not trusted: keys, header fields, lengths and counts are checked again here,
//! and a component that breaks the port's rules traps, so that its one request gets a 500.

mod host_upload;
mod incoming;
mod outgoing;
mod parked;
mod redirect;
mod resumable;
mod turns;
mod upload;

use std::sync::Arc;

use http::header::{CONTENT_LENGTH, HeaderValue};
use wasmtime::component::{HasData, Resource, ResourceTable};
use wasmtime::ensure;
use wasmtime_wasi_http::p2::types::HostResponseOutparam;

use crate::bindings::coffer::storage::blobs as wit;
use crate::imports::client_wait::ClientWait;
use crate::imports::exchange;
use crate::store::{BlobStore, Body};

pub use parked::{NoInstanceWaits, Parked, Received};
pub use turns::Turns;
use upload::Kind;
pub use upload::Upload;

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
    /// Of all requests.
    pub turns: &'a Turns,
    /// Who waits for this request's client.
    pub client: &'a ClientWait,
    /// Where a request with a slow client is parked.
    pub parked: &'a mut Option<Parked>,
    /// Its outcome, for the instance that continues.
    pub received: &'a mut Option<Received>,
}

/// Marks a response whose bytes the store sends, which are never entirely in memory.
#[derive(Debug, Clone, Copy)]
pub struct FromStore;

/// A version of a file that the component holds open.
pub struct Blob {
    length: u64,
    body: Body,
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
        let fields = exchange::fields(headers)?;
        ensure!(
            matches!(status, 200 | 206),
            "a blob cannot answer with status {status}"
        );
        let out = self.table.delete(out)?;

        let body = match blob.body {
            Body::Whole(bytes) => exchange::whole(bytes),
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
        may_read: wit::Guard,
        asked: wit::Conditions,
    ) -> wasmtime::Result<Result<wit::Info, wit::Error>> {
        let (key, may_read) = (incoming::key(key)?, incoming::guard(may_read));
        let conditions = incoming::conditions(asked)?;
        let found = self.store.stat(&key, &may_read, &conditions).await;
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
                let upload = Upload::new(Kind::File(key), staged);
                Ok(Ok(self.table.push(upload)?))
            }
            Err(error) => Ok(Err(outgoing::refusal(error))),
        }
    }

    async fn remove(
        &mut self,
        key: String,
        may_remove: wit::Guard,
        asked: wit::Conditions,
    ) -> wasmtime::Result<Result<(), wit::Error>> {
        let key = incoming::key(key)?;
        let removed = self
            .store
            .remove(
                &key,
                &incoming::guard(may_remove),
                &incoming::conditions(asked)?,
            )
            .await;
        Ok(removed.map_err(outgoing::refusal))
    }

    async fn stat_many(
        &mut self,
        keys: Vec<String>,
        may_read: wit::Guard,
    ) -> wasmtime::Result<Vec<Result<wit::Info, wit::Error>>> {
        let keys = incoming::keys(keys)?;
        let found = self
            .store
            .stat_many(&keys, &incoming::guard(may_read))
            .await;
        Ok(outgoing::each(found, outgoing::info, outgoing::refusal))
    }

    async fn remove_many(
        &mut self,
        keys: Vec<String>,
        may_remove: wit::Guard,
    ) -> wasmtime::Result<Vec<Result<(), wit::Error>>> {
        let keys = incoming::different_keys(keys)?;
        let may_remove = incoming::guard(may_remove);
        let removed = self.store.remove_many(&keys, &may_remove).await;
        Ok(outgoing::each(removed, |()| (), outgoing::refusal))
    }

    async fn copy(
        &mut self,
        copies: Vec<wit::CopyOptions>,
    ) -> wasmtime::Result<Vec<Result<wit::Stored, wit::CopyError>>> {
        let copied = self.store.copy(incoming::copies(copies)?).await;
        Ok(outgoing::each(
            copied,
            outgoing::stored,
            outgoing::copy_error,
        ))
    }

    async fn amend(
        &mut self,
        key: String,
        may_replace: wit::Guard,
        asked: wit::Conditions,
        amendment: wit::Amendment,
    ) -> wasmtime::Result<Result<wit::Info, wit::Error>> {
        let (key, may_replace) = (incoming::key(key)?, incoming::guard(may_replace));
        let conditions = incoming::conditions(asked)?;
        let amendment = incoming::amendment(amendment)?;
        let amended = self.store.amend(&key, &may_replace, &conditions, amendment);
        Ok(amended.await.map(outgoing::info).map_err(outgoing::refusal))
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
