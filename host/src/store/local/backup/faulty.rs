//! The files whose bytes a backup or a restore could not have, for operators.

use std::fmt::Display;

use crate::store::local::damage::Damage;

/// The most that are named.
const MOST: usize = 1000;

/// Files that are damaged, and files that cannot be read: those may be whole.
#[derive(Debug, Default)]
pub struct Faulty {
    damaged: u64,
    unreadable: u64,
    lines: Vec<String>,
}

impl Faulty {
    /// Counts a file; `line` says which it is.
    pub(super) fn add(&mut self, damage: &Damage, line: impl FnOnce() -> String) {
        match damage {
            Damage::Unreadable(_) => self.unreadable += 1,
            Damage::Missing | Damage::Length { .. } | Damage::Digest | Damage::NoDigest => {
                self.damaged += 1;
            }
        }
        if self.lines.len() < MOST {
            self.lines.push(line());
        }
    }

    /// Says how many are not named.
    pub(super) fn complete(mut self) -> Self {
        let all = self.damaged + self.unreadable;
        let more = all.saturating_sub(self.lines.len() as u64);
        if more > 0 {
            self.lines.push(format!("and {more} more"));
        }
        self
    }

    /// Which, each in one line.
    pub(super) fn lines(&self) -> &[String] {
        &self.lines
    }

    /// How many, and what is wrong with them.
    pub(super) fn count_in(&self, place: &dyn Display) -> String {
        match (self.damaged, self.unreadable) {
            (damaged, 0) => format!("{damaged} files in {place} are damaged"),
            (0, unreadable) => format!("{unreadable} files in {place} cannot be read"),
            (damaged, unreadable) => {
                format!("{damaged} files in {place} are damaged and {unreadable} cannot be read")
            }
        }
    }

    /// What to do about those in a data directory.
    pub(super) fn way_out(&self) -> String {
        let replace = "replace those that are damaged, by those of a backup for example, or \
                       delete them";
        let mend = |them| {
            format!(
                "fix what keeps the system from reading {them}, such as permissions or a failing disk"
            )
        };
        match (self.damaged, self.unreadable) {
            (_, 0) => replace.to_owned(),
            (0, _) => mend("them"),
            _ => format!("{replace}, {}", mend("the others")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn faulty(damaged: usize, unreadable: usize) -> Faulty {
        let mut files = Faulty::default();
        for (count, damage) in [
            (damaged, Damage::Missing),
            (unreadable, Damage::Unreadable("the disk".to_owned())),
        ] {
            (0..count).for_each(|_| files.add(&damage, || "a file".to_owned()));
        }
        files.complete()
    }

    #[test]
    fn nobody_is_told_to_delete_what_cannot_be_read() {
        for (damaged, unreadable, expected, deletes) in [
            (2, 0, "2 files in D are damaged", true),
            (0, 3, "3 files in D cannot be read", false),
            (2, 3, "2 files in D are damaged and 3 cannot be read", true),
        ] {
            let files = faulty(damaged, unreadable);
            assert_eq!(files.count_in(&"D"), expected);
            assert_eq!(files.way_out().contains("delete"), deletes, "{expected}");
        }
    }

    #[test]
    fn many_are_counted_and_not_all_named() {
        assert_eq!(faulty(MOST, 0).lines().len(), MOST);
        let files = faulty(MOST, 5);
        assert_eq!(files.lines().len(), MOST + 1);
        assert_eq!(files.lines().last().map(String::as_str), Some("and 5 more"));
    }
}
