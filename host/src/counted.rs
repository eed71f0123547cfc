//! A body whose bytes are counted as they pass.

use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use hyper::body::{Body, Frame, SizeHint};

/// Tells `count` the length of each piece of `body`. Its size is known as before,
/// which a mapped body's would not be.
pub fn counted<B, F>(body: B, count: F) -> Counted<B, F>
where
    B: Body<Data = Bytes> + Unpin,
    F: Fn(u64) + Unpin,
{
    Counted { body, count }
}

/// See [`counted`].
pub struct Counted<B, F> {
    body: B,
    count: F,
}

impl<B: Body<Data = Bytes> + Unpin, F: Fn(u64) + Unpin> Body for Counted<B, F> {
    type Data = Bytes;
    type Error = B::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, B::Error>>> {
        let frame = ready!(Pin::new(&mut self.body).poll_frame(context));
        if let Some(Ok(frame)) = &frame
            && let Some(bytes) = frame.data_ref()
        {
            (self.count)(bytes.len() as u64);
        }
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
