//! The body of `POST /v1/{area}/urls/{name}`: what kind of URL is asked for.

use std::num::NonZeroU64;

use serde_json::{Map, Value};

use crate::operations::json_body::{expires_in, invalid, unknown, whole};
use crate::permit::grant::LinkLimits;
use crate::policy::MediaRange;
use crate::problem::Problem;

/// The maximum number of content types.
const MOST_TYPES: usize = 32;
/// The maximum length of a content type, in bytes.
const LONGEST_TYPE: usize = 255;

/// What a client asks for.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Asked {
    /// For how many seconds the URL is to be valid.
    pub(super) expires_in: Option<u64>,
    pub(super) purpose: Purpose,
}

/// What the URL is for.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Purpose {
    Download,
    Upload {
        limits: LinkLimits,
        /// Whether a file that exists may be replaced.
        replaces: bool,
    },
}

/// Reads the members. `null` is the same as an absent member.
pub(super) fn asked(members: Map<String, Value>) -> Result<Asked, Problem> {
    let mut uploads = false;
    let mut lifetime = None;
    let mut limits = LinkLimits::default();
    let mut replaces = false;
    let mut only_for_uploads = None;
    for (name, value) in members {
        let is_given = !value.is_null();
        match name.as_str() {
            "for" => uploads = is_for_upload(&value)?,
            "expires_in" => lifetime = expires_in(&value)?,
            "max_size" => limits.max_size = max_size(&value)?,
            "content_types" => limits.content_types = content_types(value)?,
            "replace" => replaces = replace(&value)?,
            other => {
                return Err(unknown(
                    other,
                    "\"for\", \"expires_in\", \"max_size\", \"content_types\" or \"replace\"",
                ));
            }
        }
        if is_given && !matches!(name.as_str(), "for" | "expires_in") {
            only_for_uploads = Some(name);
        }
    }
    let purpose = match (uploads, only_for_uploads) {
        (true, _) => Purpose::Upload { limits, replaces },
        (false, None) => Purpose::Download,
        (false, Some(name)) => {
            return Err(invalid(&format!("{name} needs \"for\": \"upload\"")));
        }
    };
    Ok(Asked {
        expires_in: lifetime,
        purpose,
    })
}

fn is_for_upload(value: &Value) -> Result<bool, Problem> {
    match value {
        Value::Null => Ok(false),
        Value::String(text) if text == "download" => Ok(false),
        Value::String(text) if text == "upload" => Ok(true),
        _ => Err(invalid("for must be \"download\" or \"upload\"")),
    }
}

fn max_size(value: &Value) -> Result<Option<NonZeroU64>, Problem> {
    match value {
        Value::Null => Ok(None),
        value => whole(value)
            .and_then(NonZeroU64::new)
            .map(Some)
            .ok_or_else(|| invalid("max_size must be a whole number of bytes, at least 1")),
    }
}

fn content_types(value: Value) -> Result<Option<Vec<MediaRange>>, Problem> {
    let values = match value {
        Value::Null => return Ok(None),
        Value::Array(values) if (1..=MOST_TYPES).contains(&values.len()) => values,
        _ => {
            return Err(invalid(&format!(
                "content_types must be a list of 1 to {MOST_TYPES} types such as \"image/*\""
            )));
        }
    };
    let types = values.into_iter().map(|value| match value {
        Value::String(text) if text.len() <= LONGEST_TYPE => {
            MediaRange::try_from(text).map_err(|error| invalid(&format!("content_types: {error}")))
        }
        Value::String(_) => Err(invalid(&format!(
            "content_types: a type has at most {LONGEST_TYPE} bytes"
        ))),
        _ => Err(invalid("content_types must be strings")),
    });
    types.collect::<Result<_, _>>().map(Some)
}

