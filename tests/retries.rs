//! Answers that are lost: each request is repeated as `component/API.md` says.

use std::time::Duration;

use reqwest::multipart::{Form, Part};
use reqwest::{Method, Response};
use serde_json::{Value, json};

use crate::support::{
    Connection, RequestBuilder, Server, assert_problem, content, fetch, json_of, user,
};

/// Where the files of a test are.
struct Place {
    server: Server,
    alice: String,
}

impl Place {
    fn new() -> Self {
        Self {
            server: Server::start(),
            alice: user("alice"),
        }
    }

    /// Sends a request whose answer arrives, but which nobody reads.
    fn lose(&self, line: &str, fields: &str, body: &[u8]) {
        let mut connection = Connection::open(self.server.address());
        let (token, length) = (&self.alice, body.len());
        let head = format!(
            "{line} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {token}\r\n\
             Content-Length: {length}\r\n{fields}\r\n"
        );
        connection.send([head.as_bytes(), body].concat());
        assert!(connection.has_answer(Duration::from_secs(30)), "{line}");
    }

    async fn send(&self, request: RequestBuilder) -> Response {
        request.bearer_auth(&self.alice).send().await.unwrap()
    }

    async fn json(&self, request: RequestBuilder) -> Value {
        json_of(request.bearer_auth(&self.alice)).await
    }

    async fn bytes(&self, path: &str) -> Vec<u8> {
        let response = self.send(self.server.get(path)).await;
        assert_eq!(response.status(), 200, "{path}");
        response.bytes().await.unwrap().to_vec()
    }
}

#[tokio::test]
async fn an_upload_is_repeated() {
    let place = Place::new();
    let path = "/v1/user/files/a";
    place.lose(&format!("PUT {path}"), "", b"one");
    let again = place.send(place.server.put(path, "one")).await;
    assert_eq!(again.status(), 200);
    assert_eq!(place.bytes(path).await, b"one");
}

#[tokio::test]
async fn an_upload_that_only_creates_is_repeated() {
    let place = Place::new();
    let path = "/v1/user/files/a";
    let create = || place.server.put(path, "one").header("if-none-match", "*");
    place.lose(&format!("PUT {path}"), "If-None-Match: *\r\n", b"one");
    assert_problem(place.send(create()).await, 412, "precondition-failed").await;
    assert_eq!(place.bytes(path).await, b"one");
}

#[tokio::test]
async fn an_upload_that_only_replaces_is_repeated() {
    let place = Place::new();
    let path = "/v1/user/files/a";
    let first = place.json(place.server.put(path, "one")).await;
    let etag = first["etag"].as_str().unwrap();
    let field = format!("If-Match: {etag}\r\n");
    place.lose(&format!("PUT {path}"), &field, b"two");
    let again = place.server.put(path, "two").header("if-match", etag);
    assert_problem(place.send(again).await, 412, "precondition-failed").await;
    assert_eq!(place.bytes(path).await, b"two");
}

#[tokio::test]
async fn a_deletion_is_repeated() {
    let place = Place::new();
    let path = "/v1/user/files/a";
    for conditional in [false, true] {
        let file = place.json(place.server.put(path, "one")).await;
        let etag = file["etag"].as_str().unwrap();
        let field = format!("If-Match: {etag}\r\n");
        let (field, mut again) = if conditional {
            let again = place.server.delete(path).header("if-match", etag);
            (field.as_str(), again)
        } else {
            ("", place.server.delete(path))
        };
        place.lose(&format!("DELETE {path}"), field, b"");
        again = again.bearer_auth(&place.alice);
        assert_problem(again.send().await.unwrap(), 404, "not-found").await;
    }
}

