//! Resumable uploads: what was received stays, and becomes a file once all of it has come.

mod bad; // fields that are wrong, missing, twice, negative, huge; bodies that are too long
mod browser; // Uppy and the specs of tus-js-client in Chromium
mod clients; // tus-js-client with its own specs, and tuspy
mod crash; // kill -9 between and during appends
mod demo; // a server in place of the one that the specs of tus-js-client name
mod ietf; // the IETF's protocol in its versions
mod isolation; // whose uploads are whose
mod link; // uploads that begin at links
mod once; // many appends at once, slow ones, lost connections
mod policy; // limits, and rules that change on the way
mod tus; // tus 1.0.0

use jwt_simple::prelude::*;
use reqwest::{Method, Response};

use crate::support::{RequestBuilder, Server};

/// The value of `Upload-Metadata` with these pairs.
fn metadata(pairs: &[(&str, &str)]) -> String {
    let pairs = pairs.iter().map(|(key, value)| {
        let value = Base64::encode_to_string(value).unwrap();
        format!("{key} {value}")
    });
    pairs.collect::<Vec<_>>().join(",")
}

/// A client of tus, with a token or without.
pub(crate) struct Tus<'s> {
    server: &'s Server,
    token: Option<String>,
}

impl<'s> Tus<'s> {
    pub(crate) fn new(server: &'s Server, token: Option<String>) -> Self {
        Self { server, token }
    }

    fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let request = self.server.request(method, path);
        let request = request.header("tus-resumable", "1.0.0");
        match &self.token {
            Some(token) => request.bearer_auth(token),
            None => request,
        }
    }

    /// Asks for an upload of a file with this name and length.
    async fn try_create(&self, area: &str, name: &str, length: u64) -> Response {
        let request = self.request(Method::POST, &format!("/v1/{area}/uploads"));
        let request = request
            .header("upload-length", length)
            .header("upload-metadata", metadata(&[("filename", name)]));
        request.send().await.unwrap()
    }

    /// The path of an upload of a file with this name and length.
    pub(crate) async fn create(&self, area: &str, name: &str, length: u64) -> String {
        let created = self.try_create(area, name, length).await;
        assert_eq!(created.status(), 201, "{area} {name}");
        path_of(self.server, &created)
    }

    pub(crate) fn patch(
        &self,
        path: &str,
        offset: u64,
        body: impl Into<reqwest::Body>,
    ) -> RequestBuilder {
        let request = self.request(Method::PATCH, path);
        request
            .header("upload-offset", offset)
            .header("content-type", "application/offset+octet-stream")
            .body(body)
    }

    /// Appends these bytes, which must be accepted; returns the new offset.
    pub(crate) async fn append(&self, path: &str, offset: u64, body: &[u8]) -> u64 {
        let response = self.patch(path, offset, body.to_vec()).send().await;
        let response = response.unwrap();
        assert_eq!(response.status(), 204, "{path} at {offset}");
        number(&response, "upload-offset")
    }

    /// The offset, or the status if there is none.
    pub(crate) async fn offset(&self, path: &str) -> Result<u64, u16> {
        let response = self.request(Method::HEAD, path).send().await.unwrap();
        match response.status().as_u16() {
            200 => Ok(number(&response, "upload-offset")),
            status => Err(status),
        }
    }
}

/// The path in `Location`, which is an absolute URL of this server.
fn path_of(server: &Server, response: &Response) -> String {
    let location = response.headers()["location"].to_str().unwrap();
    let path = location.strip_prefix(&server.url);
    path.unwrap_or_else(|| panic!("{location}")).to_owned()
}

/// A field that is a number.
fn number(response: &Response, name: &str) -> u64 {
    let value = response.headers().get(name);
    let value = value.unwrap_or_else(|| panic!("no {name}: {response:?}"));
    value.to_str().unwrap().parse().unwrap()
}
