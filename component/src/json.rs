//! JSON without duplicate members.
//!
//! Two readers of one token must not disagree about what it says, so a
//! duplicate member is an error (RFC 7515, 4; RFC 7519, 4).
//! Nesting is limited by `serde_json`.

mod shape;

use std::cell::Cell;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};

pub(crate) use shape::Shape;

/// Parses a JSON object.
///
/// `None` for anything else, for a duplicate member at any depth, and for more
/// than 127 levels.
pub(crate) fn object(bytes: &[u8]) -> Option<Map<String, Value>> {
    object_of_at_most(usize::MAX, bytes).ok()
}

/// Parses a JSON object like [`object`], but of at most this many values, itself and those at
/// any depth included: a value of a few bytes takes hundreds in memory.
pub(crate) fn object_of_at_most(most: usize, bytes: &[u8]) -> Result<Map<String, Value>, Unfit> {
    let left = Cell::new(most);
    let mut deserializer = serde_json::Deserializer::from_slice(bytes);
    let value = Unique(&left).deserialize(&mut deserializer);
    let value = value.and_then(|value| deserializer.end().map(|()| value));
    match value {
        Ok(Value::Object(members)) => Ok(members),
        Err(_) if left.get() == 0 => Err(Unfit::TooMany),
        _ => Err(Unfit::NotAnObject),
    }
}

/// Why bytes are not the JSON object that is expected.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Unfit {
    /// They are something else, or have a duplicate member.
    #[error("not a JSON object without duplicate members")]
    NotAnObject,
    /// They have too many values.
    #[error("a JSON object of too many values")]
    TooMany,
}

/// Reads a value, and counts down how many more there may be.
#[derive(Clone, Copy)]
struct Unique<'l>(&'l Cell<usize>);

impl<'de> DeserializeSeed<'de> for Unique<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        let left = self.0.get().checked_sub(1);
        let left = left.ok_or_else(|| D::Error::custom("too many values"))?;
        self.0.set(left);
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Unique<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_string<E>(self, value: String) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Value, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = seq.next_element_seed(self)? {
            items.push(item);
        }
        Ok(items.into())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Value, A::Error> {
        let mut members = Map::new();
        while let Some(name) = map.next_key()? {
            let value = map.next_value_seed(self)?;
            if members.insert(name, value).is_some() {
                return Err(A::Error::custom("duplicate member"));
            }
        }
        Ok(members.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_duplicate_member_is_refused_at_any_depth_and_in_any_spelling() {
        for text in [
            r#"{"a":1,"a":1}"#,
            r#"{"a":1,"\u0061":2}"#,
            r#"{"x":[{"b":{},"b":{}}]}"#,
        ] {
            assert_eq!(object(text.as_bytes()), None, "{text}");
        }
    }

    #[test]
    fn everything_else_is_parsed_as_by_serde_json() {
        let text = r#"{"a":[1,-2,3.5,null,true,"é"],"b":{"a":"a"}}"#;
        let plain: Value = serde_json::from_str(text).expect("JSON");
        assert_eq!(object(text.as_bytes()).map(Value::Object), Some(plain));
    }

    #[test]
    fn values_are_counted_at_any_depth() {
        let text = r#"{"a":[{"":0},{"":0}],"b":null}"#;
        assert!(object_of_at_most(7, text.as_bytes()).is_ok());
        for most in 0..7 {
            let refused = object_of_at_most(most, text.as_bytes());
            assert_eq!(refused, Err(Unfit::TooMany), "{most}");
        }
        for text in ["", "[]", r#"{"a":1} x"#, r#"{"a":1,"a":1}"#] {
            let refused = object_of_at_most(7, text.as_bytes());
            assert_eq!(refused, Err(Unfit::NotAnObject), "{text}");
        }
    }

    #[test]
    fn what_is_not_an_object_or_too_deeply_nested_is_refused() {
        let deep = format!("{}{}", r#"{"a":"#.repeat(5000), "}".repeat(5000));
        for text in ["", "[]", "1", "{", r#"{"a":1} x"#, &deep] {
            assert_eq!(object(text.as_bytes()), None);
        }
    }
}
