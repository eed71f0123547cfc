//! The preconditions of a request (RFC 9110, 13.1).

mod entity_tag;

use http::{HeaderMap, HeaderName, HeaderValue, header};

use crate::bindings::coffer::storage::blobs::{Conditions, Etags, Span, Validator};
use crate::bindings::wasi::clocks::wall_clock::Datetime;
use crate::problem::Problem;
use crate::time::parse_http_date;
use entity_tag::{Tag, entity_tag};

/// The conditions for storing or deleting a file; the store evaluates them in their
/// order of precedence.
///
/// A malformed list of entity tags is refused; a malformed date is ignored (13.1.3,
/// 13.1.4).
pub fn conditions(headers: &HeaderMap) -> Result<Conditions, Problem> {
    read(headers, Unreadable::Refused)
}

/// The conditions for reading a file. A malformed tag in `If-None-Match`, which many
/// clients send without quotes, matches nothing: it only costs them a transfer.
pub(crate) fn of_read(headers: &HeaderMap) -> Result<Conditions, Problem> {
    read(headers, Unreadable::Ignored)
}

fn read(headers: &HeaderMap, unreadable: Unreadable) -> Result<Conditions, Problem> {
    let refused = Unreadable::Refused;
    Ok(Conditions {
        if_match: etags(headers, &header::IF_MATCH, Weak::NeverMatches, refused)?,
        if_unmodified_since: date(headers, &header::IF_UNMODIFIED_SINCE),
        if_none_match: etags(
            headers,
            &header::IF_NONE_MATCH,
            Weak::CountsAsStrong,
            unreadable,
        )?,
        if_modified_since: date(headers, &header::IF_MODIFIED_SINCE),
    })
}

/// No conditions.
pub(crate) fn unconditional() -> Conditions {
    Conditions {
        if_match: None,
        if_unmodified_since: None,
        if_none_match: None,
        if_modified_since: None,
    }
}

/// Evaluates `If-Range` (13.1.5): the span to open, and the validator that must match, or
/// else the whole file is sent.
///
/// A validator that can never match, such as a weak tag, gives the whole file.
pub(crate) fn if_range(headers: &HeaderMap, span: Span) -> (Span, Option<Validator>) {
    if !headers.contains_key(header::IF_RANGE) || matches!(span, Span::All) {
        return (span, None);
    }
    match only(headers, &header::IF_RANGE).and_then(validator) {
        Some(validator) => (span, Some(validator)),
        None => (Span::All, None),
    }
}

fn validator(field: &HeaderValue) -> Option<Validator> {
    let text = field.to_str().ok()?;
    match entity_tag(text.as_bytes()) {
        Some((
            Tag {
                weak: false,
                opaque,
            },
            [],
        )) => Some(Validator::Etag(String::from_utf8(opaque.to_vec()).ok()?)),
        _ => parse_http_date(text).map(Validator::Modified),
    }
}

/// How weak tags compare (8.8.3.2).
#[derive(Clone, Copy, PartialEq, Eq)]
enum Weak {
    NeverMatches,
    CountsAsStrong,
}

/// How a malformed tag is handled.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Unreadable {
    Refused,
    Ignored,
}

/// The tags of all fields with this name; `None` if there is no such field.
fn etags(
    headers: &HeaderMap,
    name: &HeaderName,
    weak: Weak,
    unreadable: Unreadable,
) -> Result<Option<Etags>, Problem> {
    let malformed = || Problem::InvalidRequest(format!("{name} is not a list of entity tags"));
    if !headers.contains_key(name) {
        return Ok(None);
    }
    if only(headers, name).is_some_and(|field| field.as_bytes().trim_ascii() == b"*") {
        return Ok(Some(Etags::Any));
    }
    let mut tags = Vec::new();
    for field in headers.get_all(name) {
        let mut rest = field.as_bytes().trim_ascii_start();
        // Empty elements are allowed in a list (5.6.1.2).
        while let Some((first, others)) = rest.split_first() {
            if *first == b',' {
                rest = others.trim_ascii_start();
                continue;
            }
            let element = entity_tag(rest)
                .map(|(tag, behind)| (tag, behind.trim_ascii_start()))
                .filter(|(_, behind)| matches!(behind, [] | [b',', ..]));
            let Some((tag, behind)) = element else {
                if unreadable == Unreadable::Refused {
                    return Err(malformed());
                }
                let comma = rest.iter().position(|byte| *byte == b',');
                rest = &rest[comma.unwrap_or(rest.len())..];
                continue;
            };
            rest = behind;
            if tag.weak && weak == Weak::NeverMatches {
                continue;
            }
            // The store's own tags are ASCII, so a tag that is not UTF-8 never matches.
            tags.extend(std::str::from_utf8(tag.opaque).map(str::to_owned));
        }
    }
    Ok(Some(Etags::List(tags)))
}

fn date(headers: &HeaderMap, name: &HeaderName) -> Option<Datetime> {
    parse_http_date(only(headers, name)?.to_str().ok()?)
}

/// The field with this name if there is exactly one.
fn only<'h>(headers: &'h HeaderMap, name: &HeaderName) -> Option<&'h HeaderValue> {
    let mut fields = headers.get_all(name).iter();
    fields.next().filter(|_| fields.next().is_none())
}

#[cfg(test)]
mod tests;
