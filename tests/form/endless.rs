//! Forms without an end, and large ones: the server's memory does not grow with
//! what it is sent.

use std::io;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::*;
use crate::support::{Setup, iam, user};

/// The most that the server's peak memory may grow, in MiB: far above what it needs,
/// far below what it is sent.
const ROOM: u64 = 64;

/// The most that is sent of an endless body.
const MOST: usize = 1 << 28;

/// Sends the head of a request, then `start`, then `more` for as long as there is no
/// response. Returns the beginning of the response.
async fn pour(server: &Server, head: &str, start: &[u8], more: &[u8]) -> io::Result<String> {
    let frame = |bytes: &[u8]| {
        let mut frame = format!("{:x}\r\n", bytes.len()).into_bytes();
        frame.extend(bytes);
        frame.extend(b"\r\n");
        frame
    };
    let mut stream = TcpStream::connect(server.address()).await?;
    let head = format!(
        "{head}\r\nHost: {}\r\nTransfer-Encoding: chunked\r\n\r\n",
        server.address()
    );
    stream.write_all(head.as_bytes()).await?;
    let (mut from, mut to) = stream.split();
    let sending = async {
        if !start.is_empty() {
            to.write_all(&frame(start)).await?;
        }
        let more = if more.is_empty() { vec![] } else { frame(more) };
        for _ in 0..MOST.checked_div(more.len()).unwrap_or(0) {
            to.write_all(&more).await?;
        }
        io::Result::Ok(())
    };
    let answer = async {
        let mut answer = String::new();
        // The document is small, and ends as a JSON object does.
        while !answer.trim_end().ends_with('}') {
            let mut buffer = [0; 4096];
            let count = from.read(&mut buffer).await?;
            if count == 0 {
                break;
            }
            answer.push_str(&String::from_utf8_lossy(&buffer[..count]));
        }
        io::Result::Ok(answer)
    };
    // Sending may fail: the server may have closed the connection.
    let sent_in_vain = async {
        let _ = sending.await;
        std::future::pending().await
    };
    tokio::select! {
        answer = answer => answer,
        never = sent_in_vain => never,
    }
}

fn head(token: &str) -> String {
    format!(
        "POST /v1/user/files HTTP/1.1\r\nAuthorization: Bearer {token}\r\nContent-Type: {}",
        form_type()
    )
}

#[tokio::test]
async fn an_endless_form_without_a_file_is_refused_in_bounded_memory() {
    let server = Server::start();
    let token = user("alice");
    assert!(names(&server, &token).await.is_empty());
    let (before, _) = server.resident_mib();

    let delimiter = format!("--{BOUNDARY}\r\n");
    let disposition = "Content-Disposition: form-data; name=";
    let header = format!("{delimiter}{disposition}f; filename=a\r\n");
    let first = format!("{header}\r\ncontent\r\n");
    let text = |name| format!("{delimiter}{disposition}{name}\r\n\r\n");
    let bytes = "x".repeat(64 << 10);
    let lines = "X-Field: value\r\n".repeat(4 << 10);
    let newlines = "\r\n".repeat(32 << 10);
    let text_parts = format!("{delimiter}{disposition}t\r\n\r\ntext\r\n").repeat(1000);
    let empty_parts = format!("{delimiter}\r\n\r\n").repeat(1000);
    for (what, start, more) in [
        ("a preamble", String::new(), &bytes),
        ("a preamble of lines", String::new(), &newlines),
        ("a first line", format!("--{BOUNDARY}"), &bytes),
        ("a field line", format!("{header}X: "), &bytes),
        ("a header", header.clone(), &lines),
        ("a later header", format!("{first}{header}"), &lines),
        (
            "a filename",
            format!("{delimiter}{disposition}f; filename=\""),
            &bytes,
        ),
        ("a text field", text("t"), &bytes),
        (
            "a later text field",
            format!("{first}{}", text("t")),
            &bytes,
        ),
        ("the folder", text("folder"), &bytes),
        ("a file without a name", text("f; filename=\"\""), &bytes),
        ("text fields", String::new(), &text_parts),
        ("text fields after a file", first.clone(), &text_parts),
        ("parts without a header", String::new(), &empty_parts),
    ] {
        let answer = pour(&server, &head(&token), start.as_bytes(), more.as_bytes()).await;
        let answer = answer.unwrap_or_else(|error| panic!("{what}: {error}"));
        assert!(answer.starts_with("HTTP/1.1 400 "), "{what}: {answer}");
        let kind = "\"/problems/invalid-multipart\"";
        assert!(answer.contains(kind), "{what}: {answer}");
    }
    let (_, most) = server.resident_mib();
    assert!(most < before + ROOM, "{before} MiB, then {most} MiB");
    assert_left(&server, &[]).await;
    assert!(names(&server, &token).await.is_empty());
}

