//! `POST /v1/{area}/copy` and `/move`: files and folders, within an area and between areas.

mod file;
mod folder;
mod interrupted;
mod refused;
mod rules;

use std::collections::BTreeMap;

use reqwest::multipart::{Form, Part};
use reqwest::{Method, Response};
use serde_json::{Value, json};

use crate::support::{Server, Setup, assert_problem, etag, iam, json_of, org_member, token, user};

/// Names and contents.
type Files = BTreeMap<String, String>;

/// Posts a JSON document.
async fn post(server: &Server, token: &str, path: &str, body: &Value) -> Response {
    let request = server.post(path).bearer_auth(token).body(body.to_string());
    request.send().await.unwrap()
}

async fn store(server: &Server, token: &str, path: &str, content: &str) -> String {
    let request = server.put(path, content.to_owned()).bearer_auth(token);
    let response = request.send().await.unwrap();
    assert!(response.status().is_success(), "{path}: {response:?}");
    etag(&response)
}

/// The content of a file, if there is one.
async fn found(server: &Server, token: &str, path: &str) -> Option<String> {
    let response = server.get(path).bearer_auth(token).send().await.unwrap();
    if response.status() == 404 {
        return None;
    }
    assert_eq!(response.status(), 200, "{path}");
    Some(response.text().await.unwrap())
}

/// Stores files of the user's own in forms of a hundred, as `CONTENT NAME`.
async fn store_all(server: &Server, token: &str, names: &[String], content: &str) {
    for names in names.chunks(100) {
        let mut form = Form::new();
        for name in names {
            let part = Part::text(format!("{content} {name}")).file_name(name.clone());
            form = form.part("file", part);
        }
        let request = server.post("/v1/user/files?paths=keep&replace=true");
        let response = request.bearer_auth(token).multipart(form).send().await;
        assert_eq!(response.unwrap().status(), 201);
    }
}

/// `FOLDER/0000` and so on.
fn numbered(folder: &str, count: usize) -> Vec<String> {
    (0..count).map(|n| format!("{folder}/{n:04}")).collect()
}

/// The names in an area that start with this.
async fn names(server: &Server, token: &str, area: &str, prefix: &str) -> Vec<String> {
    let mut names = Vec::new();
    let mut cursor = String::new();
    loop {
        let path = format!("/v1/{area}/files?limit=1000&prefix={prefix}{cursor}");
        let page = json_of(server.get(&path).bearer_auth(token)).await;
        for file in page["files"].as_array().unwrap() {
            names.push(file["name"].as_str().unwrap().to_owned());
        }
        match page["next"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => return names,
        }
    }
}

/// What a call on a folder did: how many files are done, the name and the type of the problem
/// of each that is not, and the cursor.
async fn progress(response: Response) -> (u64, Vec<(String, String)>, Option<String>) {
    assert_eq!(response.status(), 200, "{:?}", response.text().await);
    assert_eq!(response.headers()["content-type"], "application/json");
    assert_eq!(response.headers()["cache-control"], "no-store");
    let answer: Value = response.json().await.unwrap();
    assert_eq!(answer.as_object().unwrap().len(), 3, "{answer}");
    let failed = answer["failed"].as_array().unwrap().iter().map(|failure| {
        assert_eq!(failure.as_object().unwrap().len(), 2, "{failure}");
        let problem = &failure["problem"];
        assert!(problem["status"].is_u64() && problem["title"].is_string());
        assert!(problem["detail"].is_string(), "{failure}");
        let kind = problem["type"].as_str().unwrap();
        let kind = kind.strip_prefix("/problems/").unwrap();
        (
            failure["name"].as_str().unwrap().to_owned(),
            kind.to_owned(),
        )
    });
    assert!(answer["next"].is_string() || answer["next"].is_null());
    (
        answer["done"].as_u64().unwrap(),
        failed.collect(),
        answer["next"].as_str().map(str::to_owned),
    )
}

/// Repeats a call, with the cursors that it gives, until nothing is left to do.
async fn finish(server: &Server, token: &str, path: &str, body: &Value) -> u64 {
    let (mut body, mut total) = (body.clone(), 0);
    loop {
        let (done, failed, next) = progress(post(server, token, path, &body).await).await;
        assert_eq!(failed, []);
        total += done;
        match next {
            Some(next) => body["cursor"] = next.into(),
            None => return total,
        }
    }
}
