//! What a token says literally, for a component that decides beside the policy. Without one, as
//! without the feature `decide`, it is not kept.

use borsh::{BorshDeserialize, BorshSerialize};

use super::claims::Claims;
use crate::policy::Iam;

/// What a valid token says.
#[derive(Debug, Default, Clone, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub(crate) struct Said {
    /// The user's id.
    #[cfg(feature = "decide")]
    pub(crate) user: Option<String>,
    /// The organization's id.
    #[cfg(feature = "decide")]
    pub(crate) org: Option<String>,
    /// All claims, a JSON object.
    #[cfg(feature = "decide")]
    pub(crate) claims: String,
}

impl Said {
    #[cfg(feature = "decide")]
    pub(super) fn of(claims: &Claims, iam: &Iam) -> Self {
        Self {
            user: claims.user(iam).ok().map(str::to_owned),
            org: claims.org(iam).ok().map(str::to_owned),
            claims: claims.to_string(),
        }
    }

    #[cfg(not(feature = "decide"))]
    pub(super) fn of(_: &Claims, _: &Iam) -> Self {
        Self {}
    }
}
