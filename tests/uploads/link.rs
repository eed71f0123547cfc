//! Resumable uploads at upload links and folder links.

use reqwest::Method;
use serde_json::{Value, json};

use super::{Tus, metadata, number, path_of};
use crate::support::{Server, assert_problem, stored, user};

/// The path of an upload link that alice makes for this file or folder.
async fn link(server: &Server, at: &str, options: Value) -> String {
    let mut body = json!({ "for": "upload" });
    for (name, value) in options.as_object().unwrap() {
        body[name] = value.clone();
    }
    let request = server.post(at).bearer_auth(user("alice")).json(&body);
    let made = request.send().await.unwrap();
    assert_eq!(made.status(), 201);
    let made: Value = made.json().await.unwrap();
    let url = made["url"].as_str().unwrap();
    url.strip_prefix(&server.url).unwrap().to_owned()
}

async fn alices(server: &Server, path: &str) -> Option<Vec<u8>> {
    let file = server.get(path).bearer_auth(user("alice")).send().await;
    let file = file.unwrap();
    match file.status().as_u16() {
        200 => Some(file.bytes().await.unwrap().to_vec()),
        _ => None,
    }
}

#[tokio::test]
async fn a_link_takes_a_resumable_upload_of_its_one_file() {
    let server = Server::start();
    let link = link(&server, "/v1/user/urls/in/a.txt", json!({ "max_size": 10 })).await;
    let tus = Tus::new(&server, None);
    let create = |length: u64| {
        let request = tus.request(Method::POST, &link);
        request
            .header("upload-length", length)
            .header("upload-metadata", metadata(&[("filename", "other.txt")]))
    };
    let large = create(11).send().await.unwrap();
    assert_problem(large, 413, "too-large").await;
    let created = create(6).send().await.unwrap();
    assert_eq!(created.status(), 201);
    let upload = path_of(&server, &created);
    assert!(upload.starts_with("/v1/links/uploads/"), "{upload}");
    assert_eq!(tus.append(&upload, 0, b"abc").await, 3);
    let looked = tus.request(Method::HEAD, &upload).send().await.unwrap();
    assert_eq!(number(&looked, "upload-offset"), 3);
    let done = tus.patch(&upload, 3, "def").send().await.unwrap();
    assert_eq!(done.status(), 204);
    // Its holder cannot read the file.
    assert!(!done.headers().contains_key("content-location"));
    let file = alices(&server, "/v1/user/files/in/a.txt").await;
    assert_eq!(file.as_deref(), Some(&b"abcdef"[..]));
    let again = create(6).send().await.unwrap();
    assert_problem(again, 409, "already-exists").await;
}

#[tokio::test]
async fn a_folder_link_takes_them_under_the_names_of_their_senders() {
    let server = Server::start();
    let link = link(&server, "/v1/user/urls/in/", json!({})).await;
    let tus = Tus::new(&server, None);
    for (name, folder, path) in [("a.txt", "", "in/a.txt"), ("b.txt", "c", "in/c/b.txt")] {
        let created = tus
            .request(Method::POST, &link)
            .header("upload-length", 3)
            .header(
                "upload-metadata",
                metadata(&[("filename", name), ("folder", folder)]),
            )
            .send()
            .await
            .unwrap();
        assert_eq!(created.status(), 201);
        let upload = path_of(&server, &created);
        tus.append(&upload, 0, b"abc").await;
        let path = format!("/v1/user/files/{path}");
        assert!(alices(&server, &path).await.is_some(), "{path}");
    }
    let above = tus
        .request(Method::POST, &link)
        .header("upload-length", 3)
        .header(
            "upload-metadata",
            metadata(&[("filename", "a"), ("folder", "../x")]),
        );
    assert_problem(above.send().await.unwrap(), 400, "invalid-name").await;
}

#[tokio::test]
async fn a_part_may_be_put_at_a_link() {
    let server = Server::start();
    let link = link(&server, "/v1/user/urls/a", json!({ "max_size": 10 })).await;
    let created = server.put(&link, "abc").header("upload-complete", "?0");
    let created = created.send().await.unwrap();
    assert_eq!(created.status(), 201);
    let upload = path_of(&server, &created);
    // The limit is that of the link, whatever is asked.
    let looked = server.head(&upload).send().await.unwrap();
    for answer in [&created, &looked] {
        let limit = answer.headers()["upload-limit"].to_str().unwrap();
        assert!(limit.starts_with("max-size=10, max-age="), "{limit}");
    }
    let done = server
        .request(Method::PATCH, &upload)
        .header("content-type", "application/partial-upload")
        .header("upload-offset", 3)
        .header("upload-complete", "?1")
        .body("def");
    assert_eq!(done.send().await.unwrap().status(), 201);
    let file = alices(&server, "/v1/user/files/a").await;
    assert_eq!(file.as_deref(), Some(&b"abcdef"[..]));
}

#[tokio::test]
async fn a_link_that_is_not_for_uploads_begins_none() {
    let server = Server::start();
    let put = server
        .put("/v1/user/files/a", "x")
        .bearer_auth(user("alice"));
    assert_eq!(put.send().await.unwrap().status(), 201);
    let made = server.post("/v1/user/urls/a").bearer_auth(user("alice"));
    let made: Value = made.send().await.unwrap().json().await.unwrap();
    let link = made["url"].as_str().unwrap().strip_prefix(&server.url);
    let tus = Tus::new(&server, None);
    let request = tus.request(Method::POST, link.unwrap());
    let request = request.header("upload-length", 3);
    assert_problem(request.send().await.unwrap(), 403, "link-invalid").await;
    let form = server.post(link.unwrap()).send().await.unwrap();
    assert_problem(form, 403, "link-invalid").await;
    assert!(stored(&server, "/v1/public/files/a").await.is_none());
}

#[tokio::test]
async fn options_at_a_link_say_what_is_supported() {
    let server = Server::start();
    let file = link(&server, "/v1/user/urls/a", json!({})).await;
    let folder = link(&server, "/v1/user/urls/a/", json!({})).await;
    for path in [&file, &folder, "/v1/links/uploads/x"] {
        let options = server.request(Method::OPTIONS, path).send().await.unwrap();
        assert_eq!(options.status(), 204);
        assert_eq!(options.headers()["tus-version"], "1.0.0", "{path}");
        assert!(options.headers().contains_key("tus-extension"));
        // It depends on the link, which nobody has shown yet.
        assert!(!options.headers().contains_key("tus-max-size"));
        assert_eq!(options.headers()["upload-limit"], "max-age=86400");
    }
}
