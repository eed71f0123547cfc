//! Decisions of a component of one's own, which is composed with Coffer's: the example of
//! `component/examples/decider`, swapped in while the host serves.

use std::fs;

use serde_json::Value;

use crate::support::{Claims, RequestBuilder, Server, Setup, iam, sign};

mod explained; // in the log, by `coffer check`, and in the tests of a policy
mod questions; // what is asked about each operation, and what an answer does

/// The composition of the two, as `just deciding` makes it.
fn composed() -> Vec<u8> {
    let file = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../target/deciding/coffer_decider.wasm"
    );
    fs::read(file).expect("`just deciding` builds it")
}

/// A host whose component asks the example.
fn deciding(rules: &str) -> Server {
    let policy = format!("{}{rules}", iam());
    Setup::policy(&policy).component(&composed()).start()
}

/// A token with the claims that the example looks at.
fn claiming(user: &str, claims: &Value) -> String {
    let mut token = Claims::new().with("sub", user).with("org_id", "acme");
    for (name, value) in claims.as_object().into_iter().flatten() {
        token = token.with(name, value.clone());
    }
    sign(&token)
}

async fn status(request: RequestBuilder) -> u16 {
    request.send().await.unwrap().status().as_u16()
}
