//! `GET /v1/{area}/files`: what is on a page, in which order, and what a walk over
//! the pages sees.

mod closed;
mod pages;
mod walks;

use futures_util::stream::{self, StreamExt};
use serde_json::Value;

use crate::support::{Server, assert_problem, org_member, user};

/// Every byte encoded but `/`.
fn path(area: &str, name: &str) -> String {
    let encode = |byte: u8| match byte {
        b'/' => "/".to_owned(),
        byte => format!("%{byte:02X}"),
    };
    let name: String = name.bytes().map(encode).collect();
    format!("/v1/{area}/files/{name}")
}

async fn store(server: &Server, token: &str, area: &str, name: &str) {
    let request = server.put(&path(area, name), name.to_owned());
    let response = request.bearer_auth(token).send().await.unwrap();
    assert!(response.status().is_success(), "{name}: {response:?}");
}

async fn store_all(server: &Server, token: &str, names: &[String]) {
    stream::iter(names)
        .for_each_concurrent(16, |name| store(server, token, "user", name))
        .await;
}

async fn delete(server: &Server, token: &str, name: &str) {
    let request = server.delete(&path("user", name)).bearer_auth(token);
    assert_eq!(request.send().await.unwrap().status(), 204, "{name}");
}

/// One page of an area.
async fn page(server: &Server, token: &str, area: &str, query: &str) -> Value {
    let request = server.get(&format!("/v1/{area}/files?{query}"));
    let response = request.bearer_auth(token).send().await.unwrap();
    assert_eq!(response.status(), 200, "{query}");
    assert_eq!(response.headers()["content-type"], "application/json");
    response.json().await.unwrap()
}

fn files(page: &Value) -> Vec<&str> {
    let files = page["files"].as_array().unwrap();
    files
        .iter()
        .map(|file| file["name"].as_str().unwrap())
        .collect()
}

fn folders(page: &Value) -> Vec<&str> {
    let folders = page["folders"].as_array().unwrap();
    folders
        .iter()
        .map(|folder| folder.as_str().unwrap())
        .collect()
}

/// Files and folders in their common order, after checking that of each.
fn entries(page: &Value) -> Vec<String> {
    let (files, folders) = (files(page), folders(page));
    assert!(files.is_sorted() && folders.is_sorted(), "{page}");
    let mut entries: Vec<String> = [files, folders]
        .concat()
        .iter()
        .map(|&e| e.into())
        .collect();
    entries.sort();
    entries
}

/// All entries, in pages of `limit` entries, in the order received.
async fn walk(server: &Server, token: &str, query: &str, limit: usize) -> Vec<String> {
    let mut seen = Vec::new();
    let mut cursor = String::new();
    loop {
        let query = format!("{query}&limit={limit}{cursor}");
        let page = page(server, token, "user", &query).await;
        let found = entries(&page);
        assert!(found.len() <= limit, "{query}: {page}");
        seen.extend(found.iter().cloned());
        match page["next"].as_str() {
            Some(next) => {
                assert_eq!(found.len(), limit, "a page before the last is full");
                cursor = format!("&cursor={next}");
            }
            None => return seen,
        }
    }
}

#[tokio::test]
async fn areas_and_owners_do_not_show_each_others_names() {
    let server = Server::start();
    // The same word as user and as organization, and one within another.
    let owners = [
        ("public", user("alice"), "everybodys"),
        ("user", user("alice"), "alices"),
        ("user", user("ali"), "alis"),
        ("user", user("alice/a"), "alice-as"),
        ("user", user("acme"), "acmes-user"),
        ("org", org_member("alice", "acme"), "acmes"),
        ("org", org_member("alice", "acme2"), "acme2s"),
        ("org", org_member("acme", "alice"), "alices-org"),
    ];
    for (area, token, _) in &owners {
        let listing = page(&server, token, area, "").await;
        assert!(entries(&listing).is_empty(), "{listing}");
    }
    for (area, token, name) in &owners {
        store(&server, token, area, name).await;
        store(&server, token, area, &format!("shared/{name}")).await;
    }
    let mut cursors = Vec::new();
    for (area, token, name) in &owners {
        let below = format!("shared/{name}");
        let listing = page(&server, token, area, "").await;
        assert_eq!(files(&listing), [*name, &below], "{area}");
        let listing = page(&server, token, area, "prefix=shared/").await;
        assert_eq!(files(&listing), [&below], "{area}");
        let listing = page(&server, token, area, "limit=1").await;
        cursors.push(listing["next"].as_str().unwrap().to_owned());
    }
    for (area, token, name) in &owners {
        let own = [(*name).to_owned(), format!("shared/{name}")];
        for cursor in &cursors {
            let listing = page(&server, token, area, &format!("cursor={cursor}")).await;
            let foreign = files(&listing)
                .into_iter()
                .find(|file| !own.contains(&(*file).into()));
            assert_eq!(foreign, None, "{area} {name}");
        }
        for prefix in ["user/", "org/", "public/", "alice/", "acme", "u/", "o/"] {
            let listing = page(&server, token, area, &format!("prefix={prefix}")).await;
            let foreign = files(&listing)
                .into_iter()
                .find(|file| !own.contains(&(*file).into()));
            assert_eq!(foreign, None, "{area} {name} {prefix}");
        }
    }
    let response = server.get("/v1/user/files").send().await.unwrap();
    assert_problem(response, 401, "unauthenticated").await;
}
