//! `POST /v1/{area}/urls`

use http::StatusCode;
use serde::Serialize;
use serde_json::{Map, Value};

use super::Context;
use super::json_body::{self, expires_in, not_names, unknown};
use super::url::{Made, Maker};
use crate::area::Area;
use crate::bindings::coffer::storage::blobs;
use crate::http::{Answer, Request, Response};
use crate::permit::{self, Reading};
use crate::problem::Problem;
use crate::url::Name;

/// The maximum number of files.
const MOST_FILES: usize = 100;
/// The maximum size of the body, in bytes: room for that many of the longest names, with
/// every character escaped.
const LONGEST_BODY: usize = 512 << 10;

/// What a client asks for.
#[derive(Debug, PartialEq, Eq)]
struct Asked {
    names: Vec<String>,
    /// In seconds.
    expires_in: Option<u64>,
}

/// One answer for each name, in the same order.
#[derive(Serialize)]
struct Urls {
    urls: Vec<Entry>,
}

/// What came of one name.
#[derive(Serialize)]
#[serde(untagged)]
enum Entry {
    Made {
        name: String,
        url: String,
        expires_at: Option<String>,
    },
    Refused {
        name: String,
        problem: Problem,
    },
}

/// Makes the URLs of many files.
pub(crate) fn answer(
    context: &Context<'_>,
    request: Request,
    area: Area,
) -> Result<Answer, Problem> {
    let reading = permit::reading(context.policy, &context.caller, area)?;
    let base_url = context.base_url(&request)?;
    let members = json_body::read(request.into_reader()?, LONGEST_BODY)?;
    let asked = asked(members.unwrap_or_default())?;
    let maker = Maker::new(context, area, base_url, asked.expires_in)?;
    let urls = entries(&reading, &maker, asked.names)?;
    Ok(Answer::Whole(Response::json(
        StatusCode::OK,
        &Urls { urls },
    )))
}

/// What comes of these names.
///
/// # Errors
/// A fault of the service.
fn entries(
    reading: &Reading<'_, '_>,
    maker: &Maker,
    names: Vec<String>,
) -> Result<Vec<Entry>, Problem> {
    let mut allowed = Vec::with_capacity(names.len());
    let permits = names.iter().map(|name| {
        let permit = reading.of(Name::new(name)?)?;
        allowed.push(permit);
        Ok(())
    });
    let permits: Vec<Result<(), Problem>> = permits.collect();
    let found = permit::together(&allowed, blobs::stat_many).ok_or(Problem::Internal)?;
    let mut found = allowed.into_iter().zip(found);
    let made = permits.into_iter().map(|permitted| {
        permitted?;
        let (permit, found) = found.next().ok_or(Problem::Internal)?;
        found.map_err(|error| permit.problem(error))?;
        maker.make(&permit)
    });
    names
        .into_iter()
        .zip(made)
        .map(|(name, made)| match made {
            Ok(Made { url, expires_at }) => Ok(Entry::Made {
                name,
                url,
                expires_at,
            }),
            Err(problem) if problem.status().is_client_error() => {
                Ok(Entry::Refused { name, problem })
            }
            Err(problem) => Err(problem),
        })
        .collect()
}

fn asked(members: Map<String, Value>) -> Result<Asked, Problem> {
    let mut asked = None;
    let mut lifetime = None;
    for (member, value) in members {
        match (member.as_str(), value) {
            ("names", Value::Array(values)) => asked = Some(names(values)?),
            ("names", _) => return Err(not_names()),
            ("expires_in", value) => lifetime = expires_in(&value)?,
            (other, _) => return Err(unknown(other, "\"names\" or \"expires_in\"")),
        }
    }
    Ok(Asked {
        names: asked.ok_or_else(not_names)?,
        expires_in: lifetime,
    })
}

fn names(values: Vec<Value>) -> Result<Vec<String>, Problem> {
    if values.len() > MOST_FILES {
        return Err(Problem::TooLarge(format!(
            "a request can ask for the URLs of at most {MOST_FILES} files"
        )));
    }
    json_body::names(values)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(body: &str) -> Result<Asked, Problem> {
        asked(json_body::parse(body.as_bytes())?.unwrap_or_default())
    }

    #[test]
    fn the_body_lists_names() {
        for (body, names, expires_in) in [
            (r#"{"names":["a","b/c"]}"#, vec!["a", "b/c"], None),
            (r#"{"expires_in":60,"names":["é"]}"#, vec!["é"], Some(60)),
            (r#"{"names":[],"expires_in":null}"#, vec![], None),
        ] {
            let names = names.into_iter().map(str::to_owned).collect();
            assert_eq!(parse(body), Ok(Asked { names, expires_in }), "{body}");
        }
        for body in [
            "",
            "{}",
            r#"["a"]"#,
            r#"{"names":null}"#,
            r#"{"names":"a"}"#,
            r#"{"names":{"0":"a"}}"#,
            r#"{"names":["a",1]}"#,
            r#"{"names":["a"],"names":["b"]}"#,
            r#"{"names":["a"],"expires_in":-1}"#,
            r#"{"names":["a"],"name":"b"}"#,
        ] {
            let refused = parse(body);
            assert!(matches!(refused, Err(Problem::InvalidRequest(_))), "{body}");
        }
    }

    #[test]
    fn the_body_has_at_most_a_hundred_names() {
        let body = |count| format!("{{\"names\":[{}]}}", vec!["\"a\""; count].join(","));
        assert!(parse(&body(100)).is_ok());
        assert!(matches!(parse(&body(101)), Err(Problem::TooLarge(_))));
    }
}
