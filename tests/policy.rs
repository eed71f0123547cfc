//! What a policy says is what happens: rules, limits, the public-only mode, and
//! policies that are refused at start.

mod limits;
mod reasons;
mod refused;

use std::collections::BTreeSet;
use std::process::{Command, Stdio};
use std::time::Duration;

use futures_util::stream;
use jwt_simple::prelude::Clock;
use reqwest::multipart::{Form, Part};
use reqwest::{Body, Response};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::support::{
    AUDIENCE, COFFER, Connection, ISSUER, RequestBuilder, Server, Setup, assert_problem,
    assert_problem_parts, eventually, fetch, files_below, iam, json_of, jwks, org_member, token,
    user,
};

/// What each word grants to whom, in the public area. The file was stored by Alice;
/// Carol is an admin. `401` is `unauthenticated`, `403` is `forbidden`.
///
/// Without a token, whether a PUT creates or replaces is not yet known when it is
/// refused, so what a token could change about the one counts for the other too.
const WORDS: &str = "
    rule                     caller    read list create replace delete url
    anyone                   no-token  200  200  201    200     204    201
    anyone                   bob       200  200  201    200     204    201
    signed-in                no-token  401  401  401    401     401    401
    signed-in                bob       200  200  201    200     204    201
    signed-in                machine   200  200  201    200     204    201
    uploader                 no-token  401  403  401    401     401    401
    uploader                 alice     200  403  403    200     204    201
    uploader                 bob       403  403  403    403     403    403
    uploader                 carol     403  403  403    403     403    403
    uploader                 machine   403  403  403    403     403    403
    role:admin               no-token  401  401  401    401     401    401
    role:admin               alice     403  403  403    403     403    403
    role:admin               carol     200  200  201    200     204    201
    nobody                   no-token  403  403  403    403     403    403
    nobody                   alice     403  403  403    403     403    403
    nobody                   carol     403  403  403    403     403    403
    uploader,role:admin      no-token  401  401  401    401     401    401
    uploader,role:admin      alice     200  403  403    200     204    201
    uploader,role:admin      bob       403  403  403    403     403    403
    uploader,role:admin      carol     200  200  201    200     204    201";

const OPERATIONS: [&str; 6] = ["read", "list", "create", "replace", "delete", "url"];

fn caller(name: &str) -> Option<String> {
    Some(match name {
        "no-token" => return None,
        "alice" | "bob" => user(name),
        "carol" => token(Some("carol"), None, &["admin"]),
        "machine" => token(None, Some("x"), &[]),
        other => panic!("{other}"),
    })
}

async fn send(request: RequestBuilder, caller: Option<&String>) -> Response {
    let request = match caller {
        Some(token) => request.bearer_auth(token),
        None => request,
    };
    request.send().await.unwrap()
}

/// The request for an operation on a file of the public area.
fn request(server: &Server, operation: &str, name: &str) -> RequestBuilder {
    let path = format!("/v1/public/files/{name}");
    match operation {
        "read" => server.get(&path),
        "list" => server.get("/v1/public/files"),
        "create" => server.put(&format!("{path}-new"), "new"),
        "replace" => server.put(&path, "new"),
        "delete" => server.delete(&path),
        "url" => server.post(&format!("/v1/public/urls/{name}")),
        other => panic!("{other}"),
    }
}

/// A rule as a policy has it: `"word"` or `["word", …]`.
fn rule(words: &str) -> String {
    let words: Vec<_> = words.split(',').collect();
    match words[..] {
        [word] => format!("{word:?}"),
        _ => format!("{words:?}"),
    }
}

