//! Copies and changes of what is stored, without its bytes.

use std::collections::HashSet;

use crate::{CopyError, CreateOptions, Error, Guard, Info, Key, Metadata};

/// One file to copy, or to move.
#[derive(Debug, Clone)]
pub struct Copy {
    /// The file to copy.
    pub from: Key,
    /// The version of it.
    pub etag: String,
    /// Whose files may be read.
    pub may_read: Guard,
    /// Where given, the file is moved: whose files may be removed.
    pub may_remove: Option<Guard>,
    /// Where the copy goes; not `from`.
    pub to: Key,
    /// How the copy is stored. No digest, nothing announced.
    pub options: CreateOptions,
    /// Whether a file under `to` that has the same bytes and is described the same counts as the
    /// copy, whatever the guards and conditions of `options` say.
    pub or_same: bool,
}

impl Copy {
    /// Whether `source`, which is under `from`, may be copied: existence, guards, version, size.
    ///
    /// # Errors
    /// [`CopyError::Source`] of [`Error::NotFound`], [`Error::Protected`] and
    /// [`Error::PreconditionFailed`], [`CopyError::Target`] of [`Error::TooLarge`].
    pub fn check_source(&self, source: Option<&Info>) -> Result<(), CopyError> {
        self.check_version(source).map_err(CopyError::Source)?;
        match source.is_some_and(|info| info.size > self.options.max_size) {
            true => Err(CopyError::Target(Error::TooLarge)),
            false => Ok(()),
        }
    }

    fn check_version(&self, source: Option<&Info>) -> Result<(), Error> {
        let source = source.ok_or(Error::NotFound)?;
        let uploader = source.uploader.as_deref();
        let removable = self.may_remove.as_ref();
        if !self.may_read.admits(uploader) || removable.is_some_and(|guard| !guard.admits(uploader))
        {
            return Err(Error::Protected);
        }
        match source.etag == self.etag {
            true => Ok(()),
            false => Err(Error::PreconditionFailed),
        }
    }

    /// Whether `current`, which is under `to` and has the same bytes, counts as the copy: it has
    /// the same description. Whoever did not store it must not learn whether it has: they may not be
    /// allowed to read it. Those without an uploader count as of the same.
    #[must_use]
    pub fn counts(&self, current: &Info) -> bool {
        self.or_same
            && current.uploader == self.options.uploader
            && current.content_type == self.options.content_type
            && current.metadata == self.options.metadata
    }

    /// Whether `current`, which is under `to`, may give way to the copy.
    ///
    /// # Errors
    /// [`CopyError::Target`] as [`CreateOptions::check`].
    pub fn check_target(&self, current: Option<&Info>) -> Result<(), CopyError> {
        self.options.check(current).map_err(CopyError::Target)
    }
}

/// Whether no key that is stored under occurs a second time, as a source neither.
#[must_use]
pub fn are_disjoint(copies: &[Copy]) -> bool {
    let mut targets = HashSet::with_capacity(copies.len());
    copies.iter().all(|copy| targets.insert(&copy.to))
        && !copies.iter().any(|copy| targets.contains(&copy.from))
}

/// What to change of a file's description.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Amendment {
    /// Its new content type; none to keep it.
    pub content_type: Option<String>,
    /// Its new metadata, in place of all it has; none to keep it.
    pub metadata: Option<Metadata>,
}

