//! The media type that a file is stored and served with.

mod guess;

use std::borrow::Cow;

use http::{HeaderMap, header};
use mediatype::{MediaType, ReadParams, names};

use crate::problem::Problem;
use crate::url::Name;

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

/// What client libraries say of any content where the application says nothing.
const DEFAULTS: [&str; 2] = ["application/x-www-form-urlencoded", guess::UNKNOWN];

/// A media type, with its parameters as they were given: at most 255 bytes of
/// visible ASCII and spaces.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ContentType(String);

impl ContentType {
    const MAX_BYTES: usize = 255;

    /// The type of a request's content: what its `Content-Type` says, else what
    /// the name tells.
    ///
    /// # Errors
    /// [`Problem::InvalidRequest`] for more than one type, or one that is none.
    pub(crate) fn of_request(headers: &HeaderMap, name: &Name) -> Result<Self, Problem> {
        let mut fields = headers.get_all(header::CONTENT_TYPE).iter();
        let given = fields.next().map(http::HeaderValue::as_bytes);
        if fields.next().is_some() {
            return Err(Problem::InvalidRequest(
                "there is more than one Content-Type".into(),
            ));
        }
        match given.map(<[u8]>::trim_ascii) {
            None | Some([]) => Ok(Self::guess(name)),
            Some(given) => Self::read(given)
                .map(|given| given.or_guess(name))
                .ok_or_else(|| {
                    Problem::InvalidRequest("the Content-Type is not a media type".into())
                }),
        }
    }

    /// The type of a form's part, likewise. One that cannot be read counts for nothing:
    /// browsers pass on what a system calls a file, or a script.
    pub(crate) fn of_part(given: Option<&[u8]>, name: &Name) -> Self {
        given
            .and_then(Self::read)
            .map_or_else(|| Self::guess(name), |given| given.or_guess(name))
    }

    /// The type that the store has kept, which is not trusted to be one.
    pub(crate) fn stored(text: &str) -> Self {
        Self::parse(text).unwrap_or_else(|| Self(guess::UNKNOWN.to_owned()))
    }

    /// What the name's extension tells. A guess says nothing about the charset.
    fn guess(name: &Name) -> Self {
        Self(guess::by_name(name.basename()).to_owned())
    }

    /// Itself, unless it is what client libraries say of any content.
    fn or_guess(self, name: &Name) -> Self {
        let is_default = DEFAULTS
            .iter()
            .any(|default| self.essence().eq_ignore_ascii_case(default));
        if is_default { Self::guess(name) } else { self }
    }

    fn read(given: &[u8]) -> Option<Self> {
        std::str::from_utf8(given).ok().and_then(Self::parse)
    }

    fn parse(text: &str) -> Option<Self> {
        let printable = text.bytes().all(|byte| matches!(byte, b' '..=b'~'));
        let media_type = MediaType::parse(text.trim_ascii()).ok()?;
        // The parser takes ranges such as `image/*` too.
        let concrete = media_type.ty != "*" && !media_type.subty.as_str().contains('*');
        (printable && concrete && text.len() <= Self::MAX_BYTES)
            .then(|| Self(text.trim_ascii().to_owned()))
    }

