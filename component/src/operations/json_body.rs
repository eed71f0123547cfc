//! The JSON object in the body of a request, and what several operations ask for in it.

use serde_json::{Map, Value};

use crate::http::BodyReader;
use crate::json;
use crate::problem::{MAX_ECHO, Problem};

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
    let members = json::object(body);
    members
        .map(Some)
        .ok_or_else(|| invalid("the body is not a JSON object without duplicate members"))
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
