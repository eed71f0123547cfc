//! Who is asking.

use borsh::{BorshDeserialize, BorshSerialize};

use super::claims::Claims;
use super::owner::Owner;
use super::said::Said;
use crate::policy::{Absent, Facts, Iam, Questions};

/// Who is asking.
#[derive(Debug, Clone, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub enum Caller {
    /// No token was sent, or tokens are ignored.
    Anonymous,
    /// A valid token was sent.
    Bearer(Bearer),
}

/// What a verified token says about its bearer. Only [`super::authenticate`] makes one.
#[derive(Debug, Clone, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct Bearer {
    user: Result<Owner, Absent>,
    org: Result<Owner, Absent>,
    roles: Result<Vec<String>, Absent>,
    facts: Facts,
    #[cfg_attr(not(feature = "decide"), allow(dead_code))]
    said: Said,
}

impl Caller {
    /// What the policy wants to know of the token.
    pub(crate) fn facts(&self) -> &Facts {
        match self {
            Self::Anonymous => Facts::NONE,
            Self::Bearer(bearer) => &bearer.facts,
        }
    }
}

impl Bearer {
    /// Reads the claims of a valid token where the policy says they are. A claim that is
    /// missing or has an unsupported shape does not make the token invalid; it just names
    /// nobody.
    pub(super) fn of(claims: &Claims, iam: &Iam, questions: &Questions) -> Self {
        let issuer = iam.issuer();
        let user = |id| Owner::user(issuer, id).ok_or(Absent::TooLong);
        let org = |id| Owner::org(issuer, id).ok_or(Absent::TooLong);
        Self {
            user: claims.user(iam).and_then(user),
            org: claims.org(iam).and_then(org),
            roles: claims.roles(iam),
            facts: questions.answers(claims.user(iam).ok(), |pointer| claims.values(pointer)),
            said: Said::of(claims, iam),
        }
    }

    /// The user, or why the token names none.
    pub(crate) fn user(&self) -> Result<&Owner, Absent> {
        self.user.as_ref().map_err(|absent| *absent)
    }

    /// The organization, or why the token names none.
    pub(crate) fn org(&self) -> Result<&Owner, Absent> {
        self.org.as_ref().map_err(|absent| *absent)
    }

    /// The roles, at least one, or why the token has none.
    pub(crate) fn roles(&self) -> Result<&[String], Absent> {
        self.roles.as_deref().map_err(|absent| *absent)
    }

    /// Whether the token has this role. Case-sensitive.
    pub(crate) fn has_role(&self, role: &str) -> bool {
        self.roles.iter().flatten().any(|held| held == role)
    }

    /// What the token says literally.
    #[cfg(feature = "decide")]
    pub(crate) fn said(&self) -> &Said {
        &self.said
    }

    /// A bearer for truth tables, which need no token.
    #[cfg(test)]
    pub(crate) fn for_test(user: Option<&str>, org: Option<&str>, roles: &[&str]) -> Self {
        let named = |owner: Option<Owner>| owner.ok_or(Absent::Missing);
        let roles: Vec<String> = roles.iter().map(ToString::to_string).collect();
        Self {
            user: named(user.and_then(|id| Owner::user("test", id))),
            org: named(org.and_then(|id| Owner::org("test", id))),
            roles: Some(roles)
                .filter(|roles| !roles.is_empty())
                .ok_or(Absent::Missing),
            facts: Facts::default(),
            said: Said::default(),
        }
    }

    /// The same, and it answers these questions.
    #[cfg(test)]
    pub(crate) fn knowing(mut self, facts: Facts) -> Self {
        self.facts = facts;
        self
    }
}
