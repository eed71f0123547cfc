//! One connection, and requests on it one after another.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Instant;

use bytes::Bytes;
use http_body_util::combinators::BoxBody;
use http_body_util::{BodyExt, Empty, StreamBody};
use hyper::body::{Frame, Incoming};
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper::{Method, Request, Response};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio::sync::Notify;

type Body = BoxBody<Bytes, Infallible>;

/// How much of a body is sent at once, in bytes.
const PIECE: usize = 256 << 10;

/// A client with one connection.
pub struct Client {
    server: SocketAddr,
    sender: Option<SendRequest<Body>>,
}

/// A response, and the time within which its request was decided.
pub struct Answered {
    pub response: Response<Incoming>,
    pub begun: Instant,
    pub decided: Instant,
}

impl Client {
    pub fn new(server: SocketAddr) -> Self {
        Self {
            server,
            sender: None,
        }
    }

    async fn send(&mut self, mut request: Request<Body>) -> Result<Response<Incoming>, String> {
        let host = self.server.to_string();
        let host = host.parse().map_err(|_| "no host".to_owned())?;
        request.headers_mut().insert("host", host);
        let alive = match &mut self.sender {
            Some(sender) => sender.ready().await.is_ok(),
            None => false,
        };
        if !alive {
            let stream = TcpStream::connect(self.server).await;
            let stream = stream.map_err(|error| format!("connect: {error}"))?;
            let (sender, connection) = handshake(TokioIo::new(stream))
                .await
                .map_err(|error| format!("handshake: {error}"))?;
            tokio::spawn(connection);
            self.sender = Some(sender);
        }
        let sender = self.sender.as_mut().ok_or("no connection")?;
        let sent = sender.send_request(request).await;
        sent.map_err(|error| format!("{error}: {:?}", std::error::Error::source(&error)))
    }

    /// A GET request.
    pub async fn get(&mut self, path: &str) -> Result<Answered, String> {
        let request = Request::get(path).body(Empty::new().boxed());
        let begun = Instant::now();
        let response = self
            .send(request.map_err(|error| error.to_string())?)
            .await?;
        Ok(Answered {
            response,
            begun,
            decided: Instant::now(),
        })
    }

    /// A PUT request on a connection of its own. The body waits until it is asked for,
    /// so a refusal arrives before it is sent.
    pub async fn put(&mut self, path: &str, content: Bytes) -> Result<Answered, String> {
        self.sender = None;
        let go = Arc::new(Notify::new());
        let decided = Arc::new(Mutex::new(None));
        let length = content.len();
        let pieces = futures_util::stream::unfold((content, Arc::clone(&go), false), next_piece);
        let mut request = Request::builder()
            .method(Method::PUT)
            .uri(path)
            .header("content-length", length)
            .header("expect", "100-continue")
            .body(BodyExt::boxed(StreamBody::new(pieces)))
            .map_err(|error| error.to_string())?;
        let noted = Arc::clone(&decided);
        hyper::ext::on_informational(&mut request, move |_| {
            noted.lock().unwrap().get_or_insert_with(Instant::now);
            go.notify_one();
        });
        let begun = Instant::now();
        let response = self.send(request).await;
        self.sender = None;
        let decided = decided.lock().unwrap().unwrap_or_else(Instant::now);
        Ok(Answered {
            response: response?,
            begun,
            decided,
        })
    }
}

type Rest = (Bytes, Arc<Notify>, bool);

async fn next_piece(
    (mut rest, go, told): Rest,
) -> Option<(Result<Frame<Bytes>, Infallible>, Rest)> {
    if !told {
        go.notified().await;
    }
    if rest.is_empty() {
        return None;
    }
    let piece = rest.split_to(PIECE.min(rest.len()));
    Some((Ok(Frame::data(piece)), (rest, go, true)))
}

/// Reads a body to its end and compares it, with a pause after each piece.
///
/// # Errors
/// If it breaks off, or is not what was expected.
pub async fn compare(
    mut body: Incoming,
    expected: &[u8],
    pause: std::time::Duration,
) -> Result<(), String> {
    let mut at = 0;
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|error| format!("broke off after {at} bytes: {error}"))?;
        let Ok(data) = frame.into_data() else {
            continue;
        };
        if expected.get(at..at + data.len()) != Some(&data[..]) {
            return Err(format!("differs within {} bytes after {at}", data.len()));
        }
        at += data.len();
        if !pause.is_zero() {
            tokio::time::sleep(pause).await;
        }
    }
    if at == expected.len() {
        Ok(())
    } else {
        Err(format!("ended after {at} of {} bytes", expected.len()))
    }
}
