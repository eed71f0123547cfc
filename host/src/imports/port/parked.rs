//! Bodies of slow clients: received by the host alone, without an instance.

use futures_util::FutureExt;
use tokio::time::{Instant, timeout_at};
use wasmtime_wasi::p2::{InputStream, Pollable, StreamError};
use wasmtime_wasi_http::p2::body::HostIncomingBodyStream;

use super::outgoing;
use super::upload::Upload;
use crate::bindings::coffer::storage::blobs as wit;

/// Max bytes read from a request's body at once.
const RECEIVE_CHUNK: usize = 1 << 20;

/// Ends an instance whose client is slow; not a fault of the component.
#[derive(Debug, Clone, Copy, thiserror::Error)]
#[error("the instance was ended because the client is slow")]
pub struct NoInstanceWaits;

/// An upload whose instance was ended.
pub struct Parked {
    pub(super) upload: Upload,
    pub(super) body: Receiving,
    /// For the instance that continues.
    pub note: Vec<u8>,
}

/// An upload whose body has arrived, or failed to.
pub struct Received {
    pub(super) upload: Upload,
    pub(super) outcome: Result<u64, wit::Error>,
}

impl Parked {
    /// Receives the rest of the body, at the client's pace, until the deadline.
    ///
    /// # Errors
    /// A fault of the host.
    pub async fn receive(mut self, deadline: Instant) -> wasmtime::Result<Received> {
        let outcome = self.body.arrive(&mut self.upload, deadline).await?;
        let outcome = match outcome {
            Some(outcome) => outcome,
            None => Err(self.upload.cut_short()),
        };
        Ok(Received {
            upload: self.upload,
            outcome,
        })
    }
}

/// A request's body on its way into an upload.
pub(super) struct Receiving {
    stream: HostIncomingBodyStream,
    received: u64,
}

impl Receiving {
    pub(super) fn new(stream: HostIncomingBodyStream) -> Self {
        Self {
            stream,
            received: 0,
        }
    }

    /// Passes on what arrives until the body has ended or failed; `None` if it has not by the
    /// deadline. Then this can be called again.
    pub(super) async fn arrive(
        &mut self,
        upload: &mut Upload,
        deadline: Instant,
    ) -> wasmtime::Result<Option<Result<u64, wit::Error>>> {
        loop {
            if upload.kind.gives_way() {
                return Ok(Some(Err(upload.cut_short())));
            }
            if self.stream.ready().now_or_never().is_none() {
                let heard = upload.kind.wait(self.stream.ready());
                match timeout_at(deadline, heard).await {
                    Ok(Some(())) => {}
                    Ok(None) => continue,
                    Err(_) => return Ok(None),
                }
            }
            match self.stream.read(RECEIVE_CHUNK) {
                Ok(bytes) if bytes.is_empty() => {}
                Ok(bytes) => {
                    self.received += bytes.len() as u64;
                    if let Err(error) = upload.append(bytes).await {
                        return Ok(Some(Err(error)));
                    }
                    // The store takes time, too.
                    if deadline <= Instant::now() {
                        return Ok(None);
                    }
                }
                Err(StreamError::Closed) => return Ok(Some(Ok(self.received))),
                Err(StreamError::LastOperationFailed(cause)) => {
                    return Ok(Some(Err(upload.fail(outgoing::broken_off(&cause)))));
                }
                Err(StreamError::Trap(trap)) => return Err(trap),
            }
        }
    }
}
