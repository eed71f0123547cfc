//! Maps the component's arguments to the types of the port's rules. Arguments that break the
//! rules panic, which traps.

use std::time::SystemTime;

use coffer_port::arguments::{self, InvalidArgument};
use coffer_port::{
    Amendment, Conditions, Copy, CreateOptions, Etags, Guard, Key, ListOptions, OpenOptions, Span,
    Validator,
};

use crate::bindings::exports::coffer::storage::blobs as wit;
use crate::bindings::wasi::clocks::wall_clock::Datetime;

fn valid<T>(argument: Result<T, InvalidArgument>) -> T {
    match argument {
        Ok(valid) => valid,
        Err(error) => panic!("{error}"),
    }
}

pub(crate) fn key(text: String) -> Key {
    valid(Key::new(text).map_err(InvalidArgument::from))
}

pub(crate) fn open_options(options: wit::OpenOptions) -> OpenOptions {
    OpenOptions {
        span: match options.span {
            wit::Span::All => Span::All,
            wit::Span::From(first) => Span::From(first),
            wit::Span::Between((first, last)) => valid(arguments::between(first, last)),
            wit::Span::Last(count) => Span::Last(count),
        },
        if_range: options.if_range.map(|validator| match validator {
            wit::Validator::Etag(etag) => Validator::Etag(etag),
            wit::Validator::Modified(time) => Validator::Modified(system_time(time)),
        }),
        may_read: guard(options.may_read),
        conditions: conditions(options.conditions),
    }
}

pub(crate) fn create_options(options: wit::CreateOptions) -> CreateOptions {
    valid(arguments::create(CreateOptions {
        content_type: options.content_type,
        uploader: options.uploader,
        metadata: valid(arguments::metadata(options.metadata)),
        may_create: options.may_create,
        may_replace: guard(options.may_replace),
        conditions: conditions(options.conditions),
        max_size: options.max_size,
        announced: options.announced,
        sha256: options.sha256.map(|bytes| valid(arguments::sha256(bytes))),
    }))
}

/// Keys, as many as one call may name.
pub(crate) fn keys(texts: Vec<String>) -> Vec<Key> {
    valid(arguments::keys(texts))
}

/// The same, none of them twice.
pub(crate) fn different_keys(texts: Vec<String>) -> Vec<Key> {
    valid(arguments::different_keys(texts))
}

pub(crate) fn copies(copies: Vec<wit::CopyOptions>) -> Vec<Copy> {
    valid(arguments::copies(copies, |copy| {
        Ok(Copy {
            from: key(copy.from),
            etag: copy.etag,
            may_read: guard(copy.may_read),
            may_remove: copy.may_remove.map(guard),
            to: key(copy.to),
            options: create_options(copy.target),
            or_same: copy.or_same,
        })
    }))
}

pub(crate) fn amendment(amendment: wit::Amendment) -> Amendment {
    let metadata = amendment.metadata;
    valid(arguments::amendment(Amendment {
        content_type: amendment.content_type,
        metadata: metadata.map(|pairs| valid(arguments::metadata(pairs))),
    }))
}

pub(crate) fn list_options(options: wit::ListOptions) -> ListOptions {
    let wit::ListOptions {
        prefix,
        delimiter,
        after,
        limit,
    } = options;
    valid(arguments::list(prefix, delimiter, after, limit))
}

pub(crate) fn guard(guard: wit::Guard) -> Guard {
    match guard {
        wit::Guard::None => Guard::None,
        wit::Guard::Uploader(name) => Guard::Uploader(name),
        wit::Guard::Any => Guard::Any,
    }
}

pub(crate) fn conditions(conditions: wit::Conditions) -> Conditions {
    let etags = |etags| match etags {
        wit::Etags::Any => Etags::Any,
        wit::Etags::List(tags) => Etags::List(tags),
    };
    Conditions {
        if_match: conditions.if_match.map(etags),
        if_unmodified_since: conditions.if_unmodified_since.map(system_time),
        if_none_match: conditions.if_none_match.map(etags),
        if_modified_since: conditions.if_modified_since.map(system_time),
    }
}

fn system_time(time: Datetime) -> SystemTime {
    valid(arguments::time(time.seconds))
}
