//! What the component passes, checked and in the store's terms. What breaks the port's rules is an
//! error here, which traps.

use std::time::{Duration, SystemTime};

use coffer_port::copy::are_disjoint;
use coffer_port::key::{MOST_KEYS, are_different};
use wasmtime::{ensure, format_err};
use wasmtime_wasi::p2::bindings::clocks::wall_clock::Datetime;

use crate::bindings::coffer::storage::blobs as wit;
use crate::store::{self, Key};

/// Max length of a content type or an uploader, in bytes.
const LONGEST_TEXT: usize = 1024;
/// Max entries of one list.
const LONGEST_LIST: u32 = 1000;

/// How to open a file.
pub(super) fn open_options(asked: wit::OpenOptions) -> wasmtime::Result<store::OpenOptions> {
    Ok(store::OpenOptions {
        span: span(asked.span)?,
        if_range: asked.if_range.map(validator).transpose()?,
        may_read: guard(asked.may_read),
        conditions: conditions(asked.conditions)?,
    })
}

/// How to store a file.
pub(super) fn create_options(asked: wit::CreateOptions) -> wasmtime::Result<store::CreateOptions> {
    let longest = asked.uploader.as_ref().map_or(0, String::len);
    ensure!(
        longest.max(asked.content_type.len()) <= LONGEST_TEXT,
        "the file's metadata is too long"
    );
    let digest = |bytes| <[u8; 32]>::try_from(bytes).map_err(|_| format_err!("not a SHA-256"));
    Ok(store::CreateOptions {
        content_type: asked.content_type,
        uploader: asked.uploader,
        metadata: metadata(asked.metadata)?,
        may_create: asked.may_create,
        may_replace: guard(asked.may_replace),
        conditions: conditions(asked.conditions)?,
        max_size: asked.max_size,
        announced: asked.announced,
        sha256: asked.sha256.map(digest).transpose()?,
    })
}

/// What to copy.
pub(super) fn copies(asked: Vec<wit::CopyOptions>) -> wasmtime::Result<Vec<store::Copy>> {
    check_count(asked.len())?;
    let copies = asked.into_iter().map(copy);
    let copies = copies.collect::<wasmtime::Result<Vec<_>>>()?;
    ensure!(are_disjoint(&copies), "a target of copies occurs twice");
    Ok(copies)
}

fn copy(asked: wit::CopyOptions) -> wasmtime::Result<store::Copy> {
    let options = create_options(asked.target)?;
    ensure!(
        options.announced.is_none() && options.sha256.is_none(),
        "a copy has no body"
    );
    Ok(store::Copy {
        from: key(asked.from)?,
        etag: asked.etag,
        may_read: guard(asked.may_read),
        may_remove: asked.may_remove.map(guard),
        to: key(asked.to)?,
        options,
        or_same: asked.or_same,
    })
}

/// What to change.
pub(super) fn amendment(asked: wit::Amendment) -> wasmtime::Result<store::Amendment> {
    let longest = asked.content_type.as_ref().map_or(0, String::len);
    ensure!(longest <= LONGEST_TEXT, "the content type is too long");
    Ok(store::Amendment {
        content_type: asked.content_type,
        metadata: asked.metadata.map(metadata).transpose()?,
    })
}

fn metadata(pairs: Vec<(String, String)>) -> wasmtime::Result<store::Metadata> {
    store::Metadata::new(pairs).map_err(|error| format_err!("invalid metadata: {error}"))
}

fn check_count(count: usize) -> wasmtime::Result<()> {
    ensure!(count <= MOST_KEYS, "{count} files in one call");
    Ok(())
}

/// Keys, as many as one call may name.
pub(super) fn keys(keys: Vec<String>) -> wasmtime::Result<Vec<Key>> {
    check_count(keys.len())?;
    keys.into_iter().map(key).collect()
}

/// The same, none of them twice.
pub(super) fn different_keys(asked: Vec<String>) -> wasmtime::Result<Vec<Key>> {
    let keys = keys(asked)?;
    ensure!(are_different(&keys), "a key occurs twice");
    Ok(keys)
}

/// Which keys to list.
pub(super) fn list_options(asked: wit::ListOptions) -> wasmtime::Result<store::ListOptions> {
    ensure!(
        (1..=LONGEST_LIST).contains(&asked.limit),
        "a list limit of {}",
        asked.limit
    );
    ensure!(asked.delimiter.as_deref() != Some(""), "an empty delimiter");
    Ok(store::ListOptions {
        prefix: asked.prefix,
        delimiter: asked.delimiter,
        after: asked.after,
        limit: usize::try_from(asked.limit)?,
    })
}

/// A valid key, which the store may trust.
pub(super) fn key(key: String) -> wasmtime::Result<Key> {
    Key::new(key).map_err(|error| format_err!("an invalid key: {error}"))
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

/// What must hold.
pub(super) fn conditions(asked: wit::Conditions) -> wasmtime::Result<store::Conditions> {
    let etags = |etags| match etags {
        wit::Etags::Any => store::Etags::Any,
        wit::Etags::List(tags) => store::Etags::List(tags),
    };
    Ok(store::Conditions {
        if_match: asked.if_match.map(etags),
        if_unmodified_since: asked.if_unmodified_since.map(system_time).transpose()?,
        if_none_match: asked.if_none_match.map(etags),
        if_modified_since: asked.if_modified_since.map(system_time).transpose()?,
    })
}

/// Whose files a call is for.
pub(super) fn guard(guard: wit::Guard) -> store::Guard {
    match guard {
        wit::Guard::None => store::Guard::None,
        wit::Guard::Uploader(uploader) => store::Guard::Uploader(uploader),
        wit::Guard::Any => store::Guard::Any,
    }
}

fn system_time(time: Datetime) -> wasmtime::Result<SystemTime> {
    SystemTime::UNIX_EPOCH
        .checked_add(Duration::new(time.seconds, 0))
        .ok_or_else(|| format_err!("a time out of range"))
}
