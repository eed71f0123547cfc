//! One request to the service and its response, over `wasi:http/outgoing-handler`.

use std::time::Duration;

use coffer_adapter::Source;
use coffer_adapter::bindings::wasi::http::types::{
    Fields, IncomingBody, IncomingResponse, Method, OutgoingBody, OutgoingRequest, RequestOptions,
    Scheme,
};
use coffer_adapter::bindings::wasi::io::streams::StreamError;
use coffer_adapter::platform::below;
use rusty_s3::Method as Verb;
use url::Url;

use crate::bindings::wasi::http::outgoing_handler;
use crate::failure::Failure;
use crate::run::{ready, sleep};

/// Max attempts if the service fails or cannot be reached.
const ATTEMPTS: u64 = 4;
/// Backoff before the second attempt, in milliseconds; it doubles with each attempt.
const BACKOFF: u64 = 200;
/// Timeouts in nanoseconds: connect, first byte, between bytes.
const CONNECT: u64 = 3_000_000_000;
const ANSWER: u64 = 120_000_000_000;
const STALL: u64 = 20_000_000_000;
/// Max size of a response document, in bytes: enough for a list of 1000 long names.
const LONGEST: usize = 16 << 20;
/// How much is read at once, in bytes.
const CHUNK: u64 = 128 << 10;

/// A signed request.
pub struct Request<'a> {
    pub verb: Verb,
    pub url: Url,
    pub headers: Vec<(&'static str, String)>,
    pub body: &'a [u8],
}

/// A response, with its body unread.
pub struct Answer {
    pub status: u16,
    headers: Vec<(String, Vec<u8>)>,
    response: IncomingResponse,
}

impl Request<'_> {
    /// Sends it, with retries if they may help.
    pub async fn send(&self) -> Result<Answer, Failure> {
        let (mut attempt, mut lost) = (1, false);
        loop {
            let (failure, again) = match self.attempt().await {
                Ok(answer) if (200..300).contains(&answer.status) => return Ok(answer),
                Ok(answer) => {
                    let again = matches!(answer.status, 429 | 500 | 502..=504);
                    let status = answer.status;
                    // A gateway does not know whether it was carried out.
                    lost |= matches!(status, 500 | 502 | 504);
                    let failure = match self.verb {
                        Verb::Head => Failure::of_head(status),
                        _ => Failure::of(status, &answer.text().unwrap_or_default()),
                    };
                    (failure, again)
                }
                Err(failure) => {
                    lost = true;
                    (failure, true)
                }
            };
            if !again || attempt == ATTEMPTS {
                return Err(match lost && self.writes() {
                    true => failure.after_lost_answer(),
                    false => failure,
                });
            }
            let longest = BACKOFF << (attempt - 1);
            sleep(Duration::from_millis(longest / 2 + below(longest))).await;
            attempt += 1;
        }
    }

    fn writes(&self) -> bool {
        !matches!(self.verb, Verb::Get | Verb::Head)
    }

    async fn attempt(&self) -> Result<Answer, Failure> {
        let broken = |what: &str| Failure::Broken(format!("the service: {what}"));
        let mut fields: Vec<(String, Vec<u8>)> = self
            .headers
            .iter()
            .map(|(name, value)| ((*name).to_owned(), value.clone().into_bytes()))
            .collect();
        let has_body = matches!(self.verb, Verb::Put | Verb::Post);
        // Without it a platform may send even an empty body chunked, which S3 does not accept.
        let length = self.body.len().to_string().into_bytes();
        fields.push(("content-length".to_owned(), length));
        let fields = Fields::from_list(&fields).map_err(|_| broken("invalid header fields"))?;
        let request = OutgoingRequest::new(fields);
        let query = self.url.query().map(|query| format!("?{query}"));
        let path = format!("{}{}", self.url.path(), query.unwrap_or_default());
        let scheme = match self.url.scheme() {
            "https" => Scheme::Https,
            _ => Scheme::Http,
        };
        request
            .set_method(&method(self.verb))
            .and_then(|()| request.set_scheme(Some(&scheme)))
            .and_then(|()| request.set_authority(Some(self.url.authority())))
            .and_then(|()| request.set_path_with_query(Some(&path)))
            .map_err(|()| broken("invalid address"))?;
        let body = request.body().map_err(|()| broken("no body"))?;
        let options = RequestOptions::new();
        // A platform that does not support them has its own timeouts.
        let _ = options.set_connect_timeout(Some(CONNECT));
        let _ = options.set_first_byte_timeout(Some(ANSWER));
        let _ = options.set_between_bytes_timeout(Some(STALL));
        let future = outgoing_handler::handle(request, Some(options))
            .map_err(|code| broken(&code.to_string()))?;
        // If it fails, the response may still say why.
        if !has_body || fill(&body, self.body).is_ok() {
            let _ = OutgoingBody::finish(body, None);
        }
        ready(future.subscribe()).await;
        match future.get() {
            Some(Ok(Ok(response))) => Ok(Answer {
                status: response.status(),
                headers: response.headers().entries(),
                response,
            }),
            Some(Ok(Err(code))) => Err(broken(&code.to_string())),
            _ => Err(broken("no response")),
        }
    }
}

impl Answer {
    /// A header field that is text.
    pub fn header(&self, name: &str) -> Option<&str> {
        let found = self
            .headers
            .iter()
            .find(|(n, _)| n.eq_ignore_ascii_case(name));
        found.and_then(|(_, value)| std::str::from_utf8(value).ok())
    }

    /// The body as a stream.
    pub fn source(self) -> Result<Source, Failure> {
        let none = |()| Failure::Broken("a response without a body".to_owned());
        let body = self.response.consume().map_err(none)?;
        let stream = body.stream().map_err(none)?;
        // The body is a child of the response.
        Ok(Source::new(stream, (body, self.response)))
    }

    /// The body as text.
    pub fn text(self) -> Result<String, Failure> {
        let broken = || Failure::Broken("a response ended early".to_owned());
        let body: IncomingBody = self.response.consume().map_err(|()| broken())?;
        let stream = body.stream().map_err(|()| broken())?;
        let mut bytes = Vec::new();
        loop {
            match stream.blocking_read(CHUNK) {
                Ok(piece) => bytes.extend(piece),
                Err(StreamError::Closed) => break,
                Err(StreamError::LastOperationFailed(_)) => return Err(broken()),
            }
            if bytes.len() > LONGEST {
                return Err(Failure::Broken("a response that is too large".to_owned()));
            }
        }
        String::from_utf8(bytes).map_err(|_| broken())
    }
}

/// Writes all bytes, as fast as the stream accepts them.
fn fill(body: &OutgoingBody, mut bytes: &[u8]) -> Result<(), StreamError> {
    let Ok(stream) = body.write() else {
        return Err(StreamError::Closed);
    };
    let writable = stream.subscribe();
    while !bytes.is_empty() {
        let room = usize::try_from(stream.check_write()?).unwrap_or(usize::MAX);
        if room == 0 {
            writable.block();
            continue;
        }
        let (now, later) = bytes.split_at(room.min(bytes.len()));
        stream.write(now)?;
        bytes = later;
    }
    drop(writable);
    stream.blocking_flush()
}

fn method(verb: Verb) -> Method {
    match verb {
        Verb::Head => Method::Head,
        Verb::Get => Method::Get,
        Verb::Post => Method::Post,
        Verb::Put => Method::Put,
        Verb::Delete => Method::Delete,
    }
}
