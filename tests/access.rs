//! Isolation: what every caller can do to somebody else's files, as one table.
//!
//! Every requested file has an owner: the public files were stored by user A, those
//! in the user area are A's, those in the org area organization X's.

use std::collections::{BTreeMap, BTreeSet};

use jwt_simple::prelude::*;
use reqwest::Response;
use reqwest::header::{AUTHORIZATION, WWW_AUTHENTICATE};
use reqwest::multipart::{Form, Part};
use serde_json::{Value, json};

use crate::support::{
    Claims, Connection, RequestBuilder, Server, assert_problem, assert_problem_parts, fetch,
    json_of, jwks, org_member, sign, sign_with, user,
};

/// The content of every file before the attempts.
const ORIGINAL: &str = "as it was";
const AREAS: [(&str, &str); 3] = [("public", PUBLIC), ("user", USER), ("org", ORG)];

/// In the cells, `401` is `unauthenticated`, `bad` is 401 `invalid-token`, `403`
/// is `forbidden` and `404` is `not-found`. `form` is a form with a new name,
/// `form-over` one that replaces.
const PUBLIC: &str = "
    caller          create replace form form-over get  head delete list url  options
    no-token        201    401     201  401       200  200  401    401  201  204
    user-a          201    200     201  201       200  200  204    200  201  204
    user-b          201    403     201  403       200  200  403    200  201  204
    member-of-x     201    403     201  403       200  200  403    200  201  204
    member-of-y     201    403     201  403       200  200  403    200  201  204
    expired         bad    bad     bad  bad       bad  bad  bad    bad  bad  204
    wrong-audience  bad    bad     bad  bad       bad  bad  bad    bad  bad  204
    wrong-issuer    bad    bad     bad  bad       bad  bad  bad    bad  bad  204
    forged          bad    bad     bad  bad       bad  bad  bad    bad  bad  204
    none            bad    bad     bad  bad       bad  bad  bad    bad  bad  204
    key-confusion   bad    bad     bad  bad       bad  bad  bad    bad  bad  204";

/// B and the members of X and Y are users too: what they store under A's names is a
/// new file of their own.
const USER: &str = "
    caller          create replace form form-over get  head delete list url  options
    no-token        401    401     401  401       401  401  401    401  401  204
    user-a          201    200     201  201       200  200  204    200  201  204
    user-b          201    201     201  201       404  404  404    200  404  204
    member-of-x     201    201     201  201       404  404  404    200  404  204
    member-of-y     201    201     201  201       404  404  404    200  404  204
    expired         bad    bad     bad  bad       bad  bad  bad    bad  bad  204
    wrong-audience  bad    bad     bad  bad       bad  bad  bad    bad  bad  204
    wrong-issuer    bad    bad     bad  bad       bad  bad  bad    bad  bad  204
    forged          bad    bad     bad  bad       bad  bad  bad    bad  bad  204
    none            bad    bad     bad  bad       bad  bad  bad    bad  bad  204
    key-confusion   bad    bad     bad  bad       bad  bad  bad    bad  bad  204";

/// A and B are in no organization.
const ORG: &str = "
    caller          create replace form form-over get  head delete list url  options
    no-token        401    401     401  401       401  401  401    401  401  204
    user-a          403    403     403  403       403  403  403    403  403  204
    user-b          403    403     403  403       403  403  403    403  403  204
    member-of-x     201    200     201  201       200  200  204    200  201  204
    member-of-y     201    201     201  201       404  404  404    200  404  204
    expired         bad    bad     bad  bad       bad  bad  bad    bad  bad  204
    wrong-audience  bad    bad     bad  bad       bad  bad  bad    bad  bad  204
    wrong-issuer    bad    bad     bad  bad       bad  bad  bad    bad  bad  204
    forged          bad    bad     bad  bad       bad  bad  bad    bad  bad  204
    none            bad    bad     bad  bad       bad  bad  bad    bad  bad  204
    key-confusion   bad    bad     bad  bad       bad  bad  bad    bad  bad  204";

/// One cell of a table.
struct Cell {
    area: &'static str,
    caller: &'static str,
    operation: &'static str,
    expected: &'static str,
}

impl Cell {
    /// The problem type, if it is a refusal.
    fn refusal(&self) -> Option<(u16, &'static str)> {
        Some(match self.expected {
            "401" => (401, "unauthenticated"),
            "bad" => (401, "invalid-token"),
            "403" => (403, "forbidden"),
            "404" => (404, "not-found"),
            _ => return None,
        })
    }

    fn label(&self) -> String {
        format!("{}: {} by {}", self.area, self.operation, self.caller)
    }
}

