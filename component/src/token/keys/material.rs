//! Key material, and the verification of signatures with it.

use ct_codecs::{Base64UrlSafeNoPadding, Decoder};
use jwt_simple::JWTError;
use jwt_simple::prelude::*;

use super::Algorithm;
use super::large_rsa;
use crate::token::refusal::Refusal;

/// How far the clocks of issuer and service may differ, in seconds.
pub(crate) const LEEWAY: u64 = 60;

/// Key material, decoded but not yet turned into a key, which costs more and is
/// only done for the key that a token names.
#[derive(PartialEq, Eq)]
pub(super) enum Material {
    /// Modulus and exponent, big-endian.
    Rsa {
        n: Vec<u8>,
        e: Vec<u8>,
    },
    /// An uncompressed point (SEC 1, 2.3.3).
    Elliptic(Vec<u8>),
    Edwards(Vec<u8>),
    Secret(Vec<u8>),
}

impl std::fmt::Debug for Material {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Material")
    }
}

impl Material {
    pub(super) fn rsa(n: &str, e: &str) -> Option<Self> {
        Some(Self::Rsa {
            n: decode(n)?,
            e: decode(e)?,
        })
    }

    pub(super) fn elliptic(x: &str, y: &str) -> Option<Self> {
        let (x, y) = (decode(x)?, decode(y)?);
        // Both must have the curve's full length (RFC 7518, 6.2.1.2), or the boundary
        // between them could be moved.
        (x.len() == y.len()).then(|| Self::Elliptic([&[4], &x[..], &y[..]].concat()))
    }

    pub(super) fn edwards(x: &str) -> Option<Self> {
        decode(x).map(Self::Edwards)
    }

    /// Whether it forms a valid key.
    pub(super) fn is_sound(&self, algorithm: Algorithm) -> bool {
        match self {
            Self::Rsa { n, e } if large_rsa::is_large(n) => large_rsa::is_sound(n, e),
            Self::Rsa { n, e } => RS256PublicKey::from_components(n, e).is_ok(),
            Self::Elliptic(point) if algorithm == Algorithm::Es384 => {
                ES384PublicKey::from_bytes(point).is_ok()
            }
            Self::Elliptic(point) => ES256PublicKey::from_bytes(point).is_ok(),
            Self::Edwards(bytes) => Ed25519PublicKey::from_bytes(bytes).is_ok(),
            Self::Secret(_) => true,
        }
    }

    /// Whether this key signed the token by this algorithm.
    pub(super) fn verify(
        &self,
        algorithm: Algorithm,
        token: &str,
        now: u64,
    ) -> Result<(), Refusal> {
        use Algorithm as A;
        let options = VerificationOptions {
            time_tolerance: Some(Duration::from_secs(LEEWAY)),
            artificial_time: Some(UnixTimeStamp::from_secs(now)),
            ..VerificationOptions::default()
        };
        match (self, algorithm) {
            (Self::Rsa { n, e }, _) if large_rsa::is_large(n) => {
                large_rsa::verify(n, e, algorithm, token)
            }
            (Self::Rsa { n, e }, A::Rs256) => {
                rsa(RS256PublicKey::from_components(n, e), token, options)
            }
            (Self::Rsa { n, e }, A::Rs384) => {
                rsa(RS384PublicKey::from_components(n, e), token, options)
            }
            (Self::Rsa { n, e }, A::Rs512) => {
                rsa(RS512PublicKey::from_components(n, e), token, options)
            }
            (Self::Rsa { n, e }, A::Ps256) => {
                rsa(PS256PublicKey::from_components(n, e), token, options)
            }
            (Self::Rsa { n, e }, A::Ps384) => {
                rsa(PS384PublicKey::from_components(n, e), token, options)
            }
            (Self::Rsa { n, e }, A::Ps512) => {
                rsa(PS512PublicKey::from_components(n, e), token, options)
            }
            (Self::Elliptic(point), A::Es256) => {
                let key = ES256PublicKey::from_bytes(point).map_err(unsound)?;
                outcome(key.verify_token(token, Some(options)))
            }
            (Self::Elliptic(point), A::Es384) => {
                let key = ES384PublicKey::from_bytes(point).map_err(unsound)?;
                outcome(key.verify_token(token, Some(options)))
            }
            (Self::Edwards(bytes), A::EdDsa) => {
                let key = Ed25519PublicKey::from_bytes(bytes).map_err(unsound)?;
                outcome(key.verify_token(token, Some(options)))
            }
            (Self::Secret(secret), A::Hs256) => {
                outcome(HS256Key::from_bytes(secret).verify_token(token, Some(options)))
            }
            _ => Err(Refusal::NoKey),
        }
    }
}

fn decode(text: &str) -> Option<Vec<u8>> {
    Base64UrlSafeNoPadding::decode_to_vec(text, None).ok()
}

fn rsa<K: RSAPublicKeyLike>(
    key: Result<K, jwt_simple::Error>,
    token: &str,
    options: VerificationOptions,
) -> Result<(), Refusal> {
    outcome(key.map_err(unsound)?.verify_token(token, Some(options)))
}

/// The material does not form a valid key, so none was tried.
fn unsound(_error: jwt_simple::Error) -> Refusal {
    Refusal::NoKey
}

fn outcome(result: Result<JWTClaims<NoCustomClaims>, jwt_simple::Error>) -> Result<(), Refusal> {
    result.map(|_| ()).map_err(|error| reason(&error))
}

/// The library's messages are not repeated: some quote the token.
fn reason(error: &jwt_simple::Error) -> Refusal {
    match error.downcast_ref() {
        Some(JWTError::TokenHasExpired) => Refusal::Expired,
        Some(JWTError::TokenNotValidYet | JWTError::ClockDrift) => Refusal::NotYet,
        Some(_) => Refusal::Signature,
        None if error.downcast_ref::<serde_json::Error>().is_some() => Refusal::Claims,
        None => Refusal::Signature,
    }
}
