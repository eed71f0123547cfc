//! `PATCH /v1/{area}/info/{name}`

use http::StatusCode;
use serde_json::{Map, Value};

use super::Context;
use super::file::File;
use super::json_body::{self, invalid, unknown};
use crate::area::Area;
use crate::bindings::coffer::storage::blobs::{self, Amendment};
use crate::fields::conditions::conditions;
use crate::fields::{ContentType, metadata};
use crate::http::{Answer, Request, Response};
use crate::permit;
use crate::problem::Problem;
use crate::url::Name;

/// The maximum size of the body, in bytes: room for the most metadata and the longest type,
/// with every character escaped.
const LONGEST_BODY: usize = metadata::LONGEST_TEXT + 2048;

/// What a client asks for, one of them at least.
#[derive(Debug, PartialEq, Eq)]
struct Asked {
    metadata: Option<Vec<(String, String)>>,
    content_type: Option<ContentType>,
}

/// Changes what is stored beside a file's bytes.
pub(crate) fn answer(
    context: &Context<'_>,
    request: Request,
    area: Area,
    name: &Name,
) -> Result<Answer, Problem> {
    let permit = permit::amend(context.policy, &context.caller, area, name.clone())?;
    let conditions = conditions(&request.headers)?;
    let base_url = context.base_url(&request)?;
    let members = json_body::read(request.into_reader()?, LONGEST_BODY)?;
    let asked = asked(members.unwrap_or_default())?;
    let content_type = asked.content_type.as_ref();
    let content_type = content_type.map(|given| permit.content_type(given));
    let amendment = Amendment {
        content_type: content_type.transpose()?,
        metadata: asked.metadata,
    };
    let (key, may_amend) = (permit.key(), permit.may_amend());
    let amended = blobs::amend(key.as_str(), &may_amend, &conditions, &amendment);
    let info = amended.map_err(|error| permit.problem(error))?;
    let file = File::new(area, name, info, &base_url);
    Ok(Answer::Whole(Response::json(StatusCode::OK, &file)))
}

fn asked(members: Map<String, Value>) -> Result<Asked, Problem> {
    let mut asked = Asked {
        metadata: None,
        content_type: None,
    };
    for (member, value) in members {
        match (member.as_str(), value) {
            ("metadata", Value::Object(pairs)) => {
                asked.metadata = Some(metadata::of_members(pairs)?);
            }
            ("metadata", _) => return Err(metadata::not_an_object()),
            ("content_type", Value::String(text)) => asked.content_type = Some(media_type(&text)?),
            ("content_type", _) => return Err(invalid("content_type must be a string")),
            (other, _) => return Err(unknown(other, "\"metadata\" or \"content_type\"")),
        }
    }
    if asked.metadata.is_none() && asked.content_type.is_none() {
        return Err(invalid("metadata or content_type is missing"));
    }
    Ok(asked)
}

fn media_type(text: &str) -> Result<ContentType, Problem> {
    let given = ContentType::parse(text);
    let given = given.ok_or_else(|| invalid("content_type is not a media type"))?;
    if given.is_form() {
        return Err(Problem::UnsupportedMediaType(
            "multipart/form-data is the type of a form, not of a file".to_owned(),
        ));
    }
    Ok(given)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(body: &str) -> Result<Asked, Problem> {
        asked(json_body::parse(body.as_bytes())?.unwrap_or_default())
    }

    #[test]
    fn the_body_has_metadata_or_a_type_or_both() {
        let pairs = vec![("a".to_owned(), "é".to_owned())];
        for (body, metadata, content_type) in [
            (r#"{"metadata":{}}"#, Some(vec![]), None),
            (r#"{"metadata":{"a":"é"}}"#, Some(pairs.clone()), None),
            (
                r#"{"content_type":" text/plain "}"#,
                None,
                Some("text/plain"),
            ),
            (
                r#"{"content_type":"image/png; x=y","metadata":{"a":"é"}}"#,
                Some(pairs),
                Some("image/png; x=y"),
            ),
        ] {
            let content_type = content_type.and_then(ContentType::parse);
            let expected = Asked {
                metadata,
                content_type,
            };
            assert_eq!(parse(body), Ok(expected), "{body}");
        }
        for body in [
            "",
            "{}",
            "[]",
            r#"{"metadata":null}"#,
            r#"{"metadata":[]}"#,
            r#"{"metadata":{"a":1}}"#,
            r#"{"metadata":{"a":"1","a":"2"}}"#,
            r#"{"metadata":{"A":"1"}}"#,
            r#"{"content_type":null}"#,
            r#"{"content_type":""}"#,
            r#"{"content_type":"image/*"}"#,
            r#"{"content_type":"no type"}"#,
            r#"{"content_type":"text/plain","etag":"x"}"#,
            r#"{"name":"x"}"#,
        ] {
            let refused = parse(body);
            assert!(matches!(refused, Err(Problem::InvalidRequest(_))), "{body}");
        }
        let form = parse(r#"{"content_type":"Multipart/Form-Data; boundary=x"}"#);
        assert!(matches!(form, Err(Problem::UnsupportedMediaType(_))));
    }
}
