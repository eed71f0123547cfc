//! Bearer tokens: which are accepted, which are refused, and whom they name.

mod algorithms;
mod field;
mod identity;
mod validity;

use jwt_simple::prelude::*;
use reqwest::header::WWW_AUTHENTICATE;
use reqwest::{Response, StatusCode};
use serde_json::Value;

use crate::support::{Server, assert_problem, json_of};

fn encoded(text: impl AsRef<[u8]>) -> String {
    Base64UrlSafeNoPadding::encode_to_string(text).unwrap()
}

async fn put(server: &Server, path: &str, token: &str) -> Response {
    let put = server.put(path, "x").bearer_auth(token);
    put.send().await.unwrap()
}

async fn list(server: &Server, area: &str, token: &str) -> Vec<String> {
    let list = server.get(&format!("/v1/{area}/files?limit=1000"));
    let listing = json_of(list.bearer_auth(token)).await;
    let files = listing["files"].as_array().unwrap();
    let name = |file: &Value| file["name"].as_str().unwrap().to_owned();
    files.iter().map(name).collect()
}

async fn assert_refused(response: Response, label: &str) {
    let challenge = response.headers().get(WWW_AUTHENTICATE).cloned();
    let status = response.status();
    assert_eq!(status, StatusCode::UNAUTHORIZED, "{label}");
    assert_eq!(
        challenge.unwrap(),
        r#"Bearer error="invalid_token""#,
        "{label}"
    );
    assert_problem(response, 401, "invalid-token").await;
}
