//! The store's results, in the port's terms. Causes go to the log.

use bytes::Bytes;
use futures_util::TryStreamExt;
use futures_util::stream::BoxStream;
use http_body_util::{BodyExt, StreamBody};
use hyper::body::Frame;
use wasmtime_wasi_http::p2::body::HyperOutgoingBody;

use crate::bindings::coffer::storage::blobs as wit;
use crate::imports::exchange::datetime;
use crate::process::log::RequestLog;
use crate::store;

/// The bytes as hyper sends them. An error on the way is logged with its cause under its request,
/// and cuts the response short.
pub(super) fn body(bytes: BoxStream<'static, Result<Bytes, store::Error>>) -> HyperOutgoingBody {
    let log = RequestLog::current();
    let frames = bytes.map_ok(Frame::data).map_err(move |error| {
        log.in_scope(|| tracing::error!(error = store::causes(&error), "download cut short"));
        wasmtime_wasi_http::Error::InternalError(None)
    });
    StreamBody::new(frames).boxed_unsync()
}

/// A failure of the request's own body, in the port's terms.
pub(super) fn broken_off(cause: &wasmtime::Error) -> wit::Error {
    use wasmtime_wasi_http::Error as Http;
    match cause.downcast_ref::<Http>() {
        Some(Http::HttpRequestBodySize(_)) => wit::Error::TooLarge,
        Some(Http::ConnectionReadTimeout) => wit::Error::TimedOut,
        _ => wit::Error::BodyIncomplete,
    }
}

/// An engine's error as the component may know it; the rest goes to the log.
pub(super) fn refusal(error: store::Error) -> wit::Error {
    if error.is_failure() {
        log(&error);
    } else if let store::Error::UnsupportedKey(_) = &error {
        tracing::info!(error = store::causes(&error), "refused");
    }
    match error {
        store::Error::NotFound => wit::Error::NotFound,
        store::Error::Protected => wit::Error::Protected,
        store::Error::PreconditionFailed => wit::Error::PreconditionFailed,
        store::Error::NotModified(found) => wit::Error::NotModified(info(*found)),
        store::Error::SpanOutside(size) => wit::Error::SpanOutside(size),
        store::Error::TooLarge => wit::Error::TooLarge,
        store::Error::DigestMismatch => wit::Error::DigestMismatch,
        store::Error::NoSpace => wit::Error::NoSpace,
        store::Error::UnsupportedKey(_) => wit::Error::UnsupportedKey,
        store::Error::Busy => wit::Error::Busy,
        store::Error::TooMany => wit::Error::TooMany,
        store::Error::Unsupported => wit::Error::Unsupported,
        store::Error::Unavailable(_) => wit::Error::Unavailable,
        store::Error::Misconfigured(_) => wit::Error::Misconfigured,
    }
}

/// Logs why the store failed.
pub(super) fn log(error: &store::Error) {
    tracing::error!(error = store::causes(error), "the store failed");
}

/// A file's description.
pub(super) fn info(info: store::Info) -> wit::Info {
    wit::Info {
        key: info.key.as_str().to_owned(),
        size: info.size,
        etag: info.etag,
        modified: datetime(info.modified),
        content_type: info.content_type,
        uploader: info.uploader,
        metadata: info.metadata.into_pairs(),
    }
}

/// A file that has become visible.
pub(super) fn stored(stored: store::Stored) -> wit::Stored {
    wit::Stored {
        info: info(stored.info),
        replaced: stored.replaced,
    }
}

/// The outcome of each call of many.
pub(super) fn each<T, E, U, F>(
    results: Vec<Result<T, E>>,
    done: impl Fn(T) -> U,
    refused: impl Fn(E) -> F,
) -> Vec<Result<U, F>> {
    let results = results.into_iter();
    results
        .map(|result| result.map(&done).map_err(&refused))
        .collect()
}

/// Why a file was not copied, as [`refusal`].
pub(super) fn copy_error(error: store::CopyError) -> wit::CopyError {
    match error {
        store::CopyError::Source(error) => wit::CopyError::Source(refusal(error)),
        store::CopyError::Target(error) => wit::CopyError::Target(refusal(error)),
    }
}

/// A line of a list.
pub(super) fn entry(entry: store::Entry) -> wit::Entry {
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