#[tokio::test]
async fn a_form_is_repeated() {
    let place = Place::new();
    let body = "--b\r\nContent-Disposition: form-data; name=f; filename=a\r\n\r\none\r\n\
                --b\r\nContent-Disposition: form-data; name=f; filename=b\r\n\r\ntwo\r\n--b--\r\n";
    let field = "Content-Type: multipart/form-data; boundary=b\r\n";
    place.lose("POST /v1/user/files", field, body.as_bytes());
    let form = || {
        let part = |bytes, name| Part::text(bytes).file_name(name);
        Form::new()
            .part("f", part("one", "a"))
            .part("f", part("two", "b"))
    };
    let again = place.server.post("/v1/user/files").multipart(form());
    assert_problem(place.send(again).await, 409, "already-exists").await;
    let replacing = place.server.post("/v1/user/files?replace=true");
    let replaced = place.send(replacing.multipart(form())).await;
    assert_eq!(replaced.status(), 201);
    assert_eq!(place.bytes("/v1/user/files/a").await, b"one");
    assert_eq!(place.bytes("/v1/user/files/b").await, b"two");
}

#[tokio::test]
async fn a_download_that_broke_off_is_continued() {
    let place = Place::new();
    let path = "/v1/user/files/a";
    let bytes = content(1, 100_000);
    let file = place.json(place.server.put(path, bytes.clone())).await;
    let etag = file["etag"].as_str().unwrap();
    let mut connection = Connection::open(place.server.address());
    let token = &place.alice;
    connection.send(format!(
        "GET {path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {token}\r\n\r\n"
    ));
    connection.head();
    let mut arrived = connection.body(1234);
    drop(connection);
    let rest = || {
        let range = place.server.get(path).header("range", "bytes=1234-");
        range.header("if-range", etag)
    };
    let continued = place.send(rest()).await;
    assert_eq!(continued.status(), 206);
    arrived.extend(continued.bytes().await.unwrap());
    assert!(arrived == bytes);

    let replaced = place.send(place.server.put(path, "replaced")).await;
    assert_eq!(replaced.status(), 200);
    let whole = place.send(rest()).await;
    assert_eq!(whole.status(), 200);
    assert_eq!(whole.text().await.unwrap(), "replaced");
}

#[tokio::test]
async fn a_page_of_a_list_is_repeated() {
    let place = Place::new();
    for name in ["a", "b", "c"] {
        let put = place.server.put(&format!("/v1/user/files/{name}"), name);
        assert_eq!(place.send(put).await.status(), 201);
    }
    let first = place.json(place.server.get("/v1/user/files?limit=1")).await;
    let next = format!(
        "/v1/user/files?limit=1&cursor={}",
        first["next"].as_str().unwrap()
    );
    place.lose(&format!("GET {next}"), "", b"");
    for _ in 0..2 {
        let page = place.json(place.server.get(&next)).await;
        assert_eq!(page["files"][0]["name"], "b");
        assert!(page["next"].is_string());
    }
}

#[tokio::test]
async fn the_urls_of_files_are_made_again() {
    let place = Place::new();
    let put = place.server.put("/v1/user/files/a", "one");
    assert_eq!(place.send(put).await.status(), 201);
    let names = json!({ "names": ["a", "none"] });
    place.lose("POST /v1/user/urls/a", "", b"");
    place.lose("POST /v1/user/urls", "", names.to_string().as_bytes());
    let one = place.json(place.server.post("/v1/user/urls/a")).await;
    let many = place
        .json(place.server.post("/v1/user/urls").json(&names))
        .await;
    for made in [&one, &many["urls"][0]] {
        let response = fetch(made["url"].as_str().unwrap()).await.unwrap();
        assert_eq!(response.text().await.unwrap(), "one");
    }
    assert_eq!(many["urls"][1]["problem"]["status"], 404);
}

#[tokio::test]
async fn a_copy_of_a_file_is_repeated() {
    let place = Place::new();
    let put = place.server.put("/v1/user/files/a", "one");
    assert_eq!(place.send(put).await.status(), 201);
    let mut body = json!({ "from": "a", "to": "b" });
    let copy = |body: &Value| place.server.post("/v1/user/copy").json(body);
    place.lose("POST /v1/user/copy", "", body.to_string().as_bytes());
    assert_problem(place.send(copy(&body)).await, 409, "already-exists").await;
    body["replace"] = true.into();
    assert_eq!(place.send(copy(&body)).await.status(), 200);
    assert_eq!(place.bytes("/v1/user/files/a").await, b"one");
    assert_eq!(place.bytes("/v1/user/files/b").await, b"one");
}