fn replace(value: &Value) -> Result<bool, Problem> {
    match value {
        Value::Null => Ok(false),
        Value::Bool(replaces) => Ok(*replaces),
        _ => Err(invalid("replace must be true or false")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::operations::json_body;

    fn parse(body: &str) -> Result<Asked, Problem> {
        asked(json_body::parse(body.as_bytes())?.unwrap_or_default())
    }

    fn download(expires_in: Option<u64>) -> Asked {
        Asked {
            expires_in,
            purpose: Purpose::Download,
        }
    }

    #[test]
    fn a_url_is_for_download_unless_the_body_says_otherwise() {
        for (body, expires_in) in [
            ("", None),
            (" {\n} ", None),
            (r#"{"expires_in":null}"#, None),
            (r#"{"expires_in":60}"#, Some(60)),
            (r#"{"expires_in":60.0}"#, Some(60)),
            (r#"{"expires_in":6e1}"#, Some(60)),
            (r#"{"expires_in":0}"#, Some(0)),
            (r#"{"expires_in":-0.0}"#, Some(0)),
            (r#"{"expires_in":18446744073709551616}"#, Some(u64::MAX)),
            (r#"{"expires_in":1e300}"#, Some(u64::MAX)),
            (r#"{"for":"download","expires_in":60}"#, Some(60)),
            (
                r#"{"for":null,"max_size":null,"content_types":null,"replace":null}"#,
                None,
            ),
        ] {
            assert_eq!(parse(body), Ok(download(expires_in)), "{body}");
        }
    }

    #[test]
    fn a_url_for_upload_may_have_limits() {
        let range = |text: &str| MediaRange::try_from(text.to_owned()).expect(text);
        for (body, max_size, content_types, replaces) in [
            (r#"{"for":"upload"}"#, None, None, false),
            (r#"{"for":"upload","max_size":1}"#, Some(1), None, false),
            (
                r#"{"max_size":2e3,"for":"upload"}"#,
                Some(2000),
                None,
                false,
            ),
            (
                r#"{"for":"upload","content_types":["image/*","Application/PDF","*/*"]}"#,
                None,
                Some(vec![
                    range("image/*"),
                    range("Application/PDF"),
                    range("*/*"),
                ]),
                false,
            ),
            (r#"{"for":"upload","replace":true}"#, None, None, true),
            (r#"{"for":"upload","replace":false}"#, None, None, false),
        ] {
            let limits = LinkLimits {
                max_size: max_size.and_then(NonZeroU64::new),
                content_types,
            };
            let expected = Asked {
                expires_in: None,
                purpose: Purpose::Upload { limits, replaces },
            };
            assert_eq!(parse(body), Ok(expected), "{body}");
        }
    }

    #[test]
    fn any_other_body_is_refused() {
        let many = format!(
            r#"{{"for":"upload","content_types":["a/b"{}]}}"#,
            r#","a/b""#.repeat(32)
        );
        let long = format!(
            r#"{{"for":"upload","content_types":["a/{}"]}}"#,
            "b".repeat(254)
        );
        for body in [
            " ",
            "null",
            "60",
            "[60]",
            "expires_in=60",
            r#"{"expires_in":60"#,
            r#"{"expires_in":60}x"#,
            r#"{"expires_in":-1}"#,
            r#"{"expires_in":60.5}"#,
            r#"{"expires_in":"60"}"#,
            r#"{"expires_in":true}"#,
            r#"{"expires_in":[60]}"#,
            r#"{"expires_in":60,"expires_in":60}"#,
            r#"{"for":"Upload"}"#,
            r#"{"for":"delete"}"#,
            r#"{"for":1}"#,
            r#"{"for":["upload"]}"#,
            r#"{"for":"upload","for":"upload"}"#,
            r#"{"for":"upload","max_size":0}"#,
            r#"{"for":"upload","max_size":-1}"#,
            r#"{"for":"upload","max_size":1.5}"#,
            r#"{"for":"upload","max_size":"1"}"#,
            r#"{"for":"upload","content_types":[]}"#,
            r#"{"for":"upload","content_types":"image/*"}"#,
            r#"{"for":"upload","content_types":["image"]}"#,
            r#"{"for":"upload","content_types":["image/png; q=1"]}"#,
            r#"{"for":"upload","content_types":["image/png",1]}"#,
            r#"{"for":"upload","replace":"true"}"#,
            r#"{"for":"upload","replace":1}"#,
            r#"{"for":"upload","name":"a"}"#,
            r#"{"max_size":1}"#,
            r#"{"for":"download","max_size":1}"#,
            r#"{"for":"download","content_types":["a/b"]}"#,
            r#"{"for":"download","replace":false}"#,
            &many,
            &long,
        ] {
            let refused = parse(body);
            assert!(matches!(refused, Err(Problem::InvalidRequest(_))), "{body}");
        }
        let unknown = parse(r#"{"expiresIn":60}"#);
        let words = "unknown member \"expiresIn\", expected \"for\", \"expires_in\", \"max_size\", \
                     \"content_types\" or \"replace\"";
        assert_eq!(unknown, Err(Problem::InvalidRequest(words.to_owned())));
    }
}
