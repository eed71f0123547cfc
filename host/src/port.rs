//! The WIT port over a [`BlobStore`]: the only file that knows both.
//!
//! The component is not trusted with the host's health: keys, header fields,
//! lengths and counts are checked again here, and a component that breaks the
//! port's rules traps, which costs its one request a 500.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use futures_util::TryStreamExt;
use futures_util::stream::BoxStream;
use http::header::{CONTENT_LENGTH, HeaderMap, HeaderName, HeaderValue};
use http_body_util::{BodyExt, StreamBody};
use hyper::body::Frame;
use wasmtime::component::{HasData, Resource, ResourceTable};
use wasmtime::{bail, ensure, format_err};
use wasmtime_wasi::p2::bindings::clocks::wall_clock::Datetime;
use wasmtime_wasi::p2::{InputStream, Pollable, StreamError};
use wasmtime_wasi_http::p2::body::{HostIncomingBody, HyperOutgoingBody};
use wasmtime_wasi_http::p2::types::HostResponseOutparam;

use crate::bindings::coffer::storage::blobs as wit;
use crate::store::{self, BlobStore, Key};

/// The most bytes taken from a request's body at once.
const RECEIVE_CHUNK: usize = 1 << 20;
/// The longest content type or uploader that is kept, in bytes.
const LONGEST_TEXT: usize = 1024;
/// The most entries of one list.
const LONGEST_LIST: u32 = 1000;

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
}

/// A version of a file that the component holds open.
pub struct Blob {
    length: u64,
    body: BoxStream<'static, Result<Bytes, store::Error>>,
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
            Err(error) => Err(self.fail(refusal(error))),
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
        let fields = checked_fields(headers)?;
        ensure!(
            matches!(status, 200 | 206),
            "a blob cannot answer with status {status}"
        );
        let out = self.table.delete(out)?;

