//! Forms that end too early, at every byte.

use std::io;

use futures_util::stream::{self, StreamExt};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::*;
use crate::support::user;

/// How a client stops halfway.
#[derive(Clone, Copy, Debug)]
enum Stop {
    /// Ends a body in chunks as if it were whole.
    EndsChunks,
    /// Sends less than the announced length, and waits for a response.
    HalfCloses,
    /// Disconnects in the middle of a chunked body.
    Leaves,
}

/// Sends the beginning of a form, and reads the response until the server closes;
/// empty if there is none.
async fn send(server: &Server, token: &str, start: &[u8], stop: Stop) -> io::Result<String> {
    let length = match stop {
        Stop::HalfCloses => format!("Content-Length: {}", start.len() + 1000),
        Stop::EndsChunks | Stop::Leaves => "Transfer-Encoding: chunked".to_owned(),
    };
    let mut request = format!(
        "POST /v1/user/files HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n\
         Authorization: Bearer {token}\r\nContent-Type: {}\r\n{length}\r\n\r\n",
        server.address(),
        form_type()
    )
    .into_bytes();
    match stop {
        Stop::HalfCloses => request.extend(start),
        Stop::EndsChunks | Stop::Leaves => {
            if !start.is_empty() {
                request.extend(format!("{:x}\r\n", start.len()).into_bytes());
                request.extend(start);
                request.extend(b"\r\n");
            }
            if matches!(stop, Stop::EndsChunks) {
                request.extend(b"0\r\n\r\n");
            }
        }
    }
    let mut stream = TcpStream::connect(server.address()).await?;
    stream.write_all(&request).await?;
    match stop {
        Stop::EndsChunks => {}
        Stop::HalfCloses => stream.shutdown().await?,
        Stop::Leaves => return Ok(String::new()),
    }
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await?;
    Ok(String::from_utf8(answer).unwrap())
}

#[tokio::test]
async fn a_form_that_is_cut_off_leaves_nothing_behind() {
    let server = Server::start();
    let token = user("alice");
    let mut second = file("b.txt", "the second file's content");
    second.0.push_str("\r\nContent-Type: text/plain");
    let whole = form(&[file("a.txt", "the first"), field("t", "text"), second]);
    // Without the line break after the closing delimiter, it is still complete.
    let closed = whole.len() - "\r\n".len();
    let stops = [Stop::EndsChunks, Stop::HalfCloses, Stop::Leaves];
    let cases = (0..closed).flat_map(|end| stops.map(|stop| (end, stop)));
    stream::iter(cases)
        .map(async |(end, stop)| {
            let sent = whole.get(..end).unwrap();
            let answer = send(&server, &token, sent, stop).await;
            let place = sent.escape_ascii();
            match (stop, answer) {
                (Stop::EndsChunks, answer) => {
                    let answer = answer.unwrap();
                    assert!(answer.starts_with("HTTP/1.1 400 "), "{place}: {answer}");
                    let kind = "\"/problems/invalid-multipart\"";
                    assert!(answer.contains(kind), "{place}: {answer}");
                }
                (Stop::HalfCloses | Stop::Leaves, Ok(answer)) => {
                    let refused = answer.is_empty() || answer.starts_with("HTTP/1.1 400 ");
                    assert!(refused, "{place}: {answer}");
                }
                // The connection may break.
                (Stop::HalfCloses | Stop::Leaves, Err(_)) => {}
            }
        })
        .buffer_unordered(16)
        .collect::<()>()
        .await;
    // The request does not end before its body does.
    for stop in [Stop::HalfCloses, Stop::Leaves] {
        let answer = send(&server, &token, &whole, stop).await;
        assert!(!answer.unwrap_or_default().contains("HTTP/1.1 201 "));
    }
    assert_left(&server, &[]).await;
    assert!(names(&server, &token).await.is_empty());

    let answer = send(&server, &token, &whole, Stop::EndsChunks).await;
    assert!(answer.unwrap().starts_with("HTTP/1.1 201 "));
    assert_eq!(names(&server, &token).await, ["a.txt", "b.txt"]);
}

#[tokio::test]
async fn a_replacement_that_is_cut_off_leaves_the_old_versions() {
    let server = Server::start();
    let token = user("alice");
    let old = form(&[file("a", "old"), file("b", "old")]);
    let response = post(&server, "/v1/user/files", &token, old).await;
    assert_eq!(response.status(), 201);
    let kept = blobs(&server);
    let large = form(&[file("a", vec![7; 3 << 20]), file("b", "new")]);
    let almost = large.len() - "--\r\n".len();
    for end in [1 << 20, almost] {
        let start = large.get(..end).unwrap().to_vec();
        let response = post(&server, "/v1/user/files?replace=true", &token, start).await;
        crate::support::assert_problem(response, 400, "invalid-multipart").await;
    }
    assert_left(&server, &kept).await;
    for name in ["a", "b"] {
        let path = format!("/v1/user/files/{name}");
        assert_eq!(content(&server, &path, &token).await, b"old");
    }
}
