//! `POST /v1/{area}/delete`

use std::collections::BTreeSet;

use http::StatusCode;
use serde_json::{Map, Value};

use super::Context;
use super::copy::refuse_conditions;
use super::json_body::{self, invalid, not_names, unknown};
use super::progress::{Outcome, Progress, step};
use crate::area::Area;
use crate::bindings::coffer::storage::blobs::{self, Error};
use crate::fields::conditions::conditions;
use crate::http::{Answer, Request, Response};
use crate::permit::{self, Delete, Deleting};
use crate::problem::Problem;
use crate::url::{Name, Series};

/// The maximum number of names.
const MOST_NAMES: usize = 1000;
/// How many files of a folder are deleted at once.
const BATCH: usize = 1000;
/// The maximum size of the body, in bytes: room for that many of the longest names, with
/// every character that is not ASCII escaped.
const LONGEST_BODY: usize = 4 << 20;

/// What a client asks for.
#[derive(Debug, PartialEq, Eq)]
enum Asked {
    /// Each once.
    Names(Vec<Name>),
    Folder {
        folder: Name,
        cursor: Option<String>,
    },
}

/// Deletes many files, or those of a folder.
pub(crate) fn answer(
    context: &Context<'_>,
    request: Request,
    area: Area,
) -> Result<Answer, Problem> {
    let permit = permit::deleting(context.policy, &context.caller, area)?;
    refuse_conditions(&conditions(&request.headers)?)?;
    let members = json_body::read(request.into_reader()?, LONGEST_BODY)?;
    let progress = match asked(members.unwrap_or_default())? {
        Asked::Names(names) => {
            let mut progress = Progress::default();
            let outcomes = remove(&permit, &names);
            progress.record(&names, outcomes)?;
            progress
        }
        Asked::Folder { folder, cursor } => {
            let folder = format!("{folder}/");
            let list = permit::list(context.policy, &context.caller, area, &folder)?;
            let (key, caller) = (permit.prefix(&folder), permit::identity(&context.caller));
            let hiding = context.settings.cursor_key();
            let series = Series::new(folder, &["delete", &key, caller], hiding);
            let after = cursor.map(|cursor| series.after(&cursor)).transpose()?;
            let work = |names: &[String]| remove_listed(&permit, names);
            step(&list, &series).work_through(&series, after, BATCH, work)?
        }
    };
    Ok(Answer::Whole(Response::json(StatusCode::OK, &progress)))
}

/// Removes files under names that come from a list, among which may be some that Coffer did
/// not store.
fn remove_listed(permit: &Deleting<'_, '_>, listed: &[String]) -> Vec<Outcome> {
    let permits = listed.iter().map(|name| permit.of(Name::new(name)?));
    remove_permitted(permits.collect())
}

fn remove(permit: &Deleting<'_, '_>, names: &[Name]) -> Vec<Outcome> {
    let permits = names.iter().map(|name| permit.of(name.clone()));
    remove_permitted(permits.collect())
}

fn remove_permitted(permits: Vec<Result<Delete, Problem>>) -> Vec<Outcome> {
    let allowed: Vec<Delete> = permits.iter().flatten().cloned().collect();
    let removed = permit::together(&allowed, blobs::remove_many).unwrap_or_default();
    let mut removed = allowed.into_iter().zip(removed);
    let outcome = |permitted: Result<Delete, Problem>| {
        permitted?;
        match removed.next().ok_or(Problem::Internal)? {
            (_, Ok(()) | Err(Error::NotFound)) => Ok(()),
            (permit, Err(error)) => Err(permit.problem(error)),
        }
    };
    permits.into_iter().map(outcome).collect()
}

fn asked(members: Map<String, Value>) -> Result<Asked, Problem> {
    let (mut listed, mut folder, mut cursor) = (None, None, None);
    for (member, value) in members {
        match (member.as_str(), value) {
            ("names", Value::Array(values)) => listed = Some(names(values)?),
            ("names", _) => return Err(not_names()),
            ("folder", Value::String(text)) => folder = Some(text),
            ("cursor", Value::String(text)) => cursor = Some(text),
            ("cursor", Value::Null) => {}
            ("folder" | "cursor", _) => {
                return Err(invalid(&format!("{member} must be a string")));
            }
            (other, _) => {
                return Err(unknown(other, "\"names\", or \"folder\" and \"cursor\""));
            }
        }
    }
    match (listed, folder) {
        (Some(_), None) if cursor.is_some() => Err(invalid("a cursor is for a folder")),
        (Some(names), None) => Ok(Asked::Names(names)),
        (None, Some(folder)) => Ok(Asked::Folder {
            folder: of_folder(&folder)?,
            cursor,
        }),
        (Some(_), Some(_)) => Err(invalid("names and folder exclude each other")),
        (None, None) => Err(invalid("names or folder is missing")),
    }
}

