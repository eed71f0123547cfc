//! The JSON object in the body of a request, and what several operations ask for in it.

use serde_json::{Map, Value};

use crate::http::BodyReader;
use crate::json::{self, Unfit};
use crate::problem::{MAX_ECHO, Problem};

/// The maximum number of JSON values in a body: several times the longest list there may be,
/// and little enough memory whatever they are.
const MOST_VALUES: usize = 10_000;

/// Reads a body of at most `longest` bytes; `None` if there is none.
pub(super) fn read(
    mut body: BodyReader,
    longest: usize,
) -> Result<Option<Map<String, Value>>, Problem> {
    let mut bytes = Vec::new();
    while let Some(chunk) = body
        .next_chunk()
        .map_err(|error| Problem::InvalidRequest(error.to_string()))?
    {
        bytes.extend_from_slice(&chunk);
        if bytes.len() > longest {
            return Err(Problem::TooLarge(format!(
                "the body is larger than {longest} bytes"
            )));
        }
    }
    parse(&bytes)
}

/// The members of a body; `None` if it is empty.
pub(super) fn parse(body: &[u8]) -> Result<Option<Map<String, Value>>, Problem> {
    if body.is_empty() {
        return Ok(None);
    }
    let members = json::object_of_at_most(MOST_VALUES, body);
    members.map(Some).map_err(|unfit| match unfit {
        Unfit::NotAnObject => invalid("the body is not a JSON object without duplicate members"),
        Unfit::TooMany => {
            Problem::TooLarge(format!("the body has more than {MOST_VALUES} JSON values"))
        }
    })
}

/// The member `expires_in`, in seconds.
pub(super) fn expires_in(value: &Value) -> Result<Option<u64>, Problem> {
    match value {
        Value::Null => Ok(None),
        value => whole(value)
            .map(Some)
            .ok_or_else(|| invalid("expires_in must be a whole number of seconds, at least 1")),
    }
}

/// The texts of the member `names`.
pub(super) fn names(values: Vec<Value>) -> Result<Vec<String>, Problem> {
    let names = values.into_iter().map(|value| match value {
        Value::String(name) => Ok(name),
        _ => Err(not_names()),
    });
    names.collect()
}

/// A member `names` that is not a list of texts.
pub(super) fn not_names() -> Problem {
    invalid("names must be a list of the files' names")
}

/// A member that the operation does not know.
pub(super) fn unknown(name: &str, expected: &str) -> Problem {
    let name: String = name.chars().take(MAX_ECHO).collect();
    invalid(&format!("unknown member {name:?}, expected {expected}"))
}

/// A request that is refused for this reason.
pub(super) fn invalid(what: &str) -> Problem {
    Problem::InvalidRequest(what.to_owned())
}

/// The number, if it is whole and not negative. `60.0` counts too, since JSON does not
/// distinguish it from `60`. A number that is too large counts as the largest.
pub(super) fn whole(value: &Value) -> Option<u64> {
    let number = value.as_u64();
    number.or_else(|| match value.as_f64()? {
        // Saturates.
        number if number >= 0.0 && number.fract() == 0.0 => Some(number as u64),
        _ => None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_body_is_refused_before_its_values_fill_the_memory() {
        let body = |value: &str| {
            let count = (4 << 20) / (value.len() + 1);
            format!("{{\"names\":[{}]}}", vec![value; count].join(","))
        };
        for value in ["{\"\":0}", "[]", "0", "[[[[[[[[[[]]]]]]]]]]"] {
            let refused = parse(body(value).as_bytes());
            assert!(matches!(refused, Err(Problem::TooLarge(_))), "{value}");
        }
    }
}
