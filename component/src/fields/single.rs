//! Fields that a request may have once.

use http::HeaderMap;

use crate::problem::{MAX_ECHO, Problem};

/// The text of the field with this name, without the spaces around it; `None` if there is none.
///
/// # Errors
/// [`Problem::InvalidRequest`] for more than one, or a value that is not visible ASCII.
pub(super) fn text<'h>(headers: &'h HeaderMap, name: &str) -> Result<Option<&'h str>, Problem> {
    let mut fields = headers.get_all(name).iter();
    let Some(field) = fields.next() else {
        return Ok(None);
    };
    if fields.next().is_some() {
        return Err(Problem::InvalidRequest(format!(
            "there is more than one {name}"
        )));
    }
    let text = field.to_str().map_err(|_| {
        Problem::InvalidRequest(format!("{name} has characters other than visible ASCII"))
    })?;
    Ok(Some(text.trim_ascii()))
}

/// A field whose value is not what was expected.
pub(super) fn invalid(name: &str, value: &str, expected: &str) -> Problem {
    let value: String = value.chars().take(MAX_ECHO).collect();
    Problem::InvalidRequest(format!("{name} is {value:?}, expected {expected}"))
}

/// A field that is missing.
pub(super) fn missing(name: &str) -> Problem {
    Problem::InvalidRequest(format!("{name} is missing"))
}
