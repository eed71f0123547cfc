use std::collections::{BTreeMap, BTreeSet};

use http::Method;
use serde_json::Value;

use super::*;
use crate::url::Route;

/// What people read instead.
const API: &str = include_str!("../../../API.md");
/// Where the component's problem types are.
const PROBLEMS: &str = include_str!("../../problem.rs");
/// Problem types that only the host has.
const OF_THE_HOST: [&str; 2] = ["headers-too-large", "misdirected-request"];
/// Header fields that OpenAPI does not count among a request's or a response's, or that a
/// description names.
const ELSEWHERE: [&str; 3] = ["Authorization", "Content-Type", "Content-Encoding"];

fn parsed() -> Value {
    let document = document().expect("a document");
    serde_json::from_slice(&document).expect("JSON")
}

/// Each path, with its methods.
fn paths(document: &Value) -> BTreeMap<&str, BTreeSet<String>> {
    let paths = document["paths"].as_object().expect("paths");
    let methods = |path: &Value| {
        let members = path.as_object().expect("a path").keys();
        let methods = members.filter(|name| *name != "parameters");
        methods.map(|name| name.to_uppercase()).collect()
    };
    paths
        .iter()
        .map(|(path, members)| (path.as_str(), methods(members)))
        .collect()
}

/// The problem types of the document.
fn types(document: &Value) -> BTreeSet<&str> {
    let types = &document["components"]["schemas"]["Problem"]["properties"]["type"]["enum"];
    let types = types.as_array().expect("types").iter();
    types
        .map(|name| {
            let name = name.as_str().expect("a type");
            // Those that are registered are fragments.
            name.rsplit(['/', '#']).next().unwrap_or(name)
        })
        .collect()
}

/// The first cells of a table's rows, which have a text between backticks each.
fn code<'t>(text: &'t str, heading: &str) -> Vec<Vec<&'t str>> {
    let (_, section) = text.split_once(heading).expect(heading);
    let section = section.split("\n## ").next().unwrap_or_default();
    let rows = section.lines().filter(|line| line.starts_with("| "));
    rows.map(|row| row.split('`').skip(1).step_by(2).collect())
        .collect()
}

#[test]
fn it_is_openapi_3_1_of_this_version_and_of_bounded_size() {
    let document = parsed();
    assert_eq!(document["openapi"], "3.1.1");
    assert_eq!(document["info"]["version"], env!("CARGO_PKG_VERSION"));
    assert_eq!(
        super::document().map(|document| document.len().to_string()),
        Ok(env!("COFFER_OPENAPI_SIZE").to_owned())
    );
    // What every instance's memory holds of it.
    assert!(COMPRESSED.len() <= 24 << 10, "{}", COMPRESSED.len());
}

#[test]
fn it_has_every_problem_type_and_no_other() {
    let rows = PROBLEMS.split_once("fn row(").expect("the rows").1;
    let rows = rows.split("\n    }\n").next().expect("the rows");
    // Type and title, in turns.
    let known = rows.split('"').skip(1).step_by(4).chain(OF_THE_HOST);
    assert_eq!(types(&parsed()), known.collect());
}

#[test]
fn it_has_the_methods_of_every_path() {
    for (path, methods) in paths(&parsed()) {
        let target = path.replace("{area}", "public").replace(['{', '}'], "");
        let options = Route::parse(&Method::OPTIONS, &target).1;
        let Ok((Route::Preflight { allow, .. }, _)) = options else {
            panic!("{path}");
        };
        let allowed = allow.split(", ").map(str::to_owned).collect();
        assert_eq!(methods, allowed, "{path}");
    }
}

#[test]
fn names_with_an_encoded_slash_are_the_same_names() {
    let route = |target| Route::parse(&Method::GET, target).1.map(|(route, _)| route);
    assert_eq!(
        route("/v1/user/files/a%2Fb%2fc"),
        route("/v1/user/files/a/b/c")
    );
}

#[test]
fn it_has_the_paths_and_types_that_the_text_has() {
    let document = parsed();
    let described = paths(&document);
    let mut read: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
    for row in code(API, "\n## Endpoints\n") {
        let is_path = |text: &str| text.starts_with("/v1/");
        let methods = row.iter().take_while(|text| !is_path(text));
        for path in row.iter().filter(|text| is_path(text)) {
            read.entry(path)
                .or_insert_with(|| BTreeSet::from(["OPTIONS".to_owned()]))
                .extend(methods.clone().map(|&method| method.to_owned()));
        }
    }
    assert_eq!(read, described);
    let rows = code(API, "\n## Errors\n");
    let read = rows.iter().filter_map(|row| row.first().copied());
    // The heading of the table, and rows without a type.
    let read = read.filter(|name| !name.starts_with("type"));
    assert_eq!(read.collect::<BTreeSet<_>>(), types(&document));
}

#[test]
fn it_has_the_header_fields_that_the_text_has() {
    let document = parsed();
    let parts = &document["components"];
    let headers = parts["headers"].as_object().expect("headers").keys();
    let parameters = parts["parameters"].as_object().expect("parameters");
    let parameters = parameters
        .values()
        .filter(|parameter| parameter["in"] == "header");
    let described: BTreeSet<&str> = headers
        .map(String::as_str)
        .chain(parameters.filter_map(|parameter| parameter["name"].as_str()))
        .chain(ELSEWHERE)
        .collect();
    for field in &described {
        assert!(
            API.contains(&format!("`{field}")),
            "{field} is not in API.md"
        );
    }
    let text = document.to_string();
    for code in API.split('`').skip(1).step_by(2) {
        let field = code.split(':').next().unwrap_or_default();
        if is_field(field) && !OF_THE_PROTOCOL.contains(&field) {
            assert!(text.contains(field), "{field} is only in API.md");
        }
    }
}

/// Fields of HTTP/1.1 itself or of a form's parts, which no document of an API has.
const OF_THE_PROTOCOL: [&str; 3] = ["Content-Transfer-Encoding", "Expect", "Keep-Alive"];

/// Whether it looks like the name of a header field, with a dash in it.
fn is_field(text: &str) -> bool {
    let is_word = |word: &str| {
        let mut letters = word.chars();
        letters
            .next()
            .is_some_and(|first| first.is_ascii_uppercase())
            && letters.all(|letter| letter.is_ascii_alphabetic())
    };
    text.contains('-') && text.split('-').all(is_word)
}

#[test]
fn a_copy_that_is_known_is_not_sent_again() {
    let ask = |name: &'static str, value: &str| {
        let value = HeaderValue::from_str(value).expect("a value");
        answer(&HeaderMap::from_iter([(
            HeaderName::from_static(name),
            value,
        )]))
    };
    for (name, value, expected) in [
        ("accept", "*/*", 200),
        ("if-none-match", ETAG, 304),
        ("if-none-match", "*", 304),
        ("if-none-match", "\"other\"", 200),
        ("if-match", ETAG, 200),
        ("if-match", "\"other\"", 412),
    ] {
        let status = match ask(name, value) {
            Ok(Answer::Whole(response)) => response.status,
            Ok(Answer::Bytes { status, .. }) => status,
            Err(problem) => problem.status(),
        };
        assert_eq!(status, expected, "{name}: {value}");
    }
}
