//! Opening a file: one GET, and more requests only where there are conditions, or its
//! answer leaves something open.

use coffer_port::conditions::{check_read, is_none, span_for};
use coffer_port::span::{Extent, within};
use coffer_port::{Error, OpenOptions, Opened, Source, Span, unavailable};

use crate::bucket::{Bucket, Pin, range};
use crate::failure::Failure;
use crate::object::Object;

/// So often a version is looked for anew because it was replaced meanwhile.
const ROUNDS: u32 = 8;

/// Opens the bytes of a file.
pub fn open(bucket: &Bucket, key: &str, options: &OpenOptions) -> Result<Opened, Error> {
    let Ok(range) = range(&options.span) else {
        return look_then_get(bucket, key, options);
    };
    if !is_none(&options.conditions) {
        return look_then_get(bucket, key, options);
    }
    let answer = match bucket.get(key, range, &Pin::None) {
        Ok(answer) => answer,
        // Which does not always tell the size.
        Err(Failure::RangeOutside) => return look_then_get(bucket, key, options),
        Err(failure) => return Err(failure.into()),
    };
    let (Object { info, .. }, placed) = match Object::of(key, &answer) {
        Ok(found) => found,
        Err(Failure::RangeOutside) => return look_then_get(bucket, key, options),
        Err(failure) => return Err(failure.into()),
    };
    if placed.partial && matches!(span_for(options, &info), Span::All) {
        return look_then_get(bucket, key, options);
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

/// Decides everything by a description, then gets the bytes of that version.
fn look_then_get(bucket: &Bucket, key: &str, options: &OpenOptions) -> Result<Opened, Error> {
    for _ in 0..ROUNDS {
        let info = bucket.head(key)?.info;
        check_read(&options.conditions, &info)?;
        let extent = within(span_for(options, &info), info.size)?;
        if extent.length == 0 {
            let source = Source::empty();
            return Ok(Opened {
                info,
                extent,
                source,
            });
        }
        let last = extent.offset + extent.length - 1;
        let range = extent
            .partial
            .then(|| format!("bytes={}-{last}", extent.offset));
        match bucket.get(key, range, &Pin::Version(info.etag.clone())) {
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
    Err(unavailable("the file was replaced again and again"))
}
