//! Copies and moves: which of a batch are made, and what that changes in the index.

use std::collections::HashSet;
use std::time::SystemTime;

use coffer_port::{Copy, CopyError, Error, Key, Stored};

use crate::disk::Answer;
use crate::row::{Change, Row};
use crate::version;

/// Where the bytes of a copy come from.
#[derive(Debug, PartialEq, Eq)]
pub enum Way {
    /// They have a further name.
    Link,
    /// The source's row goes over to the target.
    Move,
    /// They are there already.
    Same,
}

/// The outcome of a batch.
#[derive(Default)]
pub struct Plan {
    pub changes: Vec<Change>,
    pub outcomes: Vec<Result<Stored, CopyError>>,
    /// Versions that no row names any more.
    pub obsolete: Vec<String>,
}

/// Whether and how a file is copied, given what is under both keys.
///
/// # Errors
/// As `copy` of the port.
pub fn way(copy: &Copy, source: Option<&Row>, target: Option<&Row>) -> Result<Way, CopyError> {
    copy.check_source(source.map(Row::info).as_ref())?;
    if let (Some(source), Some(target)) = (source, target)
        && version::are_same(&source.version, &target.version)
        && copy.counts(&target.info())
    {
        return Ok(Way::Same);
    }
    copy.check_target(target.map(Row::info).as_ref())?;
    Ok(match copy.may_remove {
        Some(_) => Way::Move,
        None => Way::Link,
    })
}

/// Decides about a batch by what `find` returns. `link` is the further name that the bytes of
/// the source of a copy got, none if it was not to be copied then.
///
/// # Errors
/// Those of `find`.
pub fn plan<'a>(
    copies: &[Copy],
    modified: SystemTime,
    find: impl Fn(&Key) -> Result<Option<Row>, Error>,
    link: impl Fn(usize) -> Option<Answer<&'a str>>,
) -> Result<Plan, Error> {
    let mut plan = Plan::default();
    let mut moved = HashSet::new();
    for (index, copy) in copies.iter().enumerate() {
        let source = match moved.contains(&copy.from) {
            true => None,
            false => find(&copy.from)?,
        };
        let target = find(&copy.to)?;
        let outcome = plan.add(copy, modified, source, target, || link(index));
        if outcome.is_ok() && copy.may_remove.is_some() {
            moved.insert(&copy.from);
        }
        plan.outcomes.push(outcome);
    }
    Ok(plan)
}

impl Plan {
    fn add<'a>(
        &mut self,
        copy: &Copy,
        modified: SystemTime,
        source: Option<Row>,
        target: Option<Row>,
        link: impl FnOnce() -> Option<Answer<&'a str>>,
    ) -> Result<Stored, CopyError> {
        let way = way(copy, source.as_ref(), target.as_ref())?;
        let source = source.ok_or(CopyError::Source(Error::NotFound))?;
        let moves = copy.may_remove.is_some();
        let (version, target) = match (way, target) {
            (Way::Same, Some(target)) => {
                if moves {
                    self.changes.push(Change::Removed(source.key));
                    self.obsolete.push(source.version);
                }
                return Ok(Stored {
                    info: target.info(),
                    replaced: true,
                });
            }
            (Way::Move, target) => (source.version, target),
            (_, target) => {
                let gone = || Error::unavailable("the bytes of a file are missing");
                let linked = link().ok_or_else(|| CopyError::Source(gone()))?;
                let linked = linked.map_err(|failure| CopyError::Target(failure.into()))?;
                (linked.to_owned(), target)
            }
        };
        let row = Row {
            key: copy.to.clone(),
            version,
            size: source.size,
            modified,
            content_type: copy.options.content_type.clone(),
            uploader: copy.options.uploader.clone(),
            metadata: copy.options.metadata.clone(),
        };
        let stored = Stored {
            info: row.info(),
            replaced: target.is_some(),
        };
        self.obsolete.extend(target.map(|row| row.version));
        if moves {
            self.changes.push(Change::Removed(source.key));
        }
        self.changes.push(Change::Stored(row));
        Ok(stored)
    }
}

#[cfg(test)]
mod tests {
    use std::time::UNIX_EPOCH;

    use coffer_port::{Conditions, CreateOptions, Guard, Metadata};

    use super::*;
    use crate::row::tests::{key, metadata, row};

    const OTHERS: &str = "ffffffffffffffffffffffffffffffff";

    fn copy(from: &str, to: &str) -> Copy {
        Copy {
            from: key(from),
            etag: row(from).etag(),
            may_read: Guard::Any,
            may_remove: None,
            to: key(to),
            options: CreateOptions {
                content_type: "a/b".to_owned(),
                uploader: Some("ann".to_owned()),
                metadata: Metadata::default(),
                may_create: true,
                may_replace: Guard::Any,
                conditions: Conditions::default(),
                max_size: 100,
                announced: None,
                sha256: None,
            },
            or_same: false,
        }
    }