#[tokio::test]
async fn every_word_of_a_rule_grants_what_it_says_for_every_operation() {
    let rows = || {
        let lines = WORDS.trim().lines().skip(1);
        lines.map(|line| line.split_whitespace().collect::<Vec<_>>())
    };
    let seeding = Server::start();
    let alice = caller("alice");
    for (row, operation) in
        rows().flat_map(|row| OPERATIONS.map(|operation| (row.clone(), operation)))
    {
        let path = format!("/v1/public/files/{}/{}/{operation}", row[0], row[1]);
        let put = send(seeding.put(&path, "old"), alice.as_ref()).await;
        assert_eq!(put.status(), 201);
    }
    let data = seeding.crash();
    let words: BTreeSet<_> = rows().map(|row| row[0]).collect();
    for words in words {
        let rule = rule(words);
        let rules = format!(
            "[public]\nread = {rule}\nlist = {rule}\ncreate = {rule}\nreplace = {rule}\ndelete = {rule}\n"
        );
        let policy = iam() + &rules;
        let server = Setup::policy(&policy).data(data.clone()).start();
        for row in rows().filter(|row| row[0] == words) {
            let token = caller(row[1]);
            for (operation, expected) in OPERATIONS.iter().zip(&row[2..]) {
                let label = format!("{words}: {operation} by {}", row[1]);
                let name = format!("{words}/{}/{operation}", row[1]);
                let response = send(request(&server, operation, &name), token.as_ref()).await;
                assert_eq!(response.status().as_u16().to_string(), *expected, "{label}");
                match *expected {
                    "401" => assert_problem(response, 401, "unauthenticated").await,
                    "403" => assert_problem(response, 403, "forbidden").await,
                    _ => {}
                }
            }
        }
        server.crash();
    }
    // What was refused is unchanged.
    let server = Setup::default().data(data).start();
    for row in rows() {
        for (operation, expected) in OPERATIONS.iter().zip(&row[2..]) {
            let name = format!("{}/{}/{operation}", row[0], row[1]);
            let get = server.get(&format!("/v1/public/files/{name}"));
            let found = get.send().await.unwrap().text().await.unwrap();
            let changed = matches!(
                (*operation, *expected),
                ("replace", "200") | ("delete", "204")
            );
            assert_eq!(found == "old", !changed, "{name}");
            let new = server.head(&format!("/v1/public/files/{name}-new"));
            let new = new.send().await.unwrap().status();
            assert_eq!(
                new == 200,
                (*operation, *expected) == ("create", "201"),
                "{name}"
            );
        }
    }
}

#[tokio::test]
async fn a_rule_narrows_what_an_owner_or_a_member_may_and_opens_nothing_to_others() {
    let rules = "
        [public]
        create = 'anyone'
        replace = 'nobody'
        [user]
        read = 'anyone'
        replace = 'nobody'
        delete = 'nobody'
        [org]
        read = ['uploader', 'role:auditor']
        list = 'role:auditor'
        replace = 'uploader'
        delete = 'role:manager'";
    let server = Setup::policy(&(iam() + rules)).start();
    let [public, own, org] = ["public", "user", "org"].map(|area| format!("/v1/{area}/files/a"));

    let new = send(server.put(&public, "1"), None).await;
    assert_eq!(new.status(), 201);
    for caller in [None, caller("carol")] {
        let again = send(server.put(&public, "2"), caller.as_ref()).await;
        assert_problem(again, 403, "forbidden").await;
    }
    let form = || Form::new().part("f", Part::text("3").file_name("a"));
    let post = send(server.post("/v1/public/files").multipart(form()), None).await;
    assert_problem(post, 409, "already-exists").await;
    let over = server.post("/v1/public/files?replace=true");
    let over = send(over.multipart(form()), None).await;
    assert_problem(over, 403, "forbidden").await;
    assert_eq!(
        server
            .get(&public)
            .send()
            .await
            .unwrap()
            .text()
            .await
            .unwrap(),
        "1"
    );

    let (alice, bob) = (user("alice"), user("bob"));
    let created = send(server.put(&own, "1"), Some(&alice)).await;
    assert_eq!(created.status(), 201);
    let again = send(server.put(&own, "2"), Some(&alice)).await;
    assert_problem(again, 403, "forbidden").await;
    let delete = send(server.delete(&own), Some(&alice)).await;
    assert_problem(delete, 403, "forbidden").await;
    assert_eq!(
        send(server.get(&own), Some(&alice))
            .await
            .text()
            .await
            .unwrap(),
        "1"
    );
    // "anyone" means anyone who has a user area: it lets nobody else in.
    assert_problem(send(server.get(&own), None).await, 401, "unauthenticated").await;
    assert_problem(send(server.get(&own), Some(&bob)).await, 404, "not-found").await;
    // A token would not help here.
    assert_problem(send(server.delete(&own), None).await, 403, "forbidden").await;

    let member = |id: &str, roles: &[&str]| token(Some(id), Some("x"), roles);
    let (alice, bob) = (org_member("alice", "x"), org_member("bob", "x"));
    let auditor = member("carol", &["auditor"]);
    let manager = member("dave", &["other", "manager"]);
    let elsewhere = token(Some("alice"), Some("y"), &["auditor", "manager"]);
    assert_eq!(
        send(server.put(&org, "1"), Some(&alice)).await.status(),
        201
    );
    for (caller, read, list, replace, delete) in [
        (&bob, 403, 403, 403, 403),
        (&auditor, 200, 200, 403, 403),
        (&manager, 403, 403, 403, 0),
        (&alice, 200, 403, 200, 403),
        (&elsewhere, 404, 200, 201, 0),
    ] {
        for (expected, request) in [
            (read, server.get(&org)),
            (read, server.head(&org)),
            (list, server.get("/v1/org/files")),
            (replace, server.put(&org, "2")),
            (delete, server.delete(&org)),
        ] {
            if expected > 0 {
                let status = send(request, Some(caller)).await.status();
                assert_eq!(status, expected);
            }
        }
    }
    assert_eq!(
        send(server.delete(&org), Some(&manager)).await.status(),
        204
    );
    let theirs = send(server.get(&org), Some(&elsewhere)).await;
    assert_eq!(theirs.status(), 200);
    assert_eq!(theirs.text().await.unwrap(), "2");
}

