//! Development mode: a key pair in the data directory, and tokens signed with it.
//!
//! `serve --dev` trusts these tokens instead of those of an IAM API.

use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use jwt_simple::Error as KeyError;
use jwt_simple::prelude::{Claims, Ed25519KeyPair, EdDSAKeyPairLike};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::secret_file::{self, SecretFileError};

/// The key's file in the data directory.
const KEY_FILE: &str = "development-key";
/// `iss` of development tokens; the component knows it by the same name.
const ISSUER: &str = "coffer-development";
/// `aud` of development tokens.
const AUDIENCE: &str = "coffer";

/// The claims that a development policy reads.
#[derive(Serialize, Deserialize)]
struct Membership {
    #[serde(skip_serializing_if = "Option::is_none")]
    org_id: Option<String>,
    roles: Vec<String>,
    #[serde(flatten)]
    others: Map<String, Value>,
}

/// The user that a token is for.
pub struct Bearer {
    /// The user's id.
    pub user: String,
    /// The organization that the user acts for.
    pub org: Option<String>,
    /// The user's roles there.
    pub roles: Vec<String>,
    /// Names and values of other claims; those of one name are a list.
    pub claims: Vec<(String, String)>,
}

/// Why there is no development key, or no token signed with it.
#[derive(Debug, thiserror::Error)]
pub enum DevError {
    /// No server would trust one that is created now.
    #[error(
        "no development key in {dir}: start `coffer serve --dev` on this data directory first, or \
         pass the right one with --data-dir",
        dir = .0.display()
    )]
    NoKey(PathBuf),
    /// Its file cannot be read.
    #[error("{path}: {source}", path = path.display())]
    Unreadable {
        /// Which one.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// Its file holds something else.
    #[error("{path} is not a valid development key: {source}", path = path.display())]
    NotAKey {
        /// Which one.
        path: PathBuf,
        /// What is wrong.
        source: KeyError,
    },
    /// The token.
    #[error("the token cannot be signed: {0}")]
    Unsigned(KeyError),
    /// None can be stored.
    #[error(transparent)]
    Kept(#[from] SecretFileError),
}

/// Signs a token with the key that `serve --dev` created in the data directory.
///
/// # Errors
/// See [`DevError`].
pub fn token(data_dir: &Path, bearer: Bearer, expires_in: Duration) -> Result<String, DevError> {
    let membership = Membership {
        org_id: bearer.org,
        roles: bearer.roles,
        others: others(bearer.claims),
    };
    let claims = Claims::with_custom_claims(membership, expires_in.into())
        .with_issuer(ISSUER)
        .with_audience(AUDIENCE)
        .with_subject(bearer.user);
    let path = data_dir.join(KEY_FILE);
    let key = match std::fs::read(&path) {
        Ok(bytes) => pair(&path, &bytes)?,
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            return Err(DevError::NoKey(data_dir.to_owned()));
        }
        Err(source) => return Err(DevError::Unreadable { path, source }),
    };
    key.sign(claims).map_err(DevError::Unsigned)
}

fn others(claims: Vec<(String, String)>) -> Map<String, Value> {
    let mut others = Map::new();
    for (name, value) in claims {
        let value = Value::String(value);
        match others.get_mut(&name) {
            Some(Value::Array(values)) => values.push(value),
            Some(first) => *first = Value::Array(vec![first.take(), value]),
            None => drop(others.insert(name, value)),
        }
    }
    others
}

/// The public key as a JWK Set (RFC 7517; RFC 8037), for the component. The key is created if
/// missing.
///
/// # Errors
/// As [`token`].
pub fn jwks(data_dir: &Path) -> Result<String, DevError> {
    let path = data_dir.join(KEY_FILE);
    let bytes = secret_file::keep(&path, || Ed25519KeyPair::generate().to_bytes())?;
    Ok(key_set(&pair(&path, &bytes)?))
}

/// The same of a key that is thrown away: no token is valid under it.
pub fn throwaway_jwks() -> String {
    key_set(&Ed25519KeyPair::generate())
}

fn key_set(key: &Ed25519KeyPair) -> String {
    let public = key.public_key().to_bytes();
    let jwk = serde_json::json!({
        "kty": "OKP", "crv": "Ed25519", "alg": "EdDSA", "use": "sig",
        "x": BASE64_URL_SAFE_NO_PAD.encode(public),
    });
    serde_json::json!({ "keys": [jwk] }).to_string()
}

fn pair(path: &Path, bytes: &[u8]) -> Result<Ed25519KeyPair, DevError> {
    Ed25519KeyPair::from_bytes(bytes).map_err(|source| DevError::NotAKey {
        path: path.to_owned(),
        source,
    })
}
