//! As much of a browser as signing in needs.

use std::collections::BTreeMap;

use reqwest::header::{COOKIE, LOCATION, SET_COOKIE};
use reqwest::redirect::Policy;
use reqwest::{Client, RequestBuilder, Response};

/// Somebody's browser: it keeps cookies, of one site only, and follows no
/// redirects.
pub struct Browser {
    client: Client,
    cookies: BTreeMap<String, String>,
}

impl Browser {
    /// Without cookies.
    pub fn new() -> Self {
        let client = Client::builder().redirect(Policy::none()).build();
        Self {
            client: client.unwrap(),
            cookies: BTreeMap::new(),
        }
    }

    /// A GET request.
    pub fn get(&self, url: &str) -> RequestBuilder {
        self.client.get(url)
    }

    /// A POST request.
    pub fn post(&self, url: &str) -> RequestBuilder {
        self.client.post(url)
    }

    /// Sends a request with the cookies. Fails if it is refused.
    pub async fn send(&mut self, request: RequestBuilder) -> Response {
        let pairs = self.cookies.iter();
        let cookies: Vec<_> = pairs
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        let request = request.header(COOKIE, cookies.join("; "));
        let response = request.send().await.unwrap();
        for field in response.headers().get_all(SET_COOKIE) {
            let pair = field.to_str().unwrap().split(';').next().unwrap();
            let (name, value) = pair.split_once('=').unwrap();
            if value.is_empty() {
                self.cookies.remove(name);
            } else {
                self.cookies.insert(name.to_owned(), value.to_owned());
            }
        }
        let status = response.status();
        if status.is_success() || status.is_redirection() {
            return response;
        }
        panic!("{status}: {}", response.text().await.unwrap());
    }
}

/// The URL that a response redirects to, resolved against that of its request.
pub fn location(response: &Response) -> String {
    let target = response.headers()[LOCATION].to_str().unwrap();
    response.url().join(target).unwrap().into()
}
