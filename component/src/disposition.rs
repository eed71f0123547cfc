//! The Content-Disposition field: written for downloads (RFC 6266), read from
//! the parts of a form (RFC 7578, 4.2, and the encoding of the HTML standard).

use http::HeaderValue;

use crate::percent;
use crate::problem::Problem;

/// The field for a download of a file whose name ends in `basename`.
///
/// `inline` says whether its type may be shown in place. `download` is what the
/// request asks for: `Some` forces `attachment`, with another name unless it is
/// empty, of which only the last component counts.
pub(crate) fn for_download(basename: &str, inline: bool, download: Option<&str>) -> HeaderValue {
    let wanted: String = download
        .map_or("", last_component)
        .chars()
        .filter(|character| !character.is_control())
        .collect();
    let filename = match wanted.as_str() {
        "" | "." | ".." => basename,
        wanted => wanted,
    };
    let kind = if inline && download.is_none() {
        "inline"
    } else {
        "attachment"
    };
    // For clients that do not know `filename*`; without what they misread.
    let plain: String = filename
        .chars()
        .map(|character| match character {
            '"' | '\\' | '%' | '/' => '_',
            ' '..='~' => character,
            _ => '_',
        })
        .collect();
    let encoded = percent::encode_ext_value(filename);
    let field = [
        kind,
        "; filename=\"",
        &plain,
        "\"; filename*=UTF-8''",
        &encoded,
    ]
    .concat();
    HeaderValue::try_from(field).unwrap_or(HeaderValue::from_static("attachment"))
}

/// What a part of a form says about itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct FormData {
    /// The field's name; empty where there is none.
    pub(crate) name: String,
    /// The last component of the file's name, which may still be no valid name;
    /// `None` where the part is not a file.
    pub(crate) filename: Option<String>,
}

impl FormData {
    /// Reads the field's value. `filename*` (RFC 8187) wins over `filename`.
    ///
    /// A parameter that is there twice is refused, since nobody could say which
    /// of them the others along the way have looked at.
    pub(crate) fn parse(value: &[u8]) -> Result<Self, Problem> {
        let text = std::str::from_utf8(value)
            .map_err(|_| Problem::InvalidName("a filename is not UTF-8"))?;
        let (kind, mut rest) = split_at(text, |c| c == ';');
        if !kind.trim_ascii().eq_ignore_ascii_case("form-data") {
            return Err(malformed());
        }
        let (mut name, mut filename, mut filename_ext) = (None, None, None);
        while let Some(parameter) = rest.strip_prefix(';') {
            let parameter = parameter.trim_ascii_start();
            if parameter.is_empty() || parameter.starts_with(';') {
                rest = parameter;
                continue;
            }
            let (key, value) = parameter.split_once('=').ok_or_else(malformed)?;
            let (value, behind) = parameter_value(value.trim_ascii_start())?;
            rest = behind.trim_ascii_start();
            if !rest.is_empty() && !rest.starts_with(';') {
                return Err(malformed());
            }
            let slot = match key.trim_ascii_end().to_ascii_lowercase().as_str() {
                "name" => &mut name,
                "filename" => &mut filename,
                "filename*" => &mut filename_ext,
                _ => continue,
            };
            if slot.replace(value).is_some() {
                return Err(malformed());
            }
        }
        let filename = filename_ext
            .as_deref()
            .map(ext_value)
            .transpose()?
            .or(filename);
        Ok(Self {
            name: name.unwrap_or_default(),
            filename: filename.map(|filename| last_component(&filename).to_owned()),
        })
    }
}

/// Reads a token or a quoted string and returns it with what stands behind it.
///
/// In quotes a backslash escapes `"` and nothing else, so that Windows paths
/// stay whole, and the three percent-encodings that browsers write are undone.
fn parameter_value(text: &str) -> Result<(String, &str), Problem> {
    let Some(quoted) = text.strip_prefix('"') else {
        let (token, rest) = split_at(text, |c| c == ';');
        return Ok((token.trim_ascii_end().to_owned(), rest));
    };
    let mut escaped = false;
    let (inside, rest) = split_at(quoted, |c| {
        let end = c == '"' && !escaped;
        escaped = c == '\\';
        end
    });
    let rest = rest.strip_prefix('"').ok_or_else(malformed)?;
    let mut value = inside.replace("\\\"", "\"");
    for (encoded, character) in [
        ("%22", "\""),
        ("%0D", "\r"),
        ("%0d", "\r"),
        ("%0A", "\n"),
        ("%0a", "\n"),
    ] {
        value = value.replace(encoded, character);
    }
    Ok((value, rest))
}

/// Decodes `UTF-8'language'percent-encoded` (RFC 8187, 3.2).
fn ext_value(text: &str) -> Result<String, Problem> {
    let mut pieces = text.splitn(3, '\'');
    match (pieces.next(), pieces.next(), pieces.next()) {
        (Some(charset), Some(_), Some(encoded)) if charset.eq_ignore_ascii_case("utf-8") => {
            percent::decode(encoded)
                .map(std::borrow::Cow::into_owned)
                .map_err(|_| malformed())
        }
        _ => Err(malformed()),
    }
}

