//! What clients keep beside a file's bytes: `Coffer-Meta-NAME` fields, and the same as JSON.

use coffer_port::{Metadata, MetadataError};
use http::{HeaderMap, HeaderName, HeaderValue, header};
use serde_json::{Map, Value};

use crate::json;
use crate::problem::{MAX_ECHO, Problem};
use crate::url::percent;

/// What the names of the fields begin with.
const PREFIX: &str = "coffer-meta-";
/// The maximum size of metadata as the text of a JSON object, in bytes: room for the most,
/// with every character escaped.
pub(crate) const LONGEST_TEXT: usize = 16 << 10;

/// Pairs of a name and a value, ascending by name.
pub(super) type Pairs = Vec<(String, String)>;

/// The metadata in a request's header, whose values are percent-encoded.
///
/// # Errors
/// [`Problem::InvalidRequest`] for a value that is malformed, for a field that occurs twice,
/// and for whatever else breaks a rule of [`Metadata`].
pub(crate) fn of_request(headers: &HeaderMap) -> Result<Pairs, Problem> {
    let mut pairs = Pairs::new();
    for (field, value) in headers {
        let Some(name) = field.as_str().strip_prefix(PREFIX) else {
            continue;
        };
        let malformed = |why: &dyn std::fmt::Display| invalid(format!("{field}: {why}"));
        let text = value
            .to_str()
            .map_err(|_| malformed(&"the value must be percent-encoded"))?;
        let value = percent::decode(text).map_err(|error| malformed(&error))?;
        pairs.push((name.to_owned(), value.into_owned()));
    }
    if pairs.is_empty() {
        return Ok(pairs);
    }
    checked(pairs)
}

/// The metadata in a text field of a form: a JSON object of strings, or nothing.
///
/// # Errors
/// [`Problem::InvalidRequest`] for anything else, and for whatever breaks a rule of
/// [`Metadata`].
pub(crate) fn of_text(text: &str) -> Result<Pairs, Problem> {
    if text.is_empty() {
        return Ok(Pairs::new());
    }
    of_members(json::object(text.as_bytes()).ok_or_else(not_an_object)?)
}

/// The metadata that these members are.
///
/// # Errors
/// As [`of_text`].
pub(crate) fn of_members(members: Map<String, Value>) -> Result<Pairs, Problem> {
    let pairs = members.into_iter().map(|(name, value)| match value {
        Value::String(value) => Ok((name, value)),
        _ => Err(not_an_object()),
    });
    checked(pairs.collect::<Result<_, _>>()?)
}

/// The problem of metadata that is not even an object of strings.
pub(crate) fn not_an_object() -> Problem {
    invalid("metadata must be a JSON object whose values are strings".to_owned())
}

/// Adds the fields of stored metadata to a response.
pub(crate) fn insert(headers: &mut HeaderMap, metadata: &[(String, String)]) {
    for (name, value) in metadata {
        let name = HeaderName::try_from([PREFIX, name].concat());
        let value = HeaderValue::try_from(&*percent::encode_component(value));
        if let (Ok(name), Ok(value)) = (name, value) {
            headers.insert(name, value);
        }
    }
}

/// Lets scripts of other origins read these fields, each of which has to be named (the Fetch
/// standard, 3.3.3).
pub(crate) fn expose(headers: &mut HeaderMap) {
    let names = headers.keys().map(HeaderName::as_str);
    let names: Vec<&str> = names.filter(|name| name.starts_with(PREFIX)).collect();
    if names.is_empty() {
        return;
    }
    if let Ok(names) = HeaderValue::try_from(names.join(", ")) {
        headers.append(header::ACCESS_CONTROL_EXPOSE_HEADERS, names);
    }
}

/// These pairs, if they can be kept.
///
/// # Errors
/// [`Problem::InvalidRequest`] for whatever breaks a rule of [`Metadata`].
pub(super) fn checked(pairs: Pairs) -> Result<Pairs, Problem> {
    let echoed = |name: String| name.chars().take(MAX_ECHO).collect();
    Metadata::new(pairs)
        .map(Metadata::into_pairs)
        .map_err(|error| match error {
            MetadataError::Name(name) => MetadataError::Name(echoed(name)),
            error => error,
        })
        .map_err(|error| invalid(error.to_string()))
}

