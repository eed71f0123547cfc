//! Load generators; every response is checked.

pub mod curl;
pub mod oha;
pub mod probe;
pub mod skew;
pub mod tus;
pub mod wrk;

use std::net::SocketAddr;

/// A request that is sent many times.
#[derive(Debug, Clone)]
pub struct Request {
    pub method: &'static str,
    pub server: SocketAddr,
    /// Path and query.
    pub target: String,
    pub fields: Vec<(&'static str, String)>,
}

impl Request {
    /// A GET request without header fields of its own.
    pub fn get(server: SocketAddr, target: &str) -> Self {
        Self {
            method: "GET",
            server,
            target: target.to_owned(),
            fields: vec![],
        }
    }

    /// With this header field too.
    pub fn field(mut self, name: &'static str, value: &str) -> Self {
        self.fields.push((name, value.to_owned()));
        self
    }

    /// The same with another method.
    pub fn method(mut self, method: &'static str) -> Self {
        self.method = method;
        self
    }

    fn url(&self) -> String {
        format!("http://{}{}", self.server, self.target)
    }

    /// The fields as `Name: value`.
    fn field_lines(&self) -> impl Iterator<Item = String> {
        self.fields
            .iter()
            .map(|(name, value)| format!("{name}: {value}"))
    }
}