#[tokio::test]
async fn a_rule_that_no_token_can_meet_forbids_everyone_and_asks_for_no_token() {
    // No claim names organizations or roles here.
    let policy = format!(
        "[iam]\nissuer = '{ISSUER}'\naudience = '{AUDIENCE}'\njwks = '''{}'''\n\
         [public]\nread = 'role:admin'\nlist = ['role:admin', 'nobody']\ncreate = 'uploader'\n\
         replace = 'nobody'\ndelete = 'nobody'\n",
        jwks()
    );
    let server = Setup::policy(&policy).start();
    let carol = token(Some("carol"), Some("x"), &["admin"]);
    for caller in [None, Some(&carol)] {
        for area in ["public", "org"] {
            let file = format!("/v1/{area}/files/a");
            for request in [
                server.get(&file),
                server.put(&file, "x"),
                server.delete(&file),
                server.get(&format!("/v1/{area}/files")),
                server.post(&format!("/v1/{area}/urls/a")),
            ] {
                let response = send(request, caller).await;
                assert!(!response.headers().contains_key("www-authenticate"));
                assert_problem(response, 403, "forbidden").await;
            }
        }
    }
    assert_logged(&server, "roles-claim");
}

#[tokio::test]
async fn without_an_iam_api_the_public_area_alone_works_and_for_anyone() {
    let server = Setup::public_only().start();
    assert_logged(&server, "PUBLIC-ONLY MODE");
    let good = token(Some("a"), Some("x"), &["admin"]);
    for area in ["user", "org"] {
        let file = format!("/v1/{area}/files/a");
        let files = format!("/v1/{area}/files");
        for caller in [None, Some(&good)] {
            let form = Form::new().part("f", Part::text("x").file_name("a"));
            for request in [
                server.get(&file),
                server.put(&file, "x"),
                server.delete(&file),
                server.get(&files),
                server.post(&files).multipart(form),
                server.post(&format!("/v1/{area}/urls/a")),
            ] {
                let response = send(request, caller).await;
                assert_problem(response, 403, "iam-not-configured").await;
            }
        }
    }
    let file = "/v1/public/files/a";
    for (expected, request) in [
        (201, server.put(file, "1")),
        (200, server.put(file, "2")),
        (200, server.get(file)),
        (200, server.get("/v1/public/files")),
        (201, server.post("/v1/public/urls/a")),
        (204, server.delete(file)),
        (404, server.get(file)),
    ] {
        assert_eq!(request.send().await.unwrap().status(), expected);
    }
}

#[tokio::test]
async fn the_rules_hold_without_an_iam_api_too() {
    let rules = "[public]\nlist = 'signed-in'\nreplace = 'uploader'\ndelete = ['role:x', 'nobody']";
    let server = Setup::policy(rules).start();
    let file = "/v1/public/files/a";
    assert_eq!(server.put(file, "1").send().await.unwrap().status(), 201);
    // No token could help, so none is asked for.
    for request in [
        server.put(file, "2"),
        server.delete(file),
        server.get("/v1/public/files"),
    ] {
        let response = request.bearer_auth(user("a")).send().await.unwrap();
        assert_problem(response, 403, "forbidden").await;
    }
    assert_eq!(
        server.get(file).send().await.unwrap().text().await.unwrap(),
        "1"
    );
}

/// Waits until the log, which another thread reads, has this.
fn assert_logged(server: &Server, words: &str) {
    eventually(words, || server.log().contains(words));
}
