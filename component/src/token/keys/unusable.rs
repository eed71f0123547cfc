//! Why a JWK Set, or a key in it, is unusable: for operators, who look for the cause in
//! what they wrote or what their IAM API publishes.

use serde_json::Value;

/// The minimum length of an HS256 secret, in bytes (RFC 7518, 3.2).
pub(super) const MIN_SECRET: usize = 32;

/// The maximum number of keys that a message describes.
const MAX_TOLD: usize = 4;
/// The most characters of a name that a message repeats.
const MAX_NAME: usize = 40;

/// Why there are no keys. Never contains any part of a secret.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum KeysError {
    #[error("this is not a JWK Set (a JSON object with a list \"keys\"): {fault}")]
    NotASet {
        fault: String,
        /// Counted from 1.
        line: usize,
    },
    #[error("key {0} is a private key; only public keys belong here")]
    Private(usize),
    #[error("key {0} is a secret (\"oct\"); use hs256-secret instead")]
    Symmetric(usize),
    #[error("it has no usable key (RSA of 2048 to 8192 bits, P-256, P-384 or Ed25519): {0}")]
    NoneUsable(String),
    #[error("the secret is shorter than {MIN_SECRET} bytes")]
    ShortSecret,
}

/// Why a key is skipped.
#[derive(Debug, thiserror::Error)]
pub(super) enum Unusable {
    #[error("is a private key")]
    Private,
    #[error("has no kty, or a member of the wrong type")]
    NotAKey,
    #[error("has the use {}, not \"sig\"", name(.0))]
    Use(String),
    #[error("has key_ops without \"verify\"")]
    Operations,
    #[error("has kty {}, crv {} and alg {}, which is not supported", name(kty), optional(.crv),
        optional(.alg))]
    Kind {
        kty: String,
        crv: Option<String>,
        alg: Option<String>,
    },
    #[error("lacks n and e, x, or x and y in base64url without padding")]
    Material,
    #[error("has numbers that are not a valid key of its type, or is too short or too long")]
    Unsound,
}

fn name(text: &str) -> String {
    format!("{:?}", text.chars().take(MAX_NAME).collect::<String>())
}

fn optional(text: &Option<String>) -> String {
    text.as_deref().map_or_else(|| "none".to_owned(), name)
}

/// Why none of these keys is usable.
pub(super) fn told(reasons: &[Unusable]) -> String {
    if reasons.is_empty() {
        return "the list is empty".to_owned();
    }
    let told = reasons.iter().take(MAX_TOLD).enumerate();
    let mut told: Vec<String> = told
        .map(|(index, reason)| format!("key {} {reason}", index + 1))
        .collect();
    if reasons.len() > MAX_TOLD {
        told.push(format!("and {} more", reasons.len() - MAX_TOLD));
    }
    told.join("; ")
}

/// The keys of a JWK Set, unparsed.
///
/// # Errors
/// [`KeysError::NotASet`], with a description of what was found; no part of it is
/// repeated, as it may be a secret.
pub(super) fn written(jwks: &[u8]) -> Result<Vec<Value>, KeysError> {
    let wrong = |fault: &str, line| KeysError::NotASet {
        fault: fault.to_owned(),
        line,
    };
    let value: Value = serde_json::from_slice(jwks).map_err(|error| {
        let text = jwks.trim_ascii_start();
        match text {
            [] => wrong("it is empty", 1),
            text if text.starts_with(b"http") => wrong("it is a URL; use jwks-url instead", 1),
            text if text.starts_with(b"-----BEGIN") => wrong("it is a PEM key, not JSON", 1),
            _ => wrong(&format!("not JSON: {error}"), error.line()),
        }
    })?;
    let fault = match value {
        Value::Object(mut members) => match members.remove("keys") {
            Some(Value::Array(keys)) => return Ok(keys),
            Some(_) => "its \"keys\" is not a list",
            None if members.contains_key("kty") => "it is a single key; wrap it in {\"keys\":[…]}",
            None => "it has no \"keys\"",
        },
        Value::Array(_) => "it is a list; wrap it in {\"keys\":[…]}",
        _ => "it is not an object",
    };
    Err(wrong(fault, 1))
}