    fn moving(from: &str, to: &str) -> Copy {
        Copy {
            may_remove: Some(Guard::Any),
            ..copy(from, to)
        }
    }

    /// What a store of these keys does, as lines: each change, then what is obsolete, then the
    /// errors.
    fn planned(keys: &[&str], copies: &[Copy], link: Option<&str>) -> Vec<String> {
        let find = |key: &Key| {
            let found = keys.iter().find(|known| **known == key.as_str());
            Ok(found.map(|known| row(known)))
        };
        let plan = plan(copies, UNIX_EPOCH, find, |_| link.map(Ok)).expect("a plan");
        assert_eq!(plan.outcomes.len(), copies.len());
        let changes = plan.changes.iter().map(|change| match change {
            Change::Stored(row) => format!("{} = {}", row.key, row.version.trim_matches('0')),
            Change::Removed(key) => format!("no {key}"),
        });
        let obsolete = plan.obsolete.iter();
        let obsolete = obsolete.map(|version| format!("unlink {}", version.trim_matches('0')));
        let errors = plan.outcomes.iter().filter_map(|outcome| {
            let error = outcome.as_ref().err()?;
            Some(coffer_port::error::causes(error))
        });
        changes.chain(obsolete).chain(errors).collect()
    }

    #[test]
    fn a_copy_has_its_own_link_and_a_move_takes_the_version_along() {
        // The version of a row in these tests is the length of its key.
        assert_eq!(planned(&["a"], &[copy("a", "bb")], Some("7")), ["bb = 7"]);
        let moved = planned(&["a"], &[moving("a", "bb")], None);
        assert_eq!(moved, ["no a", "bb = 1"]);
        // What they replace loses its bytes.
        let copied = planned(&["a", "bb"], &[copy("a", "bb")], Some("7"));
        assert_eq!(copied, ["bb = 7", "unlink 2"]);
        let moved = planned(&["a", "bb"], &[moving("a", "bb")], None);
        assert_eq!(moved, ["no a", "bb = 1", "unlink 2"]);
    }

    #[test]
    fn a_source_is_moved_once() {
        let copies = [moving("a", "bb"), moving("a", "cc"), copy("a", "dd")];
        let gone = "the source cannot be copied: no such file";
        let moved = planned(&["a"], &copies, Some("7"));
        assert_eq!(moved, ["no a", "bb = 1", gone, gone]);
    }

    #[test]
    fn what_is_refused_changes_nothing_and_stops_nothing() {
        let protected = Copy {
            may_read: Guard::Uploader("bob".to_owned()),
            ..copy("a", "bb")
        };
        let old = Copy {
            etag: format!("\"{OTHERS}\""),
            ..moving("a", "cc")
        };
        let mut existing = copy("a", "dddd");
        existing.options.may_replace = Guard::None;
        let copies = [
            protected,
            old,
            existing,
            copy("nothing", "e"),
            copy("a", "f"),
        ];
        assert_eq!(
            planned(&["a", "dddd"], &copies, Some("7")),
            [
                "f = 7",
                "the source cannot be copied: the file is protected",
                "the source cannot be copied: a precondition failed",
                "the copy cannot be stored: the file is protected",
                "the source cannot be copied: no such file",
            ]
        );
    }

    #[test]
    fn a_file_whose_bytes_are_missing_is_not_copied() {
        assert_eq!(
            planned(&["a"], &[copy("a", "bb")], None),
            [
                "the source cannot be copied: the store is unavailable: the bytes of a file are missing"
            ]
        );
    }

    #[test]
    fn the_same_file_of_the_same_uploader_counts_as_the_copy_whatever_guards_it() {
        // Keys of the same length have the same bytes in these tests.
        let mut repeated = copy("a", "b");
        repeated.or_same = true;
        repeated.options.may_replace = Guard::None;
        repeated.options.uploader = row("b").uploader;
        repeated.options.content_type = row("b").content_type;
        let found: [&str; 0] = [];
        assert_eq!(planned(&["a", "b"], &[repeated.clone()], None), found);
        let protected = "the copy cannot be stored: the file is protected";
        let different = |change: fn(&mut CreateOptions)| {
            let mut copy = repeated.clone();
            change(&mut copy.options);
            copy
        };
        for different in [
            different(|options| options.uploader = Some("another".to_owned())),
            different(|options| options.content_type = "text/csv".to_owned()),
            different(|options| options.metadata = metadata(&[("a", "b")])),
        ] {
            assert_eq!(planned(&["a", "b"], &[different], None), [protected]);
        }
        repeated.may_remove = Some(Guard::Any);
        assert_eq!(
            planned(&["a", "b"], &[repeated.clone()], None),
            ["no a", "unlink 1"]
        );
        repeated.or_same = false;
        assert_eq!(planned(&["a", "b"], &[repeated], None), [protected]);
    }
}