impl Amendment {
    /// Changes a description.
    pub fn apply(self, info: &mut Info) {
        let Self {
            content_type,
            metadata,
        } = self;
        if let Some(content_type) = content_type {
            info.content_type = content_type;
        }
        if let Some(metadata) = metadata {
            info.metadata = metadata;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::UNIX_EPOCH;

    use super::*;
    use crate::Conditions;

    fn copy() -> Copy {
        Copy {
            from: Key::new("a").expect("a key"),
            etag: "\"1\"".into(),
            may_read: Guard::Any,
            may_remove: None,
            to: Key::new("b").expect("a key"),
            options: CreateOptions {
                content_type: "a/b".into(),
                uploader: None,
                metadata: Metadata::default(),
                may_create: true,
                may_replace: Guard::None,
                conditions: Conditions::default(),
                max_size: 5,
                announced: None,
                sha256: None,
            },
            or_same: false,
        }
    }

    fn info() -> Info {
        Info {
            key: Key::new("a").expect("a key"),
            size: 5,
            etag: "\"1\"".into(),
            modified: UNIX_EPOCH,
            content_type: "a/b".into(),
            uploader: Some("ann".into()),
            metadata: Metadata::default(),
        }
    }

    #[test]
    fn guards_come_before_the_version_and_the_size_last() {
        let (bob, ann) = (Guard::Uploader("bob".into()), Guard::Uploader("ann".into()));
        let check = |copy: &Copy, info: &Info| copy.check_source(Some(info));
        assert!(matches!(
            copy().check_source(None),
            Err(CopyError::Source(Error::NotFound))
        ));
        assert!(check(&copy(), &info()).is_ok());
        let read_by = |may_read| Copy { may_read, ..copy() };
        assert!(check(&read_by(ann.clone()), &info()).is_ok());
        let other = Info {
            etag: "\"2\"".into(),
            ..info()
        };
        assert!(matches!(
            check(&read_by(bob.clone()), &other),
            Err(CopyError::Source(Error::Protected))
        ));
        let moved = |guard| Copy {
            may_remove: Some(guard),
            ..copy()
        };
        assert!(check(&moved(ann), &info()).is_ok());
        assert!(matches!(
            check(&moved(bob), &info()),
            Err(CopyError::Source(Error::Protected))
        ));
        let larger = Info { size: 6, ..other };
        assert!(matches!(
            check(&copy(), &larger),
            Err(CopyError::Source(Error::PreconditionFailed))
        ));
        let larger = Info { size: 6, ..info() };
        assert!(matches!(
            check(&copy(), &larger),
            Err(CopyError::Target(Error::TooLarge))
        ));
    }

    #[test]
    fn only_what_the_same_uploader_stored_counts_as_the_copy() {
        let by = |or_same, uploader: Option<&str>| Copy {
            options: CreateOptions {
                uploader: uploader.map(str::to_owned),
                ..copy().options
            },
            or_same,
            ..copy()
        };
        let of_nobody = Info {
            uploader: None,
            ..info()
        };
        assert!(by(true, Some("ann")).counts(&info()));
        assert!(by(true, None).counts(&of_nobody));
        for copy in [
            by(true, Some("bob")),
            by(true, None),
            by(false, Some("ann")),
        ] {
            assert!(!copy.counts(&info()), "{copy:?}");
        }
        assert!(!by(true, Some("ann")).counts(&of_nobody));
    }

    #[test]
    fn what_is_described_otherwise_does_not_count_as_the_copy() {
        let copy = Copy {
            options: CreateOptions {
                uploader: Some("ann".into()),
                ..copy().options
            },
            or_same: true,
            ..copy()
        };
        assert!(copy.counts(&info()));
        let pairs = vec![("rev".to_owned(), "2".to_owned())];
        for current in [
            Info {
                content_type: "text/html".into(),
                ..info()
            },
            Info {
                metadata: Metadata::new(pairs).expect("metadata"),
                ..info()
            },
        ] {
            assert!(!copy.counts(&current), "{current:?}");
        }
    }

    #[test]
    fn a_target_occurs_once_and_a_source_as_often_as_it_is_copied() {
        let key = |name| Key::new(name).expect("a key");
        let of = |pairs: &[(&'static str, &'static str)]| {
            let pairs = pairs.iter();
            let copies = pairs.map(|&(from, to)| Copy {
                from: key(from),
                to: key(to),
                ..copy()
            });
            copies.collect::<Vec<_>>()
        };
        assert!(are_disjoint(&of(&[])));
        assert!(are_disjoint(&of(&[("a", "b"), ("a", "c")])));
        for overlapping in [
            &[("a", "a")][..],
            &[("a", "c"), ("b", "c")],
            &[("a", "b"), ("b", "c")],
        ] {
            assert!(!are_disjoint(&of(overlapping)), "{overlapping:?}");
        }
    }

    #[test]
    fn an_amendment_changes_only_what_it_names() {
        let mut changed = info();
        Amendment::default().apply(&mut changed);
        assert_eq!(changed, info());
        let metadata = Metadata::new(vec![("k".into(), "v".into())]).expect("metadata");
        let amendment = Amendment {
            content_type: None,
            metadata: Some(metadata.clone()),
        };
        amendment.apply(&mut changed);
        assert_eq!(changed, Info { metadata, ..info() });
    }
}
