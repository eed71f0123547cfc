//! The name that a part's filename becomes.

use super::*;
use crate::support::{assert_problem, user};

#[tokio::test]
async fn the_last_component_of_a_filename_is_the_name() {
    let server = Server::start();
    for (number, (parameters, expected)) in [
        (r#"filename="a.txt""#, "a.txt"),
        ("filename=a.txt", "a.txt"),
        ("FileName=a.txt; size=1", "a.txt"),
        (r#"filename="a;b=c, d.txt""#, "a;b=c, d.txt"),
        (r#"filename="日本語 😀.pdf""#, "日本語 😀.pdf"),
        ("filename*=UTF-8''%E6%97%A5%20%F0%9F%98%80.pdf", "日 😀.pdf"),
        (r#"filename*=utf-8'ja'%E6%97%A5; filename="x""#, "日"),
        (r#"filename="x"; filename*=UTF-8''%E6%97%A5"#, "日"),
        ("filename*=UTF-8''up%2F..%2Fdown.txt", "down.txt"),
        (r#"filename="say %22hi%22.txt""#, r#"say "hi".txt"#),
        (r#"filename="say \"hi\".txt""#, r#"say "hi".txt"#),
        (r#"filename="C:\fakepath\x.txt""#, "x.txt"),
        (r#"filename="C:\fakepath\日 本.txt""#, "日 本.txt"),
        (r#"filename="C:\new\"x\".txt""#, r#"new"x".txt"#),
        (r#"filename="\\host\share\x""#, "x"),
        (r#"filename="../../etc/passwd""#, "passwd"),
        (r#"filename="/etc/passwd""#, "passwd"),
        (r#"filename="..\..\x""#, "x"),
        (r#"filename="a/b/c.txt""#, "c.txt"),
        // A malformed one leaves the other.
        (r#"filename="a.txt"; filename*=b.txt"#, "a.txt"),
        (r#"filename*=UTF-8''%zz; filename="a.txt""#, "a.txt"),
        (r#"filename*=ISO-8859-1''%E9; filename="é.txt""#, "é.txt"),
        (r#"filename="100%.txt""#, "100%.txt"),
        (r#"filename="%2e%2e%2Fx""#, "%2e%2e%2Fx"),
        (r#"filename="a+b c""#, "a+b c"),
        (r#"filename="...""#, "..."),
        (r#"filename=".hidden""#, ".hidden"),
        (
            &format!("filename=\"{}\"", "é".repeat(450)),
            &"é".repeat(450),
        ),
    ]
    .into_iter()
    .enumerate()
    {
        let token = user(&format!("user-{number}"));
        let header = format!("Content-Disposition: form-data; name=\"f\"; {parameters}");
        let body = form(&[part(&header, "x")]);
        let response = post(&server, "/v1/user/files", &token, body).await;
        assert_eq!(response.status(), 201, "{parameters}");
        assert_eq!(names_of(&response.json().await.unwrap()), [expected]);
        assert_eq!(names(&server, &token).await, [expected], "{parameters}");
    }
}

#[tokio::test]
async fn a_filename_without_a_usable_name_is_refused() {
    let server = Server::start();
    let token = user("alice");
    let long = format!("filename=\"{}\"", "é".repeat(451));
    for (parameters, kind) in [
        (&b"filename=\"..\""[..], "invalid-name"),
        (b"filename=\".\"", "invalid-name"),
        (b"filename=\"a/..\"", "invalid-name"),
        (b"filename=\"C:\\..\"", "invalid-name"),
        (b"filename=\"a%0Ab\"", "invalid-name"),
        (b"filename=\"a%0D%0Ab\"", "invalid-name"),
        (b"filename=\"a\tb\"", "invalid-name"),
        (b"filename*=UTF-8''a%00b", "invalid-name"),
        (b"filename*=UTF-8''%C2%85", "invalid-name"),
        (b"filename=\"a\xff\"", "invalid-name"),
        (b"filename=\"\xe6\x97\"", "invalid-name"),
        (long.as_bytes(), "invalid-name"),
        (b"filename=\"a/\"", "invalid-name"),
        (b"filename=\"\"", "invalid-multipart"),
        (b"filename=\"never closed", "invalid-multipart"),
        (b"filename=\"a\"b", "invalid-multipart"),
        (b"filename=a; filename=b", "invalid-multipart"),
        (b"filename", "invalid-multipart"),
        (b"filename*=a", "invalid-multipart"),
        (b"filename*=ISO-8859-1''%E9", "invalid-multipart"),
        (b"filename*=UTF-8''%E9", "invalid-multipart"),
        (b"filename*=UTF-8''%zz", "invalid-multipart"),
    ] {
        // As raw bytes: not all of them are text.
        let marker = b"PARAMETERS";
        let disposition = "Content-Disposition: form-data; name=f; PARAMETERS";
        let body = form(&[part(disposition, "x")]);
        let at = body
            .windows(marker.len())
            .position(|w| w == marker)
            .unwrap();
        let body = [&body[..at], parameters, &body[at + marker.len()..]].concat();
        let response = post(&server, "/v1/user/files", &token, body).await;
        eprintln!("{}", parameters.escape_ascii());
        assert_problem(response, 400, kind).await;
    }
    assert!(names(&server, &token).await.is_empty());
    assert_left(&server, &[]).await;
}
