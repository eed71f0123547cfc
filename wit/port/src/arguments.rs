//! Checks of the arguments of the port's functions. A component that passes an invalid one has a bug,
//! so every implementation of the port lets it trap.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use crate::copy::are_disjoint;
use crate::key::{MOST_KEYS, are_different};
use crate::{
    Amendment, Copy, CreateOptions, Key, KeyError, ListOptions, Metadata, MetadataError, Span,
};

/// Max length of a content type or an uploader, in bytes.
pub const LONGEST_TEXT: usize = 1024;
/// Max entries of one list.
pub const LONGEST_LIST: u32 = 1000;

/// Why an argument is invalid.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidArgument {
    /// An invalid key.
    #[error("an invalid key: {0}")]
    Key(#[from] KeyError),
    /// Invalid metadata.
    #[error("invalid metadata: {0}")]
    Metadata(#[from] MetadataError),
    /// A content type or an uploader of more than [`LONGEST_TEXT`] bytes.
    #[error("a content type or an uploader of {0} bytes")]
    TooLong(usize),
    /// A SHA-256 that is not 32 bytes long.
    #[error("a SHA-256 of {0} bytes")]
    Digest(usize),
    /// More than [`MOST_KEYS`] files in one call.
    #[error("{0} files in one call")]
    TooMany(usize),
    /// The same key twice in one call.
    #[error("a key occurs twice")]
    Repeated,
    /// The target of a copy that is the source or the target of another one.
    #[error("a target of copies occurs twice")]
    RepeatedTarget,
    /// A copy for which the length or the digest of a body is given.
    #[error("a copy has no body")]
    BodyOfCopy,
    /// A span that ends before it starts.
    #[error("a span that ends before it starts")]
    Span,
    /// A list of no entries, or of more than [`LONGEST_LIST`].
    #[error("a list limit of {0}")]
    Limit(u32),
    /// An empty delimiter.
    #[error("an empty delimiter")]
    Delimiter,
    /// A time that the platform cannot represent.
    #[error("a time out of range")]
    Time,
}

/// A span that names its first and its last byte.
///
/// # Errors
/// [`InvalidArgument::Span`].
pub fn between(first: u64, last: u64) -> Result<Span, InvalidArgument> {
    match first <= last {
        true => Ok(Span::Between(first, last)),
        false => Err(InvalidArgument::Span),
    }
}

/// A time in seconds since 1970.
///
/// # Errors
/// [`InvalidArgument::Time`].
pub fn time(seconds: u64) -> Result<SystemTime, InvalidArgument> {
    UNIX_EPOCH
        .checked_add(Duration::from_secs(seconds))
        .ok_or(InvalidArgument::Time)
}

/// A SHA-256.
///
/// # Errors
/// [`InvalidArgument::Digest`].
pub fn sha256(bytes: Vec<u8>) -> Result<[u8; 32], InvalidArgument> {
    bytes
        .try_into()
        .map_err(|bytes: Vec<u8>| InvalidArgument::Digest(bytes.len()))
}

/// Metadata.
///
/// # Errors
/// [`InvalidArgument::Metadata`].
pub fn metadata(pairs: Vec<(String, String)>) -> Result<Metadata, InvalidArgument> {
    Ok(Metadata::new(pairs)?)
}

/// Keys, as many as one call may name.
///
/// # Errors
/// [`InvalidArgument::TooMany`], [`InvalidArgument::Key`].
pub fn keys(texts: Vec<String>) -> Result<Vec<Key>, InvalidArgument> {
    check_count(texts.len())?;
    let keys = texts.into_iter().map(Key::new);
    Ok(keys.collect::<Result<_, _>>()?)
}

/// The same, none of them twice.
///
/// # Errors
/// Those of [`keys`], and [`InvalidArgument::Repeated`].
pub fn different_keys(texts: Vec<String>) -> Result<Vec<Key>, InvalidArgument> {
    let keys = keys(texts)?;
    match are_different(&keys) {
        true => Ok(keys),
        false => Err(InvalidArgument::Repeated),
    }
}

/// How to store a file.
///
/// # Errors
/// [`InvalidArgument::TooLong`].
pub fn create(options: CreateOptions) -> Result<CreateOptions, InvalidArgument> {
    check_text(&options.content_type)?;
    options.uploader.as_deref().map_or(Ok(()), check_text)?;
    Ok(options)
}

/// What to copy; `map` converts what the component passed.
///
/// # Errors
/// [`InvalidArgument::TooMany`], [`InvalidArgument::BodyOfCopy`],
/// [`InvalidArgument::RepeatedTarget`], and those of `map`.
pub fn copies<C>(
    passed: Vec<C>,
    map: impl Fn(C) -> Result<Copy, InvalidArgument>,
) -> Result<Vec<Copy>, InvalidArgument> {
    check_count(passed.len())?;
    let copies: Vec<Copy> = passed.into_iter().map(map).collect::<Result<_, _>>()?;
    let has_body = |copy: &Copy| copy.options.announced.is_some() || copy.options.sha256.is_some();
    if copies.iter().any(has_body) {
        return Err(InvalidArgument::BodyOfCopy);
    }
    match are_disjoint(&copies) {
        true => Ok(copies),
        false => Err(InvalidArgument::RepeatedTarget),
    }
}

/// What to change of a file's description.
///
/// # Errors
/// [`InvalidArgument::TooLong`].
pub fn amendment(amendment: Amendment) -> Result<Amendment, InvalidArgument> {
    let content_type = amendment.content_type.as_deref();
    content_type.map_or(Ok(()), check_text)?;
    Ok(amendment)
}

/// Which keys to list, `limit` at most.
///
/// # Errors
/// [`InvalidArgument::Limit`], [`InvalidArgument::Delimiter`].
pub fn list(
    prefix: String,
    delimiter: Option<String>,
    after: Option<String>,
    limit: u32,
) -> Result<ListOptions, InvalidArgument> {
    if !(1..=LONGEST_LIST).contains(&limit) {
        return Err(InvalidArgument::Limit(limit));
    }
    if delimiter.as_deref() == Some("") {
        return Err(InvalidArgument::Delimiter);
    }
    Ok(ListOptions {
        prefix,
        delimiter,
        after,
        limit: limit as usize,
    })
}

fn check_count(count: usize) -> Result<(), InvalidArgument> {
    match count <= MOST_KEYS {
        true => Ok(()),
        false => Err(InvalidArgument::TooMany(count)),
    }
}

fn check_text(text: &str) -> Result<(), InvalidArgument> {
    match text.len() <= LONGEST_TEXT {
        true => Ok(()),
        false => Err(InvalidArgument::TooLong(text.len())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Conditions, Guard};

    fn texts(count: usize) -> Vec<String> {
        (0..count).map(|number| number.to_string()).collect()
    }

    fn options(content_type: &str, uploader: Option<&str>) -> CreateOptions {
        CreateOptions {
            content_type: content_type.to_owned(),
            uploader: uploader.map(str::to_owned),
            metadata: Metadata::default(),
            may_create: true,
            may_replace: Guard::Any,
            conditions: Conditions::default(),
            max_size: 0,
            announced: None,
            sha256: None,
        }
    }

    fn copy(from: &str, to: &str) -> Result<Copy, InvalidArgument> {
        Ok(Copy {
            from: Key::new(from)?,
            etag: "\"1\"".to_owned(),
            may_read: Guard::Any,
            may_remove: None,
            to: Key::new(to)?,
            options: options("", None),
            or_same: false,
        })
    }

    #[test]
    fn a_call_names_at_most_a_thousand_keys_that_are_valid() {
        assert_eq!(keys(texts(1000)).map(|keys| keys.len()), Ok(1000));
        assert_eq!(keys(texts(1001)), Err(InvalidArgument::TooMany(1001)));
        let invalid = vec!["a".to_owned(), "a/".to_owned()];
        let segment = InvalidArgument::Key(KeyError::EmptySegment);
        assert_eq!(keys(invalid), Err(segment));
        let twice = || vec!["a".to_owned(), "b".to_owned(), "a".to_owned()];
        assert_eq!(keys(twice()).map(|keys| keys.len()), Ok(3));
        assert_eq!(different_keys(twice()), Err(InvalidArgument::Repeated));
    }

    #[test]
    fn what_describes_a_file_is_at_most_a_kib_long() {
        let (longest, longer) = ("x".repeat(1024), "x".repeat(1025));
        let too_long = Err(InvalidArgument::TooLong(1025));
        let created = |content_type, uploader| create(options(content_type, uploader)).map(drop);
        assert_eq!(created(&longest, Some(&longest)), Ok(()));
        assert_eq!(created(&longer, None), too_long);
        assert_eq!(created("", Some(&longer)), too_long);
        let amended = |content_type: &str| {
            let content_type = Some(content_type.to_owned());
            amendment(Amendment {
                content_type,
                metadata: None,
            })
            .map(drop)
        };
        assert_eq!(amended(&longest), Ok(()));
        assert_eq!(amended(&longer), too_long);
    }

    #[test]
    fn copies_have_no_bodies_and_do_not_meet() {
        let made = |pairs: Vec<(&str, &str)>| {
            let copies = copies(pairs, |(from, to)| copy(from, to));
            copies.map(|copies| copies.len())
        };
        assert_eq!(made(vec![("a", "b"), ("a", "c")]), Ok(2));
        let repeated = Err(InvalidArgument::RepeatedTarget);
        assert_eq!(made(vec![("a", "c"), ("b", "c")]), repeated);
        assert_eq!(made(vec![("a", "b"), ("b", "c")]), repeated);
        assert_eq!(
            made(vec![("a", "b"); 1001]),
            Err(InvalidArgument::TooMany(1001))
        );
        for change in [
            |options: &mut CreateOptions| options.announced = Some(0),
            |options: &mut CreateOptions| options.sha256 = Some([0; 32]),
        ] {
            let with_body = |()| {
                let mut copy = copy("a", "b")?;
                change(&mut copy.options);
                Ok(copy)
            };
            let made = copies(vec![()], with_body).map(drop);
            assert_eq!(made, Err(InvalidArgument::BodyOfCopy));
        }
    }

    #[test]
    fn a_page_has_one_to_a_thousand_entries() {
        let listed = |delimiter: Option<&str>, limit| {
            let listed = list(String::new(), delimiter.map(str::to_owned), None, limit);
            listed.map(|options| options.limit)
        };
        assert_eq!(listed(Some("/"), 1), Ok(1));
        assert_eq!(listed(None, 1000), Ok(1000));
        assert_eq!(listed(None, 0), Err(InvalidArgument::Limit(0)));
        assert_eq!(listed(None, 1001), Err(InvalidArgument::Limit(1001)));
        assert_eq!(listed(Some(""), 1), Err(InvalidArgument::Delimiter));
    }

    #[test]
    fn spans_times_and_digests_have_their_range() {
        assert_eq!(between(3, 3), Ok(Span::Between(3, 3)));
        assert_eq!(between(3, 2), Err(InvalidArgument::Span));
        assert_eq!(time(0), Ok(UNIX_EPOCH));
        assert_eq!(time(u64::MAX), Err(InvalidArgument::Time));
        assert_eq!(sha256(vec![7; 32]), Ok([7; 32]));
        assert_eq!(sha256(vec![7; 31]), Err(InvalidArgument::Digest(31)));
    }
}
