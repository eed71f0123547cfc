//! Maps a store's results to the port's types. Causes are logged.

use std::time::{SystemTime, UNIX_EPOCH};

use coffer_port::error::causes;
use coffer_port::{CopyError, Entry, Error, Info, Listing, Refusal, Stored};

use crate::bindings::exports::coffer::storage::blobs as wit;
use crate::bindings::wasi::clocks::wall_clock::Datetime;

pub(crate) fn error(error: Error) -> wit::Error {
    if error.is_failure() {
        eprintln!("the store failed: {}", causes(&error));
    }
    match error {
        Error::NotFound => wit::Error::NotFound,
        Error::Protected => wit::Error::Protected,
        Error::PreconditionFailed => wit::Error::PreconditionFailed,
        Error::NotModified(found) => wit::Error::NotModified(info(*found)),
        Error::SpanOutside(size) => wit::Error::SpanOutside(size),
        Error::TooLarge => wit::Error::TooLarge,
        Error::DigestMismatch => wit::Error::DigestMismatch,
        Error::NoSpace => wit::Error::NoSpace,
        Error::UnsupportedKey(_) => wit::Error::UnsupportedKey,
        Error::Busy => wit::Error::Busy,
        Error::TooMany => wit::Error::TooMany,
        Error::Unsupported => wit::Error::Unsupported,
        Error::Unavailable(_) => wit::Error::Unavailable,
        Error::Misconfigured(_) => wit::Error::Misconfigured,
    }
}

pub(crate) fn refusal(refusal: Refusal) -> wit::Refusal {
    wit::Refusal {
        index: u32::try_from(refusal.index).unwrap_or(u32::MAX),
        error: error(refusal.error),
    }
}

pub(crate) fn info(info: Info) -> wit::Info {
    wit::Info {
        key: info.key.into(),
        size: info.size,
        etag: info.etag,
        modified: datetime(info.modified),
        content_type: info.content_type,
        uploader: info.uploader,
        metadata: info.metadata.into_pairs(),
    }
}

pub(crate) fn stored(stored: Stored) -> wit::Stored {
    wit::Stored {
        info: info(stored.info),
        replaced: stored.replaced,
    }
}

pub(crate) fn copy_error(copy_error: CopyError) -> wit::CopyError {
    match copy_error {
        CopyError::Source(cause) => wit::CopyError::Source(error(cause)),
        CopyError::Target(cause) => wit::CopyError::Target(error(cause)),
    }
}

pub(crate) fn listing(listing: Listing) -> wit::Listing {
    let entries = listing.entries.into_iter().map(|entry| match entry {
        Entry::File(file) => wit::Entry::File(wit::Listed {
            key: file.key.into(),
            size: file.size,
            etag: file.etag,
            modified: datetime(file.modified),
        }),
        Entry::Folder(folder) => wit::Entry::Folder(folder),
    });
    wit::Listing {
        entries: entries.collect(),
        more: listing.more,
    }
}

fn datetime(time: SystemTime) -> Datetime {
    let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
    Datetime {
        seconds: since.as_secs(),
        nanoseconds: since.subsec_nanos(),
    }
}
