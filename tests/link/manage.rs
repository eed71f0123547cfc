//! `manage_url`: whoever stores a public file without a token can replace and delete it.

use ct_codecs::{Base64UrlSafeNoPadding, Decoder};

use super::*;
use crate::support::{Claims, sign};

/// The path of a file's `manage_url`.
fn manage_path(server: &Server, file: &Value) -> String {
    let url = file["manage_url"].as_str();
    let url = url.unwrap_or_else(|| panic!("{file}"));
    url.strip_prefix(&server.url).unwrap().to_owned()
}

/// Stores a public file without a token and returns the path of its `manage_url`.
async fn stored(server: &Server, name: &str, content: &'static str) -> String {
    let response = put(server, &format!("/v1/public/files/{name}"), content).await;
    assert!(response.status().is_success(), "{name}");
    manage_path(server, &response.json().await.unwrap())
}

async fn delete(server: &Server, path: &str) -> Response {
    server.delete(path).send().await.unwrap()
}

#[tokio::test]
async fn a_manage_url_replaces_and_deletes_the_file_whatever_the_rules_say() {
    let rules = "[public]\nreplace = \"nobody\"\ndelete = \"nobody\"\n";
    for policy in [
        iam(),
        format!("{}{rules}", iam()),
        "public-only = true".to_owned(),
    ] {
        let server = Setup::policy(&policy).start();
        let path = "/v1/public/files/in/%E6%97%A5.txt";
        let link = stored(&server, "in/%E6%97%A5.txt", "first").await;
        assert!(link.ends_with("/%E6%97%A5.txt"), "{link}");
        assert_opens(&server, path, "first").await;
        for content in ["second", "third"] {
            let response = put(&server, &link, content).await;
            assert_eq!(response.status(), 200);
            let file: Value = response.json().await.unwrap();
            assert_eq!(file["name"], "in/日.txt");
            assert_eq!(manage_path(&server, &file), link);
            assert_opens(&server, path, content).await;
        }
        let stale = server.delete(&link).header("if-match", "\"other\"");
        let stale = stale.send().await.unwrap();
        assert_problem(stale, 412, "precondition-failed").await;
        assert_eq!(delete(&server, &link).await.status(), 204);
        assert_problem(get(&server, path).await, 404, "not-found").await;
        // It creates nothing.
        assert_problem(put(&server, &link, "again").await, 404, "not-found").await;
        assert_problem(delete(&server, &link).await, 404, "not-found").await;
        assert_problem(get(&server, path).await, 404, "not-found").await;
    }
}

#[tokio::test]
async fn each_file_of_a_form_without_a_token_has_a_manage_url_of_its_own() {
    let server = Server::start();
    let response = post(&server, "/v1/public/files", &[("a", "1"), ("b", "2")]).await;
    assert_eq!(response.status(), 201);
    let answer: Value = response.json().await.unwrap();
    let [a, b] = [0, 1].map(|index| manage_path(&server, &answer["files"][index]));
    let (token, _) = parts(&a);
    let crossed = format!("/v1/links/{token}/b");
    assert_problem(delete(&server, &crossed).await, 403, "link-invalid").await;
    assert_eq!(delete(&server, &a).await.status(), 204);
    assert_opens(&server, "/v1/public/files/b", "2").await;
    assert_eq!(put(&server, &b, "changed").await.status(), 200);
    assert_eq!(delete(&server, &b).await.status(), 204);
}

#[tokio::test]
async fn a_copy_that_is_made_without_a_token_has_a_manage_url() {
    let server = Server::start();
    stored(&server, "a", "content").await;
    let body = json!({ "from": "a", "to": "in/b" }).to_string();
    let copied = server.post("/v1/public/copy").body(body).send().await;
    let copied = copied.unwrap();
    assert_eq!(copied.status(), 201);
    let link = manage_path(&server, &copied.json().await.unwrap());
    assert_opens(&server, "/v1/public/files/in/b", "content").await;
    assert_eq!(put(&server, &link, "changed").await.status(), 200);
    assert_eq!(delete(&server, &link).await.status(), 204);
    assert_opens(&server, "/v1/public/files/a", "content").await;
}

