//! Files on a server: stored, and read back with their entity tags.

use reqwest::Response;

use super::Server;

/// The response's entity tag.
pub fn etag(response: &Response) -> String {
    response.headers()["etag"].to_str().unwrap().to_owned()
}

/// Stores a file and returns its entity tag.
pub async fn store(server: &Server, path: &str, body: impl Into<reqwest::Body>) -> String {
    let response = server.put(path, body).send().await.unwrap();
    assert!(response.status().is_success(), "{response:?}");
    etag(&response)
}

/// The file's bytes and entity tag, if there is a file.
pub async fn stored(server: &Server, path: &str) -> Option<(Vec<u8>, String)> {
    let response = server.get(path).send().await.unwrap();
    if response.status() == 404 {
        return None;
    }
    assert_eq!(response.status(), 200, "{}", server.log());
    let etag = etag(&response);
    Some((response.bytes().await.unwrap().to_vec(), etag))
}
