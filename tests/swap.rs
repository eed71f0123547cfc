//! Hot reload of policy and component: what takes effect, what is refused, and how requests
//! in progress end.

use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::support::{Connection, Guest, Server, Setup, eventually, raw};

mod code; // compiled code, cached for the next start
mod loosened; // policies that open more than they say
mod refused; // policies and components that are refused
mod running; // requests in progress, rollback, probation
mod written; // every way to write a file

/// Lets anybody store.
const OPEN: &str = "[public]\ncreate = \"anyone\"\n";
/// Lets nobody store.
const CLOSED: &str = "[public]\ncreate = \"nobody\"\n";

/// The digest that names a component or policy.
fn digest(content: impl AsRef<[u8]>) -> String {
    let digest = Sha256::digest(content);
    digest[..8]
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

/// Asks the operations listener: status and document.
fn operate(server: &Server, request: &str) -> (u16, Value) {
    let address = server.operations.trim_start_matches("http://");
    let message = format!("{request} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n");
    let (status, _, body) = raw(address, message.as_bytes());
    (status, serde_json::from_slice(&body).unwrap())
}

fn component(server: &Server) -> Value {
    operate(server, "GET /component").1
}

fn reload(server: &Server) -> (u16, Value) {
    operate(server, "POST /component/reload")
}

/// Waits until this policy is in force.
fn eventually_in_force(server: &Server, what: &str, policy: &str) {
    let digest = digest(policy);
    eventually(&format!("{what}: the policy is in force"), || {
        component(server)["policy"] == digest
    });
}

/// The status that storing a file gets.
fn store(server: &Server, name: &str) -> u16 {
    let request = format!(
        "PUT /v1/public/files/{name} HTTP/1.1\r\nHost: {}\r\nContent-Length: 1\r\n\
         Connection: close\r\n\r\nx",
        server.address()
    );
    raw(server.address(), request.as_bytes()).0
}

/// Whether a line of the log has all these words.
fn is_logged(server: &Server, words: &[&str]) -> bool {
    let log = server.log();
    log.lines()
        .any(|line| words.iter().all(|word| line.contains(word)))
}

/// Waits for a line of the log that has all these words.
fn assert_logged(server: &Server, words: &[&str]) {
    eventually(&format!("{words:?} is logged"), || is_logged(server, words));
}

/// The component as it is shipped.
fn embedded() -> &'static str {
    concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../target/component/coffer.wasm"
    )
}
