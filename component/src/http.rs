//! Requests and responses: everything that uses `wasi:http`.

pub(crate) mod outgoing;
mod request;
mod response;

pub(crate) use request::{BodyReader, BrokenOff, Request};
pub(crate) use response::{Answer, Response};
