//! Puts `openapi/*.yaml` together to one OpenAPI document.
//!
//! The files are OpenAPI as it is written by hand, with these abbreviations:
//!
//! | written | stands for |
//! |---|---|
//! | a text in `parameters`, or in place of a body or response | a reference to the component of this name |
//! | `headers: [ETag]` | `headers`, with a reference to each |
//! | `x-problems: [404]` of an operation | a response for each status, as `problems.yaml` has it |
//!
//! What is the same everywhere is added: the header fields of every response, the problems of
//! every operation, and the version.

use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde_json::{Map, Value, json};

type Result<T> = std::result::Result<T, Box<dyn Error>>;

/// The file that is not OpenAPI, but a list of [`Problems`].
const PROBLEMS: &str = "problems.yaml";
/// The header fields that every response can have.
const EVERYWHERE: [&str; 6] = [
    "X-Request-Id",
    "X-Content-Type-Options",
    "Cache-Control",
    "Vary",
    "Access-Control-Allow-Origin",
    "Access-Control-Expose-Headers",
];

/// The header fields that every problem can have besides: those of resumable uploads.
const OF_PROBLEMS: [&str; 3] = ["Tus-Resumable", "Upload-Complete", "Upload-Incomplete"];
/// The prefixes of problem types: the service's own, and those that are registered.
const OWN: &str = "/problems/";
const REGISTERED: &str = "https://iana.org/assignments/http-problem-types#";

/// The problems of one status.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Problems {
    status: u16,
    /// The name of the response.
    response: String,
    description: String,
    /// Whether every operation can have them.
    #[serde(default)]
    everywhere: bool,
    /// Whether no operation of the document can have them.
    #[serde(default)]
    undescribed: bool,
    /// Besides those of every response.
    #[serde(default)]
    headers: Vec<String>,
    types: Map<String, Value>,
}

/// The document made of the files in this folder.
///
/// # Errors
/// The file that cannot be read, or the member that two of them have.
pub fn document(folder: &Path, version: &str) -> Result<Value> {
    let mut document = Value::Null;
    for file in files(folder)? {
        let part = read(&file)?;
        merge(&mut document, part, &file.display().to_string())?;
    }
    let problems: Vec<Problems> = serde_json::from_value(read(&folder.join(PROBLEMS))?)?;
    document["info"]["version"] = version.into();
    add_problems(&mut document, &problems);
    if let Some(paths) = document["paths"].as_object_mut() {
        for path in paths.values_mut() {
            expand_parameters(path);
            for operation in operations(path) {
                expand(operation, &problems)?;
            }
        }
    }
    if let Some(responses) = document["components"]["responses"].as_object_mut() {
        responses.values_mut().for_each(expand_response);
    }
    Ok(document)
}

/// The YAML files in and below a folder, but for the list of problems.
fn files(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            found.extend(files(&path)?);
        } else if path
            .extension()
            .is_some_and(|extension| extension == "yaml")
            && !path.ends_with(PROBLEMS)
        {
            found.push(path);
        }
    }
    found.sort();
    Ok(found)
}

fn read(file: &Path) -> Result<Value> {
    let text = fs::read_to_string(file)?;
    yaml_serde::from_str(&text).map_err(|error| format!("{}: {error}", file.display()).into())
}

/// Adds the members of one document to another.
fn merge(into: &mut Value, part: Value, place: &str) -> Result<()> {
    match (into, part) {
        (into @ Value::Null, part) => *into = part,
        (Value::Object(into), Value::Object(part)) => {
            for (name, value) in part {
                let place = format!("{place}: {name}");
                merge(into.entry(name).or_insert(Value::Null), value, &place)?;
            }
        }
        _ => return Err(format!("{place} is defined twice").into()),
    }
    Ok(())
}

