//! What one user learns of their own files, in the hands of another.

use serde_json::Value;

use super::{ORIGINAL, names};
use crate::support::{RequestBuilder, Server, assert_problem, fetch, json_of, user};

#[tokio::test]
async fn tags_cursors_and_links_of_one_user_grant_another_nothing() {
    let server = Server::start();
    let (a, b) = (user("a"), user("b"));
    let files = "/v1/user/files";
    let mut etag = String::new();
    for name in ["1", "2", "3"] {
        let put = server.put(&format!("{files}/{name}"), ORIGINAL);
        let put = put.bearer_auth(&a).send().await.unwrap();
        etag = put.headers()["etag"].to_str().unwrap().to_owned();
    }
    let own = server.put(&format!("{files}/9"), "of b").bearer_auth(&b);
    assert_eq!(own.send().await.unwrap().status(), 201);

    // For a file that B cannot see, preconditions are those of an absent file.
    let of_a = format!("{files}/3");
    let tagged =
        |request: RequestBuilder, field: &str| request.header(field, &etag).bearer_auth(&b);
    let get = tagged(server.get(&of_a), "if-none-match").send().await;
    assert_problem(get.unwrap(), 404, "not-found").await;
    let put = tagged(server.put(&of_a, "x"), "if-match").send().await;
    assert_problem(put.unwrap(), 412, "precondition-failed").await;
    let delete = tagged(server.delete(&of_a), "if-match")
        .send()
        .await
        .unwrap();
    assert!(matches!(delete.status().as_u16(), 404 | 412));

    // A's cursor is at most a position among B's own names.
    let page = server.get(&format!("{files}?limit=1")).bearer_auth(&a);
    let page = json_of(page).await;
    let cursor = page["next"].as_str().unwrap();
    let page = server
        .get(&format!("{files}?cursor={cursor}"))
        .bearer_auth(&b);
    let page = json_of(page).await;
    assert_eq!(names(&page), ["9".to_owned()].into());
    for prefix in ["..", "../", "%2e%2e%2f", "/", "user/", "%00"] {
        let list = server
            .get(&format!("{files}?prefix={prefix}"))
            .bearer_auth(&b);
        let list = list.send().await.unwrap();
        if list.status() == 200 {
            let listing: Value = list.json().await.unwrap();
            assert!(names(&listing).is_empty(), "{prefix}: {listing}");
        } else {
            assert_eq!(list.status(), 400, "{prefix}");
        }
    }

    // The signature in a link is not a bearer token, and covers its one file.
    let made = server.post("/v1/user/urls/3").bearer_auth(&a);
    let made = json_of(made).await;
    let url = made["url"].as_str().unwrap().to_owned();
    let proof = url.rsplit('/').nth(1).unwrap();
    let get = server.get(&of_a).bearer_auth(proof).send().await.unwrap();
    assert_problem(get, 401, "invalid-token").await;
    let sibling = format!("{}1", url.strip_suffix('3').unwrap());
    assert_problem(fetch(sibling).await.unwrap(), 403, "link-invalid").await;
    let path = url.strip_prefix(&server.url).unwrap();
    for request in [
        server.put(path, "x"),
        server.post(path),
        server.delete(path),
    ] {
        assert_problem(request.send().await.unwrap(), 403, "link-invalid").await;
    }
    assert_eq!(fetch(url).await.unwrap().text().await.unwrap(), ORIGINAL);
}
