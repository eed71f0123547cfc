//! Refusals that are known before the body is.

use reqwest::header::AUTHORIZATION;
use serde_json::Value;

use super::table::{Cell, cells, owner, token};
use super::{ORIGINAL, names, with_token};
use crate::support::{Connection, Server, assert_problem_parts};

#[tokio::test]
async fn a_refusal_does_not_wait_for_the_body() {
    let server = Server::start();
    for area in ["public", "user", "org"] {
        let path = format!("/v1/{area}/files/replaced");
        let seed = with_token(server.put(&path, ORIGINAL), token(owner(area)).as_ref());
        assert_eq!(seed.send().await.unwrap().status(), 201);
    }
    let mut tried = 0;
    for cell in cells() {
        let Cell {
            area,
            caller,
            operation,
            expected,
        } = cell;
        let (method, path) = match operation {
            "create" => ("PUT", format!("/v1/{area}/files/created")),
            "replace" => ("PUT", format!("/v1/{area}/files/replaced")),
            "form" => ("POST", format!("/v1/{area}/files")),
            // Only its body tells whether this form replaces somebody else's file.
            "form-over" if area == "public" && expected != "bad" => continue,
            "form-over" => ("POST", format!("/v1/{area}/files?replace=true")),
            "url" => ("POST", format!("/v1/{area}/urls/replaced")),
            _ => continue,
        };
        let Some((status @ (401 | 403), kind)) = cell.refusal() else {
            continue;
        };
        let authorization = match token(caller) {
            Some(token) => format!("{AUTHORIZATION}: Bearer {token}\r\n"),
            None => String::new(),
        };
        // One waits for 100 (Continue), the other has not sent anything yet.
        let content_type = if operation.starts_with("form") {
            "multipart/form-data; boundary=b"
        } else {
            "text/plain"
        };
        for expect in ["Expect: 100-continue\r\n", ""] {
            let head = format!(
                "{method} {path} HTTP/1.1\r\nHost: {}\r\nContent-Length: 1000000\r\n\
                 Content-Type: {content_type}\r\n{authorization}{expect}\r\n",
                server.address()
            );
            let mut connection = Connection::open(server.address());
            connection.send(head);
            let answer = connection.answer();
            assert_eq!(answer.0, status, "{}", cell.label());
            assert_problem_parts(&answer, status, kind);
            tried += 1;
        }
    }
    assert!(tried > 100, "{tried}");
    for area in ["public", "user", "org"] {
        let list = server.get(&format!("/v1/{area}/files"));
        let list = with_token(list, token(owner(area)).as_ref()).send().await;
        let listing: Value = list.unwrap().json().await.unwrap();
        assert_eq!(names(&listing), ["replaced".to_owned()].into(), "{area}");
    }
}
