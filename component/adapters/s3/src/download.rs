//! Opening a file: one GET, and more requests only if there are conditions or its response
//! does not settle everything.

use coffer_adapter::{Opened, Source};
use coffer_port::object::{Pin, Range};
use coffer_port::{Error, Extent, Key, OpenOptions, Span};

use crate::bucket::Bucket;
use crate::failure::Failure;
use crate::object::Object;

/// Max attempts to get the version that the HEAD described.
const ROUNDS: u32 = 8;

/// Opens the bytes of a file.
pub async fn open(bucket: &Bucket, key: &Key, options: &OpenOptions) -> Result<Opened, Error> {
    let range = Range::of(options.span).filter(|_| options.conditions.is_none());
    let Some(range) = range else {
        return look_then_get(bucket, key, options).await;
    };
    let answer = match bucket.get(key, range, &Pin::None).await {
        Ok(answer) => answer,
        // 416 does not always state the size.
        Err(Failure::RangeOutside) => return look_then_get(bucket, key, options).await,
        Err(failure) => return Err(failure.into()),
    };
    let (Object { info, .. }, placed) = match Object::of(key, &answer) {
        Ok(found) => found,
        Err(Failure::RangeOutside) => return look_then_get(bucket, key, options).await,
        Err(failure) => return Err(failure.into()),
    };
    if options.check(&info)? == Span::All && placed.partial {
        return look_then_get(bucket, key, options).await;
    }
    Ok(Opened {
        info,
        extent: Extent {
            offset: placed.offset,
            length: placed.length,
            partial: placed.partial,
        },
        source: answer.source()?,
    })
}

/// Decides everything from a HEAD, then gets the bytes of that version.
async fn look_then_get(bucket: &Bucket, key: &Key, options: &OpenOptions) -> Result<Opened, Error> {
    for _ in 0..ROUNDS {
        let info = bucket.head(key).await?.info;
        let extent = options.check(&info)?.within(info.size)?;
        if extent.length == 0 {
            let source = Source::empty();
            return Ok(Opened {
                info,
                extent,
                source,
            });
        }
        let pin = Pin::Version(info.etag.clone());
        match bucket.get(key, Range::for_extent(extent), &pin).await {
            Ok(answer) => {
                let (object, placed) = Object::of(key, &answer)?;
                if object.info.etag == info.etag && placed.length == extent.length {
                    let source = answer.source()?;
                    return Ok(Opened {
                        info,
                        extent,
                        source,
                    });
                }
            }
            Err(Failure::Precondition | Failure::RangeOutside) => {}
            Err(failure) => return Err(failure.into()),
        }
    }
    Err(Error::unavailable("the file kept being replaced"))
}