fn cells() -> Vec<Cell> {
    let mut cells = Vec::new();
    for (area, table) in AREAS {
        let mut rows = table.trim().lines().map(str::split_whitespace);
        let operations: Vec<_> = rows.next().unwrap().skip(1).collect();
        for mut row in rows {
            let caller = row.next().unwrap();
            let words: Vec<_> = row.collect();
            assert_eq!(words.len(), operations.len(), "{area} {caller}");
            cells.extend(
                operations
                    .iter()
                    .zip(words)
                    .map(|(&operation, expected)| Cell {
                        area,
                        caller,
                        operation,
                        expected,
                    }),
            );
        }
    }
    assert_eq!(cells.len(), 3 * 11 * 10);
    cells
}

/// The token of a caller. The invalid ones claim to be A, a member of X with every
/// role.
fn token(caller: &str) -> Option<String> {
    let claims = || {
        let claims = Claims::new().with("sub", "a").with("org_id", "x");
        claims.with("roles", json!(["admin", "manager"]))
    };
    let hour = 3600;
    let past = Clock::now_since_epoch().as_secs() - hour;
    Some(match caller {
        "no-token" => return None,
        "user-a" => user("a"),
        "user-b" => user("b"),
        "member-of-x" => org_member("carol", "x"),
        "member-of-y" => org_member("dave", "y"),
        "expired" => sign(&claims().with("exp", past)),
        "wrong-audience" => sign(&claims().with("aud", "another-service")),
        "wrong-issuer" => sign(&claims().with("iss", "https://iam.test.evil")),
        "forged" => Ed25519KeyPair::generate().sign(claims().library()).unwrap(),
        "none" => {
            let token = sign_with(&json!({ "alg": "none", "typ": "JWT" }), &claims());
            format!("{}.", token.rsplit_once('.').unwrap().0)
        }
        "key-confusion" => {
            let keys: Value = serde_json::from_str(&jwks()).unwrap();
            let public = keys["keys"][0]["x"].as_str().unwrap();
            let public = Base64UrlSafeNoPadding::decode_to_vec(public, None).unwrap();
            HS256Key::from_bytes(&public)
                .authenticate(claims().library())
                .unwrap()
        }
        other => panic!("{other}"),
    })
}

/// Whose files a caller reaches in an area, if any.
fn scope(area: &str, caller: &str) -> Option<&'static str> {
    Some(match (area, caller) {
        ("public", _) => "everybody's",
        ("user", "user-a") => "A's",
        ("user", "user-b") => "B's",
        ("user", "member-of-x") => "Carol's",
        ("user", "member-of-y") => "Dave's",
        ("org", "member-of-x") => "X's",
        ("org", "member-of-y") => "Y's",
        _ => return None,
    })
}

/// The caller who owns the area's files.
fn owner(area: &str) -> &'static str {
    if area == "org" {
        "member-of-x"
    } else {
        "user-a"
    }
}

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

#[tokio::test]
async fn a_refusal_does_not_wait_for_the_body() {
    let server = Server::start();
    for area in ["public", "user", "org"] {
        let path = format!("/v1/{area}/files/replaced");
        let seed = with_token(server.put(&path, ORIGINAL), token(owner(area)).as_ref());
        assert_eq!(seed.send().await.unwrap().status(), 201);
    }
    let mut tried = 0;
    for cell in cells() {
        let Cell {
            area,
            caller,
            operation,
            expected,
        } = cell;
        let (method, path) = match operation {
            "create" => ("PUT", format!("/v1/{area}/files/created")),
            "replace" => ("PUT", format!("/v1/{area}/files/replaced")),
            "form" => ("POST", format!("/v1/{area}/files")),
            // Only its body tells whether this form replaces somebody else's file.
            "form-over" if area == "public" && expected != "bad" => continue,
            "form-over" => ("POST", format!("/v1/{area}/files?replace=true")),
            "url" => ("POST", format!("/v1/{area}/urls/replaced")),
            _ => continue,
        };
        let Some((status @ (401 | 403), kind)) = cell.refusal() else {
            continue;
        };
        let authorization = match token(caller) {
            Some(token) => format!("{AUTHORIZATION}: Bearer {token}\r\n"),
            None => String::new(),
        };
        // One waits for 100 (Continue), the other has not sent anything yet.
        let content_type = if operation.starts_with("form") {
            "multipart/form-data; boundary=b"
        } else {
            "text/plain"
        };
        for expect in ["Expect: 100-continue\r\n", ""] {
            let head = format!(
                "{method} {path} HTTP/1.1\r\nHost: {}\r\nContent-Length: 1000000\r\n\
                 Content-Type: {content_type}\r\n{authorization}{expect}\r\n",
                server.address()
            );
            let mut connection = Connection::open(server.address());
            connection.send(head);
            let answer = connection.answer();
            assert_eq!(answer.0, status, "{}", cell.label());
            assert_problem_parts(&answer, status, kind);
            tried += 1;
        }
    }
    assert!(tried > 100, "{tried}");
    for area in ["public", "user", "org"] {
        let list = server.get(&format!("/v1/{area}/files"));
        let list = with_token(list, token(owner(area)).as_ref()).send().await;
        let listing: Value = list.unwrap().json().await.unwrap();
        assert_eq!(names(&listing), ["replaced".to_owned()].into(), "{area}");
    }
}

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
