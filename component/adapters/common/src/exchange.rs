//! The header of a request and responses that the component makes itself, over `wasi:http`.

use coffer_port::exchange::content_length;

use crate::bindings::exports::coffer::storage::exchange::{Guest, Head};
use crate::bindings::wasi::clocks::wall_clock;
use crate::bindings::wasi::http::types::{
    Fields, IncomingRequest, OutgoingBody, OutgoingResponse, ResponseOutparam,
};
use crate::body::is_of_framing;
use crate::{Port, Store};

/// The most that `blocking-write-and-flush` accepts at once, in bytes.
const CHUNK: usize = 4096;
const LENGTH: &str = "content-length";

impl<S: Store> Guest for Port<S> {
    fn read_head(request: &IncomingRequest) -> Head {
        Head {
            method: request.method(),
            target: request.path_with_query(),
            headers: request.headers().entries(),
            now: wall_clock::now(),
        }
    }

    fn respond(
        out: ResponseOutparam,
        status: u16,
        mut headers: Vec<(String, Vec<u8>)>,
        body: Vec<u8>,
    ) {
        let stated: Vec<_> = headers
            .extract_if(.., |(name, _)| name.eq_ignore_ascii_case(LENGTH))
            .map(|(_, value)| value)
            .collect();
        assert!(
            !headers.iter().any(|(name, _)| is_of_framing(name)),
            "a header field that only the platform may set"
        );
        match content_length(status, &stated, body.len()) {
            Ok(Some(length)) => headers.push((LENGTH.to_owned(), length.to_string().into_bytes())),
            Ok(None) => {}
            Err(error) => panic!("{error}"),
        }
        let Ok(fields) = Fields::from_list(&headers) else {
            panic!("an invalid header field");
        };
        let response = OutgoingResponse::new(fields);
        assert!(response.set_status_code(status).is_ok(), "no such status");
        if body.is_empty() {
            return ResponseOutparam::set(out, Ok(response));
        }
        let Ok(content) = response.body() else {
            panic!("a response without a body");
        };
        ResponseOutparam::set(out, Ok(response));
        if let Ok(stream) = content.write() {
            for chunk in body.chunks(CHUNK) {
                if stream.blocking_write_and_flush(chunk).is_err() {
                    return;
                }
            }
        }
        // An error means that the client has disconnected.
        let _ = OutgoingBody::finish(content, None);
    }
}
