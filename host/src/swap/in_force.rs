//! A component that serves, or has served.

use std::fmt;
use std::time::SystemTime;

use sha2::{Digest as _, Sha256};

use super::Taken;
use crate::sandbox::Sandbox;

/// A component with its policy, fit to serve.
pub struct InForce {
    /// Answers requests.
    pub sandbox: Sandbox,
    /// Origins whose scripts may read the host's own answers.
    pub cors_origins: Vec<String>,
    /// The component's digest.
    pub component: Digest,
    /// The digest of the policy document, unless the component's own is in force.
    pub policy: Option<Digest>,
    /// When it was found fit.
    pub since: SystemTime,
}

impl InForce {
    /// Whether these are the very component and policy.
    pub(super) fn is(&self, taken: &Taken) -> bool {
        let policy = taken.policy.as_ref();
        self.component == Digest::of(&taken.component)
            && self.policy == policy.map(|text| Digest::of(text.as_bytes()))
    }

    /// The policy's digest, or in words that there is none.
    pub(super) fn policy_text(&self) -> String {
        self.policy
            .map_or_else(|| "built in".to_owned(), |digest| digest.to_string())
    }
}

/// SHA-256 of a file. Displays as its first 16 hexadecimal digits, which is enough to
/// tell files apart by eye.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Digest([u8; 32]);

impl Digest {
    /// The digest of these bytes.
    pub fn of(bytes: &[u8]) -> Self {
        Self(Sha256::digest(bytes).into())
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0[..8]
            .iter()
            .try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}