    /// As it was given or guessed.
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }

    /// The value of a download's `Content-Type` field. Of text that does not say how it is
    /// encoded browsers would think it is windows-1252.
    pub(crate) fn served(&self) -> Cow<'_, str> {
        let is_text = self
            .0
            .as_bytes()
            .first_chunk()
            .is_some_and(|kind: &[u8; 5]| kind.eq_ignore_ascii_case(b"text/"));
        let is_silent = |media_type: MediaType<'_>| media_type.get_param(names::CHARSET).is_none();
        if is_text && MediaType::parse(&self.0).is_ok_and(is_silent) {
            let given = self.0.trim_end_matches([';', ' ']);
            return format!("{given}; charset=utf-8").into();
        }
        Cow::Borrowed(&self.0)
    }

    /// Whether it is that of a form, which is not a file.
    pub(crate) fn is_form(&self) -> bool {
        self.essence().eq_ignore_ascii_case("multipart/form-data")
    }

    /// Type and subtype, without parameters.
    fn essence(&self) -> &str {
        self.0
            .split(';')
            .next()
            .unwrap_or_default()
            .trim_ascii_end()
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
        let Some((kind, subtype)) = self.essence().split_once('/') else {
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

    fn named(name: &str) -> Name {
        Name::new(name).expect("a name")
    }

    /// What a request with these types stores.
    fn of(given: &[&str], name: &str) -> Result<String, Problem> {
        let value = |given: &&str| http::HeaderValue::from_bytes(given.as_bytes());
        let fields = given.iter().map(|given| value(given).expect("a value"));
        let headers = fields.map(|value| (header::CONTENT_TYPE, value)).collect();
        ContentType::of_request(&headers, &named(name)).map(|content_type| content_type.0)
    }

    fn of_part(given: &str, name: &str) -> String {
        ContentType::of_part(Some(given.as_bytes()), &named(name)).0
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
            assert_eq!(of(&[given], "a.txt"), Ok(given.to_owned()));
            assert_eq!(of_part(given, "a.txt"), given);
        }
        assert_eq!(of(&[" image/png "], "a"), Ok("image/png".to_owned()));
    }

    #[test]
    fn what_is_no_media_type_is_refused_but_in_a_part_where_it_counts_for_nothing() {
        let long = format!("text/plain; a={}", "b".repeat(255));
        for given in [
            "text",
            "undefined",
            "text/",
            "/plain",
            "*/*",
            "image/*",
            "text/plain\u{e9}",
            "text/pl ain",
            "text/plain; a",
            "text/plain; name=a b.pdf",
            "text/plain, image/png",
            "text/plain;\tb=c",
            &long,
        ] {
            let refused = of(&[given], "a.png");
            assert!(
                matches!(refused, Err(Problem::InvalidRequest(_))),
                "{given}"
            );
            assert_eq!(of_part(given, "a.png"), "image/png", "{given}");
        }
        let twice = of(&["text/plain", "text/html"], "a");
        assert!(matches!(twice, Err(Problem::InvalidRequest(_))));
    }

    #[test]
    fn without_one_and_with_a_librarys_default_the_name_tells() {
        for (name, expected) in [("x/a.PNG", "image/png"), ("a", "application/octet-stream")] {
            assert_eq!(of(&[], name), Ok(expected.to_owned()));
            assert_eq!(ContentType::of_part(None, &named(name)).0, expected);
            for default in [
                "",
                " ",
                "application/octet-stream",
                "Application/Octet-Stream",
                "application/x-www-form-urlencoded",
                "application/x-www-form-urlencoded; charset=UTF-8",
            ] {
                assert_eq!(of(&[default], name), Ok(expected.to_owned()), "{default:?}");
                assert_eq!(of_part(default, name), expected, "{default:?}");
            }
        }
    }

    #[test]
    fn text_without_a_charset_is_served_as_utf_8() {
        for (stored, expected) in [
            ("text/plain", "text/plain; charset=utf-8"),
            ("Text/CSV", "Text/CSV; charset=utf-8"),
            (
                "text/plain; format=flowed",
                "text/plain; format=flowed; charset=utf-8",
            ),
            ("text/plain;", "text/plain; charset=utf-8"),
            ("text/plain; charset=latin1", "text/plain; charset=latin1"),
            ("text/plain;Charset=\"\"", "text/plain;Charset=\"\""),
            (
                "text/plain; a=\";charset=x\"",
                "text/plain; a=\";charset=x\"; charset=utf-8",
            ),
            ("application/json", "application/json"),
            ("text", "application/octet-stream"),
        ] {
            assert_eq!(ContentType::stored(stored).served(), expected, "{stored}");
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
