//! The header of a token (RFC 7515, 4). It is read before the signature is verified
//! and can therefore only choose among our own keys.

use serde_json::Value;

use super::keys::{Algorithm, KeySet};
use super::refusal::Refusal;
use crate::json;

/// The parts of a token's header that matter.
#[derive(Debug)]
pub(super) struct JoseHeader {
    pub(super) algorithm: Algorithm,
    pub(super) key_id: Option<String>,
}

impl JoseHeader {
    /// Reads the header's JSON.
    ///
    /// No extension is supported, so `crit` is refused whatever it lists, and so is
    /// `b64` (RFC 7797). Embedded keys and key URLs are refused instead of ignored,
    /// because only a forger needs them.
    pub(super) fn parse(json: &[u8]) -> Result<Self, Refusal> {
        let members = json::object(json).ok_or(Refusal::Header)?;
        let has = |names: &[&str]| names.iter().any(|name| members.contains_key(*name));
        if has(&["crit", "b64"]) {
            return Err(Refusal::Extension);
        }
        if has(&["jwk", "jku", "x5u", "x5c"]) {
            return Err(Refusal::EmbeddedKey);
        }
        let text = |name: &str| match members.get(name) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text.as_str())),
            Some(_) => Err(Refusal::Header),
        };
        if !text("typ")?.is_none_or(is_jwt) {
            return Err(Refusal::Header);
        }
        let algorithm = text("alg")?.ok_or(Refusal::Header)?;
        Ok(Self {
            algorithm: Algorithm::parse(algorithm).ok_or(Refusal::Algorithm)?,
            key_id: text("kid")?.map(str::to_owned),
        })
    }

    /// Whether a key that is not among these may have signed the token: these refused it,
    /// and it names none of them.
    pub(super) fn may_be_of_another_key(&self, refusal: &Refusal, keys: &KeySet) -> bool {
        let named = self.key_id.as_deref();
        match refusal {
            Refusal::NoKey => true,
            Refusal::Signature => !named.is_some_and(|id| keys.knows(id)),
            _ => false,
        }
    }
}

/// A generic JWT or an access token (RFC 9068, 2.1), case-insensitively. Other types,
/// such as a logout token, do not authorize anything (RFC 8725, 3.11).
fn is_jwt(kind: &str) -> bool {
    let kinds = ["JWT", "at+jwt", "application/at+jwt"];
    kinds.iter().any(|known| kind.eq_ignore_ascii_case(known))
}
