//! The preconditions of a request (RFC 9110, 13.1).

use http::{HeaderMap, HeaderName, HeaderValue, header};

use crate::bindings::coffer::storage::blobs::{Conditions, Etags, Span, Validator};
use crate::bindings::wasi::clocks::wall_clock::Datetime;
use crate::problem::Problem;
use crate::time::parse_http_date;

/// The conditions under which a file is to be stored or deleted; the store weighs
/// them against each other.
///
/// A list of entity tags that cannot be read is refused; a date that cannot be
/// read is ignored (13.1.3, 13.1.4).
pub fn conditions(headers: &HeaderMap) -> Result<Conditions, Problem> {
    read(headers, Unreadable::Refused)
}

/// The conditions under which a file is to be read. A tag that cannot be read in
/// `If-None-Match`, which many clients send without its quotes, matches nothing: it costs
/// them a transfer and nothing else.
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

/// No condition at all.
pub(crate) fn unconditional() -> Conditions {
    Conditions {
        if_match: None,
        if_unmodified_since: None,
        if_none_match: None,
        if_modified_since: None,
    }
}

/// Weighs a range against `If-Range` (13.1.5): the span to open, and what has
/// to hold for it not to be the whole file.
///
/// A validator that can never hold, such as a weak tag, gives the whole file.
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

/// One tag of a list.
struct Tag<'f> {
    weak: bool,
    /// With its quotes.
    opaque: &'f [u8],
}

/// What is done about a tag that cannot be read.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Unreadable {
    Refused,
    Ignored,
}

/// The tags of all fields of this name together; `None` where there is no field.
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
            // The store's own tags are ASCII, so another can be left out.
            tags.extend(std::str::from_utf8(tag.opaque).map(str::to_owned));
        }
    }
    Ok(Some(Etags::List(tags)))
}

/// Reads one `entity-tag` (8.8.3) and returns it with what stands behind it.
fn entity_tag(text: &[u8]) -> Option<(Tag<'_>, &[u8])> {
    let (weak, quoted) = match text.strip_prefix(b"W/") {
        Some(quoted) => (true, quoted),
        None => (false, text),
    };
    let inside = quoted.strip_prefix(b"\"")?;
    let end = inside
        .iter()
        .position(|byte| !matches!(byte, 0x21 | 0x23..=0x7e | 0x80..))?;
    let (opaque, rest) = quoted.split_at_checked(end + 2)?;
    opaque
        .ends_with(b"\"")
        .then_some((Tag { weak, opaque }, rest))
}

fn date(headers: &HeaderMap, name: &HeaderName) -> Option<Datetime> {
    parse_http_date(only(headers, name)?.to_str().ok()?)
}

/// The field of this name where there is exactly one.
fn only<'h>(headers: &'h HeaderMap, name: &HeaderName) -> Option<&'h HeaderValue> {
    let mut fields = headers.get_all(name).iter();
    fields.next().filter(|_| fields.next().is_none())
}

#[cfg(test)]
mod tests {
    use super::*;

    const DATE: &str = "Sun, 06 Nov 1994 08:49:37 GMT";

    fn headers(name: HeaderName, fields: &[&str]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for field in fields {
            let value = HeaderValue::from_bytes(field.as_bytes());
            headers.append(
                name.clone(),
                value.unwrap_or(HeaderValue::from_static("\"\t")),
            );
        }
        headers
    }

    fn tags(name: HeaderName, fields: &[&str]) -> Result<String, Problem> {
        let conditions = conditions(&headers(name, fields))?;
        Ok(said(conditions.if_match.or(conditions.if_none_match)))
    }

    fn said(tags: Option<Etags>) -> String {
        match tags {
            None => "none".into(),
            Some(Etags::Any) => "any".into(),
            Some(Etags::List(tags)) => tags.join(" "),
        }
    }

