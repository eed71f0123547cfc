//! A policy that was read, as it is remembered for later requests.
//!
//! It is what the policy states without its paths, then the paths of the public, the user and the
//! org area, each with its length in four bytes before it. The paths are not decoded, nor copied.

use bytes::Bytes;

use super::paths::{AreaPaths, Paths};
use super::{Policy, Stated};

impl Policy {
    /// The policy as bytes.
    pub fn to_bytes(&self) -> Vec<u8> {
        let stated = borsh::to_vec(&self.stated).unwrap_or_default();
        let AreaPaths { public, user, org } = &self.paths;
        let paths = [public, user, org].map(Paths::encoded);
        let mut bytes = Vec::new();
        for part in [&Bytes::from(stated)].into_iter().chain(paths) {
            let length = u32::try_from(part.len()).unwrap_or(u32::MAX);
            bytes.extend_from_slice(&length.to_le_bytes());
            bytes.extend_from_slice(part);
        }
        bytes
    }

    /// From [`Policy::to_bytes`]; `None` for anything else.
    pub fn from_bytes(bytes: Vec<u8>) -> Option<Self> {
        let mut rest = Bytes::from(bytes);
        let mut part = || {
            let length = u32::from_le_bytes(*rest.first_chunk()?);
            let end = usize::try_from(length).ok()?.checked_add(4)?;
            (end <= rest.len()).then(|| rest.split_to(end).slice(4..))
        };
        let stated: Stated = borsh::from_slice(&part()?).ok()?;
        let mut paths = || part().map(Paths::new);
        let paths = AreaPaths {
            public: paths()?,
            user: paths()?,
            org: paths()?,
        };
        rest.is_empty().then_some(Self { stated, paths })
    }
}
