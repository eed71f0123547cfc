//! The body of one response.

use aws_sdk_s3::primitives::ByteStream;
use bytes::{Buf, Bytes};

use crate::store::Error;
use crate::store::s3::bucket;

/// A response's body, and where in the file it is.
pub(super) struct Response {
    stream: ByteStream,
    /// Received already.
    pending: Bytes,
    /// Offset of the next byte in the file.
    offset: u64,
    end: u64,
}

impl Response {
    pub(super) fn new(got: bucket::Bytes) -> Response {
        Response {
            stream: got.stream,
            pending: Bytes::new(),
            offset: got.offset,
            end: got.offset + got.length,
        }
    }

    /// Offset of its end in the file.
    pub(super) fn end(&self) -> u64 {
        self.end
    }

    /// The next bytes from this offset on; those before it are skipped.
    pub(super) async fn next(&mut self, from: u64) -> Option<Result<Bytes, Error>> {
        loop {
            let mut bytes = match self.pending.is_empty() {
                false => std::mem::take(&mut self.pending),
                true => match self.stream.next().await? {
                    Ok(bytes) => bytes,
                    Err(error) => return Some(Err(Error::unavailable(error))),
                },
            };
            let before = usize::try_from(from.saturating_sub(self.offset)).unwrap_or(usize::MAX);
            self.offset += bytes.len() as u64;
            if before < bytes.len() {
                bytes.advance(before);
                return Some(Ok(bytes));
            }
        }
    }

    /// Puts back the last bytes that [`Response::next`] returned.
    pub(super) fn put_back(&mut self, bytes: Bytes) {
        self.offset -= bytes.len() as u64;
        self.pending = bytes;
    }
}
