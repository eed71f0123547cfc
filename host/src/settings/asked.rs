//! Whom and what `coffer check --as` asks about.

use std::str::FromStr;

use serde_json::{Map, Value};

use crate::bindings::judge::decisions::{Action, Area, Question};

/// Who asks.
#[derive(Debug, Clone, PartialEq)]
pub enum Caller {
    /// A request without a token.
    Nobody,
    /// A token that says this.
    Named(Named),
}

/// What a token says.
#[derive(Debug, Default, Clone, PartialEq)]
pub struct Named {
    /// The user's id.
    pub user: Option<String>,
    /// The organization's id.
    pub org: Option<String>,
    /// The roles.
    pub roles: Vec<String>,
    /// The other claims.
    pub claims: Map<String, Value>,
}

/// What they want to do.
#[derive(Debug, Clone)]
pub struct Asked(pub Question);

/// What was expected.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AskError {
    /// An unknown part of a caller.
    #[error(
        "{0:?}: expected nobody, or user=USER, org=ORG, role=ROLE and claim:POINTER=VALUE, \
         separated by commas (a comma in a value is written \\,)"
    )]
    Part(String),
    /// A part that can only be there once.
    #[error("{0} is given twice")]
    Twice(&'static str),
    /// Not a JSON Pointer.
    #[error("{0:?} is not a JSON Pointer (RFC 6901) to a claim, expected one such as /department")]
    Pointer(String),
    /// Two claims of which one is where the other has members.
    #[error("the claim {0:?} contradicts another one")]
    Contradiction(String),
    /// Not a question.
    #[error(
        "expected an operation (read, list, create, replace, delete) and a file, such as \"read \
         org/plan.pdf\"; list is asked of folders too: \"list org/2026/\", \"list org/\""
    )]
    Question,
}

impl FromStr for Caller {
    type Err = AskError;

    fn from_str(text: &str) -> Result<Self, AskError> {
        if text == "nobody" {
            return Ok(Self::Nobody);
        }
        let mut named = Named::default();
        for part in parts(text) {
            let unknown = || AskError::Part(part.clone());
            let (key, value) = match part.strip_prefix("claim:") {
                // A pointer may contain a `=`, but then nobody could tell where it ends.
                Some(claim) => {
                    let (pointer, value) = claim.split_once('=').ok_or_else(unknown)?;
                    put(&mut named.claims, pointer, value)?;
                    continue;
                }
                None => part.split_once('=').ok_or_else(unknown)?,
            };
            let value = Some(value).filter(|value| !value.is_empty());
            let value = value.ok_or_else(unknown)?.to_owned();
            match key {
                "user" if named.user.is_some() => return Err(AskError::Twice("user")),
                "org" if named.org.is_some() => return Err(AskError::Twice("org")),
                "user" => named.user = Some(value),
                "org" => named.org = Some(value),
                "role" => named.roles.push(value),
                _ => return Err(unknown()),
            }
        }
        Ok(Self::Named(named))
    }
}

impl FromStr for Asked {
    type Err = AskError;

    fn from_str(text: &str) -> Result<Self, AskError> {
        let question = text.split_once(' ').and_then(|(operation, file)| {
            let action = match operation {
                "read" => Action::Read,
                "list" => Action::List,
                "create" => Action::Create,
                "replace" => Action::Replace,
                "delete" => Action::Delete,
                _ => return None,
            };
            let (area, name) = file.split_once('/')?;
            let area = match area {
                "public" => Area::Public,
                "user" => Area::User,
                "org" => Area::Org,
                _ => return None,
            };
            let name = name.to_owned();
            Some(Question { action, area, name })
        });
        question.map(Self).ok_or(AskError::Question)
    }
}

/// What is between commas that are not escaped.
fn parts(text: &str) -> Vec<String> {
    let mut parts = vec![String::new()];
    let mut characters = text.chars().peekable();
    while let Some(character) = characters.next() {
        if character == ',' {
            parts.push(String::new());
            continue;
        }
        let escaped = characters.next_if(|next| character == '\\' && *next == ',');
        if let Some(last) = parts.last_mut() {
            last.push(escaped.unwrap_or(character));
        }
    }
    parts
}

