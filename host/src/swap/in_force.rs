//! A component that serves, or has served.

use std::fmt;
use std::time::SystemTime;

use sha2::{Digest as _, Sha256};

use super::sources::Taken;
use crate::sandbox::{Candidate, Opening, Sandbox};

/// A component with its policy, both valid.
pub struct InForce {
    /// Answers requests.
    pub sandbox: Sandbox,
    /// The same component as it was compiled, for the next policy.
    pub(super) compiled: Compiled,
    /// CORS: origins whose scripts may read the host's own responses, as [`coffer_cors`] parses
    /// them.
    pub cors_origins: Vec<String>,
    /// The policy document, unless the component's own is in force.
    pub(super) policy: Option<String>,
    /// What it opens to requests without a token.
    pub(super) openings: Vec<Opening>,
    /// The digests of component and policy.
    pub digests: Digests,
    /// When it passed its check.
    pub since: SystemTime,
}

/// A component, to be checked with any policy.
#[derive(Clone)]
pub(super) struct Compiled {
    pub(super) candidate: Candidate,
    /// Whether it asks another component, which is composed with it.
    pub(super) is_asking: bool,
}

impl InForce {
    pub(super) fn policy_and_openings(&self) -> (Option<&str>, &[Opening]) {
        (self.policy.as_deref(), &self.openings)
    }
}

/// Tells components and policies apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Digests {
    /// The component's.
    pub component: Digest,
    /// The policy document's, unless the component's own is in force.
    pub policy: Option<Digest>,
}

impl Digests {
    pub(super) fn of(taken: &Taken) -> Self {
        let policy = taken.policy.as_ref();
        Self {
            component: Digest::of(&taken.component),
            policy: policy.map(|text| Digest::of(text.as_bytes())),
        }
    }

    /// The policy's digest, or `built in`.
    pub fn policy_text(&self) -> String {
        self.policy
            .map_or_else(|| "built in".to_owned(), |digest| digest.to_string())
    }
}

/// SHA-256 of a file. Displayed as its first 16 hexadecimal digits, which are enough to tell
/// files apart by eye.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Digest([u8; 32]);

impl Digest {
    /// The digest of these bytes.
    pub fn of(bytes: &[u8]) -> Self {
        Self(Sha256::digest(bytes).into())
    }
}

impl fmt::Display for Digest {
    /// In a single write, since every request's log lines name its component.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = [0; 16];
        let digits = base16ct::lower::encode_str(&self.0[..8], &mut text);
        f.write_str(digits.unwrap_or_default())
    }
}
