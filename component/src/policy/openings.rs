//! What a policy allows requests without a token, and whether it says so explicitly.
//!
//! By default anyone may read and create public files, so a truncated document can allow
//! more than the complete one. A host that reloads policies while serving refuses such a
//! change: it only opens what the new document states.

use super::{Operation, Policy, Word};
use crate::area::Area;

/// Something that is open to requests without a token.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Opening {
    /// What is open, as a clause; the same text under every policy.
    pub(crate) what: String,
    /// Whether the document states it, rather than a default.
    pub(crate) stated: bool,
    /// How a document states it.
    pub(crate) statement: String,
}

impl Policy {
    /// Everything that is open to requests without a token. Never the user and org areas,
    /// which always require one.
    pub(crate) fn openings(&self) -> Vec<Opening> {
        let public_only = self.iam().is_none().then(|| Opening {
            what: "tokens are ignored, since there is no [iam]".to_owned(),
            stated: self.stated.public_only,
            statement: "public-only = true".to_owned(),
        });
        let open = Operation::ALL
            .into_iter()
            .filter(|&operation| self.rule(Area::Public, operation).contains(&Word::Anyone))
            .map(|operation| Opening {
                what: format!("anyone may {} public files", operation.name()),
                stated: self.stated.public_only
                    || self.area(Area::Public).rules.given(operation).is_some(),
                statement: format!("{} = \"anyone\" in [public]", operation.name()),
            });
        let of_paths = self.paths(Area::Public).entries().flat_map(|entry| {
            let path = entry.path();
            let stated = Operation::ALL.into_iter().filter(|&operation| {
                let rule = path.rules.given(operation);
                rule.is_some_and(|rule| rule.words.contains(&Word::Anyone))
            });
            let opening = |operation: Operation| Opening {
                what: format!(
                    "anyone may {} public files that match {:?}",
                    operation.name(),
                    entry.pattern.to_string()
                ),
                stated: true,
                statement: format!("{} = \"anyone\" in [[public.paths]]", operation.name()),
            };
            stated.map(opening).collect::<Vec<_>>()
        });
        public_only
            .into_iter()
            .chain(open)
            .chain(of_paths)
            .collect()
    }
}
