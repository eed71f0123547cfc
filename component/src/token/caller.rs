//! Who is asking.

use borsh::{BorshDeserialize, BorshSerialize};

use crate::claims::Claims;
use crate::owner::Owner;
use crate::policy::Iam;

/// Who is asking.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Caller {
    /// No token came, or none is looked at.
    Anonymous,
    /// A good token came.
    Bearer(Bearer),
}

/// What a verified token says about its bearer. Made by [`super::authenticate`] and by
/// nothing else.
#[derive(Debug, Clone, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub(crate) struct Bearer {
    user: Option<Owner>,
    org: Option<Owner>,
    roles: Vec<String>,
}

impl Bearer {
    /// Reads the claims of a good token where the policy says they are. A claim that is
    /// missing or of a shape that is not known leaves it good; it names nobody then.
    pub(super) fn of(claims: &Claims, iam: &Iam) -> Self {
        let issuer = iam.issuer();
        Self {
            user: claims.user(iam).and_then(|id| Owner::user(issuer, id)),
            org: claims.org(iam).and_then(|id| Owner::org(issuer, id)),
            roles: claims.roles(iam),
        }
    }

    /// The user, if the token names one.
    pub(crate) fn user(&self) -> Option<&Owner> {
        self.user.as_ref()
    }

    /// The organization, if the token names one.
    pub(crate) fn org(&self) -> Option<&Owner> {
        self.org.as_ref()
    }

    /// Whether the token gives this role. Case matters.
    pub(crate) fn has_role(&self, role: &str) -> bool {
        self.roles.iter().any(|held| held == role)
    }

    /// A bearer for truth tables, which need no token.
    #[cfg(test)]
    pub(crate) fn for_test(user: Option<&str>, org: Option<&str>, roles: &[&str]) -> Self {
        Self {
            user: user.and_then(|id| Owner::user("test", id)),
            org: org.and_then(|id| Owner::org("test", id)),
            roles: roles.iter().map(ToString::to_string).collect(),
        }
    }
}
