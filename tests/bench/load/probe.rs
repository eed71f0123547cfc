//! A single request, and its exact response.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;

use super::Request;
use crate::Result;

/// A response, the same each time.
#[derive(Debug)]
pub struct Response {
    pub status: u16,
    /// Head and body, in bytes.
    pub length: u64,
    pub body: Vec<u8>,
    head: Vec<String>,
}

impl Response {
    /// A header field's value.
    pub fn field(&self, name: &str) -> Option<&str> {
        let of_line = |line: &'_ String| {
            let (found, _) = line.split_once(':')?;
            found.eq_ignore_ascii_case(name).then_some(found.len() + 1)
        };
        let mut lines = self.head.iter();
        lines.find_map(|line| Some(line[of_line(line)?..].trim()))
    }

    /// This response, if it is as expected.
    pub fn must_be(self, status: u16, body: usize) -> Result<Self> {
        if self.status == status && self.body.len() == body {
            Ok(self)
        } else {
            Err(format!(
                "{} and {} bytes instead of {status} and {body}",
                self.status,
                self.body.len()
            ))
        }
    }
}

/// Sends a request on a connection of its own.
pub fn send(request: &Request, body: &[u8]) -> Result<Response> {
    let wrong = |error: std::io::Error| format!("{}: {error}", request.url());
    let mut stream = TcpStream::connect(request.server).map_err(wrong)?;
    send_on(&mut stream, request, body)
}

/// Sends a request on a connection that stays open.
pub fn send_on(stream: &mut TcpStream, request: &Request, body: &[u8]) -> Result<Response> {
    let mut bytes = head(request, body.len() as u64).into_bytes();
    bytes.extend_from_slice(body);
    let sent = stream.write_all(&bytes);
    sent.map_err(|error| format!("{}: {error}", request.url()))?;
    receive(stream, request)
}

/// The head of a request with a body of this length.
pub fn head(request: &Request, length: u64) -> String {
    let (method, target) = (request.method, &request.target);
    let mut head = format!("{method} {target} HTTP/1.1\r\nHost: {}\r\n", request.server);
    for line in request.field_lines() {
        head += &line;
        head += "\r\n";
    }
    if length > 0 {
        head += &format!("Content-Length: {length}\r\n");
    }
    head + "\r\n"
}

/// Reads the response to a request.
pub fn receive(stream: &mut TcpStream, request: &Request) -> Result<Response> {
    let wrong = |error: std::io::Error| format!("{}: {error}", request.url());
    let mut reader = BufReader::new(stream);
    let (mut length, mut head) = (0, Vec::new());
    loop {
        let mut line = String::new();
        length += reader.read_line(&mut line).map_err(wrong)? as u64;
        match line.trim_end() {
            "" => break,
            line => head.push(line.to_owned()),
        }
    }
    let status = head.first().and_then(|line| line.split(' ').nth(1));
    let status = status
        .and_then(|status| status.parse().ok())
        .ok_or_else(|| format!("{}: no response", request.url()))?;
    let mut response = Response {
        status,
        length,
        body: vec![],
        head,
    };
    if request.method != "HEAD" && ![204, 304].contains(&status) {
        let size = response.field("content-length");
        let size = size
            .and_then(|size| size.parse::<usize>().ok())
            .ok_or_else(|| format!("{}: no Content-Length", request.url()))?;
        response.body.resize(size, 0);
        reader.read_exact(&mut response.body).map_err(wrong)?;
        response.length += size as u64;
    }
    Ok(response)
}
