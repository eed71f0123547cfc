//! One request to the IAM API.

use std::sync::Arc;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use coffer_port::error::causes;
use http::{StatusCode, header};
use reqwest::redirect::Policy;
use reqwest::{Client, Url};
use tokio::sync::OnceCell;

use super::address::Guarded;
use super::freshness;

/// From connecting to the last byte.
const TIMEOUT: Duration = Duration::from_secs(5);
/// Max size of a document, in bytes.
const MAX_SIZE: usize = 256 << 10;

/// A document as fetched.
pub(super) struct Fetched {
    pub(super) body: Bytes,
    pub(super) fresh_for: Duration,
}

/// Why a document could not be fetched.
#[derive(Debug, thiserror::Error)]
pub(super) enum FetchError {
    // The client's own message leaves out the cause.
    #[error("{}", causes(.0))]
    Http(#[from] reqwest::Error),
    #[error("the response has status {0}")]
    Status(StatusCode),
    #[error("the response is larger than {MAX_SIZE} bytes")]
    TooLarge,
    #[error("the response was cut off: {}", causes(.0))]
    BrokenOff(#[source] reqwest::Error),
    /// The component rejected the fetched document, and no earlier copy exists.
    #[error("no usable copy of it is known")]
    NoCopy,
}

/// Sends requests.
#[derive(Default)]
pub(super) struct Fetcher {
    /// Created on first use: it loads all of the machine's certificates.
    client: OnceCell<Client>,
}

/// A client that follows no redirects and uses no proxy, which would resolve names itself.
fn client() -> reqwest::Result<Client> {
    Client::builder()
        .redirect(Policy::none())
        .no_proxy()
        .timeout(TIMEOUT)
        .dns_resolver(Arc::new(Guarded))
        .user_agent(concat!("coffer/", env!("CARGO_PKG_VERSION")))
        .build()
}

impl Fetcher {
    /// Fetches a document.
    ///
    /// # Errors
    /// A [`FetchError`] for anything but a complete 200 response within 5 s.
    pub(super) async fn fetch(&self, url: &Url) -> Result<Fetched, FetchError> {
        let client = self.client.get_or_try_init(async || client()).await?;
        let request = client
            .get(url.clone())
            .header(header::ACCEPT, "application/json");
        let mut response = request.send().await?;
        if response.status() != StatusCode::OK {
            return Err(FetchError::Status(response.status()));
        }
        let fresh_for = freshness::lifetime(response.headers());
        let mut body = BytesMut::new();
        while let Some(chunk) = response.chunk().await.map_err(FetchError::BrokenOff)? {
            if body.len() + chunk.len() > MAX_SIZE {
                return Err(FetchError::TooLarge);
            }
            body.extend_from_slice(&chunk);
        }
        Ok(Fetched {
            body: body.freeze(),
            fresh_for,
        })
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpListener;

    use super::*;

    /// Fetches a document from a server that sends this and closes the connection.
    async fn fetched(response: Vec<u8>) -> Result<Fetched, FetchError> {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.expect("a connection");
            let _ = stream.read(&mut [0; 1024]).await;
            let _ = stream.write_all(&response).await;
        });
        let url = Url::parse(&format!("http://{address}/keys")).expect("a URL");
        Fetcher::default().fetch(&url).await
    }

    fn of_length(length: usize, body: &[u8]) -> Vec<u8> {
        let head = format!("HTTP/1.1 200 OK\r\ncontent-length: {length}\r\n\r\n");
        [head.as_bytes(), body].concat()
    }

    #[tokio::test]
    async fn only_a_complete_document_that_is_small_enough_counts() {
        let whole = fetched(of_length(2, b"{}")).await.expect("fetched");
        assert_eq!(whole.body, &b"{}"[..]);
        let largest = fetched(of_length(MAX_SIZE, &vec![b' '; MAX_SIZE])).await;
        assert_eq!(largest.expect("fetched").body.len(), MAX_SIZE);

        let cut_off = fetched(of_length(3, b"{}")).await.err();
        assert!(
            matches!(cut_off, Some(FetchError::BrokenOff(_))),
            "{cut_off:?}"
        );
        let too_large = fetched(of_length(MAX_SIZE + 1, &vec![b' '; MAX_SIZE + 1])).await;
        let too_large = too_large.err();
        assert!(
            matches!(too_large, Some(FetchError::TooLarge)),
            "{too_large:?}"
        );
        let missing = b"HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n";
        let missing = fetched(missing.to_vec()).await.err();
        assert!(
            matches!(missing, Some(FetchError::Status(StatusCode::NOT_FOUND))),
            "{missing:?}"
        );
        let closed = fetched(Vec::new()).await.err();
        assert!(matches!(closed, Some(FetchError::Http(_))), "{closed:?}");
    }
}