/// Adds the problems' responses and names their types.
fn add_problems(document: &mut Value, problems: &[Problems]) {
    let mut types: Vec<Value> = Vec::new();
    for problem in problems {
        let own = problem.types.iter();
        let own: Vec<Value> = own.map(|(slug, rest)| type_of(slug, rest)).collect();
        for name in &own {
            // tus has one of them under another status.
            if !types.contains(name) {
                types.push(name.clone());
            }
        }
        if problem.undescribed {
            continue;
        }
        let headers = problem.headers.iter().map(String::as_str);
        let headers: Vec<&str> = headers.chain(OF_PROBLEMS).collect();
        document["components"]["responses"][&problem.response] = json!({
            "description": problem.description,
            "headers": headers,
            "content": { "application/problem+json": {
                "schema": {
                    "allOf": [{ "$ref": "#/components/schemas/Problem" }],
                    "properties": {
                        "type": { "enum": own },
                        "status": { "const": problem.status },
                    },
                },
                "examples": examples(problem),
            } },
        });
    }
    document["components"]["schemas"]["Problem"]["properties"]["type"]["enum"] = types.into();
}

fn type_of(slug: &str, rest: &Value) -> Value {
    let is_registered = rest["registered"] == true;
    let prefix = if is_registered { REGISTERED } else { OWN };
    format!("{prefix}{slug}").into()
}

fn examples(problem: &Problems) -> Value {
    let types = problem.types.iter();
    types
        .map(|(slug, rest)| {
            let mut document = json!({ "type": type_of(slug, rest), "status": problem.status });
            document["title"] = rest["title"].clone();
            document["detail"] = rest["detail"].clone();
            (slug.clone(), json!({ "value": document }))
        })
        .collect::<Map<_, _>>()
        .into()
}

/// The operations of a path.
fn operations(path: &mut Value) -> impl Iterator<Item = &mut Value> {
    let members = path.as_object_mut().into_iter().flatten();
    members.filter_map(|(name, member)| (name != "parameters").then_some(member))
}

fn expand(operation: &mut Value, problems: &[Problems]) -> Result<()> {
    expand_parameters(operation);
    if let Some(body) = operation.get_mut("requestBody") {
        refer(body, "requestBodies");
    }
    let own = operation["x-problems"].take();
    let own: Vec<u16> = serde_json::from_value(own).unwrap_or_default();
    let has = |status| problems.iter().any(|problem| problem.status == status);
    if let Some(status) = own.iter().find(|status| !has(**status)) {
        return Err(format!("{PROBLEMS} has no {status}").into());
    }
    for problem in problems {
        if problem.everywhere || own.contains(&problem.status) {
            operation["responses"][problem.status.to_string()] = problem.response.clone().into();
        }
    }
    let Value::Object(operation) = operation else {
        return Err("an operation is an object".into());
    };
    operation.remove("x-problems");
    if let Some(Value::Object(responses)) = operation.get_mut("responses") {
        responses.values_mut().for_each(expand_response);
    }
    Ok(())
}

fn expand_parameters(of: &mut Value) {
    if let Some(Value::Array(parameters)) = of.get_mut("parameters") {
        parameters
            .iter_mut()
            .for_each(|parameter| refer(parameter, "parameters"));
    }
}

fn expand_response(response: &mut Value) {
    refer(response, "responses");
    if response.get("$ref").is_some() {
        return;
    }
    let mut headers = match response["headers"].take() {
        Value::Object(headers) => headers,
        names => {
            let names: Vec<String> = serde_json::from_value(names).unwrap_or_default();
            names
                .into_iter()
                .map(|name| (name.clone(), name.into()))
                .collect()
        }
    };
    headers.extend(EVERYWHERE.map(|name| (name.to_owned(), name.into())));
    headers
        .values_mut()
        .for_each(|header| refer(header, "headers"));
    response["headers"] = headers.into();
}

/// Makes a component's name a reference. A header field whose name is open at its end has the
/// component of the part that is fixed.
fn refer(name: &mut Value, kind: &str) {
    if let Value::String(text) = name {
        *name = json!({ "$ref": format!("#/components/{kind}/{}", text.trim_end_matches("-*")) });
    }
}