        let mut response = http::Response::new(outgoing(blob.body));
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
    ) -> wasmtime::Result<Result<u64, wit::Error>> {
        let mut body = self.table.delete(body)?;
        let Some(mut stream) = body.take_stream() else {
            bail!("the body given to `receive` was read before");
        };
        let upload = self.table.get_mut(&upload)?;
        ensure!(
            upload.fed == Fed::NotYet,
            "`receive` on an upload that has bytes already"
        );
        upload.fed = Fed::ByBody;

        let mut received = 0;
        loop {
            stream.ready().await;
            match stream.read(RECEIVE_CHUNK) {
                Ok(bytes) if bytes.is_empty() => {}
                Ok(bytes) => {
                    received += bytes.len() as u64;
                    if let Err(error) = upload.append(bytes).await {
                        return Ok(Err(error));
                    }
                }
                Err(StreamError::Closed) => return Ok(Ok(received)),
                Err(StreamError::LastOperationFailed(cause)) => {
                    return Ok(Err(upload.fail(broken_off(&cause))));
                }
                Err(StreamError::Trap(trap)) => return Err(trap),
            }
        }
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
        Ok(written.map_err(|error| upload.fail(refusal(error))))
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
            Ok(stored) => Ok(Ok(stored.into_iter().map(stored_to_wit).collect())),
            Err(refused) => Ok(Err(wit::Refusal {
                index: u32::try_from(refused.index)?,
                error: refusal(refused.error),
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
        let options = store::OpenOptions {
            span: span(options.span)?,
            span_only_if: options.span_only_if.map(validator).transpose()?,
            conditions: conditions(options.conditions)?,
        };
        let opened = match self.store.open(&checked_key(key)?, options).await {
            Ok(opened) => opened,
            Err(error) => return Ok(Err(refusal(error))),
        };
        let blob = self.table.push(Blob {
            length: opened.length,
            body: opened.body,
        })?;
        Ok(Ok(wit::Opened {
            blob,
            info: info(opened.info),
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
            .stat(&checked_key(key)?, &conditions(asked)?)
            .await;
        Ok(found.map(info).map_err(refusal))
    }

    async fn create(
        &mut self,
        key: String,
        options: wit::CreateOptions,
    ) -> wasmtime::Result<Result<Resource<Upload>, wit::Error>> {
        let key = checked_key(key)?;
        let longest = options.uploader.as_ref().map_or(0, String::len);
        ensure!(
            longest.max(options.content_type.len()) <= LONGEST_TEXT,
            "overlong file metadata"
        );
        let options = store::CreateOptions {
            content_type: options.content_type,
            uploader: options.uploader,
            may_create: options.may_create,
            may_replace: whose(options.may_replace),
            conditions: conditions(options.conditions)?,
            max_size: options.max_size,
            sha256: options
                .sha256
                .map(|bytes| <[u8; 32]>::try_from(bytes).map_err(|_| format_err!("not a SHA-256")))
                .transpose()?,
        };
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
            Err(error) => Ok(Err(refusal(error))),
        }
    }

    async fn remove(
        &mut self,
        key: String,
        may_remove: wit::Whose,
        asked: wit::Conditions,
    ) -> wasmtime::Result<Result<(), wit::Error>> {
        let key = checked_key(key)?;
        let removed = self
            .store
            .remove(&key, &whose(may_remove), &conditions(asked)?)
            .await;
        Ok(removed.map_err(refusal))
    }

    async fn list(
        &mut self,
        options: wit::ListOptions,
    ) -> wasmtime::Result<Result<wit::Listing, wit::Error>> {
        ensure!(
            (1..=LONGEST_LIST).contains(&options.limit),
            "a list of {}",
            options.limit
        );
        ensure!(
            options.delimiter.as_deref() != Some(""),
            "an empty delimiter"
        );
        let options = store::ListOptions {
            prefix: options.prefix,
            delimiter: options.delimiter,
            after: options.after,
            limit: options.limit as usize,
        };
        let listing = match self.store.list(options).await {
            Ok(listing) => listing,
            Err(error) => return Ok(Err(refusal(error))),
        };
        let entries = listing.entries.into_iter().map(entry).collect();
        Ok(Ok(wit::Listing {
            entries,
            more: listing.more,
        }))
    }
}

/// The bytes as hyper sends them. An error on the way is logged with its cause
/// under the request that it belongs to, and breaks the response off.
fn outgoing(body: BoxStream<'static, Result<Bytes, store::Error>>) -> HyperOutgoingBody {
    let span = tracing::Span::current();
    let frames = body.map_ok(Frame::data).map_err(move |error| {
        span.in_scope(|| tracing::error!(error = causes(&error), "a download broke off"));
        wasmtime_wasi_http::Error::InternalError(None)
    });
    StreamBody::new(frames).boxed_unsync()
}

/// What a failure of the request's own body means to the component.
fn broken_off(cause: &wasmtime::Error) -> wit::Error {
    use wasmtime_wasi_http::Error as Http;
    match cause.downcast_ref::<Http>() {
        Some(Http::HttpRequestBodySize(_)) => wit::Error::TooLarge,
        Some(Http::ConnectionReadTimeout) => wit::Error::TimedOut,
        _ => wit::Error::BodyIncomplete,
    }
}

/// An engine's error as the component may know it; the rest goes to the log.
fn refusal(error: store::Error) -> wit::Error {
    match error {
        store::Error::NotFound => wit::Error::NotFound,
        store::Error::Protected => wit::Error::Protected,
        store::Error::PreconditionFailed => wit::Error::PreconditionFailed,
        store::Error::NotModified(found) => wit::Error::NotModified(info(*found)),
        store::Error::SpanOutside(size) => wit::Error::SpanOutside(size),
        store::Error::TooLarge => wit::Error::TooLarge,
        store::Error::DigestMismatch => wit::Error::DigestMismatch,
        store::Error::NoSpace => {
            tracing::error!("the store has no space left");
            wit::Error::NoSpace
        }
        store::Error::Unavailable(_) => {
            tracing::error!(error = causes(&error), "the store failed");
            wit::Error::Unavailable
        }
    }
}

/// An error and what caused it, in one line.
fn causes(error: &dyn std::error::Error) -> String {
    let mut line = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        line.push_str(": ");
        line.push_str(&error.to_string());
        cause = error.source();
    }
    line
}

fn checked_key(key: String) -> wasmtime::Result<Key> {
    Key::new(key).map_err(|error| format_err!("an unusable key: {error}"))
}

/// The component's fields for a response whose length and framing are the host's.
fn checked_fields(headers: Vec<(String, Vec<u8>)>) -> wasmtime::Result<HeaderMap> {
    let mut fields = HeaderMap::with_capacity(headers.len() + 2);
    for (name, value) in headers {
        let name = HeaderName::from_bytes(name.as_bytes())?;
        let framing = wasmtime_wasi_http::DEFAULT_FORBIDDEN_HEADERS.contains(&name);
        ensure!(
            !framing && name != CONTENT_LENGTH,
            "`{name}` is the host's to set"
        );
        fields.try_append(name, HeaderValue::from_bytes(&value)?)?;
    }
    Ok(fields)
}

fn span(span: wit::Span) -> wasmtime::Result<store::Span> {
    Ok(match span {
        wit::Span::All => store::Span::All,
        wit::Span::From(first) => store::Span::From(first),
        wit::Span::Between((first, last)) => {
            ensure!(first <= last, "a span that ends before it starts");
            store::Span::Between(first, last)
        }
        wit::Span::Last(count) => store::Span::Last(count),
    })
}

fn validator(validator: wit::Validator) -> wasmtime::Result<store::Validator> {
    Ok(match validator {
        wit::Validator::Etag(etag) => store::Validator::Etag(etag),
        wit::Validator::Modified(time) => store::Validator::Modified(system_time(time)?),
    })
}

fn conditions(asked: wit::Conditions) -> wasmtime::Result<store::Conditions> {
    let etags = |etags| match etags {
        wit::Etags::Any => store::Etags::Any,
        wit::Etags::These(tags) => store::Etags::These(tags),
    };
    Ok(store::Conditions {
        if_match: asked.if_match.map(etags),
        if_unmodified_since: asked.if_unmodified_since.map(system_time).transpose()?,
        if_none_match: asked.if_none_match.map(etags),
        if_modified_since: asked.if_modified_since.map(system_time).transpose()?,
    })
}

fn whose(whose: wit::Whose) -> store::Whose {
    match whose {
        wit::Whose::Nobodys => store::Whose::Nobodys,
        wit::Whose::Uploaders(uploader) => store::Whose::Uploaders(uploader),
        wit::Whose::Anyones => store::Whose::Anyones,
    }
}

fn info(info: store::Info) -> wit::Info {
    wit::Info {
        key: info.key.as_str().to_owned(),
        size: info.size,
        etag: info.etag,
        modified: datetime(info.modified),
        content_type: info.content_type,
        uploader: info.uploader,
    }
}

fn stored_to_wit(stored: store::Stored) -> wit::Stored {
    wit::Stored {
        info: info(stored.info),
        replaced: stored.replaced,
    }
}

fn entry(entry: store::Entry) -> wit::Entry {
    match entry {
        store::Entry::File(file) => wit::Entry::File(wit::Listed {
            key: file.key.as_str().to_owned(),
            size: file.size,
            etag: file.etag,
            modified: datetime(file.modified),
        }),
        store::Entry::Folder(folder) => wit::Entry::Folder(folder),
    }
}

fn system_time(time: Datetime) -> wasmtime::Result<SystemTime> {
    SystemTime::UNIX_EPOCH
        .checked_add(Duration::new(time.seconds, 0))
        .ok_or_else(|| format_err!("a time out of all bounds"))
}

/// Files are not older than 1970; a clock that says so is taken for that year.
fn datetime(time: SystemTime) -> Datetime {
    let since = time
        .duration_since(SystemTime::UNIX_EPOCH)
        .unwrap_or_default();
    Datetime {
        seconds: since.as_secs(),
        nanoseconds: since.subsec_nanos(),
    }
}
