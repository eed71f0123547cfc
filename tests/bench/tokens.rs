//! An IAM API of the benchmark's own: its RSA key, and a policy that trusts it.

use std::sync::LazyLock;

use jwt_simple::prelude::*;
use serde_json::json;

const ISSUER: &str = "https://iam.test";
const AUDIENCE: &str = "storage";

static KEY: LazyLock<RS256KeyPair> =
    LazyLock::new(|| RS256KeyPair::generate(2048).expect("an RSA key"));

static POLICY: LazyLock<String> = LazyLock::new(|| {
    let part = |bytes: &[u8]| Base64UrlSafeNoPadding::encode_to_string(bytes).expect("base64");
    let key = KEY.public_key().to_components();
    let jwks = json!({ "keys": [
        { "kty": "RSA", "alg": "RS256", "use": "sig", "n": part(&key.n), "e": part(&key.e) }
    ] });
    format!(
        "[iam]\nissuer = \"{ISSUER}\"\naudience = \"{AUDIENCE}\"\njwks = '''{jwks}'''\n\
         [public]\nlist = \"anyone\"\nreplace = \"anyone\"\ndelete = \"anyone\"\n"
    )
});

/// A policy in which everyone may do everything in the public area, and tokens count.
pub fn policy() -> &'static str {
    &POLICY
}

/// The policy's other version, which allows the same and has another digest.
pub fn other_policy() -> String {
    format!("{}cache-control = \"public, max-age=60\"\n", *POLICY)
}

/// A user's token, valid for some hours.
pub fn user() -> Result<String, String> {
    let claims = Claims::create(Duration::from_hours(6))
        .with_issuer(ISSUER)
        .with_audience(AUDIENCE)
        .with_subject("user");
    KEY.sign(claims).map_err(|error| error.to_string())
}