#[tokio::test]
async fn ten_thousand_parts_are_refused() {
    let server = Server::start();
    let token = user("alice");
    assert!(names(&server, &token).await.is_empty());
    let (before, _) = server.resident_mib();
    let of =
        |part: fn(usize) -> Part| -> Vec<u8> { form(&(0..10_000).map(part).collect::<Vec<_>>()) };
    for (body, status, kind) in [
        (
            of(|n| field(&format!("t{n}"), "text")),
            400,
            "invalid-multipart",
        ),
        (of(|_| file("", "")), 400, "invalid-multipart"),
        (of(|n| file(&format!("f{n}"), "x")), 413, "too-large"),
    ] {
        let response = post(&server, "/v1/user/files", &token, body).await;
        crate::support::assert_problem(response, status, kind).await;
    }
    let (_, most) = server.resident_mib();
    assert!(most < before + ROOM, "{before} MiB, then {most} MiB");
    assert_left(&server, &[]).await;
    assert!(names(&server, &token).await.is_empty());
}

#[tokio::test]
async fn a_large_file_in_a_form_comes_back_byte_for_byte() {
    let server = Server::start();
    let token = user("alice");
    assert!(names(&server, &token).await.is_empty());
    let (before, _) = server.resident_mib();
    // Pseudo-random bytes: no two stretches of them are the same.
    let mut state = 1_u64;
    let large: Vec<u8> = std::iter::repeat_with(|| {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        state.to_be_bytes()
    })
    .take(5_000_000)
    .flatten()
    .collect();
    // Small files before it must not make the server buffer more than it uses.
    let mut parts: Vec<Part> = (0..90).map(|n| file(&format!("{n}"), "small")).collect();
    parts.push(file("large", large.clone()));
    parts.push(file("last", "last"));
    let body = form(&parts);
    drop(parts);
    let response = post(&server, "/v1/user/files", &token, body).await;
    assert_eq!(response.status(), 201);
    let answer: Value = response.json().await.unwrap();
    assert_eq!(answer["files"][90]["size"], 40_000_000);
    assert!(content(&server, "/v1/user/files/large", &token).await == large);
    for (name, expected) in [("0", "small"), ("89", "small"), ("last", "last")] {
        let path = format!("/v1/user/files/{name}");
        assert_eq!(content(&server, &path, &token).await, expected.as_bytes());
    }
    let (_, most) = server.resident_mib();
    assert!(most < before + 32, "{before} MiB, then {most} MiB");
}

#[tokio::test]
async fn a_caller_who_may_not_store_is_refused_before_the_body_is_read() {
    let policy = format!(
        "{}[public]\ncreate = \"role:editor\"\nreplace = \"role:editor\"\n\
         [org]\ncreate = \"nobody\"\nreplace = \"nobody\"\n",
        iam()
    );
    let server = Setup::policy(&policy).start();
    let bearer = |token: &str| format!("\r\nAuthorization: Bearer {token}");
    let alice = bearer(&user("alice"));
    let member = bearer(&crate::support::org_member("alice", "acme"));
    for (area, token, refusal, kind) in [
        ("public", "", "401", "unauthenticated"),
        ("user", "", "401", "unauthenticated"),
        ("user", &*bearer("forged"), "401", "invalid-token"),
        ("public", &*alice, "403", "forbidden"),
        ("org", &*alice, "403", "forbidden"),
        ("org", &*member, "403", "forbidden"),
    ] {
        // The body is never sent; a client that sends Expect: 100-continue gets no
        // 100 (Continue).
        for expect in ["", "\r\nExpect: 100-continue"] {
            let head = format!(
                "POST /v1/{area}/files HTTP/1.1\r\nContent-Type: {}{token}{expect}",
                form_type()
            );
            let answer = pour(&server, &head, b"", b"").await.unwrap();
            let status = format!("HTTP/1.1 {refusal} ");
            assert!(answer.starts_with(&status), "{area}: {answer}");
            let kind = format!("\"/problems/{kind}\"");
            assert!(answer.contains(&kind), "{area}: {answer}");
        }
    }
}
