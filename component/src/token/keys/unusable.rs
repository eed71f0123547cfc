//! Why a JWK Set, or a key in it, is of no use: for operators, who look for it in what they
//! have written or their IAM API publishes.

use serde_json::Value;

/// The least length of an HS256 secret, in bytes (RFC 7518, 3.2).
pub(super) const MIN_SECRET: usize = 32;

/// The most keys that are gone into.
const MAX_TOLD: usize = 4;
/// The most of a name that is repeated, in characters.
const MAX_NAME: usize = 40;

/// Why there are no keys. Holds nothing of a secret.
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
    #[error("key {0} is a secret (\"oct\"); name it with hs256-secret instead")]
    Symmetric(usize),
    #[error(
        "there is no usable key in it (RSA of 2048 to 8192 bits, P-256, P-384 or Ed25519): {0}"
    )]
    NoneUsable(String),
    #[error("the secret is shorter than {MIN_SECRET} bytes")]
    ShortSecret,
}

/// Why a key is skipped.
#[derive(Debug, thiserror::Error)]
pub(super) enum Unusable {
    #[error("is a private key")]
    Private,
    #[error("has no kty, or a member of another type than it should")]
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
    #[error("has numbers that are not a key of its kind, or is too short or too long")]
    Unsound,
}

fn name(text: &str) -> String {
    format!("{:?}", text.chars().take(MAX_NAME).collect::<String>())
}

fn optional(text: &Option<String>) -> String {
    text.as_deref().map_or_else(|| "none".to_owned(), name)
}

/// What is wrong with keys of which none can be used.
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

/// The keys of a JWK Set, not looked into.
///
/// # Errors
/// [`KeysError::NotASet`], with what was found; nothing of it is repeated, as it may be
/// a secret.
pub(super) fn written(jwks: &[u8]) -> Result<Vec<Value>, KeysError> {
    let wrong = |fault: &str, line| KeysError::NotASet {
        fault: fault.to_owned(),
        line,
    };
    let value: Value = serde_json::from_slice(jwks).map_err(|error| {
        let text = jwks.trim_ascii_start();
        match text {
            [] => wrong("it is empty", 1),
            text if text.starts_with(b"http") => {
                wrong("it is an address, which jwks-url is for", 1)
            }
            text if text.starts_with(b"-----BEGIN") => wrong("it is a key as PEM, not JSON", 1),
            _ => wrong(&format!("not JSON: {error}"), error.line()),
        }
    })?;
    let fault = match value {
        Value::Object(mut members) => match members.remove("keys") {
            Some(Value::Array(keys)) => return Ok(keys),
            Some(_) => "its \"keys\" is not a list",
            None if members.contains_key("kty") => {
                "it is a single key, to be put into {\"keys\":[…]}"
            }
            None => "it has no \"keys\"",
        },
        Value::Array(_) => "it is a list, to be put into {\"keys\":[…]}",
        _ => "it is not an object",
    };
    Err(wrong(fault, 1))
}
