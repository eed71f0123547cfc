//! The header of a request and responses that the component makes itself, over `wasi:http`.

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
        let is_length = |name: &str| name.eq_ignore_ascii_case(LENGTH);
        let own = |name: &str| is_of_framing(name) && (!is_length(name) || !body.is_empty());
        assert!(
            !headers.iter().any(|(name, _)| own(name)),
            "a header field that only the platform may set"
        );
        let mut lengths = headers.iter().filter(|(name, _)| is_length(name));
        let is_number = |value: &[u8]| !value.is_empty() && value.iter().all(u8::is_ascii_digit);
        assert!(
            lengths.next().is_none_or(|(_, value)| is_number(value)) && lengths.next().is_none(),
            "`{LENGTH}` is set twice or is not a number"
        );
        assert!((200..=599).contains(&status), "an invalid status: {status}");
        // RFC 9110, 8.6 and 15.4.5.
        let has_length = headers.iter().any(|(name, _)| is_length(name));
        let has_content = match status {
            204 => !body.is_empty() || has_length,
            304 => !body.is_empty(),
            _ => false,
        };
        assert!(!has_content, "status {status} allows no content");
        if !body.is_empty() {
            headers.push((LENGTH.to_owned(), body.len().to_string().into_bytes()));
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
