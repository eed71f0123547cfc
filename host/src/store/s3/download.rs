//! Opening a file: one GET, and more requests only if its response does not settle
//! everything.

use std::sync::Arc;

use coffer_port::object::Range;
use futures_util::StreamExt;
use futures_util::stream;

use super::body;
use super::bucket::Bytes;
use super::failure::S3Failure;
use super::shared::Shared;
use crate::store::{Body, Error, Etags, Guard, Info, Key, OpenOptions, Opened, Span};

/// Max attempts to get the version that the HEAD described.
const ROUNDS: u32 = 8;

pub(super) async fn open(
    store: &Arc<Shared>,
    key: &Key,
    options: &OpenOptions,
) -> Result<Opened, Error> {
    let Some(range) = Range::of(options.span).filter(|_| is_worth_a_get(options)) else {
        return Box::pin(look_then_get(store, key, options)).await;
    };
    match store.bucket.get(key, range, &options.conditions).await {
        Ok(got) => {
            if options.check(&got.object.info)? == Span::All && got.partial {
                return Box::pin(look_then_get(store, key, options)).await;
            }
            Ok(opened(store, got))
        }
        // 304 does not describe the file, and 416 does not always state its size.
        Err(S3Failure::NotModified | S3Failure::RangeOutside) => {
            Box::pin(look_then_get(store, key, options)).await
        }
        Err(failure) => Err(failure.into()),
    }
}

/// Whether a GET may be sent at once: some version can satisfy the conditions, and their
/// evaluation by the service cannot reveal to the wrong caller how a guarded file compares.
fn is_worth_a_get(options: &OpenOptions) -> bool {
    let conditions = &options.conditions;
    let none = |etags: &Etags| matches!(etags, Etags::List(tags) if tags.is_empty());
    let may_hold = !conditions.if_match.as_ref().is_some_and(none)
        && conditions.if_none_match != Some(Etags::Any);
    match options.may_read {
        Guard::Any => may_hold,
        Guard::Uploader(_) => conditions.is_none(),
        Guard::None => false,
    }
}

/// Decides everything from a HEAD, then gets the bytes of that version. Callers box it, since
/// its state would make that of every download larger.
async fn look_then_get(
    store: &Arc<Shared>,
    key: &Key,
    options: &OpenOptions,
) -> Result<Opened, Error> {
    for _ in 0..ROUNDS {
        let info = store.bucket.look(key).await?.ok_or(Error::NotFound)?.info;
        let extent = options.check(&info)?.within(info.size)?;
        if extent.length == 0 {
            return Ok(empty(info));
        }
        let range = Range::for_extent(extent);
        match store.bucket.get_version(&info, range).await {
            Ok(got) if got.object.info.etag == info.etag && got.length == extent.length => {
                return Ok(opened(store, got));
            }
            Ok(_) | Err(S3Failure::Precondition | S3Failure::RangeOutside) => {}
            Err(failure) => return Err(failure.into()),
        }
    }
    Err(Error::unavailable("the file kept being replaced"))
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
