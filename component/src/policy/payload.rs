//! A token's payload, written as a TOML table.

use serde::Deserialize;
use serde::de::{Deserializer, Error};
use serde_json::{Map, Value};

/// The claims of a token that a test describes.
#[derive(Debug, Default)]
pub(super) struct Payload(Map<String, Value>);

impl Payload {
    pub(super) fn into_members(self) -> Map<String, Value> {
        self.0
    }
}

impl<'de> Deserialize<'de> for Payload {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let table = toml::Table::deserialize(deserializer)?;
        members(table).map(Self).map_err(D::Error::custom)
    }
}

fn members(table: toml::Table) -> Result<Map<String, Value>, String> {
    let member = |(name, value)| match json(value) {
        Ok(value) => Ok((name, value)),
        Err(what) => Err(format!("{name:?} is {what}, which JSON does not have")),
    };
    table.into_iter().map(member).collect()
}

/// The value in JSON, or what it is if JSON has no such value.
fn json(value: toml::Value) -> Result<Value, String> {
    Ok(match value {
        toml::Value::String(text) => text.into(),
        toml::Value::Integer(number) => number.into(),
        toml::Value::Float(number) => serde_json::Number::from_f64(number)
            .ok_or("not a finite number")?
            .into(),
        toml::Value::Boolean(flag) => flag.into(),
        toml::Value::Datetime(_) => return Err("a date or time without quotes".to_owned()),
        toml::Value::Array(items) => {
            let items: Result<Vec<_>, _> = items.into_iter().map(json).collect();
            items?.into()
        }
        toml::Value::Table(table) => {
            let member = |(name, value)| Ok((name, json(value)?));
            let members: Result<Map<_, _>, String> = table.into_iter().map(member).collect();
            members?.into()
        }
    })
}
