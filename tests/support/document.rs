//! An OpenAPI document, and what it says of a response.

use std::collections::HashMap;
use std::sync::Mutex;

use jsonschema::Validator;
use reqwest::header::HeaderMap;
use serde_json::{Map, Value, json};

/// Fields of the connection and of the message itself (RFC 9110, 6.6.1 and 7.6.1; RFC 9112, 6),
/// which no operation has to describe.
const OF_THE_MESSAGE: [&str; 6] = [
    "connection",
    "content-length",
    "content-type",
    "date",
    "keep-alive",
    "transfer-encoding",
];
/// What a request can be answered with that the document has no operation for.
const UNDESCRIBED: [u16; 9] = [204, 400, 404, 405, 413, 421, 431, 500, 503];
const PROBLEM: &str = "application/problem+json";

/// An OpenAPI document.
pub struct Document {
    root: Value,
    /// Compiled schemas by their JSON, which is the same for the same place.
    validators: Mutex<HashMap<String, &'static Validator>>,
}

/// A response that it describes.
pub struct Described<'d> {
    document: &'d Document,
    response: &'d Value,
    /// Whether the request was a HEAD, whose response has no body.
    bodiless: bool,
}

impl Document {
    /// The members that the document leaves room for are not allowed here.
    pub fn new(mut root: Value) -> Self {
        close(&mut root["components"]["schemas"]);
        Self {
            root,
            validators: Mutex::default(),
        }
    }

    /// The id of the operation of this request.
    pub fn operation(&self, method: &str, path: &str) -> Option<&str> {
        self.find(method, path)?["operationId"].as_str()
    }

    fn find(&self, method: &str, path: &str) -> Option<&Value> {
        let paths = self.root["paths"].as_object()?.iter();
        let fitting = paths.filter(|(template, _)| self.fits(template, path));
        // A segment that is fixed comes before a parameter.
        let (_, operations) = fitting.min_by_key(|(template, _)| template.matches('{').count())?;
        let mut operations = operations.as_object()?.iter();
        // Methods are case-sensitive.
        let found = operations.find(|(name, _)| name.to_uppercase() == method);
        found.map(|(_, operation)| operation)
    }

    /// Whether the path has this template. The last parameter of a name takes the rest.
    fn fits(&self, template: &str, path: &str) -> bool {
        let mut parts = path.split('/');
        for expected in template.split('/') {
            let found = match expected {
                "{name}" => return parts.next().is_some(),
                "{area}" => parts.next().is_some_and(|area| self.has_area(area)),
                expected if expected.starts_with('{') => {
                    parts.next().is_some_and(|part| !part.is_empty())
                }
                expected => parts.next() == Some(expected),
            };
            if !found {
                return false;
            }
        }
        parts.next().is_none()
    }

    fn has_area(&self, area: &str) -> bool {
        let schema = &self.root["components"]["parameters"]["area"]["schema"];
        schema["enum"].as_array().unwrap().contains(&area.into())
    }

    /// What the document says of an answer with this status.
    ///
    /// # Errors
    /// Says what it does not describe.
    pub fn response(&self, method: &str, path: &str, status: u16) -> Result<Described<'_>, String> {
        let response = match self.find(method, path) {
            Some(operation) => {
                let response = operation["responses"].get(status.to_string());
                self.resolve(response.ok_or("a status it does not have")?)
            }
            None if UNDESCRIBED.contains(&status) => &Value::Null,
            None => return Err("an operation it does not have".to_owned()),
        };
        Ok(Described {
            document: self,
            response,
            bodiless: method == "HEAD",
        })
    }

    fn resolve<'d>(&'d self, value: &'d Value) -> &'d Value {
        match value.get("$ref").and_then(Value::as_str) {
            Some(place) => self.root.pointer(place.trim_start_matches('#')).unwrap(),
            None => value,
        }
    }

    /// Validates a value by a schema of the document.
    fn validate(&self, schema: &Value, value: &Value) -> Result<(), String> {
        let key = schema.to_string();
        let mut known = self.validators.lock().unwrap();
        let validator = *known.entry(key).or_insert_with(|| {
            let mut whole = schema.clone();
            whole["components"] = self.root["components"].clone();
            let options = jsonschema::draft202012::options();
            let validator = options.should_validate_formats(true).build(&whole);
            Box::leak(Box::new(validator.unwrap()))
        });
        drop(known);
        let first = validator.iter_errors(value).next();
        first.map_or(Ok(()), |error| {
            Err(format!("{error} at {}", error.instance_path()))
        })
    }
}

