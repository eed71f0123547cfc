//! A connection that stays open, for requests that are sent in pieces or in a row.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpStream};
use std::time::Duration;

use reqwest::header::{HeaderMap, HeaderName, HeaderValue};

/// A test that waits longer for the server has failed.
const PATIENCE: Duration = Duration::from_secs(30);

/// A response: status, header fields, body.
pub type Answer = (u16, HeaderMap, Vec<u8>);

/// A TCP connection to a server, written and read byte for byte.
pub struct Connection {
    stream: TcpStream,
    unread: Vec<u8>,
}

impl Connection {
    /// Connects to `ADDR:PORT`.
    pub fn open(address: &str) -> Self {
        let stream = TcpStream::connect(address).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream.set_write_timeout(Some(PATIENCE)).unwrap();
        stream.set_nodelay(true).unwrap();
        Self {
            stream,
            unread: Vec::new(),
        }
    }

    /// Sends these bytes.
    pub fn send(&mut self, bytes: impl AsRef<[u8]>) {
        self.stream.write_all(bytes.as_ref()).unwrap();
    }

    /// Says that nothing more will be sent.
    pub fn end(&mut self) {
        let _ = self.stream.shutdown(Shutdown::Write);
    }

    /// Reads a response's header; its body is left unread.
    pub fn head(&mut self) -> (u16, HeaderMap) {
        let end = loop {
            if let Some(end) = position(&self.unread, b"\r\n\r\n") {
                break end;
            }
            let arrived = self.receive();
            assert!(arrived > 0, "closed within {:?}", self.shown());
        };
        let head: Vec<u8> = self.unread.drain(..end + 4).collect();
        let head = String::from_utf8(head).unwrap();
        let mut lines = head.trim_end().split("\r\n");
        let status = lines.next().unwrap().split(' ').nth(1).unwrap();
        let mut headers = HeaderMap::new();
        for line in lines {
            let (name, value) = line.split_once(':').unwrap();
            headers.append(
                HeaderName::from_bytes(name.as_bytes()).unwrap(),
                HeaderValue::from_str(value.trim()).unwrap(),
            );
        }
        (status.parse().unwrap(), headers)
    }

    /// Reads a response, which must give its length.
    pub fn answer(&mut self) -> Answer {
        let (status, headers) = self.head();
        let length = headers.get("content-length");
        let length = length.map_or(0, |value| value.to_str().unwrap().parse().unwrap());
        let body = self.body(length);
        (status, headers, body)
    }

    /// Reads this many bytes.
    pub fn body(&mut self, length: usize) -> Vec<u8> {
        while self.unread.len() < length {
            let arrived = self.receive();
            assert!(arrived > 0, "closed within a body: {:?}", self.shown());
        }
        self.unread.drain(..length).collect()
    }

    /// Whether anything arrives within this time.
    pub fn has_answer(&mut self, within: Duration) -> bool {
        self.stream.set_read_timeout(Some(within)).unwrap();
        let came = self.stream.peek(&mut [0]);
        self.stream.set_read_timeout(Some(PATIENCE)).unwrap();
        came.is_ok()
    }

    /// Reads until the server closes, and returns what arrived until then.
    pub fn rest(&mut self) -> Vec<u8> {
        while self.receive() > 0 {}
        std::mem::take(&mut self.unread)
    }

    /// Returns how much arrived, 0 once the connection is closed or reset.
    fn receive(&mut self) -> usize {
        let mut piece = vec![0; 64 << 10];
        let arrived = match self.stream.read(&mut piece) {
            Ok(arrived) => arrived,
            Err(error) if error.kind() == std::io::ErrorKind::ConnectionReset => 0,
            Err(error) => panic!("{error} after {:?}", self.shown()),
        };
        self.unread.extend_from_slice(&piece[..arrived]);
        arrived
    }

    fn shown(&self) -> String {
        String::from_utf8_lossy(&self.unread).into_owned()
    }
}

fn position(bytes: &[u8], sought: &[u8]) -> Option<usize> {
    bytes.windows(sought.len()).position(|part| part == sought)
}
