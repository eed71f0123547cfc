//! Requests and responses: all that touches `wasi:http`.

pub(crate) mod outgoing;
mod request;
mod response;

pub(crate) use request::{BodyReader, BrokenOff, Request};
pub(crate) use response::{Answer, Response};
