//! The bytes of a download: exactly as many as announced, or an error.
//!
//! After a connection that breaks or stalls, the download is resumed on another one, as long
//! as the version still exists. The checksum of a whole file is verified here, across all
//! connections. The last bytes are held back until then and until the service's response has
//! ended cleanly; so a corrupted file never ends cleanly either.

use std::sync::Arc;

use aws_sdk_s3::primitives::ByteStream;
use bytes::Bytes;
use coffer_port::object::Range;
use futures_util::StreamExt;
use futures_util::stream::{self, BoxStream};

use super::bucket;
use super::checksum::{Checksum, Verifier};
use super::shared::Shared;
use crate::store::{Error, Info};

/// Max consecutive attempts without a byte received.
const FRUITLESS: u32 = 3;

struct Resuming {
    store: Arc<Shared>,
    info: Info,
    verifier: Option<Verifier>,
    stream: ByteStream,
    /// Offset of the next byte in the file.
    offset: u64,
    left: u64,
    /// Held back until the response has ended cleanly.
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
        verifier: got.checksum.map(Checksum::verifier),
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
                        Error::Unavailable("received more bytes than announced".into())
                    })?;
                    self.offset += length;
                    self.fruitless = 0;
                    if let Some(verifier) = &mut self.verifier {
                        verifier.update(&bytes);
                    }
                    if self.left > 0 {
                        return Ok(Some(bytes));
                    }
                    self.last = Some(bytes);
                }
                None if self.left == 0 => return self.finish(),
                Some(Err(error)) if self.left == 0 => {
                    return Err(Error::Unavailable(Box::new(error)));
                }
                Some(Err(error)) => self.go_on(Box::new(error)).await?,
                None => self.go_on("the response ended early".into()).await?,
            }
        }
    }

    /// All bytes have come.
    fn finish(&mut self) -> Result<Option<Bytes>, Error> {
        if let Some(verifier) = self.verifier.take()
            && let Err(mismatch) = verifier.verify()
        {
            self.store.count_mismatch();
            return Err(Error::unavailable(mismatch));
        }
        Ok(self.last.take())
    }

    async fn go_on(
        &mut self,
        cause: Box<dyn std::error::Error + Send + Sync>,
    ) -> Result<(), Error> {
        self.fruitless += 1;
        if self.fruitless > FRUITLESS {
            return Err(Error::Unavailable(cause));
        }
        tracing::debug!(%cause, left = self.left, "resuming an interrupted download");
        let range = Range::between(self.offset, self.offset + self.left);
        let got = self.store.bucket.get_version(&self.info, range).await?;
        if !got.is_of(&self.info, self.offset, self.offset + self.left) {
            return Err(Error::Unavailable(
                "the version was replaced during the download".into(),
            ));
        }
        self.stream = got.stream;
        Ok(())
    }
}
