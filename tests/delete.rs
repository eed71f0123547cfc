//! DELETE: what it removes, and nothing more.

use reqwest::{Method, Response};
use serde_json::Value;

use crate::support::{
    RequestBuilder, Server, Setup, assert_problem, content, eventually, files_below, is_identified,
    org_member, user,
};

const FILE: &str = "/v1/public/files/file.bin";

async fn send(request: RequestBuilder) -> Response {
    request.send().await.unwrap()
}

async fn store(server: &Server, path: &str, body: impl Into<reqwest::Body>) -> String {
    let response = send(server.put(path, body)).await;
    assert_eq!(response.status(), 201, "{path}");
    response.headers()["etag"].to_str().unwrap().to_owned()
}

async fn text(request: RequestBuilder) -> (u16, String) {
    let response = send(request).await;
    (response.status().as_u16(), response.text().await.unwrap())
}

async fn names(request: RequestBuilder) -> Vec<String> {
    let listing: Value = send(request).await.json().await.unwrap();
    let files = listing["files"].as_array().unwrap();
    files
        .iter()
        .map(|file| file["name"].as_str().unwrap().to_owned())
        .collect()
}

#[tokio::test]
async fn a_deleted_file_is_gone_at_once_and_its_bytes_soon() {
    let server = Setup::public_only().start();
    let blobs = || files_below(&server.data_dir().join("blobs"));
    store(&server, "/v1/public/files/kept", content(1, 100_000)).await;
    let before = blobs();
    let bytes = content(2, 3 << 20);
    for round in 0..3 {
        // After a round the name is free again: each PUT creates.
        store(&server, FILE, bytes.clone()).await;
        assert_eq!(blobs().len(), 2);

        let response = send(server.delete(FILE)).await;
        assert_eq!(response.status(), 204, "{round}");
        assert!(is_identified(response.headers()));
        assert_eq!(response.headers()["x-content-type-options"], "nosniff");
        assert_eq!(response.bytes().await.unwrap(), "");

        assert_problem(send(server.get(FILE)).await, 404, "not-found").await;
        assert_eq!(send(server.head(FILE)).await.status(), 404);
        assert_eq!(names(server.get("/v1/public/files")).await, ["kept"]);
        let url = send(server.post("/v1/public/urls/file.bin")).await;
        assert_problem(url, 404, "not-found").await;
        assert_problem(send(server.delete(FILE)).await, 404, "not-found").await;
        eventually("the bytes are freed", || blobs() == before);
    }
    let kept = send(server.get("/v1/public/files/kept")).await;
    assert!(kept.bytes().await.unwrap() == content(1, 100_000));
}

#[tokio::test]
async fn an_absent_file_cannot_be_deleted() {
    let server = Server::shared();
    store(&server, "/v1/public/files/deleted/folder/file", "x").await;
    for path in [
        "absent",
        "folder",
        "folder/file/below",
        "Folder/file",
        "folder/fil",
        "folder/file%20",
    ] {
        let request = server.delete(&format!("/v1/public/files/deleted/{path}"));
        assert_problem(send(request).await, 404, "not-found").await;
    }
    assert_eq!(
        names(server.get("/v1/public/files?prefix=deleted/")).await,
        ["deleted/folder/file"]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn of_many_who_delete_at_once_exactly_one_succeeds() {
    let server = Server::shared();
    let path = "/v1/public/files/delete-race";
    for _ in 0..5 {
        store(&server, path, "x").await;
        let deletes = (0..10).map(|_| send(server.delete(path)));
        let responses = futures_util::future::join_all(deletes).await;
        let mut statuses: Vec<u16> = responses
            .iter()
            .map(|response| response.status().as_u16())
            .collect();
        statuses.sort_unstable();
        let mut expected = [404; 10];
        expected[0] = 204;
        assert_eq!(statuses, expected);
    }
}

#[tokio::test]
async fn files_of_the_same_name_elsewhere_stay() {
    let server = Server::start();
    let (alice, bob) = (user("alice"), user("bob"));
    let (acme, umbrella) = (org_member("alice", "acme"), org_member("bob", "umbrella"));
    let places = [
        ("public", &alice),
        ("user", &alice),
        ("user", &bob),
        ("org", &acme),
        ("org", &umbrella),
    ];
    let request = |method: Method, (area, token): (&str, &String), name: &str| {
        server
            .request(method, &format!("/v1/{area}/files/{name}"))
            .bearer_auth(token)
    };
    for place in places {
        for name in ["same", "same/below", "other"] {
            let put = request(Method::PUT, place, name).body(format!("{place:?} {name}"));
            assert_eq!(send(put).await.status(), 201, "{place:?}");
        }
    }
    for (deleted, place) in places.into_iter().enumerate() {
        assert_eq!(
            send(request(Method::DELETE, place, "same")).await.status(),
            204,
            "{place:?}"
        );
        for (index, place) in places.into_iter().enumerate() {
            let (status, body) = text(request(Method::GET, place, "same")).await;
            assert_eq!(
                status,
                if index <= deleted { 404 } else { 200 },
                "{place:?}"
            );
            assert!(index <= deleted || body == format!("{place:?} same"));
            for name in ["same/below", "other"] {
                let found = text(request(Method::GET, place, name)).await;
                assert_eq!(found, (200, format!("{place:?} {name}")));
            }
        }
    }
    for (area, token) in places {
        let list = server.get(&format!("/v1/{area}/files")).bearer_auth(token);
        assert_eq!(names(list).await, ["other", "same/below"], "{area}");
    }
}
