//! What is asked about each operation, and what an answer does.

use reqwest::multipart::{Form, Part};
use serde_json::json;

use super::*;
use crate::support::json_of;

const LEASE: &str = "/v1/org/files/contracts/ann+bob/lease.pdf";

/// Only the signatories read a contract, whatever the rules say.
#[tokio::test]
async fn an_answer_stands_in_place_of_the_rules_and_opens_no_other_area() {
    let server = deciding("[org]\nread = \"nobody\"\nlist = \"signed-in\"\n");
    let [ann, eve] = ["ann", "eve"].map(|user| claiming(user, &json!({})));
    let stranger = sign(&Claims::new().with("sub", "ann").with("org_id", "other"));
    let nowhere = sign(&Claims::new().with("sub", "ann"));
    let put = server.put(LEASE, "lease").bearer_auth(&eve);
    assert_eq!(status(put).await, 201);
    for (token, expected) in [(&ann, 200), (&eve, 403), (&stranger, 404), (&nowhere, 403)] {
        let read = server.get(LEASE).bearer_auth(token);
        assert_eq!(status(read).await, expected);
    }
    assert_eq!(status(server.get(LEASE)).await, 401);
    // About another file the example says nothing.
    let put = server.put("/v1/org/files/plan.txt", "plan");
    assert_eq!(status(put.bearer_auth(&ann)).await, 201);
    let read = server.get("/v1/org/files/plan.txt").bearer_auth(&ann);
    assert_eq!(status(read).await, 403);
}

#[tokio::test]
async fn every_way_to_change_a_file_asks_about_it() {
    let server = deciding("");
    let ann = claiming("ann", &json!({}));
    let held = claiming("ann", &json!({ "holds": ["case/"] }));
    for name in ["case/a.txt", "free/b.txt"] {
        let put = server.put(&format!("/v1/org/files/{name}"), "content");
        assert_eq!(status(put.bearer_auth(&ann)).await, 201);
    }
    let file = "/v1/org/files/case/a.txt";
    let post = |path: &str, body: serde_json::Value| {
        let request = server.post(&format!("/v1/org/{path}"));
        request.bearer_auth(&held).body(body.to_string())
    };
    let form = server.post("/v1/org/files?folder=case&replace=true");
    let form = form.multipart(Form::new().part("file", Part::text("new").file_name("a.txt")));
    let moved = json!({ "from": "case/a.txt", "to": "free/a.txt" });
    let over = json!({ "from": "free/b.txt", "to": "case/a.txt", "replace": true });
    let info = server.request(reqwest::Method::PATCH, "/v1/org/info/case/a.txt");
    let info = info.body(json!({ "metadata": {} }).to_string());
    for (what, request) in [
        ("replace", server.put(file, "new").bearer_auth(&held)),
        ("delete", server.delete(file).bearer_auth(&held)),
        ("form", form.bearer_auth(&held)),
        ("move", post("move", moved)),
        ("copy over it", post("copy", over)),
        ("amend", info.bearer_auth(&held)),
    ] {
        assert_eq!(status(request).await, 403, "{what}");
    }
    let many = json!({ "names": ["case/a.txt", "free/b.txt"] });
    let many = json_of(post("delete", many)).await;
    assert_eq!(
        (&many["done"], &many["failed"][0]["name"]),
        (&1.into(), &"case/a.txt".into())
    );
    let read = server.get(file).bearer_auth(&held).send().await.unwrap();
    assert_eq!(read.text().await.unwrap(), "content");
    // Creating is not held.
    let put = server.put("/v1/org/files/case/new.txt", "new");
    assert_eq!(status(put.bearer_auth(&held)).await, 201);
}

