//! Items as structured fields (RFC 9651).

use std::convert::Infallible;

use http::HeaderMap;
use sfv::visitor::{Ignored, ItemVisitor, ParameterVisitor};
use sfv::{BareItemFromInput, Parser};

use crate::fields::single::{self, invalid};
use crate::problem::Problem;

/// The largest integer of structured fields (RFC 9651, 3.3.1).
const MAX_INTEGER: u64 = 999_999_999_999_999;

/// The number as a field can say it.
pub(super) fn clamped(number: u64) -> u64 {
    number.min(MAX_INTEGER)
}

/// A field that is an integer.
pub(super) fn integer(headers: &HeaderMap, name: &str) -> Result<Option<i64>, Problem> {
    item(headers, name, "an integer", |found| match found {
        Found::Integer(integer) => Some(integer),
        _ => None,
    })
}

/// A field that is a number of bytes.
pub(super) fn size(headers: &HeaderMap, name: &str) -> Result<Option<u64>, Problem> {
    item(headers, name, "a number of bytes", |found| match found {
        Found::Integer(integer) => u64::try_from(integer).ok(),
        _ => None,
    })
}

/// A field that is a boolean.
pub(super) fn boolean(headers: &HeaderMap, name: &str) -> Result<Option<bool>, Problem> {
    item(headers, name, "?1 or ?0", |found| match found {
        Found::Boolean(boolean) => Some(boolean),
        _ => None,
    })
}

fn item<T>(
    headers: &HeaderMap,
    name: &str,
    expected: &str,
    read: impl FnOnce(Found) -> Option<T>,
) -> Result<Option<T>, Problem> {
    let Some(text) = single::text(headers, name)? else {
        return Ok(None);
    };
    let mut found = Found::Other;
    let parsed = Parser::new(text).parse_item_with_visitor(&mut found);
    parsed
        .ok()
        .and_then(|()| read(found))
        .map(Some)
        .ok_or_else(|| invalid(name, text, expected))
}

/// The value of an item, without its parameters.
enum Found {
    Integer(i64),
    Boolean(bool),
    Other,
}

impl<'de> ItemVisitor<'de> for &mut Found {
    type Out = ();
    type Error = Infallible;

    fn bare_item(
        self,
        item: BareItemFromInput<'de>,
    ) -> Result<impl ParameterVisitor<'de, Out = ()>, Infallible> {
        *self = match (item.as_integer(), item.as_boolean()) {
            (Some(integer), _) => Found::Integer(integer.into()),
            (_, Some(boolean)) => Found::Boolean(boolean),
            _ => Found::Other,
        };
        Ok(Ignored)
    }
}