/// What follows the last `/` or `\`.
fn last_component(path: &str) -> &str {
    path.rsplit(['/', '\\']).next().unwrap_or_default()
}

/// Splits before the first character that fits, or at the end.
fn split_at(text: &str, fits: impl FnMut(char) -> bool) -> (&str, &str) {
    text.split_at(text.find(fits).unwrap_or(text.len()))
}

fn malformed() -> Problem {
    Problem::InvalidMultipart("a part's Content-Disposition cannot be read".into())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filename(value: &str) -> Result<Option<String>, Problem> {
        FormData::parse(value.as_bytes()).map(|part| part.filename)
    }

    #[test]
    fn a_download_is_named_for_old_and_new_clients() {
        for (basename, inline, download, expected) in [
            (
                "a.png",
                true,
                None,
                "inline; filename=\"a.png\"; filename*=UTF-8''a.png",
            ),
            (
                "a.svg",
                false,
                None,
                "attachment; filename=\"a.svg\"; filename*=UTF-8''a.svg",
            ),
            (
                "a.png",
                true,
                Some(""),
                "attachment; filename=\"a.png\"; filename*=UTF-8''a.png",
            ),
            (
                "a",
                true,
                Some("b c"),
                "attachment; filename=\"b c\"; filename*=UTF-8''b%20c",
            ),
            (
                "a",
                true,
                Some("../x\\b"),
                "attachment; filename=\"b\"; filename*=UTF-8''b",
            ),
            (
                "a",
                true,
                Some("x/.."),
                "attachment; filename=\"a\"; filename*=UTF-8''a",
            ),
            (
                "a",
                true,
                Some("b\r\nX: y"),
                "attachment; filename=\"bX: y\"; filename*=UTF-8''bX%3A%20y",
            ),
            (
                "日\"%;.pdf",
                true,
                None,
                "inline; filename=\"___;.pdf\"; filename*=UTF-8''%E6%97%A5%22%25%3B.pdf",
            ),
        ] {
            assert_eq!(
                for_download(basename, inline, download),
                expected,
                "{basename}"
            );
        }
    }

    #[test]
    fn parts_say_their_field_and_file() -> Result<(), Problem> {
        let part = FormData::parse(br#"form-data; name="a;b"; filename="c d.txt""#)?;
        assert_eq!(
            part,
            FormData {
                name: "a;b".into(),
                filename: Some("c d.txt".into())
            }
        );
        let part = FormData::parse(b"Form-Data;NAME = folder ;; x=y;")?;
        assert_eq!(
            part,
            FormData {
                name: "folder".into(),
                filename: None
            }
        );
        Ok(())
    }

    #[test]
    fn filenames_are_read_as_browsers_write_them() {
        for (value, expected) in [
            (r#"form-data; filename="日本語.pdf""#, "日本語.pdf"),
            (r#"form-data; filename="a%22b%20c""#, "a\"b%20c"),
            (r#"form-data; filename="a%0D%0ab""#, "a\r\nb"),
            (r#"form-data; filename="a\"b""#, "a\"b"),
            (r#"form-data; filename="C:\fakepath\x""#, "x"),
            (r#"form-data; filename="C:\dir\\x\"y""#, "x\"y"),
            (r#"form-data; filename="../../etc/passwd""#, "passwd"),
            (r#"form-data; filename="a/..""#, ".."),
            (r#"form-data; filename="a/""#, ""),
            (r#"form-data; filename="""#, ""),
            (r#"form-data; filename=a%22b.txt"#, "a%22b.txt"),
            (
                r#"form-data; filename="x"; filename*=UTF-8''%E2%82%AC%20a"#,
                "€ a",
            ),
            (r#"form-data; filename*=utf-8'en'a%2Fb; filename="x""#, "b"),
        ] {
            assert_eq!(filename(value), Ok(Some(expected.to_owned())), "{value}");
        }
    }

    #[test]
    fn a_filename_inside_another_value_does_not_count() {
        for value in [
            r#"form-data; name="filename=x""#,
            r#"form-data; name="a; filename=\"x\"""#,
            r#"form-data; xfilename=x"#,
            r#"form-data; name="\"; filename=x""#,
        ] {
            assert_eq!(filename(value), Ok(None), "{value}");
        }
    }

    #[test]
    fn what_cannot_be_read_is_refused() {
        for value in [
            "",
            "attachment; filename=x",
            "form-datax; filename=x",
            r#"form-data; filename="x"#,
            r#"form-data; filename="x\""#,
            r#"form-data; filename="x"y"#,
            "form-data; filename",
            "form-data; filename=x; filename=y",
            "form-data; name=x; Name=x",
            "form-data, filename=x",
            "form-data; filename*=x",
            "form-data; filename*=latin1''x",
            "form-data; filename*=UTF-8''%zz",
            "form-data; filename*=UTF-8''%FF; filename=x",
        ] {
            assert!(
                matches!(filename(value), Err(Problem::InvalidMultipart(_))),
                "{value}"
            );
        }
        let latin1 = FormData::parse(b"form-data; filename=\"\xe9\"");
        assert!(matches!(latin1, Err(Problem::InvalidName(_))));
    }
}
