//! The tests' own IAM API: its key, and tokens signed with it.

use std::sync::LazyLock;

use ed25519_compact::{KeyPair, Seed};
use jwt_simple::prelude::*;
use serde_json::{Value, json};

/// `iss` of valid tokens.
pub const ISSUER: &str = "https://iam.test";
/// `aud` of valid tokens.
pub const AUDIENCE: &str = "storage";

static KEY: LazyLock<KeyPair> = LazyLock::new(|| KeyPair::from_seed(Seed::generate()));

/// The public key, as the policy has it.
pub fn jwks() -> String {
    let x = Base64UrlSafeNoPadding::encode_to_string(*KEY.pk).unwrap();
    json!({ "keys": [{ "kty": "OKP", "crv": "Ed25519", "alg": "EdDSA", "x": x }] }).to_string()
}

/// The claims of a valid token, to be changed as a test needs it.
pub struct Claims(pub Value);

impl Claims {
    /// Valid for an hour, for nobody in particular.
    pub fn new() -> Self {
        let now = Clock::now_since_epoch().as_secs();
        Self(json!({ "iss": ISSUER, "aud": AUDIENCE, "iat": now, "exp": now + 3600 }))
    }

    /// With this claim, or without it if it is null.
    pub fn with(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.0[name] = value.into();
        if let (true, Some(claims)) = (self.0[name].is_null(), self.0.as_object_mut()) {
            claims.remove(name);
        }
        self
    }

    /// As jwt-simple has them, to be signed with any of its keys.
    pub fn library(&self) -> JWTClaims<Value> {
        serde_json::from_value(self.0.clone()).unwrap()
    }
}

/// Signs claims with the test key.
pub fn sign(claims: &Claims) -> String {
    sign_with(&json!({ "alg": "EdDSA", "typ": "JWT" }), claims)
}

/// Signs claims with the test key under any header at all.
pub fn sign_with(header: &Value, claims: &Claims) -> String {
    sign_text(&header.to_string(), &claims.0.to_string())
}

/// Signs a header and a payload with the test key, whatever they are.
pub fn sign_text(header: &str, payload: &str) -> String {
    let part = |text: &str| Base64UrlSafeNoPadding::encode_to_string(text).unwrap();
    let signed = format!("{}.{}", part(header), part(payload));
    let signature = KEY.sk.sign(&signed, None);
    format!(
        "{signed}.{}",
        Base64UrlSafeNoPadding::encode_to_string(signature.as_ref()).unwrap()
    )
}

/// A valid token for this user, organization and these roles.
pub fn token(user: Option<&str>, org: Option<&str>, roles: &[&str]) -> String {
    sign(
        &Claims::new()
            .with("sub", user)
            .with("org_id", org)
            .with("roles", roles),
    )
}

/// A valid token for a user alone.
pub fn user(id: &str) -> String {
    token(Some(id), None, &[])
}

/// A valid token for a member of an organization.
pub fn org_member(id: &str, org: &str) -> String {
    token(Some(id), Some(org), &[])
}
