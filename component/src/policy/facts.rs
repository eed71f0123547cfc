//! What the rules and paths of a policy want to know of a token.

use borsh::{BorshDeserialize, BorshSerialize};

use super::Pointer;

/// What a policy asks of every token, besides user, organization and roles.
#[derive(Debug, Default, Clone, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub(crate) struct Questions {
    /// Whether a path has `{user}`.
    user: bool,
    /// Each once.
    claims: Vec<Pointer>,
}

/// The answers of one token.
#[derive(Debug, Default, Clone, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub(crate) struct Facts {
    user: Option<String>,
    claims: Vec<(Pointer, Vec<String>)>,
}

impl Questions {
    /// Asks for the user's id.
    pub(super) fn ask_user(&mut self) {
        self.user = true;
    }

    /// Asks for the values of this claim.
    pub(super) fn ask_claim(&mut self, pointer: &Pointer) {
        if !self.claims.contains(pointer) {
            self.claims.push(pointer.clone());
        }
    }

    /// The answers, from a token with this user's id and these values of a claim.
    pub(crate) fn answers(
        &self,
        user: Option<&str>,
        values: impl Fn(&Pointer) -> Vec<String>,
    ) -> Facts {
        let user = user.filter(|_| self.user);
        Facts {
            user: user.map(str::to_owned),
            claims: self
                .claims
                .iter()
                .map(|pointer| (pointer.clone(), values(pointer)))
                .collect(),
        }
    }
}

impl Facts {
    /// Those of a request without a token.
    pub(crate) const NONE: &Self = &Self {
        user: None,
        claims: Vec::new(),
    };

    /// The user's id.
    pub(super) fn user(&self) -> Option<&str> {
        self.user.as_deref()
    }

    /// The values of the claim at this pointer; none if the token does not have it.
    pub(super) fn claim(&self, pointer: &str) -> &[String] {
        let mut claims = self.claims.iter();
        let found = claims.find(|(known, _)| known.as_str() == pointer);
        found.map_or(&[], |(_, values)| values)
    }

    /// Whether the claim at this pointer has this value. Case-sensitive.
    pub(crate) fn has(&self, pointer: &str, value: &str) -> bool {
        self.claim(pointer).iter().any(|held| held == value)
    }
}
