//! What the component passes, in the store's terms. What breaks the port's rules is an error here,
//! which traps.

use std::time::SystemTime;

use coffer_port::arguments::{self, InvalidArgument};
use wasmtime_wasi::p2::bindings::clocks::wall_clock::Datetime;

use crate::bindings::coffer::storage::blobs as wit;
use crate::store::{self, Key};

pub(super) use arguments::{different_keys, keys};

/// How to open a file.
pub(super) fn open_options(asked: wit::OpenOptions) -> Result<store::OpenOptions, InvalidArgument> {
    Ok(store::OpenOptions {
        span: span(asked.span)?,
        if_range: asked.if_range.map(validator).transpose()?,
        may_read: guard(asked.may_read),
        conditions: conditions(asked.conditions)?,
    })
}

/// How to store a file.
pub(super) fn create_options(
    asked: wit::CreateOptions,
) -> Result<store::CreateOptions, InvalidArgument> {
    arguments::create(store::CreateOptions {
        content_type: asked.content_type,
        uploader: asked.uploader,
        metadata: arguments::metadata(asked.metadata)?,
        may_create: asked.may_create,
        may_replace: guard(asked.may_replace),
        conditions: conditions(asked.conditions)?,
        max_size: asked.max_size,
        announced: asked.announced,
        sha256: asked.sha256.map(arguments::sha256).transpose()?,
    })
}

/// What to copy.
pub(super) fn copies(asked: Vec<wit::CopyOptions>) -> Result<Vec<store::Copy>, InvalidArgument> {
    arguments::copies(asked, |asked| {
        Ok(store::Copy {
            from: key(asked.from)?,
            etag: asked.etag,
            may_read: guard(asked.may_read),
            may_remove: asked.may_remove.map(guard),
            to: key(asked.to)?,
            options: create_options(asked.target)?,
            or_same: asked.or_same,
        })
    })
}

/// What to change.
pub(super) fn amendment(asked: wit::Amendment) -> Result<store::Amendment, InvalidArgument> {
    arguments::amendment(store::Amendment {
        content_type: asked.content_type,
        metadata: asked.metadata.map(arguments::metadata).transpose()?,
    })
}

/// Which keys to list.
pub(super) fn list_options(asked: wit::ListOptions) -> Result<store::ListOptions, InvalidArgument> {
    arguments::list(asked.prefix, asked.delimiter, asked.after, asked.limit)
}

/// A valid key, which the store may trust.
pub(super) fn key(key: String) -> Result<Key, InvalidArgument> {
    Ok(Key::new(key)?)
}

fn span(span: wit::Span) -> Result<store::Span, InvalidArgument> {
    Ok(match span {
        wit::Span::All => store::Span::All,
        wit::Span::From(first) => store::Span::From(first),
        wit::Span::Between((first, last)) => arguments::between(first, last)?,
        wit::Span::Last(count) => store::Span::Last(count),
    })
}

fn validator(validator: wit::Validator) -> Result<store::Validator, InvalidArgument> {
    Ok(match validator {
        wit::Validator::Etag(etag) => store::Validator::Etag(etag),
        wit::Validator::Modified(time) => store::Validator::Modified(system_time(time)?),
    })
}

/// What must hold.
pub(super) fn conditions(asked: wit::Conditions) -> Result<store::Conditions, InvalidArgument> {
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

fn system_time(time: Datetime) -> Result<SystemTime, InvalidArgument> {
    arguments::time(time.seconds)
}
