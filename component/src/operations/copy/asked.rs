//! What the body asks for.

use serde_json::{Map, Value};

use crate::area::Area;
use crate::operations::json_body::{invalid, unknown};
use crate::problem::Problem;
use crate::url::Name;

/// What a client asks for.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Asked {
    pub(super) names: Pair,
    /// `None` for the area of the path.
    pub(super) from_area: Option<Area>,
    /// Whether existing files may be replaced.
    pub(super) replace: bool,
    /// Where to continue in a folder.
    pub(super) cursor: Option<String>,
}

/// What is copied, and where to.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Pair {
    Files { from: Name, to: Name },
    Folders { from: Name, to: Name },
}

/// A file, or a folder, whose name has a closing `/`.
enum Place {
    File(Name),
    Folder(Name),
}

impl Asked {
    /// Reads the members of the body.
    pub(super) fn of(members: Map<String, Value>) -> Result<Self, Problem> {
        let (mut from, mut to, mut from_area) = (None, None, None);
        let (mut replace, mut cursor) = (false, None);
        for (member, value) in members {
            match (member.as_str(), value) {
                ("from", Value::String(text)) => from = Some(text),
                ("to", Value::String(text)) => to = Some(text),
                ("from_area", Value::String(text)) => from_area = Some(area(&text)?),
                ("replace", Value::Bool(value)) => replace = value,
                ("cursor", Value::String(text)) => cursor = Some(text),
                ("from_area" | "replace" | "cursor", Value::Null) => {}
                ("from" | "to" | "from_area" | "cursor", _) => {
                    return Err(invalid(&format!("{member} must be a string")));
                }
                ("replace", _) => return Err(invalid("replace must be true or false")),
                (other, _) => {
                    let known = "\"from\", \"to\", \"from_area\", \"replace\" or \"cursor\"";
                    return Err(unknown(other, known));
                }
            }
        }
        let (from, to) = (place("from", from)?, place("to", to)?);
        let names = match (from, to) {
            (Place::File(from), Place::File(to)) if cursor.is_none() => Pair::Files { from, to },
            (Place::File(_), Place::File(_)) => {
                return Err(invalid("a cursor is for folders, which end in /"));
            }
            (Place::Folder(from), Place::Folder(to)) => Pair::Folders { from, to },
            (Place::Folder(_), Place::File(_)) => {
                return Err(invalid("from is a folder, so to must end in / too"));
            }
            (Place::File(_), Place::Folder(_)) => {
                return Err(invalid(
                    "to is a folder, but from is not: to must be the whole name of the copy, \
                     or from must end in / too",
                ));
            }
        };
        Ok(Self {
            names,
            from_area,
            replace,
            cursor,
        })
    }
}

fn area(text: &str) -> Result<Area, Problem> {
    Area::parse(text).ok_or_else(|| invalid("from_area must be public, user or org"))
}

fn place(member: &str, text: Option<String>) -> Result<Place, Problem> {
    let text = text.ok_or_else(|| invalid(&format!("{member} is missing")))?;
    if matches!(text.as_str(), "" | "/") {
        return Err(invalid(&format!(
            "{member} must name a file or a folder, not the whole area"
        )));
    }
    let place = match text.strip_suffix('/') {
        Some(folder) => Name::new(folder).map(Place::Folder),
        None => Name::new(&text).map(Place::File),
    };
    place.map_err(|problem| problem.of_file(&text))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::operations::json_body;

    fn parse(body: &str) -> Result<Asked, Problem> {
        Asked::of(json_body::parse(body.as_bytes())?.unwrap_or_default())
    }

    fn name(text: &str) -> Name {
        Name::new(text).expect("a name")
    }

    #[test]
    fn files_and_folders_are_told_apart_by_the_closing_slash() {
        let files = |replace, from_area| Asked {
            names: Pair::Files {
                from: name("a/b"),
                to: name("c"),
            },
            from_area,
            replace,
            cursor: None,
        };
        for (body, expected) in [
            (r#"{"from":"a/b","to":"c"}"#, files(false, None)),
            (
                r#"{"to":"c","from":"a/b","from_area":null,"replace":null,"cursor":null}"#,
                files(false, None),
            ),
            (
                r#"{"from":"a/b","to":"c","from_area":"org","replace":true}"#,
                files(true, Some(Area::Org)),
            ),
            (
                r#"{"from":"a/b/","to":"日/","replace":false,"cursor":"x"}"#,
                Asked {
                    names: Pair::Folders {
                        from: name("a/b"),
                        to: name("日"),
                    },
                    from_area: None,
                    replace: false,
                    cursor: Some("x".to_owned()),
                },
            ),
        ] {
            assert_eq!(parse(body), Ok(expected), "{body}");
        }
    }

    #[test]
    fn everything_else_is_refused_with_its_reason() {
        for (body, reason) in [
            ("", "from is missing"),
            ("{}", "from is missing"),
            (r#"{"from":"a"}"#, "to is missing"),
            (r#"{"from":null,"to":"b"}"#, "from must be a string"),
            (r#"{"from":["a"],"to":"b"}"#, "from must be a string"),
            (r#"{"from":"a","to":1}"#, "to must be a string"),
            (r#"{"from":"a","to":"b","replace":"true"}"#, "true or false"),
            (
                r#"{"from":"a","to":"b","from_area":"org/x"}"#,
                "public, user or org",
            ),
            (
                r#"{"from":"a","to":"b","from_area":1}"#,
                "from_area must be",
            ),
            (
                r#"{"from":"a","to":"b","to_area":"org"}"#,
                "unknown member \"to_area\"",
            ),
            (
                r#"{"from":"a","to":"b","cursor":"x"}"#,
                "a cursor is for folders",
            ),
            (
                r#"{"from":"a/","to":"b/","cursor":1}"#,
                "cursor must be a string",
            ),
            (r#"{"from":"a/","to":"b"}"#, "to must end in / too"),
            (r#"{"from":"a","to":"b/"}"#, "from must end in / too"),
            (r#"{"from":"","to":"b/"}"#, "from must name"),
            (r#"{"from":"/","to":"b/"}"#, "from must name"),
            (r#"{"from":"a/","to":"/"}"#, "to must name"),
            (
                r#"{"from":"a","from":"b","to":"c"}"#,
                "without duplicate members",
            ),
            (r#"["a","b"]"#, "not a JSON object"),
        ] {
            match parse(body) {
                Err(Problem::InvalidRequest(said)) => {
                    assert!(said.contains(reason), "{body}: {said}");
                }
                other => panic!("{body}: {other:?}"),
            }
        }
        for body in [
            r#"{"from":"../a","to":"b"}"#,
            r#"{"from":"a","to":"b/../c"}"#,
            r#"{"from":"a//","to":"b/"}"#,
            r#"{"from":"a/","to":"/b/"}"#,
            r#"{"from":"a\\b","to":"b"}"#,
            r#"{"from":"a\u0000","to":"b"}"#,
        ] {
            let refused = parse(body).expect_err(body);
            assert!(
                matches!(&refused, Problem::OfFile { problem, .. }
                    if matches!(**problem, Problem::InvalidName(_))),
                "{body}: {refused:?}"
            );
        }
    }
}
