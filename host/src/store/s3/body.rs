//! The bytes of a download: exactly as many as were announced, or an error.
//!
//! A connection that breaks or stalls is followed by another one that goes on where
//! it stopped, as long as the version is still there. The last bytes are held back
//! until the service has ended the answer well, since only then its checksum, where
//! it sent one, has been verified; so a damaged file never ends cleanly either.

use std::sync::Arc;

use aws_sdk_s3::primitives::ByteStream;
use bytes::Bytes;
use coffer_port::object::Range;
use futures_util::StreamExt;
use futures_util::stream::{self, BoxStream};

use super::bucket;
use super::shared::Shared;
use crate::store::{Error, Info};

/// Max attempts in a row that bring no byte.
const FRUITLESS: u32 = 3;

struct Resuming {
    store: Arc<Shared>,
    info: Info,
    stream: ByteStream,
    /// Of the next byte, in the file.
    offset: u64,
    left: u64,
    /// Held back until the end is known to be good.
    last: Option<Bytes>,
    fruitless: u32,
}

pub(super) fn stream(
    store: Arc<Shared>,
    got: bucket::Bytes,
) -> BoxStream<'static, Result<Bytes, Error>> {
    let body = Resuming {
        store,
        info: got.object.info,
        stream: got.stream,
        offset: got.offset,
        left: got.length,
        last: None,
        fruitless: 0,
    };
    stream::try_unfold(body, |mut body| async move {
        Ok(body.next().await?.map(|bytes| (bytes, body)))
    })
    .boxed()
}

impl Resuming {
    async fn next(&mut self) -> Result<Option<Bytes>, Error> {
        loop {
            match self.stream.next().await {
                Some(Ok(bytes)) if bytes.is_empty() => {}
                Some(Ok(bytes)) => {
                    let length = bytes.len() as u64;
                    self.left = self.left.checked_sub(length).ok_or_else(|| {
                        Error::Unavailable("more bytes came than were announced".into())
                    })?;
                    self.offset += length;
                    self.fruitless = 0;
                    if self.left > 0 {
                        return Ok(Some(bytes));
                    }
                    self.last = Some(bytes);
                }
                None if self.left == 0 => return Ok(self.last.take()),
                Some(Err(error)) if self.left == 0 => {
                    return Err(Error::Unavailable(Box::new(error)));
                }
                Some(Err(error)) => self.go_on(Box::new(error)).await?,
                None => self.go_on("the service ended it early".into()).await?,
            }
        }
    }

    async fn go_on(
        &mut self,
        cause: Box<dyn std::error::Error + Send + Sync>,
    ) -> Result<(), Error> {
        self.fruitless += 1;
        if self.fruitless > FRUITLESS {
            return Err(Error::Unavailable(cause));
        }
        tracing::debug!(%cause, left = self.left, "a download goes on where it broke off");
        let range = Range::between(self.offset, self.offset + self.left);
        let got = self.store.bucket.get_version(&self.info, range).await?;
        let fits = got.object.info.etag == self.info.etag
            && got.object.info.size == self.info.size
            && (got.offset, got.length) == (self.offset, self.left);
        if !fits {
            return Err(Error::Unavailable(
                "the version was replaced before all of it had come".into(),
            ));
        }
        self.stream = got.stream;
        Ok(())
    }
}
