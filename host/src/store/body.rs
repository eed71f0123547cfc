//! Where the bytes of an opened version are: here, or at a server that clients can
//! ask for themselves.

use bytes::Bytes;
use futures_util::stream::BoxStream;
#[cfg(test)]
use futures_util::{StreamExt, TryStreamExt, stream};

use super::Error;

/// Where a version's bytes are.
pub enum Body {
    /// They are here, all of them.
    Whole(Bytes),
    /// They come from here: exactly as many as were announced, or an error before that.
    /// Few pieces are in memory at once: more come once those before have been dropped.
    Bytes(BoxStream<'static, Result<Bytes, Error>>),
    /// Another server gives them to whoever has a URL made for it.
    Elsewhere(Box<dyn Elsewhere>),
}

/// A version's bytes at another server.
#[async_trait::async_trait]
pub trait Elsewhere: Send + Sync {
    /// A URL that opens this one file, for anyone who has it and for a short time. The
    /// answer there carries these fields.
    ///
    /// # Errors
    /// [`Error::Unavailable`].
    async fn url(&self, fields: ServedAs) -> Result<String, Error>;
}

/// Fields of the answer at the other server; where there is none, it says what is stored.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ServedAs {
    /// `Content-Type` (RFC 9110, 8.3).
    pub content_type: Option<String>,
    /// `Content-Disposition` (RFC 6266).
    pub content_disposition: Option<String>,
    /// `Cache-Control` (RFC 9111, 5.2).
    pub cache_control: Option<String>,
}

#[cfg(test)]
impl Body {
    /// The bytes, which must be here.
    pub fn here(self) -> BoxStream<'static, Result<Bytes, Error>> {
        match self {
            Body::Whole(bytes) => stream::iter([Ok(bytes)]).boxed(),
            Body::Bytes(bytes) => bytes.map_ok(|piece| Bytes::copy_from_slice(&piece)).boxed(),
            Body::Elsewhere(_) => panic!("the bytes are elsewhere"),
        }
    }
}
