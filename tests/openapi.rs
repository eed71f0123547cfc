//! The OpenAPI document: served to everyone, and what the tools of others make of it.

mod tools;

use reqwest::Method;
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use serde_json::Value;

use crate::support::{Document, Server, Setup, assert_problem, iam, json_of};

const PATH: &str = "/v1/openapi.json";
/// The maximum size of the document, in bytes.
const MAX_BYTES: usize = 144 << 10;
/// Nobody may do anything.
const CLOSED: &str = "[public]\nread = 'nobody'\nlist = 'nobody'\ncreate = 'nobody'\n\
                      replace = 'nobody'\ndelete = 'nobody'\n[cors]\norigins = ['https://a.test']\n";

async fn ask(
    server: &Server,
    method: Method,
    name: &str,
    value: &str,
) -> (u16, HeaderMap, Vec<u8>) {
    let response = server.request(method, PATH).header(name, value);
    let response = response.send().await.unwrap();
    let (status, headers) = (response.status().as_u16(), response.headers().clone());
    (status, headers, response.bytes().await.unwrap().to_vec())
}

#[tokio::test]
async fn everyone_gets_the_same_document() {
    let servers = [
        Setup::public_only().start(),
        Setup::policy(&(iam() + CLOSED)).start(),
    ];
    let mut documents = Vec::new();
    for server in &servers {
        let (status, headers, body) = ask(server, Method::GET, "authorization", "Bearer x").await;
        assert_eq!(status, 200);
        assert_eq!(headers["content-type"], "application/json");
        assert_eq!(headers["cache-control"], "public, no-cache");
        assert_eq!(headers["cross-origin-resource-policy"], "cross-origin");
        assert_eq!(headers["content-length"], body.len().to_string());
        assert!(body.len() <= MAX_BYTES, "{}", body.len());
        documents.push((headers["etag"].clone(), body));
    }
    assert!(documents[0] == documents[1]);
    let document: Value = serde_json::from_slice(&documents[0].1).unwrap();
    assert_eq!(document["openapi"], "3.1.1");
    assert_eq!(document["info"]["version"], env!("CARGO_PKG_VERSION"));
}

#[tokio::test]
async fn head_options_and_a_known_copy_cost_no_document() {
    let server = Setup::policy(&(iam() + CLOSED)).start();
    let (_, got, body) = ask(&server, Method::GET, "accept", "*/*").await;
    let (status, head, nothing) = ask(&server, Method::HEAD, "accept", "*/*").await;
    assert_eq!((status, nothing.len()), (200, 0));
    for name in ["etag", "content-type", "content-length", "cache-control"] {
        assert_eq!(head[name], got[name], "{name}");
    }
    assert_eq!(head["content-length"], body.len().to_string());
    let etag = got["etag"].to_str().unwrap();
    let (status, headers, nothing) = ask(&server, Method::GET, "if-none-match", etag).await;
    assert_eq!((status, nothing.len()), (304, 0));
    assert_eq!(headers["etag"], etag);
    let (status, options, _) = ask(&server, Method::OPTIONS, "origin", "https://a.test").await;
    assert_eq!(status, 204);
    assert_eq!(options["allow"], "GET, HEAD, OPTIONS");
    let (_, other, _) = ask(&server, Method::GET, "origin", "https://a.test").await;
    assert_eq!(other["access-control-allow-origin"], "https://a.test");
    let post = server.post(PATH).send().await.unwrap();
    assert_problem(post, 405, "method-not-allowed").await;
}

#[tokio::test]
async fn an_answer_that_is_not_described_does_not_pass() {
    const FIELDS: &str = "content-type: application/json|x-content-type-options: nosniff";
    const PAGE: &str = r#"{"files":[],"folders":[],"next":null}"#;
    let server = Server::shared();
    let document = Document::new(json_of(server.get(PATH)).await);
    let check = |method, path, status, fields: &str, body: &str| {
        let headers = fields.split('|').map(|field| {
            let (name, value) = field.split_once(": ").unwrap();
            let name: HeaderName = name.parse().unwrap();
            (name, HeaderValue::from_str(value).unwrap())
        });
        let headers: HeaderMap = headers.collect();
        let described = document.response(method, path, status)?;
        described.check_fields(&headers)?;
        described.check_body(&headers, body.as_bytes())
    };
    let list = "/v1/public/files";
    assert_eq!(check("GET", list, 200, FIELDS, PAGE), Ok(()));
    let (extra, known) = (
        format!("{FIELDS}|x-new: 1"),
        format!("{FIELDS}|vary: Origin"),
    );
    assert_eq!(check("GET", list, 200, &known, PAGE), Ok(()));
    for (method, path, status, fields, body) in [
        ("GET", list, 201, FIELDS, PAGE),
        ("PATCH", list, 200, FIELDS, PAGE),
        ("get", list, 200, FIELDS, PAGE),
        ("GET", "/v1/secret/files", 200, FIELDS, PAGE),
        ("GET", list, 200, &extra, PAGE),
        ("GET", list, 200, "content-type: application/json", PAGE),
        (
            "GET",
            list,
            200,
            "content-type: text/html|x-content-type-options: nosniff",
            PAGE,
        ),
        (
            "GET",
            list,
            200,
            "content-type: application/json|x-content-type-options: no",
            PAGE,
        ),
        ("GET", list, 200, FIELDS, "no JSON"),
        ("GET", list, 200, FIELDS, r#"{"files":[],"folders":[]}"#),
        (
            "GET",
            list,
            200,
            FIELDS,
            r#"{"files":[],"folders":["a"],"next":null}"#,
        ),
        (
            "GET",
            list,
            200,
            FIELDS,
            r#"{"files":[],"folders":[],"next":null,"new":1}"#,
        ),
    ] {
        let found = check(method, path, status, fields, body);
        assert!(found.is_err(), "{method} {path} {status} {fields} {body}");
    }
}