fn invalid(reason: String) -> Problem {
    Problem::InvalidRequest(reason)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fields(fields: &[(&str, &str)]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in fields {
            let name = HeaderName::from_bytes(name.as_bytes()).expect("a name");
            headers.append(
                name,
                HeaderValue::from_bytes(value.as_bytes()).expect("a value"),
            );
        }
        headers
    }

    fn pairs(pairs: &[(&str, &str)]) -> Result<Pairs, Problem> {
        let owned = pairs.iter();
        Ok(owned
            .map(|&(name, value)| (name.to_owned(), value.to_owned()))
            .collect())
    }

    #[test]
    fn fields_are_found_whatever_their_case_and_decoded_once() {
        let headers = fields(&[
            ("content-type", "text/plain"),
            ("Coffer-Meta-Title", "Zo%C3%AB%20%F0%9F%A6%8A"),
            ("coffer-meta-a-1", "100%2525 + x"),
            ("coffer-metal", "x"),
            ("COFFER-META-EMPTY", ""),
        ]);
        assert_eq!(
            of_request(&headers),
            pairs(&[("a-1", "100%25 + x"), ("empty", ""), ("title", "Zoë 🦊")])
        );
        assert_eq!(of_request(&fields(&[("etag", "x")])), Ok(vec![]));
    }

    #[test]
    fn a_field_that_breaks_a_rule_is_refused_and_the_rule_named() {
        let long = "x".repeat(1536);
        for (given, reason) in [
            (&[("coffer-meta-a", "é")][..], "percent-encoded"),
            (&[("coffer-meta-a", "%")], "malformed"),
            (&[("coffer-meta-a", "%FF")], "not UTF-8"),
            (&[("coffer-meta-a", "a%0Ab")], "control character"),
            (&[("coffer-meta-a", "%C2%85")], "control character"),
            (&[("coffer-meta-", "a")], "metadata name \"\""),
            (&[("coffer-meta-a_b", "a")], "metadata name \"a_b\""),
            (
                &[("coffer-meta-a", "1"), ("Coffer-Meta-A", "1")],
                "more than once",
            ),
            (&[("coffer-meta-a", &long)], "1536 bytes"),
        ] {
            match of_request(&fields(given)) {
                Err(Problem::InvalidRequest(said)) => assert!(said.contains(reason), "{said}"),
                other => panic!("{given:?}: {other:?}"),
            }
        }
        let many: Vec<String> = (0..33).map(|n| format!("coffer-meta-{n}")).collect();
        let many: Vec<_> = many.iter().map(|name| (name.as_str(), "")).collect();
        assert!(of_request(&fields(&many[1..])).is_ok());
        assert!(of_request(&fields(&many)).is_err());
    }

    #[test]
    fn a_text_is_an_object_of_strings_under_the_same_rules() {
        assert_eq!(of_text(""), Ok(vec![]));
        assert_eq!(of_text("{}"), Ok(vec![]));
        assert_eq!(
            of_text(r#" {"b":"\u00e9","a":"100%"} "#),
            pairs(&[("a", "100%"), ("b", "é")])
        );
        for text in [
            " ",
            "x",
            "[]",
            "null",
            r#"{"a":1}"#,
            r#"{"a":null}"#,
            r#"{"a":{"b":"c"}}"#,
            r#"{"a":"1","a":"2"}"#,
            r#"{"A":"1"}"#,
            r#"{"":"1"}"#,
            r#"{"a":"\n"}"#,
        ] {
            let refused = of_text(text);
            assert!(matches!(refused, Err(Problem::InvalidRequest(_))), "{text}");
        }
        let endless = format!(r#"{{"{}":"1"}}"#, "é".repeat(5000));
        match of_text(&endless) {
            Err(Problem::InvalidRequest(said)) => assert!(said.len() < 400, "{said}"),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_response_has_the_fields_that_a_request_gave_and_exposes_them_by_name() {
        let given = pairs(&[("a-1", "100% + \"x\""), ("title", "Zoë 🦊")]).expect("pairs");
        let mut headers = HeaderMap::new();
        insert(&mut headers, &given);
        assert_eq!(headers["coffer-meta-a-1"], "100%25%20%2B%20%22x%22");
        assert_eq!(of_request(&headers), Ok(given));
        expose(&mut headers);
        let exposed = &headers[header::ACCESS_CONTROL_EXPOSE_HEADERS];
        assert_eq!(exposed, "coffer-meta-a-1, coffer-meta-title");

        let mut headers = fields(&[("etag", "x")]);
        insert(&mut headers, &[]);
        expose(&mut headers);
        assert_eq!(headers.len(), 1);
    }
}
