//! The media type that a file is stored and served with.

use std::borrow::Cow;

use http::{HeaderMap, header};
use mediatype::{MediaType, ReadParams, names};

use crate::name::Name;
use crate::problem::Problem;

/// The subtypes of images that are nothing but pixels, among them the names that
/// some have besides the registered one.
const RASTER_IMAGES: [&str; 14] = [
    "apng",
    "avif",
    "bmp",
    "gif",
    "heic",
    "heif",
    "jpeg",
    "jpg",
    "jxl",
    "png",
    "tiff",
    "vnd.microsoft.icon",
    "webp",
    "x-icon",
];

/// A media type, with its parameters as they were given: at most 255 bytes of
/// visible ASCII and spaces.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ContentType(String);

impl ContentType {
    const MAX_BYTES: usize = 255;

    /// The type of a request's content: what its `Content-Type` says, else what
    /// the name tells.
    pub(crate) fn of_request(headers: &HeaderMap, name: &Name) -> Result<Self, Problem> {
        let mut fields = headers.get_all(header::CONTENT_TYPE).iter();
        let given = fields.next().map(http::HeaderValue::as_bytes);
        if fields.next().is_some() {
            return Err(Problem::InvalidRequest(
                "there is more than one Content-Type".into(),
            ));
        }
        Self::choose(given, name)
    }

    /// The given type, else the one that the name's extension tells, else
    /// `application/octet-stream`. A guess says nothing about the charset.
    pub(crate) fn choose(given: Option<&[u8]>, name: &Name) -> Result<Self, Problem> {
        let Some(given) = given else {
            let extension = name
                .basename()
                .rsplit_once('.')
                .map_or("", |(_, extension)| extension);
            let guess = mime_guess::from_ext(extension).first_raw();
            return Ok(Self(guess.unwrap_or("application/octet-stream").to_owned()));
        };
        std::str::from_utf8(given)
            .ok()
            .and_then(Self::parse)
            .ok_or_else(|| Problem::InvalidRequest("the Content-Type is not a media type".into()))
    }

    /// The type that the store has kept, which is not trusted to be one.
    pub(crate) fn stored(text: &str) -> Self {
        Self::parse(text).unwrap_or_else(|| Self("application/octet-stream".to_owned()))
    }

    fn parse(text: &str) -> Option<Self> {
        let printable = text.bytes().all(|byte| matches!(byte, b' '..=b'~'));
        let media_type = MediaType::parse(text.trim_ascii()).ok()?;
        // The parser takes ranges such as `image/*` too.
        let concrete = media_type.ty != "*" && !media_type.subty.as_str().contains('*');
        (printable && concrete && text.len() <= Self::MAX_BYTES)
            .then(|| Self(text.trim_ascii().to_owned()))
    }

    /// The value of a `Content-Type` field.
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }

    /// The value of a download's `Content-Type` field: text is UTF-8 unless its type says
    /// otherwise, where a browser left alone would take it for windows-1252.
    pub(crate) fn served(&self) -> Cow<'_, str> {
        let is_silent = MediaType::parse(&self.0).is_ok_and(|media_type| {
            media_type.ty == names::TEXT && media_type.get_param(names::CHARSET).is_none()
        });
        if is_silent {
            format!("{}; charset=utf-8", self.0).into()
        } else {
            self.as_str().into()
        }
    }

    /// Whether a browser may show it in place: only what cannot run script.
    pub(crate) fn is_inline(&self) -> bool {
        self.display() != Display::Never
    }

    /// The `Content-Security-Policy` that goes with a file of this type: it may
    /// do nothing but show itself, and never run script.
    pub(crate) fn security_policy(&self) -> &'static str {
        match self.display() {
            Display::Never | Display::Text => "default-src 'none'; sandbox",
            // Browsers wrap what they show into a page with styles of their own.
            Display::Image => {
                "default-src 'none'; sandbox; img-src 'self'; style-src 'unsafe-inline'"
            }
            // Chromium's page loads the file once more, which a sandboxed origin may not.
            Display::Media => {
                "default-src 'none'; sandbox allow-same-origin; media-src 'self'; \
                 style-src 'unsafe-inline'"
            }
            // A sandbox keeps the viewer from loading, which runs apart from the
            // page and counts as a plug-in.
            Display::Pdf => "default-src 'none'; object-src 'self'; style-src 'unsafe-inline'",
        }
    }

    fn display(&self) -> Display {
        let is = str::eq_ignore_ascii_case;
        let essence = self.0.split(';').next().unwrap_or_default();
        let Some((kind, subtype)) = essence.trim_ascii_end().split_once('/') else {
            return Display::Never;
        };
        let is_xml = || subtype.to_ascii_lowercase().ends_with("+xml");
        if is(kind, "image") && RASTER_IMAGES.iter().any(|raster| is(raster, subtype)) {
            Display::Image
        } else if (is(kind, "audio") || is(kind, "video")) && !is_xml() {
            Display::Media
        } else if is(kind, "application") && is(subtype, "pdf") {
            Display::Pdf
        } else if is(kind, "text") && is(subtype, "plain") {
            Display::Text
        } else {
            Display::Never
        }
    }
}