impl Described<'_> {
    /// Whether these are the header fields that the document has, with their values.
    ///
    /// # Errors
    /// Names the field.
    pub fn check_fields(&self, headers: &HeaderMap) -> Result<(), String> {
        let Some(described) = self.response["headers"].as_object() else {
            return Ok(());
        };
        for name in headers.keys().map(http::HeaderName::as_str) {
            let known = described.keys().any(|known| is_named(name, known));
            let is_extra = !known && !OF_THE_MESSAGE.contains(&name);
            if is_extra && super::Platform::is_ours() {
                return Err(format!("a field {name} that it does not have"));
            }
        }
        for (name, field) in described {
            let field = self.document.resolve(field);
            match headers.get(name) {
                None if field["required"] == true => return Err(format!("without {name}")),
                None => {}
                Some(value) => {
                    let text = value.to_str().map_err(|error| error.to_string())?;
                    let schema = self.document.resolve(&field["schema"]);
                    let value = match schema["type"].as_str() {
                        Some("integer") => text.parse().map_or(text.into(), |n: u64| n.into()),
                        _ => Value::from(text),
                    };
                    let found = self.document.validate(&field["schema"], &value);
                    found.map_err(|error| format!("{name}: {error}"))?;
                }
            }
        }
        Ok(())
    }

    /// Whether [`Described::check_body`] has to see the body.
    pub fn reads_body(&self, headers: &HeaderMap) -> bool {
        !self.bodiless && self.schema(headers).is_ok_and(|schema| schema.is_some())
    }

    /// Whether the body is of a type that the document has, and valid.
    ///
    /// # Errors
    /// Says what is wrong.
    pub fn check_body(&self, headers: &HeaderMap, body: &[u8]) -> Result<(), String> {
        if self.bodiless || body.is_empty() {
            return Ok(());
        }
        let Some(schema) = self.schema(headers)? else {
            return Ok(());
        };
        let value = serde_json::from_slice(body).map_err(|error| error.to_string())?;
        self.document.validate(&schema, &value)
    }

    /// The schema of a body with these header fields, if it is a document.
    fn schema(&self, headers: &HeaderMap) -> Result<Option<Value>, String> {
        let media_type = headers.get("content-type");
        let media_type = media_type.map_or("", |value| value.to_str().unwrap_or_default());
        let Some(content) = self.response["content"].as_object() else {
            let problem = json!({ "$ref": "#/components/schemas/Problem" });
            return match (self.response, media_type) {
                (_, "") => Ok(None),
                (Value::Null, PROBLEM) => Ok(Some(problem)),
                (_, other) => Err(format!("a body of type {other}")),
            };
        };
        let found = content.get(media_type).or_else(|| content.get("*/*"));
        let found = found.ok_or_else(|| format!("a body of type {media_type:?}"))?;
        Ok(found.get("schema").cloned())
    }
}

/// Whether a field has this name, whose end may be left open.
fn is_named(field: &str, known: &str) -> bool {
    let known = known.to_lowercase();
    match known.strip_suffix('*') {
        Some(start) => field.starts_with(start),
        None => field == known,
    }
}

/// Allows no members besides those that a schema names.
fn close(schemas: &mut Value) {
    match schemas {
        Value::Object(schema) => {
            schema.values_mut().for_each(close);
            if is_of_members(schema) {
                schema.insert("additionalProperties".to_owned(), false.into());
            }
        }
        Value::Array(schemas) => schemas.iter_mut().for_each(close),
        _ => {}
    }
}

fn is_of_members(schema: &Map<String, Value>) -> bool {
    schema.get("type") == Some(&"object".into())
        && schema.contains_key("properties")
        && !schema.contains_key("additionalProperties")
}
