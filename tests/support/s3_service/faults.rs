//! What can go wrong at a service and on the way to it.

use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use futures_util::{StreamExt, stream};
use http_body_util::BodyExt;
use hyper::header::CONTENT_LENGTH;
use s3s::{Body, HttpError, HttpResponse};

/// One thing that goes wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fault {
    /// An answer with this status and error code instead of the right one.
    Status(u16, &'static str),
    /// An answer with this status, these header fields and this body instead of the right one.
    Answer(u16, Vec<(&'static str, String)>, String),
    /// The connection closes without an answer.
    Closed,
    /// The request is served, and the connection closes without an answer.
    Lost,
    /// The connection breaks after this many bytes of the body.
    Torn(usize),
    /// The first byte of the body is changed.
    Damaged,
    /// One bit of the body, this far in, is another.
    Flipped(usize),
    /// The same, without the checksums that would tell.
    Unnoticed(usize),
    /// The body ends after this many bytes, and so does its Content-Length.
    Truncated(usize),
    /// The right answer comes this much later.
    Late(Duration),
    /// The right answer, for patterns.
    Fine,
    /// The pieces of the body come one by one, each this much later.
    Slow(Duration),
    /// The body stalls after this many bytes.
    Stalled(usize),
    /// The service neither reads the request's body nor responds.
    Mute,
    /// The request is not carried out, and the answer is 200 without anything.
    Untagged,
    /// The right answer, with an empty `ETag` element.
    EmptyTag,
}

type Answer = Result<HttpResponse, HttpError>;

impl Fault {
    /// The response, if the request is not served.
    pub(super) fn instead(&self) -> Option<Pin<Box<dyn Future<Output = Answer> + Send>>> {
        match self {
            Fault::Status(status, code) => {
                let (status, code) = (*status, *code);
                let xml = format!("<Error><Code>{code}</Code><Message>a fault</Message></Error>");
                Some(Box::pin(async move {
                    Ok(http::Response::builder()
                        .status(status)
                        .header("content-type", "application/xml")
                        .body(Body::from(xml))
                        .expect("an answer"))
                }))
            }
            Fault::Answer(status, fields, body) => {
                let mut answer = http::Response::builder().status(*status);
                for (name, value) in fields {
                    answer = answer.header(*name, value);
                }
                let answer = answer.body(Body::from(body.clone())).expect("an answer");
                Some(Box::pin(async move { Ok(answer) }))
            }
            Fault::Closed => Some(Box::pin(async { Err(HttpError::new("closed".into())) })),
            Fault::Mute => Some(Box::pin(std::future::pending())),
            Fault::Untagged => Some(Box::pin(async {
                Ok(http::Response::new(Body::from(String::new())))
            })),
            _ => None,
        }
    }

    /// The right answer, with something wrong in it.
    pub(super) async fn spoil(self, response: HttpResponse) -> HttpResponse {
        if let Fault::Late(delay) = self {
            tokio::time::sleep(delay).await;
        }
        if matches!(self, Fault::Late(_) | Fault::Fine) {
            return response;
        }
        if let Fault::Slow(delay) = self {
            return slowed(response, delay);
        }
        let (mut head, body) = response.into_parts();
        let (keep, then): (usize, Option<bool>) = match self {
            Fault::Torn(length) => (length, Some(true)),
            Fault::Stalled(length) => (length, Some(false)),
            Fault::Truncated(length) => (length, None),
            _ => (usize::MAX, None),
        };
        if let Fault::Truncated(length) = self {
            head.headers.insert(CONTENT_LENGTH, length.into());
        }
        if let Fault::Unnoticed(_) = self {
            for name in ["x-amz-checksum-crc32", "x-amz-meta-coffer-crc32"] {
                head.headers.remove(name);
            }
        }
        let damaged = match self {
            Fault::Damaged => Some(0),
            Fault::Flipped(place) | Fault::Unnoticed(place) => Some(place),
            _ => None,
        };
        let empty_tag = self == Fault::EmptyTag;
        if empty_tag {
            head.headers.remove(CONTENT_LENGTH);
        }
        let chunks = stream::once(async move {
            let mut bytes = BodyExt::collect(body)
                .await
                .map_or(vec![], |all| all.to_bytes().to_vec());
            if let Some(byte) = damaged.and_then(|place| bytes.get_mut(place)) {
                *byte ^= 1;
            }
            if empty_tag {
                bytes = without_tag(&bytes);
            }
            bytes.truncate(keep);
            Ok::<Bytes, std::io::Error>(bytes.into())
        });
        let end = stream::once(async move {
            match then {
                None => Ok(Bytes::new()),
                Some(true) => {
                    // Lets hyper send what there is, else it drops it with the rest.
                    tokio::task::yield_now().await;
                    Err(std::io::Error::other("torn"))
                }
                Some(false) => std::future::pending().await,
            }
        });
        let frames = chunks
            .chain(end)
            .map(|chunk| chunk.map(hyper::body::Frame::data));
        let body = Body::http_body_unsync(http_body_util::StreamBody::new(Box::pin(frames)));
        http::Response::from_parts(head, body)
    }
}

/// An XML document with an empty `ETag`.
fn without_tag(bytes: &[u8]) -> Vec<u8> {
    let text = String::from_utf8_lossy(bytes);
    match (text.find("<ETag>"), text.find("</ETag>")) {
        (Some(from), Some(to)) => format!("{}<ETag>{}", &text[..from], &text[to..]).into_bytes(),
        _ => bytes.to_vec(),
    }
}

fn slowed(response: HttpResponse, delay: Duration) -> HttpResponse {
    response.map(|body| {
        let frames = http_body_util::BodyStream::new(body).then(move |frame| async move {
            tokio::time::sleep(delay).await;
            frame
        });
        Body::http_body_unsync(http_body_util::StreamBody::new(Box::pin(frames)))
    })
}

/// The pending faults.
#[derive(Clone, Default)]
pub(super) struct Faults(Arc<Mutex<Vec<(String, usize, Fault)>>>);

impl Faults {
    pub(super) fn add(&self, requests: &str, times: usize, fault: Fault) {
        let mut faults = self.0.lock().expect("the faults");
        faults.push((requests.to_owned(), times, fault));
    }

    pub(super) fn clear(&self) {
        self.0.lock().expect("the faults").clear();
    }

    /// The fault that this request meets with, if one does.
    pub(super) fn meet(&self, line: &str) -> Option<Fault> {
        let mut faults = self.0.lock().expect("the faults");
        let met = faults
            .iter_mut()
            .find(|(requests, times, _)| *times > 0 && line.starts_with(requests.as_str()))?;
        met.1 -= 1;
        Some(met.2.clone())
    }
}