#[tokio::test]
async fn who_has_a_token_gets_no_manage_url() {
    let server = Server::start();
    let alice = org_member("alice", "acme");
    let machine = token(None, Some("acme"), &[]);
    for (area, who, token) in [
        ("public", "alice", &alice),
        ("public", "machine", &machine),
        ("user", "alice", &alice),
        ("org", "alice", &alice),
        ("org", "machine", &machine),
    ] {
        let path = format!("/v1/{area}/files");
        let put = server.put(&format!("{path}/{who}"), "x").bearer_auth(token);
        let form = server.post(&format!("{path}?folder=form"));
        let form = form.header("content-type", "multipart/form-data; boundary=limit");
        let form = form.body(super::form(&[(who, "x")]) + "--limit--\r\n");
        let put = json_of(put).await;
        let form = json_of(form.bearer_auth(token)).await;
        for file in [&put, &form["files"][0]] {
            assert!(file["etag"].is_string(), "{file}");
            assert!(file["manage_url"].is_null(), "{file}");
        }
    }
}

#[tokio::test]
async fn no_token_names_an_anonymous_uploader() {
    let rules = "[public]\nread = [\"uploader\", \"role:all\"]\n";
    let server = Setup::policy(&format!("{}{rules}", iam())).start();
    let link = stored(&server, "a", "content").await;
    let (token_of_link, _) = parts(&link);
    let claims = token_of_link.split('.').nth(1).unwrap();
    let claims = Base64UrlSafeNoPadding::decode_to_vec(claims, None).unwrap();
    let claims: Value = serde_json::from_slice(&claims).unwrap();
    let uploader = claims["uploader"].as_str().unwrap();
    assert!(uploader.starts_with("anonymous:"), "{claims}");

    let mallory = sign(&Claims::new().with("sub", uploader));
    let path = "/v1/public/files/a";
    for method in [Method::GET, Method::PUT, Method::DELETE] {
        let request = server.request(method, path).bearer_auth(&mallory);
        assert_problem(request.send().await.unwrap(), 403, "forbidden").await;
    }
    let reader = token(Some("r"), None, &["all"]);
    assert_eq!(files_in(&server, &reader, "public").await["a"], "content");
    // Nor does anything that others see say who stored it.
    let listing = server.get("/v1/public/files").bearer_auth(&reader);
    let listing = listing.send().await.unwrap().text().await.unwrap();
    let head = server.head(path).bearer_auth(&reader).send().await.unwrap();
    for shown in [listing, format!("{:?}", head.headers())] {
        assert!(
            !shown.contains("anonymous") && !shown.contains("manage"),
            "{shown}"
        );
    }
}

#[tokio::test]
async fn a_file_that_was_stored_anew_is_out_of_reach() {
    let rules = "[public]\nreplace = \"anyone\"\ndelete = \"anyone\"\n";
    let server = Setup::policy(&format!("{}{rules}", iam())).start();
    let path = "/v1/public/files/a";
    let first = stored(&server, "a", "first").await;
    // Somebody else without a token replaces it, which anyone may do here.
    let second = stored(&server, "a", "second").await;
    assert_ne!(first, second);
    for refused in [
        put(&server, &first, "x").await,
        delete(&server, &first).await,
    ] {
        assert_problem(refused, 403, "link-invalid").await;
    }
    assert_eq!(put(&server, &second, "third").await.status(), 200);
    // And so does a user, who deletes it first.
    assert_eq!(delete(&server, path).await.status(), 204);
    store(&server, &user("alice"), path, "alice's").await;
    for link in [&first, &second] {
        for refused in [put(&server, link, "x").await, delete(&server, link).await] {
            assert_problem(refused, 403, "link-invalid").await;
        }
    }
    assert_opens(&server, path, "alice's").await;
}
