//! Large files by tus, and in one PUT by the same client: one connection, and no copy of the
//! bytes on their way.

use std::fs::File;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::time::Instant;

use super::{Request, probe};
use crate::Result;

/// The length of an append, as clients send them.
const APPEND: usize = 8 << 20;

/// A request of tus.
fn request(server: SocketAddr, method: &'static str, target: &str) -> Request {
    let request = Request::get(server, target).method(method);
    request.field("Tus-Resumable", "1.0.0")
}

/// Begins the upload of a file of this size; returns the request that asks for its offset.
pub fn create(server: SocketAddr, name: &str, size: u64) -> Result<Request> {
    let create = request(server, "POST", "/v1/public/uploads")
        .field("Upload-Length", &size.to_string())
        .field("Upload-Metadata", &format!("filename {}", base64(name)))
        // Its body is empty, and of no type.
        .field("Content-Length", "0");
    let answer = probe::send(&create, b"")?.must_be(201, 0)?;
    let location = answer.field("location").ok_or("an upload without URL")?;
    let path = location.find("/v1/").map(|start| &location[start..]);
    Ok(request(server, "HEAD", path.ok_or("a URL without path")?))
}

/// Uploads a file in appends of 8 MiB; in MiB per second.
pub fn upload(server: SocketAddr, name: &str, file: &Path) -> Result<f64> {
    let size = size_of(file)?;
    let begun = Instant::now();
    let target = create(server, name, size)?.target;
    let mut source = Source::open(server, file)?;
    let mut offset = 0;
    while offset < size {
        let length = (size - offset).min(APPEND as u64);
        let append = request(server, "PATCH", &target)
            .field("Content-Type", "application/offset+octet-stream")
            .field("Upload-Offset", &offset.to_string());
        source.send(&append, length)?.must_be(204, 0)?;
        offset += length;
    }
    Ok(size as f64 / f64::from(1 << 20) / begun.elapsed().as_secs_f64())
}

/// Uploads a file in one PUT; in MiB per second.
pub fn put(server: SocketAddr, target: &str, file: &Path) -> Result<f64> {
    let size = size_of(file)?;
    let begun = Instant::now();
    let put = Request::get(server, target).method("PUT");
    let answer = Source::open(server, file)?.send(&put, size)?;
    match answer.status {
        200 | 201 => Ok(size as f64 / f64::from(1 << 20) / begun.elapsed().as_secs_f64()),
        status => Err(format!("{status} for {target}")),
    }
}

/// A file on its way over a connection.
struct Source {
    file: File,
    stream: TcpStream,
    buffer: Vec<u8>,
}

impl Source {
    fn open(server: SocketAddr, file: &Path) -> Result<Self> {
        let open = || -> std::io::Result<Self> {
            let stream = TcpStream::connect(server)?;
            stream.set_nodelay(true)?;
            Ok(Self {
                file: File::open(file)?,
                stream,
                buffer: vec![0; 256 << 10],
            })
        };
        open().map_err(|error| error.to_string())
    }

    /// Sends a request with the file's next bytes.
    fn send(&mut self, request: &Request, length: u64) -> Result<probe::Response> {
        let wrong = |error: std::io::Error| error.to_string();
        let head = probe::head(request, length);
        self.stream.write_all(head.as_bytes()).map_err(wrong)?;
        let mut left = length;
        while left > 0 {
            let most = self
                .buffer
                .len()
                .min(usize::try_from(left).unwrap_or(usize::MAX));
            let piece = &mut self.buffer[..most];
            self.file.read_exact(piece).map_err(wrong)?;
            self.stream.write_all(piece).map_err(wrong)?;
            left -= most as u64;
        }
        probe::receive(&mut self.stream, request)
    }
}

fn base64(text: &str) -> String {
    use jwt_simple::prelude::*;
    Base64::encode_to_string(text).unwrap_or_default()
}

fn size_of(file: &Path) -> Result<u64> {
    let about = std::fs::metadata(file).map_err(|error| error.to_string())?;
    Ok(about.len())
}
