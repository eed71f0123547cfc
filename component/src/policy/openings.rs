//! What a policy lets requests without a token do, and whether it says so itself.
//!
//! Defaults let anyone read and create public files, so a document that has lost its end
//! can allow more than the whole. A host that changes policies while serving refuses such
//! a change: it lets in only what the new document states.

use super::{Operation, Policy, Word};
use crate::area::Area;

/// Something that is open to requests without a token.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Opening {
    /// What it is, as a clause; the same under every policy.
    pub(crate) what: String,
    /// Whether the document says so, and not a default.
    pub(crate) stated: bool,
    /// How a document says so.
    pub(crate) statement: String,
}

impl Policy {
    /// Everything that is open to requests without a token. None of it is in the user and
    /// org areas, which no such request enters.
    pub(crate) fn openings(&self) -> Vec<Opening> {
        let public_only = self.iam.is_none().then(|| Opening {
            what: "tokens are not looked at, since there is no [iam]".to_owned(),
            stated: self.public_only,
            statement: "public-only = true".to_owned(),
        });
        let open = Operation::ALL
            .into_iter()
            .filter(|&operation| self.rule(Area::Public, operation).contains(&Word::Anyone))
            .map(|operation| Opening {
                what: format!("anyone may {} public files", operation.name()),
                stated: self.public_only || self.public.rules.given(operation).is_some(),
                statement: format!("{} = \"anyone\" in [public]", operation.name()),
            });
        public_only.into_iter().chain(open).collect()
    }
}
