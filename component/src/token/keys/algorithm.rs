//! The supported signature algorithms (RFC 7518, 3.1; RFC 8037, 3.1).

/// A signature algorithm.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Algorithm {
    Rs256,
    Rs384,
    Rs512,
    Ps256,
    Ps384,
    Ps512,
    Es256,
    Es384,
    /// With Ed25519.
    EdDsa,
    Hs256,
}

impl Algorithm {
    /// The algorithm with this name, which is case-sensitive.
    pub(crate) fn parse(name: &str) -> Option<Self> {
        match name {
            "RS256" => Some(Self::Rs256),
            "RS384" => Some(Self::Rs384),
            "RS512" => Some(Self::Rs512),
            "PS256" => Some(Self::Ps256),
            "PS384" => Some(Self::Ps384),
            "PS512" => Some(Self::Ps512),
            "ES256" => Some(Self::Es256),
            "ES384" => Some(Self::Es384),
            // The second name is that of RFC 9864.
            "EdDSA" | "Ed25519" => Some(Self::EdDsa),
            "HS256" => Some(Self::Hs256),
            _ => None,
        }
    }

    /// The algorithm of a public key: the one it names, if that fits its type, or else
    /// the usual one for its type.
    pub(super) fn of_key(kty: &str, crv: Option<&str>, alg: Option<&str>) -> Option<Self> {
        let usual = match (kty, crv) {
            ("RSA", _) => Self::Rs256,
            ("EC", Some("P-256")) => Self::Es256,
            ("EC", Some("P-384")) => Self::Es384,
            ("OKP", Some("Ed25519")) => Self::EdDsa,
            _ => return None,
        };
        let Some(name) = alg else { return Some(usual) };
        let named = Self::parse(name)?;
        (named == usual || (named.is_rsa() && usual.is_rsa())).then_some(named)
    }

    pub(super) fn is_rsa(self) -> bool {
        !matches!(self, Self::Es256 | Self::Es384 | Self::EdDsa | Self::Hs256)
    }
}