    #[test]
    fn lists_of_tags_are_read_over_all_their_fields() {
        for (fields, if_match, if_none_match) in [
            (&[][..], "none", "none"),
            (&["*"], "any", "any"),
            (&[r#""a""#], r#""a""#, r#""a""#),
            (
                &[r#""a", W/"b" ,,"#, r#""c,d""#],
                r#""a" "c,d""#,
                r#""a" "b" "c,d""#,
            ),
            (&[r#""""#], r#""""#, r#""""#),
            (&[""], "", ""),
            (&[r#"W/"a""#], "", r#""a""#),
            (&[r#""é", "a\b""#], r#""é" "a\b""#, r#""é" "a\b""#),
        ] {
            assert_eq!(
                tags(header::IF_MATCH, fields),
                Ok(if_match.into()),
                "{fields:?}"
            );
            assert_eq!(
                tags(header::IF_NONE_MATCH, fields),
                Ok(if_none_match.into()),
                "{fields:?}"
            );
        }
    }

    #[test]
    fn a_list_that_cannot_be_read_is_refused() {
        for fields in [
            &["a"][..],
            &["\"a"],
            &["\"a\" \"b\""],
            &["\"a\"b"],
            &["w/\"a\""],
            &["W/"],
            &["*, \"a\""],
            &["*", "*"],
            &["\"a\"", "*"],
            &["\"a b\""],
            &["\""],
            &["'a'"],
        ] {
            for name in [header::IF_MATCH, header::IF_NONE_MATCH] {
                let refused = tags(name, fields);
                assert!(
                    matches!(refused, Err(Problem::InvalidRequest(_))),
                    "{fields:?}"
                );
            }
        }
    }

    #[test]
    fn a_tag_that_cannot_be_read_costs_a_reader_no_more_than_a_transfer() {
        for (fields, expected) in [
            (&["a"][..], ""),
            (&["a", "\"b\""], "\"b\""),
            (&["a, \"b\""], "\"b\""),
            (&["\"b\" c, W/\"d\",e"], "\"d\""),
            (&["*, \"b\""], "\"b\""),
            (&["\"b"], ""),
            (&["*"], "any"),
        ] {
            let read = of_read(&headers(header::IF_NONE_MATCH, fields));
            let read = read.map(|conditions| said(conditions.if_none_match));
            assert_eq!(read, Ok(expected.into()), "{fields:?}");
        }
        // What has to match has to be read.
        let refused = of_read(&headers(header::IF_MATCH, &["a"])).map(|_| ());
        assert!(matches!(refused, Err(Problem::InvalidRequest(_))));
    }

    #[test]
    fn dates_count_when_they_can_be_read() {
        for (fields, expected) in [
            (&[DATE][..], Some(784_111_777)),
            (&["x"], None),
            (&[DATE, DATE], None),
            (&[], None),
        ] {
            let read = |name| conditions(&headers(name, fields));
            let since = read(header::IF_MODIFIED_SINCE).map(|c| c.if_modified_since);
            let not_since = read(header::IF_UNMODIFIED_SINCE).map(|c| c.if_unmodified_since);
            for date in [since, not_since] {
                assert_eq!(
                    date.map(|at| at.map(|at| at.seconds)),
                    Ok(expected),
                    "{fields:?}"
                );
            }
        }
    }

    #[test]
    fn a_range_counts_only_beside_a_validator_that_can_hold() {
        for (fields, expected) in [
            (&[][..], "(Span::From(1), None)"),
            (
                &[r#""a""#],
                r#"(Span::From(1), Some(Validator::Etag("\"a\"")))"#,
            ),
            (&[r#"W/"a""#], "(Span::All, None)"),
            (&[r#""a", "b""#], "(Span::All, None)"),
            (&["*"], "(Span::All, None)"),
            (&[r#""a""#, r#""a""#], "(Span::All, None)"),
            (&["yesterday"], "(Span::All, None)"),
        ] {
            let outcome = if_range(&headers(header::IF_RANGE, fields), Span::From(1));
            assert_eq!(format!("{outcome:?}"), expected, "{fields:?}");
        }
        let dated = if_range(&headers(header::IF_RANGE, &[DATE]), Span::Last(1));
        assert!(
            matches!(dated, (Span::Last(1), Some(Validator::Modified(at))) if at.seconds == 784_111_777)
        );
    }
}