/// Puts a value where a pointer looks for it; several of one claim become a list.
fn put(claims: &mut Map<String, Value>, pointer: &str, value: &str) -> Result<(), AskError> {
    let escapes = |part: &str| part.starts_with(['0', '1']);
    let path = pointer.strip_prefix('/');
    let path = path.filter(|path| path.split('~').skip(1).all(escapes));
    let path = path.ok_or_else(|| AskError::Pointer(pointer.to_owned()))?;
    let contradiction = || AskError::Contradiction(pointer.to_owned());
    let unescaped = |name: &str| name.replace("~1", "/").replace("~0", "~");
    let (above, name) = match path.rsplit_once('/') {
        Some((above, name)) => (Some(above), unescaped(name)),
        None => (None, unescaped(path)),
    };
    let mut members = claims;
    for above in above.into_iter().flat_map(|above| above.split('/')) {
        let inner = members
            .entry(unescaped(above))
            .or_insert_with(|| Value::Object(Map::new()));
        members = inner.as_object_mut().ok_or_else(contradiction)?;
    }
    let together = match members.remove(&name) {
        None => value.into(),
        Some(Value::Array(mut all)) => {
            all.push(value.into());
            Value::Array(all)
        }
        Some(one @ Value::String(_)) => Value::Array(vec![one, value.into()]),
        Some(_) => return Err(contradiction()),
    };
    members.insert(name, together);
    Ok(())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn named(text: &str) -> Named {
        match text.parse() {
            Ok(Caller::Named(named)) => named,
            other => panic!("{text}: {other:?}"),
        }
    }

    #[test]
    fn a_caller_has_a_user_an_organization_roles_and_claims() {
        let given = named(
            "user=ann,org=a=b,role=editor,role=head,claim:/department=hr,claim:/o/x~1y=1,\
             claim:/o/z=,claim:/department=it,claim:/department=a=b\\,c\\d",
        );
        assert_eq!(given.user.as_deref(), Some("ann"));
        assert_eq!(given.org.as_deref(), Some("a=b"));
        assert_eq!(given.roles, ["editor", "head"]);
        assert_eq!(
            Value::from(given.claims),
            json!({ "department": ["hr", "it", "a=b,c\\d"], "o": { "x/y": "1", "z": "" } })
        );
        assert_eq!("nobody".parse(), Ok(Caller::Nobody));
    }

    #[test]
    fn what_is_unknown_is_an_error() {
        for text in [
            "",
            "ann",
            "user=",
            "user=ann,",
            "usr=ann",
            "user=ann, org=acme",
            "nobody,user=ann",
            "claim:/a",
            "claim=/a",
        ] {
            let error = text.parse::<Caller>();
            assert!(matches!(error, Err(AskError::Part(_))), "{text}: {error:?}");
        }
        for (text, expected) in [
            ("user=a,user=b", AskError::Twice("user")),
            ("org=a,org=b", AskError::Twice("org")),
            ("claim:a=b", AskError::Pointer("a".to_owned())),
            ("claim:=b", AskError::Pointer(String::new())),
            ("claim:/a~2=b", AskError::Pointer("/a~2".to_owned())),
            (
                "claim:/a=b,claim:/a/b=c",
                AskError::Contradiction("/a/b".to_owned()),
            ),
            (
                "claim:/a/b=c,claim:/a=b",
                AskError::Contradiction("/a".to_owned()),
            ),
        ] {
            assert_eq!(text.parse::<Caller>(), Err(expected), "{text}");
        }
    }

    #[test]
    fn a_question_is_an_operation_and_a_file() {
        let Asked(question) = "delete org/hr/a plan.pdf".parse().expect("a question");
        assert_eq!(question.action, Action::Delete);
        assert_eq!(question.area, Area::Org);
        assert_eq!(question.name, "hr/a plan.pdf");
        assert!("list public/".parse::<Asked>().is_ok());
        for text in [
            "",
            "read",
            "read org",
            "write org/a",
            "read orgs/a",
            "Read org/a",
            "org/a",
        ] {
            assert!(text.parse::<Asked>().is_err(), "{text}");
        }
    }
}
