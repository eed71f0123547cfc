//! tus' checksum extension: the digest of one request's body.

use ct_codecs::{Base64, Decoder};
use http::HeaderMap;

use crate::bindings::coffer::storage::uploads::Digest;
use crate::fields::single::{self, invalid};
use crate::problem::Problem;

/// The algorithms, as `Tus-Checksum-Algorithm` lists them.
pub(super) const ALGORITHMS: &str = "sha1,sha256";

const CHECKSUM: &str = "upload-checksum";

/// The digest in `Upload-Checksum`.
///
/// # Errors
/// [`Problem::InvalidRequest`] for another algorithm, or a value that is not a digest of it.
pub(super) fn of_request(headers: &HeaderMap) -> Result<Option<Digest>, Problem> {
    let Some(text) = single::text(headers, CHECKSUM)? else {
        return Ok(None);
    };
    let refused = || {
        let expected = "an algorithm (sha1 or sha256), a space, and the digest in Base64";
        invalid("Upload-Checksum", text, expected)
    };
    let (algorithm, encoded) = text.split_once(' ').ok_or_else(refused)?;
    let digest = Base64::decode_to_vec(encoded, None).map_err(|_| refused())?;
    match (algorithm, digest.len()) {
        ("sha1", 20) => Ok(Some(Digest::Sha1(digest))),
        ("sha256", 32) => Ok(Some(Digest::Sha256(digest))),
        _ => Err(refused()),
    }
}
