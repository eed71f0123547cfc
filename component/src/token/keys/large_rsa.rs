//! RSA keys of more than 4096 bits, the maximum of jwt-simple, with the library that
//! jwt-simple itself uses for RSA.

use ct_codecs::{Base64UrlSafeNoPadding, Decoder};
use rsa::sha2::digest::const_oid::AssociatedOid;
use rsa::sha2::digest::{Digest, FixedOutputReset};
use rsa::sha2::{Sha256, Sha384, Sha512};
use rsa::traits::{PublicKeyParts, SignatureScheme};
use rsa::{BigUint, Pkcs1v15Sign, Pss, RsaPublicKey};

use super::Algorithm;
use crate::token::refusal::Refusal;

const JWT_SIMPLE_BITS: usize = 4096;
const MAX_BITS: usize = 8192;

/// 65537, the exponent that jwt-simple requires, too.
const EXPONENT: [u8; 3] = [1, 0, 1];

/// Whether this modulus (big-endian) is too large for jwt-simple.
pub(super) fn is_large(n: &[u8]) -> bool {
    let digits = n
        .iter()
        .position(|&byte| byte != 0)
        .map_or(0, |zeros| n.len() - zeros);
    digits > JWT_SIMPLE_BITS / 8
}

/// Whether these form a valid key.
pub(super) fn is_sound(n: &[u8], e: &[u8]) -> bool {
    key(n, e).is_some()
}

/// Whether this key signed the token by this algorithm.
pub(super) fn verify(n: &[u8], e: &[u8], algorithm: Algorithm, token: &str) -> Result<(), Refusal> {
    let (signed, signature) = token.rsplit_once('.').ok_or(Refusal::Malformed)?;
    let signature =
        Base64UrlSafeNoPadding::decode_to_vec(signature, None).map_err(|_| Refusal::Signature)?;
    let key = key(n, e).ok_or(Refusal::NoKey)?;
    let good = match algorithm {
        Algorithm::Rs256 => pkcs1::<Sha256>(&key, signed, &signature),
        Algorithm::Rs384 => pkcs1::<Sha384>(&key, signed, &signature),
        Algorithm::Rs512 => pkcs1::<Sha512>(&key, signed, &signature),
        Algorithm::Ps256 => pss::<Sha256>(&key, signed, &signature),
        Algorithm::Ps384 => pss::<Sha384>(&key, signed, &signature),
        Algorithm::Ps512 => pss::<Sha512>(&key, signed, &signature),
        _ => return Err(Refusal::NoKey),
    };
    if good {
        Ok(())
    } else {
        Err(Refusal::Signature)
    }
}

fn key(n: &[u8], e: &[u8]) -> Option<RsaPublicKey> {
    let odd = n.last().is_some_and(|byte| byte & 1 == 1);
    if !odd || e != EXPONENT {
        return None;
    }
    let (n, e) = (BigUint::from_bytes_be(n), BigUint::from_bytes_be(e));
    RsaPublicKey::new_with_max_size(n, e, MAX_BITS).ok()
}

/// RSASSA-PKCS1-v1_5 (RFC 7518, 3.3).
fn pkcs1<D: Digest + AssociatedOid>(key: &RsaPublicKey, signed: &str, signature: &[u8]) -> bool {
    verifies::<D>(Pkcs1v15Sign::new::<D>(), key, signed, signature)
}

/// RSASSA-PSS with a salt as long as the digest (RFC 7518, 3.5).
fn pss<D>(key: &RsaPublicKey, signed: &str, signature: &[u8]) -> bool
where
    D: 'static + Digest + rsa::sha2::digest::DynDigest + FixedOutputReset + Send + Sync,
{
    verifies::<D>(Pss::new::<D>(), key, signed, signature)
}

fn verifies<D: Digest>(
    scheme: impl SignatureScheme,
    key: &RsaPublicKey,
    signed: &str,
    signature: &[u8],
) -> bool {
    // The library does not compare them for PSS (RFC 8017, 5.2.2, step 1).
    BigUint::from_bytes_be(signature) < *key.n()
        && key.verify(scheme, &D::digest(signed), signature).is_ok()
}
