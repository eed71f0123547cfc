//! Verification keys: JWK Sets (RFC 7517) and the secret of HS256.

mod algorithm;
mod large_rsa;
mod material;
mod unusable;

use serde::Deserialize;
use serde_json::Value;

use super::refusal::Refusal;
pub(crate) use algorithm::Algorithm;
use material::Material;
use unusable::{MIN_SECRET, Unusable, told, written};

pub(crate) use material::LEEWAY;
pub(crate) use unusable::KeysError;

/// The keys that tokens are verified with.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct KeySet(Vec<Key>);

/// A key and its one algorithm.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Key {
    id: Option<String>,
    algorithm: Algorithm,
    material: Material,
}

/// The members of a JWK that matter (RFC 7517, 4; RFC 7518, 6; RFC 8037, 2).
#[derive(Deserialize)]
struct Jwk {
    kty: String,
    crv: Option<String>,
    alg: Option<String>,
    kid: Option<String>,
    r#use: Option<String>,
    key_ops: Option<Vec<String>>,
    n: Option<String>,
    e: Option<String>,
    x: Option<String>,
    y: Option<String>,
}

impl KeySet {
    /// Parses a JWK Set. Unusable keys are skipped, as RFC 7517, 5 requires: those of
    /// another type or for another use, and incomplete, private or symmetric ones.
    pub(crate) fn parse(jwks: impl AsRef<[u8]>) -> Result<Self, KeysError> {
        let keys = written(jwks.as_ref())?.into_iter();
        Ok(Self(keys.filter_map(|key| Key::parse(key).ok()).collect()))
    }

    /// Parses a JWK Set that an IAM API publishes.
    ///
    /// # Errors
    /// It is not a JWK Set, or none of its keys is usable.
    pub(crate) fn published(jwks: impl AsRef<[u8]>) -> Result<Self, KeysError> {
        let (mut keys, mut reasons) = (Vec::new(), Vec::new());
        for key in written(jwks.as_ref())? {
            match Key::parse(key) {
                Ok(key) => keys.push(key),
                Err(unusable) => reasons.push(unusable),
            }
        }
        if keys.is_empty() {
            return Err(KeysError::NoneUsable(told(&reasons)));
        }
        Ok(Self(keys))
    }

    /// The one key of HS256.
    pub(crate) fn of_secret(secret: &[u8]) -> Result<Self, KeysError> {
        if secret.len() < MIN_SECRET {
            return Err(KeysError::ShortSecret);
        }
        let material = Material::Secret(secret.to_vec());
        Ok(Self(vec![Key {
            id: None,
            algorithm: Algorithm::Hs256,
            material,
        }]))
    }

    /// Whether a JWK Set in a policy is valid: it has a usable key, and nothing in it is
    /// secret.
    pub(crate) fn check(jwks: &str) -> Result<(), KeysError> {
        let keys = written(jwks.as_bytes())?;
        for (index, jwk) in keys.iter().enumerate() {
            let has = |name: &str| jwk.get(name).is_some();
            if jwk.get("kty").and_then(Value::as_str) == Some("oct") || has("k") {
                return Err(KeysError::Symmetric(index + 1));
            }
            if is_private(jwk) {
                return Err(KeysError::Private(index + 1));
            }
        }
        let mut reasons = Vec::new();
        for jwk in keys {
            match Key::parse(jwk) {
                Ok(key) if key.material.is_sound(key.algorithm) => return Ok(()),
                Ok(_) => reasons.push(Unusable::Unsound),
                Err(unusable) => reasons.push(unusable),
            }
        }
        Err(KeysError::NoneUsable(told(&reasons)))
    }

    /// The keys that may have signed a token with this header, those with its id first. A
    /// key without an id, or a token without one, may match.
    pub(crate) fn candidates<'a>(
        &'a self,
        algorithm: Algorithm,
        id: Option<&'a str>,
    ) -> impl Iterator<Item = &'a Key> {
        let fits = move |key: &&Key| key.algorithm == algorithm;
        let named = move |key: &&Key| id.is_some() && key.id.as_deref() == id;
        let open = move |key: &&Key| id.is_none() || key.id.is_none();
        let first = self.0.iter().filter(fits).filter(named);
        first.chain(self.0.iter().filter(fits).filter(open))
    }

    /// Whether there are several keys for this algorithm and each has an id, so that a token
    /// must name one (OpenID Connect Core 1.0, 10.1).
    pub(crate) fn are_told_apart(&self, algorithm: Algorithm) -> bool {
        let keys = self.0.iter().filter(|key| key.algorithm == algorithm);
        keys.clone().count() > 1 && keys.clone().all(|key| key.id.is_some())
    }

    /// Whether one of these keys has exactly this id.
    pub(crate) fn knows(&self, id: &str) -> bool {
        self.0.iter().any(|key| key.id.as_deref() == Some(id))
    }
}

impl Key {
    fn parse(jwk: Value) -> Result<Self, Unusable> {
        if is_private(&jwk) {
            return Err(Unusable::Private);
        }
        let jwk: Jwk = serde_json::from_value(jwk).map_err(|_| Unusable::NotAKey)?;
        if let Some(r#use) = jwk.r#use.filter(|r#use| r#use != "sig") {
            return Err(Unusable::Use(r#use));
        }
        let for_verifying = jwk
            .key_ops
            .as_ref()
            .is_none_or(|ops| ops.iter().any(|op| op == "verify"));
        if !for_verifying {
            return Err(Unusable::Operations);
        }
        let kind = Algorithm::of_key(&jwk.kty, jwk.crv.as_deref(), jwk.alg.as_deref());
        let Some(algorithm) = kind else {
            return Err(Unusable::Kind {
                kty: jwk.kty,
                crv: jwk.crv,
                alg: jwk.alg,
            });
        };
        let material = if algorithm.is_rsa() {
            jwk.n.zip(jwk.e).and_then(|(n, e)| Material::rsa(&n, &e))
        } else if algorithm == Algorithm::EdDsa {
            jwk.x.and_then(|x| Material::edwards(&x))
        } else {
            jwk.x
                .zip(jwk.y)
                .and_then(|(x, y)| Material::elliptic(&x, &y))
        };
        Ok(Self {
            id: jwk.kid,
            algorithm,
            material: material.ok_or(Unusable::Material)?,
        })
    }

    /// Whether this key signed the token, which must not have expired at `now`.
    pub(crate) fn verify(&self, token: &str, now: u64) -> Result<(), Refusal> {
        self.material.verify(self.algorithm, token, now)
    }
}

/// Whether a JWK has a private member of any type of key.
fn is_private(jwk: &Value) -> bool {
    ["d", "p", "q", "dp", "dq", "qi", "oth", "priv"]
        .iter()
        .any(|name| jwk.get(name).is_some())
}

#[cfg(test)]
mod tests;
