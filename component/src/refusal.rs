//! Why a token is refused: words for the log, which hold nothing of the token.

/// Why a token is refused. Clients are told none of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Refusal {
    #[error("there are several Authorization fields")]
    SeveralFields,
    #[error("the Authorization field is not of the Bearer scheme")]
    Scheme,
    #[error("the token is too long")]
    TooLong,
    #[error("the token is not a JWS in compact form")]
    Malformed,
    #[error("the token's header is not one of a JWT")]
    Header,
    #[error("the token's header asks for an extension")]
    Extension,
    #[error("the token brings a key of its own")]
    EmbeddedKey,
    #[error("the token's algorithm is not one that is taken")]
    Algorithm,
    #[error("there is no key of the token's key id and algorithm")]
    NoKey,
    #[error("the token names none of several keys, which all have a key id")]
    NoKeyId,
    #[error("the signature is not good")]
    Signature,
    #[error("the token's claims are malformed")]
    Claims,
    #[error("the token has no expiry")]
    NoExpiry,
    #[error("the token has expired")]
    Expired,
    #[error("the token does not hold yet")]
    NotYet,
    #[error("the token is of another issuer")]
    Issuer,
    #[error("the token is for another audience")]
    Audience,
    #[error("the token is for several organizations")]
    SeveralOrganizations,
}
