//! HTTP/1.1 byte for byte, for what a client library would tidy up or refuse.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use reqwest::header::{HeaderMap, HeaderName, HeaderValue};

use super::described;

/// Sends these bytes on a connection of their own and reads until the server
/// closes it, so the request has to say `Connection: close`. Returns status,
/// header fields and body of the response, as [`parse`] finds them.
pub fn raw(address: &str, request: &[u8]) -> (u16, HeaderMap, Vec<u8>) {
    let mut stream = TcpStream::connect(address).unwrap();
    stream
        .set_read_timeout(Some(Duration::from_secs(60)))
        .unwrap();
    // A server may answer, and close, before it has read everything.
    let _ = stream.write_all(request);
    let mut received = Vec::new();
    stream.read_to_end(&mut received).unwrap();
    let answer = parse(&received);
    described::check_raw(address, request, &answer);
    answer
}

/// Status, header fields and body of a response; skips a 100 (Continue) before it.
pub fn parse(response: &[u8]) -> (u16, HeaderMap, Vec<u8>) {
    let shown = || String::from_utf8_lossy(response).into_owned();
    let end = response
        .windows(4)
        .position(|window| window == b"\r\n\r\n")
        .unwrap_or_else(|| panic!("no complete header in {:?}", shown()));
    let (head, body) = (&response[..end], &response[end + 4..]);
    let head = String::from_utf8(head.to_vec()).unwrap();
    let mut lines = head.split("\r\n");
    let status = lines.next().unwrap().split(' ').nth(1).unwrap();
    let status = status.parse().unwrap();
    if status == 100 {
        return parse(body);
    }
    let mut headers = HeaderMap::new();
    for line in lines {
        let (name, value) = line.split_once(':').unwrap();
        headers.append(
            HeaderName::from_bytes(name.as_bytes()).unwrap(),
            HeaderValue::from_str(value.trim()).unwrap(),
        );
    }
    (status, headers, body.to_vec())
}