#[tokio::test]
async fn a_move_of_a_file_is_repeated() {
    let place = Place::new();
    let put = place.server.put("/v1/user/files/a", "one");
    assert_eq!(place.send(put).await.status(), 201);
    let body = json!({ "from": "a", "to": "b" });
    place.lose("POST /v1/user/move", "", body.to_string().as_bytes());
    let again = place.server.post("/v1/user/move").json(&body);
    assert_problem(place.send(again).await, 404, "not-found").await;
    assert_eq!(place.bytes("/v1/user/files/b").await, b"one");
}

#[tokio::test]
async fn work_on_a_folder_is_repeated_as_a_whole() {
    let place = Place::new();
    for name in ["f/a", "f/b", "f/c/d"] {
        let put = place.server.put(&format!("/v1/user/files/{name}"), name);
        assert_eq!(place.send(put).await.status(), 201);
    }
    for (operation, body, left) in [
        ("copy", json!({ "from": "f/", "to": "g/" }), 6),
        ("move", json!({ "from": "f/", "to": "h/" }), 3 + 3),
        ("delete", json!({ "folder": "g/" }), 3),
        ("delete", json!({ "names": ["h/a", "h/b"] }), 1),
    ] {
        let path = format!("/v1/user/{operation}");
        place.lose(&format!("POST {path}"), "", body.to_string().as_bytes());
        let again = place.json(place.server.post(&path).json(&body)).await;
        assert_eq!(again["failed"], json!([]), "{operation}: {again}");
        assert_eq!(again["next"], Value::Null, "{operation}: {again}");
        let list = place.json(place.server.get("/v1/user/files")).await;
        assert_eq!(list["files"].as_array().unwrap().len(), left, "{list}");
    }
    assert_eq!(place.bytes("/v1/user/files/h/c/d").await, b"f/c/d");
}

#[tokio::test]
async fn a_change_of_metadata_is_repeated() {
    let place = Place::new();
    let put = place.server.put("/v1/user/files/a", "one");
    assert_eq!(place.send(put).await.status(), 201);
    let path = "/v1/user/info/a";
    let body = json!({ "metadata": { "title": "One" } });
    place.lose(&format!("PATCH {path}"), "", body.to_string().as_bytes());
    place.lose(&format!("GET {path}"), "", b"");
    let again = place.server.request(Method::PATCH, path).json(&body);
    let changed = place.json(again).await;
    assert_eq!(changed["metadata"], body["metadata"]);
    assert_eq!(place.json(place.server.get(path)).await, changed);
}

#[tokio::test]
async fn an_upload_by_a_link_is_repeated() {
    let place = Place::new();
    for (replace, status) in [(false, 409), (true, 200)] {
        let name = format!("replace-{replace}");
        let body = json!({ "for": "upload", "replace": replace });
        let make = place
            .server
            .post(&format!("/v1/user/urls/{name}"))
            .json(&body);
        let made = place.json(make).await;
        let link = made["url"].as_str().unwrap();
        let path = link.strip_prefix(&place.server.url).unwrap();
        place.lose(&format!("PUT {path}"), "", b"one");
        let again = place.server.put(path, "one").send().await.unwrap();
        assert_eq!(again.status(), status, "{name}");
        let file = place.bytes(&format!("/v1/user/files/{name}")).await;
        assert_eq!(file, b"one");
    }
}

#[tokio::test]
async fn what_a_manage_url_does_is_repeated() {
    let place = Place::new();
    let file = json_of(place.server.put("/v1/public/files/a", "one")).await;
    let link = file["manage_url"].as_str().unwrap();
    let path = link.strip_prefix(&place.server.url).unwrap();
    place.lose(&format!("PUT {path}"), "", b"two");
    let again = place.server.put(path, "two").send().await.unwrap();
    assert_eq!(again.status(), 200);
    assert_eq!(place.bytes("/v1/public/files/a").await, b"two");
    place.lose(&format!("DELETE {path}"), "", b"");
    let again = place.server.delete(path).send().await.unwrap();
    assert_problem(again, 404, "not-found").await;
}
