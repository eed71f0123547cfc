//! Checksums of whole objects: damage on the way from the service, or there, is found by them.

use std::collections::HashMap;

use aws_sdk_s3::config::interceptors::BeforeTransmitInterceptorContextMut;
use aws_sdk_s3::config::{ConfigBag, Intercept, RuntimeComponents};
use aws_sdk_s3::error::BoxError;
use aws_smithy_checksums::http::HttpChecksum;
use aws_smithy_checksums::{Checksum as State, ChecksumAlgorithm};
use aws_smithy_runtime_api::client::orchestrator::Metadata;
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use bytes::Bytes;

use super::fields::Presigned;

/// The user metadata entry with the CRC-32 of a file that is stored in one request, for
/// services that keep no checksum.
pub(super) const CRC32_ENTRY: &str = "coffer-crc32";
/// The user metadata entry with the SHA-256 of a file in parts whose client announced it: the
/// metadata is sent before the bytes.
pub(super) const SHA256_ENTRY: &str = "coffer-sha256";

/// The checksum that the bytes of a whole object should have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Checksum {
    algorithm: ChecksumAlgorithm,
    value: Vec<u8>,
}

impl Checksum {
    /// From its value in base64. None for what cannot be one of all bytes: a COMPOSITE one,
    /// which is a checksum of the parts' checksums, ends in `-` and their number.
    pub(super) fn parse(algorithm: ChecksumAlgorithm, value: &str) -> Option<Checksum> {
        let value = BASE64_STANDARD.decode(value).ok()?;
        let fits = value.len() as u64 == State::size(&*algorithm.into_impl());
        fits.then_some(Checksum { algorithm, value })
    }

    /// Begins to verify bytes.
    pub(super) fn verifier(self) -> Verifier {
        Verifier {
            state: self.algorithm.into_impl(),
            expected: self,
        }
    }
}

/// The CRC-32 of these bytes, in base64.
pub(super) fn crc32(bytes: &[u8]) -> String {
    let mut state = ChecksumAlgorithm::Crc32.into_impl();
    state.update(bytes);
    encoded(&state.finalize())
}

/// A checksum as user metadata and header fields carry it.
pub(super) fn encoded(value: &[u8]) -> String {
    BASE64_STANDARD.encode(value)
}

/// The user metadata entry for the SHA-256 of a file in parts, if it is known.
pub(super) fn entry(sha256: Option<&[u8; 32]>) -> HashMap<String, String> {
    let entry = sha256.map(|digest| (SHA256_ENTRY.to_owned(), encoded(digest)));
    entry.into_iter().collect()
}

/// Has whole objects come with their checksums.
///
/// Not by the SDK's option, with which the SDK verifies the body: that ends with the first
/// connection, and warns of each COMPOSITE checksum.
#[derive(Debug)]
pub(super) struct AskForChecksum;

impl Intercept for AskForChecksum {
    fn name(&self) -> &'static str {
        "checksum"
    }

    fn modify_before_signing(
        &self,
        context: &mut BeforeTransmitInterceptorContextMut<'_>,
        _: &RuntimeComponents,
        config: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let reads = config.load::<Metadata>().map(Metadata::name) == Some("GetObject");
        let fields = context.request_mut().headers_mut();
        if reads && !fields.contains_key("range") && !Presigned::is_marked(config) {
            fields.insert("x-amz-checksum-mode", "ENABLED");
        }
        Ok(())
    }
}

/// The bytes of an object are not those that were stored.
#[derive(Debug, thiserror::Error)]
#[error("the bytes from the service do not match the {0} stored with them")]
pub(super) struct Mismatch(&'static str);

/// Computes the checksum of bytes as they pass, and compares it at the end.
pub(super) struct Verifier {
    expected: Checksum,
    state: Box<dyn HttpChecksum>,
}

impl Verifier {
    pub(super) fn update(&mut self, bytes: &Bytes) {
        self.state.update(bytes);
    }

    /// To be called after the last byte.
    pub(super) fn verify(self) -> Result<(), Mismatch> {
        match self.state.finalize() == self.expected.value {
            true => Ok(()),
            false => Err(Mismatch(self.expected.algorithm.as_str())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn verify(checksum: Checksum, pieces: &[&'static str]) -> bool {
        let mut verifier = checksum.verifier();
        for piece in pieces {
            verifier.update(&Bytes::from_static(piece.as_bytes()));
        }
        verifier.verify().is_ok()
    }

    #[test]
    fn bytes_in_any_pieces_are_compared_with_the_stored_checksum() {
        assert_eq!(crc32(b"123456789"), "y/Q5Jg==");
        for (algorithm, value) in [
            (ChecksumAlgorithm::Crc32, "y/Q5Jg=="),
            (ChecksumAlgorithm::Crc32c, "4waSgw=="),
            (ChecksumAlgorithm::Crc64Nvme, "rosUhgp5mIg="),
            (ChecksumAlgorithm::Sha1, "98O8HYCOBHMq32eZZczDTKeuNEE="),
            (
                ChecksumAlgorithm::Sha256,
                "FeKw08M4keuw8e9gnsQZQgwg4yDOlMZfvIwzEkSOsiU=",
            ),
        ] {
            let checksum = Checksum::parse(algorithm, value).expect("a checksum");
            let verified = [
                verify(checksum.clone(), &["1234", "", "56789"]),
                verify(checksum.clone(), &["123456789"]),
                verify(checksum.clone(), &["123456788"]),
                verify(checksum, &[]),
            ];
            assert_eq!(verified, [true, true, false, false], "{algorithm:?}");
        }
    }

    #[test]
    fn what_is_not_a_checksum_of_all_bytes_is_left_out() {
        for value in ["", "y/Q5Jg==-2", "y/Q5Jg", "rosUhgp5mYg=", "?"] {
            let found = Checksum::parse(ChecksumAlgorithm::Crc32, value);
            assert_eq!(found, None, "{value}");
        }
    }
}