/// A mebibyte is what the example gives without a plan.
#[tokio::test]
async fn what_is_stored_is_asked_about_once_more_with_its_size() {
    let server = deciding("");
    let free = claiming("ann", &json!({}));
    let pro = claiming("ann", &json!({ "plan": "pro" }));
    let (most, more) = (vec![7; 1 << 20], vec![7; (1 << 20) + 1]);
    for (token, body, expected) in [(&free, &most, 201), (&free, &more, 403), (&pro, &more, 200)] {
        let put = server.put("/v1/user/files/a", body.clone());
        assert_eq!(status(put.bearer_auth(token)).await, expected);
    }
    // Whoever does not say the size is asked about when it is known.
    let unsized_body = |body: &[u8]| {
        let chunk = Ok::<_, std::io::Error>(body.to_vec());
        reqwest::Body::wrap_stream(futures_util::stream::iter([chunk]))
    };
    let form = |body: &[u8]| {
        let part = Part::bytes(body.to_vec()).file_name("form");
        Form::new().part("file", part)
    };
    for (body, stored, found) in [(&more, 403, 404), (&most, 201, 200)] {
        let request = server.put("/v1/user/files/unsized", unsized_body(body));
        assert_eq!(status(request.bearer_auth(&free)).await, stored);
        let request = server.post("/v1/user/files").multipart(form(body));
        assert_eq!(status(request.bearer_auth(&free)).await, stored);
        for name in ["unsized", "form"] {
            let read = server.get(&format!("/v1/user/files/{name}"));
            assert_eq!(status(read.bearer_auth(&free)).await, found, "{name}");
        }
    }
    // Nothing of a form is stored if one of its files is denied.
    let large = Part::bytes(more.clone()).file_name("large");
    let small = Part::bytes(most.clone()).file_name("small");
    let both = Form::new().part("file", small).part("file", large);
    let request = server.post("/v1/user/files").multipart(both);
    assert_eq!(status(request.bearer_auth(&free)).await, 403);
    for name in ["small", "large"] {
        let read = server.get(&format!("/v1/user/files/{name}"));
        assert_eq!(status(read.bearer_auth(&free)).await, 404, "{name}");
    }
    for name in ["unsized", "form"] {
        let stored = server
            .get(&format!("/v1/user/files/{name}"))
            .bearer_auth(&free);
        let stored = stored.send().await.unwrap().bytes().await.unwrap();
        assert!(stored == most, "{name}");
    }
    // A copy of a large file, and a resumable upload.
    let copy = server
        .post("/v1/user/copy")
        .body(r#"{"from":"a","to":"b"}"#);
    assert_eq!(status(copy.bearer_auth(&free)).await, 403);
    let begin = |token: &str| {
        let request = server.post("/v1/user/uploads").bearer_auth(token);
        let request = request.header("Tus-Resumable", "1.0.0");
        let request = request.header("Upload-Metadata", "filename Yw==");
        request.header("Upload-Length", more.len().to_string())
    };
    assert_eq!(status(begin(&free)).await, 403);
    assert_eq!(status(begin(&pro)).await, 201);
}

#[tokio::test]
async fn a_link_has_what_was_decided_when_it_was_made() {
    let server = deciding("[org]\nread = \"nobody\"\n");
    let [ann, eve] = ["ann", "eve"].map(|user| claiming(user, &json!({})));
    let put = server.put(LEASE, "lease").bearer_auth(&eve);
    assert_eq!(status(put).await, 201);
    let link = |token: &str| {
        let request = server.post("/v1/org/urls/contracts/ann+bob/lease.pdf");
        request.bearer_auth(token)
    };
    assert_eq!(status(link(&eve)).await, 403);
    let url = json_of(link(&ann)).await["url"]
        .as_str()
        .unwrap()
        .to_owned();
    let read = crate::support::client().get(url).send().await.unwrap();
    assert_eq!(read.text().await.unwrap(), "lease");
}

/// The example leaves lists to the rules, name by name.
#[tokio::test]
async fn a_list_shows_what_the_rules_show_where_they_are_left_to_decide() {
    let rules = "[org]\nlist = \"signed-in\"\n[[org.paths]]\nmatch = \"closed/**\"\n\
                 list = \"nobody\"\n";
    let server = deciding(rules);
    let ann = claiming("ann", &json!({}));
    for name in ["a/b/c", "closed/d", "e"] {
        let put = server.put(&format!("/v1/org/files/{name}"), "x");
        assert_eq!(status(put.bearer_auth(&ann)).await, 201);
    }
    let list = |query: &str| {
        let request = server.get(&format!("/v1/org/files{query}"));
        json_of(request.bearer_auth(&ann))
    };
    let page = list("?delimiter=/").await;
    assert_eq!(page["folders"], json!(["a/"]));
    assert_eq!(page["files"][0]["name"], "e");
    let page = list("").await;
    let names: Vec<_> = page["files"].as_array().unwrap().iter().collect();
    assert_eq!(
        names.iter().map(|file| &file["name"]).collect::<Vec<_>>(),
        ["a/b/c", "e"]
    );
}

/// What it would decide about another caller, no cache knows.
#[tokio::test]
async fn shared_caches_keep_nothing_that_it_decides_about() {
    for rules in ["", "[public]\ncache-control = \"public, max-age=60\"\n"] {
        let server = deciding(rules);
        let file = json_of(server.put("/v1/public/files/a", "x")).await;
        let urls = ["public_url", "versioned_url"].map(|url| file[url].as_str().unwrap());
        for url in urls {
            let response = crate::support::client().get(url).send().await.unwrap();
            assert_eq!(response.status(), 200);
            assert_eq!(
                response.headers()["cache-control"],
                "private, no-cache",
                "{url}"
            );
        }
    }
}
