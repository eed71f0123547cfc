//! Isolation: what every caller can do to somebody else's files, as one table.
//!
//! Every requested file has an owner: the public files were stored by user A, those
//! in the user area are A's, those in the org area organization X's.

mod passed_on;
mod table;
mod unread;

use std::collections::{BTreeMap, BTreeSet};

use reqwest::Response;
use reqwest::header::WWW_AUTHENTICATE;
use reqwest::multipart::{Form, Part};
use serde_json::Value;

use crate::support::{RequestBuilder, Server, assert_problem, fetch};
use table::{Cell, cells, owner, scope, token};

/// The content of every file before the attempts.
const ORIGINAL: &str = "as it was";

fn with_token(request: RequestBuilder, token: Option<&String>) -> RequestBuilder {
    match token {
        Some(token) => request.bearer_auth(token),
        None => request,
    }
}

/// A request of a cell. Its file is `CALLER/OPERATION`, a new one `CALLER/new-OPERATION`.
fn request(server: &Server, cell: &Cell) -> RequestBuilder {
    let Cell {
        area,
        caller,
        operation,
        ..
    } = cell;
    let files = format!("/v1/{area}/files");
    let old = format!("{files}/{caller}/{operation}");
    let mine = format!("by {caller}");
    let form = |filename: String| {
        let part = Part::text(mine.clone()).file_name(filename);
        Form::new().part("file", part)
    };
    let into = format!("{files}?folder={caller}");
    let request = match *operation {
        "create" => server.put(&format!("{files}/{caller}/new-create"), mine.clone()),
        "replace" => server.put(&old, mine.clone()),
        "form" => server.post(&into).multipart(form("new-form".to_owned())),
        "form-over" => server
            .post(&format!("{into}&replace=true"))
            .multipart(form("form-over".to_owned())),
        "get" => server.get(&old),
        "head" => server.head(&old),
        "delete" => server.delete(&old),
        "list" => server.get(&format!("{files}?limit=1000")),
        "url" => server.post(&format!("/v1/{area}/urls/{caller}/{operation}")),
        "options" => server.request(reqwest::Method::OPTIONS, &old),
        other => panic!("{other}"),
    };
    with_token(request, token(caller).as_ref())
}

fn names(listing: &Value) -> BTreeSet<String> {
    let files = listing["files"].as_array().unwrap();
    assert!(listing["next"].is_null(), "{listing}");
    let name = |file: &Value| file["name"].as_str().unwrap().to_owned();
    files.iter().map(name).collect()
}

/// Checks one response against its cell, and that a refusal has all its fields.
async fn assert_answer(cell: &Cell, response: Response) -> Vec<u8> {
    let label = cell.label();
    let status = response.status().as_u16();
    let Some((expected, kind)) = cell.refusal() else {
        assert_eq!(status.to_string(), cell.expected, "{label}");
        return response.bytes().await.unwrap().to_vec();
    };
    assert_eq!(status, expected, "{label}");
    let challenge = response.headers().get(WWW_AUTHENTICATE);
    let challenge = challenge.map(|value| value.to_str().unwrap());
    let owed = match kind {
        "unauthenticated" => Some("Bearer"),
        "invalid-token" => Some(r#"Bearer error="invalid_token""#),
        _ => None,
    };
    assert_eq!(challenge, owed, "{label}");
    if cell.operation == "head" {
        assert_eq!(
            response.headers()["content-type"],
            "application/problem+json",
            "{label}"
        );
        assert!(response.bytes().await.unwrap().is_empty(), "{label}");
    } else {
        assert_problem(response, expected, kind).await;
    }
    vec![]
}

#[tokio::test]
async fn every_caller_gets_what_the_table_says_and_nothing_else_changes() {
    let server = Server::start();
    // The names stored so far, by owner.
    let mut stored: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
    for cell in cells() {
        let Cell {
            area,
            caller,
            operation,
            ..
        } = cell;
        let label = cell.label();
        let of_owner = token(owner(area));
        let old = format!("{caller}/{operation}");
        let new = format!("{caller}/new-{operation}");
        let theirs = scope(area, owner(area)).unwrap();
        let path = |name: &str| format!("/v1/{area}/files/{name}");

        let seed = with_token(server.put(&path(&old), ORIGINAL), of_owner.as_ref());
        let seed = seed.send().await.unwrap();
        assert_eq!(seed.status(), 201, "{label}");
        let etag = seed.headers()["etag"].clone();
        stored.entry(theirs).or_default().insert(old.clone());

        let response = request(&server, &cell).send().await.unwrap();
        let body = assert_answer(&cell, response).await;

        // What a success changes, and for whom.
        let done = cell.refusal().is_none();
        if done {
            let mine = scope(area, caller).unwrap_or("nobody's");
            let names = stored.entry(mine).or_default();
            match operation {
                "create" | "form" => drop(names.insert(new.clone())),
                "replace" | "form-over" => drop(names.insert(old.clone())),
                "delete" => drop(names.remove(&old)),
                "get" => assert_eq!(body, ORIGINAL.as_bytes(), "{label}"),
                "list" => {
                    let listing = serde_json::from_slice(&body).unwrap();
                    assert_eq!(self::names(&listing), *names, "{label}");
                }
                "url" => {
                    let made: Value = serde_json::from_slice(&body).unwrap();
                    let found = fetch(made["url"].as_str().unwrap()).await.unwrap();
                    assert_eq!(found.text().await.unwrap(), ORIGINAL, "{label}");
                }
                _ => {}
            }
            let written = match operation {
                "create" | "form" => Some(&new),
                "replace" | "form-over" => Some(&old),
                _ => None,
            };
            if let (Some(name), Some(_)) = (written, scope(area, caller)) {
                let again = with_token(server.get(&path(name)), token(caller).as_ref());
                let found = again.send().await.unwrap().text().await.unwrap();
                assert_eq!(found, format!("by {caller}"), "{label}");
            }
        }

        // What the owner sees afterwards.
        let found = with_token(server.get(&path(&old)), of_owner.as_ref());
        let found = found.send().await.unwrap();
        let own = done && scope(area, caller) == Some(theirs);
        match operation {
            "delete" if own => assert_problem(found, 404, "not-found").await,
            "replace" | "form-over" if own => {
                assert_ne!(found.headers()["etag"], etag, "{label}");
                assert_eq!(
                    found.text().await.unwrap(),
                    format!("by {caller}"),
                    "{label}"
                );
            }
            _ => {
                assert_eq!(found.headers()["etag"], etag, "{label}");
                assert_eq!(found.text().await.unwrap(), ORIGINAL, "{label}");
            }
        }
        let found = with_token(server.get(&path(&new)), of_owner.as_ref());
        let found = found.send().await.unwrap().status().as_u16();
        let expected = stored[theirs].contains(&new);
        assert_eq!(found, if expected { 200 } else { 404 }, "{label}");
    }

    // Finally, everybody lists their own names and no others.
    for area in ["public", "user", "org"] {
        for caller in ["user-a", "user-b", "member-of-x", "member-of-y"] {
            let Some(scope) = scope(area, caller) else {
                continue;
            };
            let list = server.get(&format!("/v1/{area}/files?limit=1000"));
            let list = with_token(list, token(caller).as_ref()).send().await;
            let listing: Value = list.unwrap().json().await.unwrap();
            assert_eq!(names(&listing), stored[scope], "{area} {caller}");
        }
    }
}
