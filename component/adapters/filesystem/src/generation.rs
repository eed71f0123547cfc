//! One generation of the index: a small file that names a base and holds all changes since
//! then. The latest generation is the state of the index.

use std::collections::BTreeMap;

use crate::row::{Change, parse_all};

/// The beginning of the first line: the format's name and version.
const FORM: &str = "coffer 1";
/// Stands for the base of an index that has none yet.
const NONE: &str = "-";

/// The content of such a file.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Generation {
    /// A name that no other generation has.
    pub id: String,
    /// The name of the base.
    pub base: Option<String>,
    /// All changes since then, by key.
    pub changes: BTreeMap<Vec<u8>, Change>,
}

impl Generation {
    /// The name of the file of the generation with this number.
    pub fn name(number: u64) -> String {
        format!("{number:020}")
    }

    /// The number in such a name.
    pub fn number(name: &str) -> Option<u64> {
        (name.len() == 20).then(|| name.parse().ok())?
    }

    pub fn text(&self) -> String {
        let base = self.base.as_deref().unwrap_or(NONE);
        let mut text = format!("{FORM} {} {base}\n", self.id);
        for change in self.changes.values() {
            text.push_str(&change.line());
        }
        text
    }

    /// None if the file is damaged, or has another format.
    pub fn parse(text: &str) -> Option<Generation> {
        let (first, lines) = text.split_once('\n')?;
        let (id, base) = first
            .strip_prefix(FORM)?
            .strip_prefix(' ')?
            .split_once(' ')?;
        let changes = parse_all(lines)?;
        Some(Generation {
            id: id.to_owned(),
            base: (base != NONE).then(|| base.to_owned()),
            changes: changes
                .into_iter()
                .map(|change| (change.key().as_str().as_bytes().to_vec(), change))
                .collect(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::row::tests::{key, row};

    #[test]
    fn a_generation_survives_a_round_trip_through_text() {
        let changes = [Change::Stored(row("b")), Change::Removed(key("a"))];
        let generation = Generation {
            id: "1".to_owned(),
            base: Some("x".to_owned()),
            changes: changes
                .map(|c| (c.key().as_str().as_bytes().to_vec(), c))
                .into(),
        };
        assert_eq!(
            Generation::parse(&generation.text()),
            Some(generation.clone())
        );
        let empty = Generation {
            base: None,
            changes: BTreeMap::new(),
            ..generation
        };
        assert_eq!(Generation::parse(&empty.text()), Some(empty));
        assert_eq!(Generation::parse("coffer 2 1 -\n"), None);
        assert_eq!(Generation::parse(""), None);
    }

    #[test]
    fn names_are_numbers() {
        assert_eq!(Generation::number(&Generation::name(7)), Some(7));
        assert_eq!(Generation::number("7"), None);
        assert_eq!(Generation::number("0000000000000000000x"), None);
    }
}