/// How a browser shows a file in place.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Display {
    Never,
    Text,
    Image,
    /// Audio and video.
    Media,
    Pdf,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(given: Option<&str>, name: &str) -> Result<String, Problem> {
        Ok(ContentType::choose(given.map(str::as_bytes), &Name::new(name)?)?.0)
    }

    #[test]
    fn a_given_type_is_kept_as_it_is() {
        for given in [
            "image/png",
            "Text/HTML; Charset=\"utf-8\"",
            "application/vnd.x+json;a=b; c=d",
            "image/svg+xml",
            "x/y",
        ] {
            assert_eq!(of(Some(given), "a.txt"), Ok(given.to_owned()));
        }
        assert_eq!(of(Some(" image/png "), "a"), Ok("image/png".to_owned()));
    }

    #[test]
    fn what_is_no_media_type_is_refused() {
        let long = format!("text/plain; a={}", "b".repeat(255));
        for given in [
            "",
            "text",
            "text/",
            "/plain",
            "*/*",
            "image/*",
            "text/plain\u{e9}",
            "text/pl ain",
            "text/plain; a",
            "text/plain, image/png",
            "text/plain;\tb=c",
            &long,
        ] {
            assert!(
                matches!(of(Some(given), "a"), Err(Problem::InvalidRequest(_))),
                "{given}"
            );
        }
        let mut headers = HeaderMap::new();
        for value in ["text/plain", "text/html"] {
            headers.append(header::CONTENT_TYPE, http::HeaderValue::from_static(value));
        }
        let twice = Name::new("a").and_then(|name| ContentType::of_request(&headers, &name));
        assert!(matches!(twice, Err(Problem::InvalidRequest(_))));
    }

    #[test]
    fn without_one_the_name_tells() {
        for (name, expected) in [
            ("a.png", "image/png"),
            ("x/a.JPG", "image/jpeg"),
            ("a.tar.gz", "application/gzip"),
            ("notes.txt", "text/plain"),
            ("a.html", "text/html"),
            ("v.mp4", "video/mp4"),
            ("p.avif", "image/avif"),
            ("p.webp", "image/webp"),
            ("日本語.pdf", "application/pdf"),
            ("png", "application/octet-stream"),
            ("a.png/b", "application/octet-stream"),
            ("a.", "application/octet-stream"),
            ("a.nosuchtype", "application/octet-stream"),
        ] {
            assert_eq!(of(None, name), Ok(expected.to_owned()), "{name}");
        }
    }

    #[test]
    fn text_is_served_with_a_charset() {
        for (stored, served) in [
            ("text/plain", "text/plain; charset=utf-8"),
            ("Text/HTML", "Text/HTML; charset=utf-8"),
            (
                "text/csv; header=present",
                "text/csv; header=present; charset=utf-8",
            ),
            ("text/plain; charset=utf-16", "text/plain; charset=utf-16"),
            ("text/plain;CHARSET=\"x\"", "text/plain;CHARSET=\"x\""),
            (
                "text/plain; a=\"; charset=x\"",
                "text/plain; a=\"; charset=x\"; charset=utf-8",
            ),
            ("application/json", "application/json"),
            ("image/png", "image/png"),
            ("garbage", "application/octet-stream"),
        ] {
            assert_eq!(ContentType::stored(stored).served(), served, "{stored}");
        }
    }

    #[test]
    fn only_what_cannot_run_script_is_shown_in_place() {
        for (text, inline, policy) in [
            ("image/PNG", true, "default-src 'none'; sandbox; img-src"),
            (
                "image/vnd.microsoft.icon",
                true,
                "default-src 'none'; sandbox; img-src",
            ),
            (
                "video/mp4; codecs=x",
                true,
                "default-src 'none'; sandbox allow-same-origin; media-src",
            ),
            (
                "audio/mpeg",
                true,
                "default-src 'none'; sandbox allow-same-origin; media-src",
            ),
            (
                "text/plain;charset=utf-8",
                true,
                "default-src 'none'; sandbox",
            ),
            ("application/pdf", true, "default-src 'none'; object-src"),
            ("text/html", false, "default-src 'none'; sandbox"),
            ("image/svg+xml", false, "default-src 'none'; sandbox"),
            ("Image/SVG+XML ; a=b", false, "default-src 'none'; sandbox"),
            (
                "Application/PDF ; a=b",
                true,
                "default-src 'none'; object-src",
            ),
            ("video/x+XML", false, "default-src 'none'; sandbox"),
            (
                "application/xhtml+xml",
                false,
                "default-src 'none'; sandbox",
            ),
            ("text/xml", false, "default-src 'none'; sandbox"),
            ("text/javascript", false, "default-src 'none'; sandbox"),
            ("video/x+xml", false, "default-src 'none'; sandbox"),
            (
                "multipart/x-mixed-replace",
                false,
                "default-src 'none'; sandbox",
            ),
            ("garbage", false, "default-src 'none'; sandbox"),
        ] {
            let content_type = ContentType::stored(text);
            assert_eq!(content_type.is_inline(), inline, "{text}");
            assert!(content_type.security_policy().starts_with(policy), "{text}");
            let pdf = text.to_ascii_lowercase().starts_with("application/pdf");
            assert_eq!(
                content_type.security_policy().contains("sandbox"),
                !pdf,
                "{text}"
            );
        }
    }
}
