//! Why a token is refused, for the log. The messages reveal neither the token nor whom it
//! names; of its claims they only show issuer, audience and shapes.

use std::fmt;

use serde_json::Value;

use crate::json::Shape;

/// The most characters of a foreign text that a message repeats.
pub(crate) const MAX_TEXT: usize = 200;
/// The most texts of a list that a message repeats.
const MAX_TEXTS: usize = 3;

/// Why a token is refused. Never shown to clients.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Refusal {
    #[error("there is more than one Authorization header")]
    SeveralFields,
    #[error("the Authorization header does not use the Bearer scheme")]
    Scheme,
    #[error("the token is too long")]
    TooLong,
    #[error("the token is not a JWS in compact form (three parts in base64url, joined by dots)")]
    Malformed,
    #[error("the token's header is not that of a JWT or an access token")]
    Header,
    #[error("the token's header requires an extension (crit or b64)")]
    Extension,
    #[error("the token embeds a key or a key's URL (jwk, jku, x5u or x5c)")]
    EmbeddedKey,
    #[error("the token's algorithm is not supported")]
    Algorithm,
    #[error("there is no key with the token's key id (kid) and algorithm")]
    NoKey,
    #[error("the token has no key id (kid) to choose one of several keys")]
    NoKeyId,
    #[error("the signature is not valid")]
    Signature,
    #[error("the token's claims are not a JSON object without duplicate names")]
    Claims,
    #[error("the claim {name} is {found}, not {expected}")]
    Claim {
        name: &'static str,
        found: Shape,
        expected: &'static str,
    },
    #[error(
        "the claim {0} is not between the years 1970 and 9999 (it is in seconds, not milliseconds)"
    )]
    Time(&'static str),
    #[error("the token has no expiry")]
    NoExpiry,
    #[error("the token has expired")]
    Expired,
    #[error("the token is not yet valid")]
    NotYet,
    #[error("the token is from another issuer: iss is {found}, the policy's issuer is {expected:?}{}",
        hint(.found, .expected))]
    Issuer { found: Found, expected: String },
    #[error("the token is for another audience: aud is {found}, expected {expected}")]
    Audience { found: Found, expected: String },
    #[error("the token is for several organizations")]
    SeveralOrganizations,
}

/// What a token has for an issuer or an audience. These name services, not people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Found {
    Missing,
    Texts(Vec<String>),
    Other(Shape),
}

impl Found {
    pub(crate) fn of(claim: Option<&Value>) -> Self {
        let one = |text: &str| text.chars().take(MAX_TEXT).collect();
        match claim {
            None => Self::Missing,
            Some(Value::String(text)) => Self::Texts(vec![one(text)]),
            Some(list @ Value::Array(items)) => {
                let texts = items.iter().map(|item| item.as_str().map(one));
                let texts: Option<Vec<String>> = texts.take(MAX_TEXTS).collect();
                match texts {
                    Some(texts) if items.len() <= MAX_TEXTS => Self::Texts(texts),
                    _ => Self::Other(Shape::of(list)),
                }
            }
            Some(other) => Self::Other(Shape::of(other)),
        }
    }
}

impl fmt::Display for Found {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing => f.write_str("missing"),
            Self::Texts(texts) if texts.is_empty() => f.write_str("an empty list"),
            Self::Texts(texts) => {
                let texts: Vec<String> = texts.iter().map(|text| format!("{text:?}")).collect();
                f.write_str(&texts.join(", "))
            }
            Self::Other(shape) => shape.fmt(f),
        }
    }
}

/// A hint at a difference between the two values that is easily overlooked.
pub(crate) fn difference(found: &str, expected: &str) -> &'static str {
    let bare = |text: &str| text.trim().trim_end_matches('/').to_ascii_lowercase();
    if found.trim_end_matches('/') == expected.trim_end_matches('/') {
        " (they differ by a trailing slash)"
    } else if bare(found) == bare(expected) {
        " (they differ by case or spaces)"
    } else {
        ""
    }
}

fn hint(found: &Found, expected: &str) -> &'static str {
    match found {
        Found::Texts(texts) if texts.len() == 1 => difference(&texts[0], expected),
        _ => "",
    }
}
