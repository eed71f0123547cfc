//! A server of its own for every test, and callers with tokens for it.

mod component;
mod connection;
mod described;
mod document;
mod engine;
mod files;
mod iam_api;
mod platform;
mod problem;
mod raw;
pub mod s3_service;
mod server;
mod setup;
mod stored;
mod tokens;
mod waiting;

pub use component::{Guest, component};
pub use connection::{Answer, Connection};
#[allow(unused_imports)]
pub use document::Document;
pub use engine::BUCKET;
pub use files::{content, files_below};
pub use iam_api::{CONFIGURATION, IamApi};
pub use platform::Platform;
// For tests/portable.rs, as is the code marked `allow(dead_code)`.
#[allow(unused_imports)]
pub use platform::Store;
pub use problem::{assert_problem, assert_problem_parts, is_identified, json_of};
pub use raw::{parse, raw};
pub use server::{RequestBuilder, Server, checking, client, fetch};
pub use setup::{Setup, iam};
pub use stored::{etag, store, stored};
pub use tokens::{
    AUDIENCE, Claims, ISSUER, jwks, org_member, sign, sign_text, sign_with, token, user,
};
pub use waiting::eventually;

/// The program under test.
pub const COFFER: &str = env!("CARGO_BIN_EXE_coffer");
