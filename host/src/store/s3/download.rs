//! Opening a file: one GET, and a second request only where its answer leaves
//! something open.

use std::sync::Arc;

use futures_util::StreamExt;
use futures_util::stream;

use super::body;
use super::bucket::{Bytes, Range};
use super::failure::Failure;
use super::shared::Shared;
use crate::store::{Body, Conditions, Error, Etags, Info, Key, OpenOptions, Opened, Span};

/// So often a version is looked for anew because it was replaced meanwhile.
const ROUNDS: u32 = 8;

pub(super) async fn open(
    store: &Arc<Shared>,
    key: &Key,
    options: &OpenOptions,
) -> Result<Opened, Error> {
    let Some(range) = Range::of(options.span).filter(|_| may_hold(&options.conditions)) else {
        return look_then_get(store, key, options).await;
    };
    match store.bucket.get(key, range, &options.conditions).await {
        Ok(got) => {
            let info = &got.object.info;
            options.conditions.check_read(info)?;
            if got.partial && options.span_for(info) == Span::All {
                return look_then_get(store, key, options).await;
            }
            Ok(opened(store, got))
        }
        // 304 does not describe the file, 416 not always its size.
        Err(Failure::NotModified | Failure::RangeOutside) => {
            look_then_get(store, key, options).await
        }
        Err(failure) => Err(failure.into()),
    }
}

/// Whether there can be a version that these conditions let through. Those that
/// cannot hold are decided without asking for bytes.
fn may_hold(conditions: &Conditions) -> bool {
    let none = |etags: &Etags| matches!(etags, Etags::These(tags) if tags.is_empty());
    !conditions.if_match.as_ref().is_some_and(none) && conditions.if_none_match != Some(Etags::Any)
}

/// Decides everything by a description, then gets the bytes of that version.
async fn look_then_get(
    store: &Arc<Shared>,
    key: &Key,
    options: &OpenOptions,
) -> Result<Opened, Error> {
    for _ in 0..ROUNDS {
        let info = store.bucket.head(key).await?.info;
        options.conditions.check_read(&info)?;
        let extent = options.span_for(&info).within(info.size)?;
        if extent.length == 0 {
            return Ok(empty(info));
        }
        let range = match extent.partial {
            true => Range::between(extent.offset, extent.offset + extent.length),
            false => Range::WHOLE,
        };
        match store.bucket.get_version(&info, range).await {
            Ok(got) if got.object.info.etag == info.etag && got.length == extent.length => {
                return Ok(opened(store, got));
            }
            Ok(_) | Err(Failure::Precondition | Failure::RangeOutside) => {}
            Err(failure) => return Err(failure.into()),
        }
    }
    Err(Error::Unavailable(
        "the file was replaced again and again".into(),
    ))
}

fn opened(store: &Arc<Shared>, got: Bytes) -> Opened {
    Opened {
        info: got.object.info.clone(),
        offset: got.offset,
        length: got.length,
        partial: got.partial,
        body: Body::Bytes(body::stream(store.clone(), got)),
    }
}

pub(super) fn empty(info: Info) -> Opened {
    Opened {
        info,
        offset: 0,
        length: 0,
        partial: false,
        body: Body::Bytes(stream::empty().boxed()),
    }
}
