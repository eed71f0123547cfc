//! Which policy was in force when, and whether decisions agree with it.

use std::time::Instant;

/// The two policies: what one allows, the other forbids.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Policy {
    /// Storing is allowed, listing is not.
    Store,
    /// Listing is allowed, storing is not.
    List,
}

const STORE: &str = r#"
[[public.paths]]
match = "up-*"
create = "anyone"
replace = "anyone"
[[test]]
as = "nobody"
may = ["create public/up-1", "replace public/up-1"]
may-not = ["list public/small", "read public/departments/1/a"]
"#;

const LIST: &str = r#"
[[public.paths]]
match = "s*"
list = "anyone"
[[test]]
as = "nobody"
may = ["list public/small"]
may-not = ["create public/up-1", "replace public/up-1", "list public/up-1"]
"#;

impl Policy {
    /// The document: paths decide, behind a hundred that no name fits, and tests say so.
    pub fn text(self) -> String {
        let others: String = (0..100)
            .map(|n| {
                format!("[[public.paths]]\nmatch = \"departments/{n}/**\"\nread = \"nobody\"\n")
            })
            .collect();
        let deciding = match self {
            Self::Store => STORE,
            Self::List => LIST,
        };
        let area = match self {
            // The files of the beginning are stored under it.
            Self::Store => "create = \"anyone\"\n",
            Self::List => "create = \"nobody\"\n",
        };
        format!("[public]\nlist = \"nobody\"\nreplace = \"nobody\"\n{area}{others}{deciding}")
    }

    pub fn other(self) -> Self {
        match self {
            Self::Store => Self::List,
            Self::List => Self::Store,
        }
    }
}

/// A switch: asked for, and known to be done.
pub struct Switch {
    pub to: Policy,
    pub asked: Instant,
    pub done: Instant,
}

/// A decision made between two moments, as only this policy makes it.
pub struct Decision {
    pub of: Policy,
    pub begun: Instant,
    pub decided: Instant,
}

/// How decisions agree with the policies in force.
#[derive(Debug, Default)]
pub struct Agreement {
    /// Made while only one policy could be in force, and that one made them.
    pub sharp: usize,
    /// Made within the window of a switch, where either may have been.
    pub during_a_switch: usize,
    /// Made by a policy that was not in force.
    pub wrong: usize,
}

/// Compares decisions with the switches, of which the first was done before them.
pub fn judge(switches: &[Switch], decisions: &[Decision]) -> Agreement {
    let mut agreement = Agreement::default();
    for decision in decisions {
        let mut possible = switches.iter().enumerate().filter(|(index, switch)| {
            let ends = switches.get(index + 1).map(|next| next.done);
            switch.asked <= decision.decided && ends.is_none_or(|end| decision.begun <= end)
        });
        let (mut count, mut agrees) = (0, false);
        for (_, switch) in &mut possible {
            count += 1;
            agrees |= switch.to == decision.of;
        }
        match (agrees, count) {
            (false, _) => agreement.wrong += 1,
            (true, 1) => agreement.sharp += 1,
            (true, _) => agreement.during_a_switch += 1,
        }
    }
    agreement
}
