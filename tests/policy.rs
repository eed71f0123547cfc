//! What a policy says is what happens: rules, limits, the public-only mode, and
//! policies that are refused at start.

use std::collections::BTreeSet;
use std::process::{Command, Stdio};
use std::time::Duration;

use futures_util::stream;
use jwt_simple::prelude::Clock;
use reqwest::multipart::{Form, Part};
use reqwest::{Body, RequestBuilder, Response};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::support::{
    AUDIENCE, COFFER, Claims, Connection, ISSUER, Server, Setup, assert_problem,
    assert_problem_parts, files_below, iam, jwks, org_member, sign, token, user,
};

/// What each word gives to whom, in the public area. The file was stored by Alice;
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
    uploader                 alice     200  403  403    200     204    200
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
    uploader,role:admin      carol     200  200  201    200     204    201
    nobody,anyone            no-token  200  200  201    200     204    201
    role:a b,role:x          no-token  401  401  401    401     401    401";

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
