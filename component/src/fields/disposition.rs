//! The Content-Disposition field of downloads (RFC 6266).

use std::borrow::Cow;

use http::HeaderValue;

use crate::url::percent;

/// The maximum number of characters of a filename, at least what file systems accept.
const MAX_NAME: usize = 255;
/// The maximum length of an extension that is kept when a name is truncated.
const MAX_EXTENSION: usize = 16;

/// The field for a download of a file whose name ends in `basename`.
///
/// `inline` says whether its type may be shown inline. `download` is the request's
/// parameter: `Some` forces `attachment`, under another name unless it is empty, of
/// which only the last component counts. A name of more than 255 characters is
/// truncated.
pub fn for_download(basename: &str, inline: bool, download: Option<&str>) -> HeaderValue {
    let wanted: String = download
        .map_or("", last_component)
        .chars()
        .filter(|character| !character.is_control())
        .collect();
    let filename = match wanted.as_str() {
        "" | "." | ".." => basename,
        wanted => wanted,
    };
    let filename = cut(filename);
    let kind = if inline && download.is_none() {
        "inline"
    } else {
        "attachment"
    };
    // For clients that do not support `filename*`, without characters that they misread.
    let plain: String = filename
        .chars()
        .map(|character| match character {
            '"' | '\\' | '%' | '/' => '_',
            ' '..='~' => character,
            _ => '_',
        })
        .collect();
    let encoded = percent::encode_ext_value(&filename);
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

/// The name, truncated to [`MAX_NAME`] characters, with its extension.
fn cut(name: &str) -> Cow<'_, str> {
    // A name never has more characters than bytes.
    if name.len() <= MAX_NAME || name.chars().count() <= MAX_NAME {
        return name.into();
    }
    let extension = name.rfind('.').map_or("", |at| &name[at..]);
    let kept = match extension.chars().count() {
        length @ 0..=MAX_EXTENSION => length,
        _ => 0,
    };
    let stem: String = name.chars().take(MAX_NAME - kept).collect();
    if kept == 0 { stem } else { stem + extension }.into()
}

/// What follows the last `/` or `\`.
pub(crate) fn last_component(path: &str) -> &str {
    path.rsplit(['/', '\\']).next().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_download_has_a_filename_for_old_and_new_clients() {
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
    fn a_long_name_is_truncated_and_keeps_its_extension() {
        for (name, expected) in [
            ("!".repeat(60_000), "!".repeat(255)),
            ("日".repeat(255), "日".repeat(255)),
            ("日".repeat(300), "日".repeat(255)),
            ("a".repeat(255) + ".pdf", "a".repeat(251) + ".pdf"),
            ("日".repeat(255) + ".日本", "日".repeat(252) + ".日本"),
            (
                "a.".to_owned() + &"b".repeat(300),
                "a.".to_owned() + &"b".repeat(253),
            ),
        ] {
            let encoded = percent::encode_ext_value(&expected);
            let suffix = format!("; filename*=UTF-8''{encoded}");
            for field in [
                for_download(&name, true, None),
                for_download("a", true, Some(&name)),
            ] {
                let field = field.to_str().expect("ASCII");
                assert!(field.ends_with(&suffix), "{field}");
                assert!(field.len() < 4096, "{}", field.len());
            }
        }
    }
}
