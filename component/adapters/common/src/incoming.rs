//! Maps the component's arguments to the types of the port's rules. Arguments that break the
//! rules panic, which traps.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use coffer_port::copy::are_disjoint;
use coffer_port::key::{MOST_KEYS, are_different};
use coffer_port::{
    Amendment, Conditions, Copy, CreateOptions, Etags, Guard, Key, ListOptions, Metadata,
    OpenOptions, Span, Validator,
};

use crate::bindings::exports::coffer::storage::blobs as wit;
use crate::bindings::wasi::clocks::wall_clock::Datetime;

/// Max entries of one list.
const LONGEST_LIST: u32 = 1000;

pub(crate) fn key(text: String) -> Key {
    match Key::new(text) {
        Ok(key) => key,
        Err(error) => panic!("an invalid key: {error}"),
    }
}

pub(crate) fn open_options(options: wit::OpenOptions) -> OpenOptions {
    OpenOptions {
        span: match options.span {
            wit::Span::All => Span::All,
            wit::Span::From(first) => Span::From(first),
            wit::Span::Between((first, last)) => {
                assert!(first <= last, "a span that ends before it starts");
                Span::Between(first, last)
            }
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
    CreateOptions {
        content_type: options.content_type,
        uploader: options.uploader,
        metadata: metadata(options.metadata),
        may_create: options.may_create,
        may_replace: guard(options.may_replace),
        conditions: conditions(options.conditions),
        max_size: options.max_size,
        announced: options.announced,
        sha256: options.sha256.map(|bytes| match bytes.try_into() {
            Ok(digest) => digest,
            Err(_) => panic!("not a SHA-256"),
        }),
    }
}

/// Keys, as many as one call may name.
pub(crate) fn keys(texts: Vec<String>) -> Vec<Key> {
    check_count(texts.len());
    texts.into_iter().map(key).collect()
}

/// The same, none of them twice.
pub(crate) fn different_keys(texts: Vec<String>) -> Vec<Key> {
    let keys = keys(texts);
    assert!(are_different(&keys), "a key occurs twice");
    keys
}

pub(crate) fn copies(copies: Vec<wit::CopyOptions>) -> Vec<Copy> {
    check_count(copies.len());
    let copies: Vec<Copy> = copies.into_iter().map(copy).collect();
    assert!(are_disjoint(&copies), "a target of copies occurs twice");
    copies
}

fn copy(copy: wit::CopyOptions) -> Copy {
    let options = create_options(copy.target);
    assert!(
        options.announced.is_none() && options.sha256.is_none(),
        "a copy has no body"
    );
    Copy {
        from: key(copy.from),
        etag: copy.etag,
        may_read: guard(copy.may_read),
        may_remove: copy.may_remove.map(guard),
        to: key(copy.to),
        options,
        or_same: copy.or_same,
    }
}

pub(crate) fn amendment(amendment: wit::Amendment) -> Amendment {
    Amendment {
        content_type: amendment.content_type,
        metadata: amendment.metadata.map(metadata),
    }
}

fn check_count(count: usize) {
    assert!(count <= MOST_KEYS, "{count} files in one call");
}

fn metadata(pairs: Vec<(String, String)>) -> Metadata {
    match Metadata::new(pairs) {
        Ok(metadata) => metadata,
        Err(error) => panic!("invalid metadata: {error}"),
    }
}

pub(crate) fn list_options(options: wit::ListOptions) -> ListOptions {
    let (limit, delimiter) = (options.limit, options.delimiter);
    assert!((1..=LONGEST_LIST).contains(&limit), "an invalid limit");
    assert!(delimiter.as_deref() != Some(""), "an empty delimiter");
    ListOptions {
        prefix: options.prefix,
        delimiter,
        after: options.after,
        limit: limit as usize,
    }
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
    match UNIX_EPOCH.checked_add(Duration::from_secs(time.seconds)) {
        Some(time) => time,
        None => panic!("a time out of range"),
    }
}