/// The names, each once. All are checked before anything is deleted.
fn names(values: Vec<Value>) -> Result<Vec<Name>, Problem> {
    if values.len() > MOST_NAMES {
        return Err(invalid(&format!(
            "a request can name at most {MOST_NAMES} files"
        )));
    }
    let texts = json_body::names(values)?;
    let mut seen = BTreeSet::new();
    let mut names = Vec::with_capacity(texts.len());
    for text in texts {
        let name = Name::new(&text).map_err(|problem| problem.of_file(&echo(&text)))?;
        if seen.insert(text) {
            names.push(name);
        }
    }
    Ok(names)
}

fn of_folder(text: &str) -> Result<Name, Problem> {
    let Some(folder) = text.strip_suffix('/') else {
        return Err(invalid(
            "folder must end in /, and a whole area is not a folder",
        ));
    };
    if folder.is_empty() {
        return Err(invalid("folder must name a folder, not the whole area"));
    }
    Name::new(folder).map_err(|problem| problem.of_file(&echo(text)))
}

/// As much of a name as a valid one may have.
fn echo(text: &str) -> String {
    text.chars().take(Name::MAX_BYTES).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(body: &str) -> Result<Asked, Problem> {
        asked(json_body::parse(body.as_bytes())?.unwrap_or_default())
    }

    #[test]
    fn the_body_has_names_or_a_folder() {
        let name = |text: &str| Name::new(text).expect("a name");
        let folder = |cursor: Option<&str>| Asked::Folder {
            folder: name("a/b"),
            cursor: cursor.map(str::to_owned),
        };
        for (body, expected) in [
            (
                r#"{"names":["b","a/é","b"]}"#,
                Asked::Names(vec![name("b"), name("a/é")]),
            ),
            (r#"{"names":[],"cursor":null}"#, Asked::Names(vec![])),
            (r#"{"folder":"a/b/"}"#, folder(None)),
            (r#"{"folder":"a/b/","cursor":null}"#, folder(None)),
            (r#"{"cursor":"x","folder":"a/b/"}"#, folder(Some("x"))),
        ] {
            assert_eq!(parse(body), Ok(expected), "{body}");
        }
        for (body, reason) in [
            ("", "names or folder is missing"),
            ("{}", "names or folder is missing"),
            (r#"{"cursor":"x"}"#, "names or folder is missing"),
            (r#"{"names":"a"}"#, "names must be a list"),
            (r#"{"names":["a",1]}"#, "names must be a list"),
            (r#"{"names":null}"#, "names must be a list"),
            (
                r#"{"names":["a"],"cursor":"x"}"#,
                "a cursor is for a folder",
            ),
            (r#"{"names":["a"],"folder":"a/"}"#, "exclude each other"),
            (r#"{"name":"a"}"#, "unknown member \"name\""),
            (r#"{"folder":"a"}"#, "folder must end in /"),
            (r#"{"folder":""}"#, "folder must end in /"),
            (r#"{"folder":"/"}"#, "not the whole area"),
            (r#"{"folder":null}"#, "folder must be a string"),
            (r#"{"folder":"a/","cursor":1}"#, "cursor must be a string"),
        ] {
            match parse(body) {
                Err(Problem::InvalidRequest(said)) => {
                    assert!(said.contains(reason), "{body}: {said}");
                }
                other => panic!("{body}: {other:?}"),
            }
        }
    }

    #[test]
    fn one_invalid_name_refuses_all_and_is_named() {
        for (body, file) in [
            (r#"{"names":["a","b/../c"]}"#, "b/../c"),
            (r#"{"names":["a/"]}"#, "a/"),
            (r#"{"names":[""]}"#, ""),
            (r#"{"folder":"a//"}"#, "a//"),
            (r#"{"folder":"../"}"#, "../"),
        ] {
            match parse(body) {
                Err(Problem::OfFile {
                    file: named,
                    problem,
                }) => {
                    assert!(matches!(*problem, Problem::InvalidName(_)), "{body}");
                    assert_eq!(named, file);
                }
                other => panic!("{body}: {other:?}"),
            }
        }
    }

    #[test]
    fn the_body_has_at_most_a_thousand_names() {
        let body = |count| format!("{{\"names\":[{}]}}", vec!["\"a\""; count].join(","));
        assert!(parse(&body(1000)).is_ok());
        let refused = parse(&body(1001));
        assert!(matches!(refused, Err(Problem::InvalidRequest(_))));
    }
}
