//! HTTP/1.1 itself: framing, limits, connections, shutdown, the log, and a component
//! that fails.

use crate::support::{
    Answer, Connection, Server, Setup, assert_problem_parts, eventually, files_below, raw,
};

mod connections; // requests in a row, and clients that stall
mod failing; // a component that fails
mod framing; // where a request ends and what it is about
mod hosts; // whom a request is for, and who sent it
mod limits; // sizes, connections, instances
mod log; // what is in it, and what never may be
mod shutdown; // graceful: requests in progress are finished, within a time limit

/// A request's line and fields, up to the empty line.
fn head(server: &Server, request: &str, fields: &[&str]) -> String {
    let mut head = format!("{request} HTTP/1.1\r\nHost: {}\r\n", server.address());
    for field in fields {
        head.push_str(field);
        head.push_str("\r\n");
    }
    head + "\r\n"
}

/// One request on a connection of its own.
fn ask(server: &Server, request: &str, fields: &[&str], body: &[u8]) -> Answer {
    let mut fields = fields.to_vec();
    fields.push("Connection: close");
    let mut message = head(server, request, &fields).into_bytes();
    message.extend_from_slice(body);
    raw(server.address(), &message)
}

fn store(server: &Server, name: &str, content: &[u8]) {
    let length = format!("Content-Length: {}", content.len());
    let request = format!("PUT /v1/public/files/{name}");
    assert_eq!(ask(server, &request, &[&length], content).0, 201, "{name}");
}

fn status_of(server: &Server, name: &str) -> u16 {
    ask(server, &format!("GET /v1/public/files/{name}"), &[], b"").0
}

/// How many blobs the store holds, with those of unfinished uploads.
fn blobs(server: &Server) -> usize {
    files_below(&server.data_dir().join("blobs")).len()
}

/// Starts an upload of twice these bytes, and returns once half of it has arrived.
fn half_an_upload(server: &Server, name: &str, half: &[u8], fields: &[&str]) -> Connection {
    let before = blobs(server);
    let length = format!("Content-Length: {}", half.len() * 2);
    let mut fields = fields.to_vec();
    fields.push(&length);
    let mut upload = Connection::open(server.address());
    upload.send(head(
        server,
        &format!("PUT /v1/public/files/{name}"),
        &fields,
    ));
    upload.send(half);
    eventually("bytes of the upload on disk", || {
        blobs(server) == before + 1
    });
    upload
}
