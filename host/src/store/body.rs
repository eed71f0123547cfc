//! Where the bytes of an opened version are: here, or at a server that clients fetch them
//! from themselves.

use bytes::Bytes;
use futures_util::stream::BoxStream;
#[cfg(test)]
use futures_util::{StreamExt, TryStreamExt, stream};

use super::Error;

/// Where a version's bytes are.
pub enum Body {
    /// In memory, all of them.
    Whole(Bytes),
    /// Streamed from here: exactly as many as announced, or an error before that. Few
    /// chunks are in memory at once: the next ones come once earlier ones are dropped.
    Bytes(BoxStream<'static, Result<Bytes, Error>>),
    /// Another server serves them to any client that has a presigned URL.
    Elsewhere(Box<dyn Elsewhere>),
}

/// A version's bytes on another server.
#[async_trait::async_trait]
pub trait Elsewhere: Send + Sync {
    /// A presigned URL that opens this one file, for anyone who has it and for a short
    /// time. The response there carries these fields.
    ///
    /// # Errors
    /// [`Error::Unavailable`].
    async fn url(&self, fields: ServedAs) -> Result<String, Error>;
}

/// Header fields of the other server's response; for one that is unset, it sends what is stored.
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
