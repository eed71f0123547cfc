//! A body that is observed as it passes; apart from its frames, it behaves as if it were not.

use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use hyper::body::{Body, Frame, SizeHint};

/// What a body returns when it is polled.
pub type Polled<E> = Poll<Option<Result<Frame<Bytes>, E>>>;

/// Sees what a body returns, and passes it on or returns something else instead.
pub trait Watch<E> {
    /// The body was polled.
    fn polled(&mut self, polled: Polled<E>) -> Polled<E>;
}

/// A body with its watcher, which is dropped before it.
pub struct Watched<B, W> {
    watcher: W,
    body: B,
}

impl<B, W> Watched<B, W> {
    /// A body with this watcher.
    pub fn new(body: B, watcher: W) -> Self {
        Self { watcher, body }
    }
}

impl<B, W> Body for Watched<B, W>
where
    B: Body<Data = Bytes> + Unpin,
    W: Watch<B::Error> + Unpin,
{
    type Data = Bytes;
    type Error = B::Error;

    fn poll_frame(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Polled<B::Error> {
        let polled = Pin::new(&mut self.body).poll_frame(context);
        self.watcher.polled(polled)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

#[cfg(test)]
mod tests {
    use http_body_util::{BodyExt, Full};

    use super::*;

    /// Counts what it sees.
    struct Counting<'a>(&'a mut usize);

    impl<E> Watch<E> for Counting<'_> {
        fn polled(&mut self, polled: Polled<E>) -> Polled<E> {
            *self.0 += 1;
            polled
        }
    }

    #[tokio::test]
    async fn a_watched_body_describes_itself_as_before() {
        for content in ["", "abc"] {
            let body = Full::new(Bytes::from(content));
            let (ended, size) = (body.is_end_stream(), body.size_hint().exact());
            let mut polls = 0;
            let watched = Watched::new(body, Counting(&mut polls));
            assert_eq!(watched.is_end_stream(), ended);
            assert_eq!(watched.size_hint().exact(), size);
            let whole = watched.collect().await.expect("a body").to_bytes();
            assert_eq!(whole, content);
            assert!(polls > 0);
        }
    }
}
