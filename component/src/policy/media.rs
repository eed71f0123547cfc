//! Media ranges: which types of files an area accepts.

use std::fmt;

use borsh::{BorshDeserialize, BorshSerialize};
use mediatype::MediaType;

use super::text::from_text;

/// A media range without parameters (RFC 9110, 12.5.1): `image/png`, `image/*`
/// or `*/*`.
#[derive(Debug, Clone, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub(crate) struct MediaRange {
    /// `None` is `*`.
    kind: Option<String>,
    /// `None` is `*`. Always `None` where `kind` is.
    subtype: Option<String>,
}

impl MediaRange {
    /// `*/*`.
    pub(super) fn any() -> Self {
        Self {
            kind: None,
            subtype: None,
        }
    }

    /// Whether it is `*/*`.
    pub(crate) fn is_any(&self) -> bool {
        self.kind.is_none()
    }

    /// Ranges of the types that are in a range of both lists, each once.
    pub(crate) fn common(one: &[Self], other: &[Self]) -> Vec<Self> {
        let pairs = one
            .iter()
            .flat_map(|range| other.iter().map(move |other| (range, other)));
        let mut common = Vec::new();
        for range in pairs.filter_map(|(range, other)| range.and(other)) {
            if !common.contains(&range) {
                common.push(range);
            }
        }
        common
    }

    fn and(&self, other: &Self) -> Option<Self> {
        let narrower = |one: &Option<String>, other: &Option<String>| match (one, other) {
            (Some(one), Some(other)) => one.eq_ignore_ascii_case(other).then(|| Some(one.clone())),
            (one, other) => Some(one.clone().or_else(|| other.clone())),
        };
        Some(Self {
            kind: narrower(&self.kind, &other.kind)?,
            subtype: narrower(&self.subtype, &other.subtype)?,
        })
    }

    /// Whether a `Content-Type` is in this range: by its essence, case-insensitively.
    /// A value that is not a media type is only in `*/*`.
    pub(crate) fn takes(&self, content_type: &str) -> bool {
        let Some(kind) = &self.kind else { return true };
        let essence = content_type.split(';').next().unwrap_or_default().trim();
        // Including a suffix, as in `image/svg+xml`.
        let Some((this, rest)) = essence.split_once('/') else {
            return false;
        };
        MediaType::parse(essence).is_ok()
            && this.eq_ignore_ascii_case(kind)
            && self
                .subtype
                .as_ref()
                .is_none_or(|subtype| rest.eq_ignore_ascii_case(subtype))
    }
}

from_text!(MediaRange, "a type such as \"image/*\" or \"image/png\"");

impl fmt::Display for MediaRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let part = |part: &Option<String>| part.clone().unwrap_or_else(|| "*".to_owned());
        write!(f, "{}/{}", part(&self.kind), part(&self.subtype))
    }
}

impl TryFrom<String> for MediaRange {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let fault = || {
            let list = if text.contains(',') {
                "; write several as a list: [\"image/*\", \"text/plain\"]"
            } else {
                ""
            };
            format!(
                "{text:?} is not a media type or range, expected one such as \"image/*\" or \
                 \"image/png\"{list}"
            )
        };
        let parsed = MediaType::parse(&text).map_err(|_| fault())?;
        let (kind, subtype) = text.split_once('/').ok_or_else(fault)?;
        let star = |part: &str| (part != "*").then(|| part.to_owned());
        let range = Self {
            kind: star(kind),
            subtype: star(subtype),
        };
        let starred = |part: &Option<String>| part.as_ref().is_some_and(|part| part.contains('*'));
        if !parsed.params.is_empty()
            || starred(&range.kind)
            || starred(&range.subtype)
            || (range.kind.is_none() && range.subtype.is_some())
        {
            return Err(fault());
        }
        Ok(range)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_matches_its_types_whatever_their_case_and_parameters() {
        for (range, content_type, taken) in [
            ("image/*", "image/png", true),
            ("image/*", "IMAGE/SVG+xml", true),
            ("image/*", "image/png; name=x", true),
            ("image/*", "imagex/png", false),
            ("image/*", "text/plain; x=image/png", false),
            ("image/*", "image/png, text/html", false),
            ("image/*", "image/", false),
            ("Application/PDF", "application/pdf;x", true),
            ("application/pdf", "application/pdfx", false),
            ("image/svg+xml", "image/svg", false),
            ("*/*", "not a type", true),
        ] {
            let parsed = MediaRange::try_from(range.to_owned()).expect(range);
            assert_eq!(parsed.to_string(), range);
            assert_eq!(parsed.takes(content_type), taken, "{range} {content_type}");
        }
    }

    #[test]
    fn what_two_lists_have_in_common_is_in_both() {
        let ranges = |list: &[&str]| -> Vec<MediaRange> {
            let parsed = list
                .iter()
                .map(|text| MediaRange::try_from((*text).to_owned()));
            parsed.collect::<Result<_, _>>().expect("ranges")
        };
        for (one, other, common) in [
            (
                &["*/*"][..],
                &["image/*", "text/csv"][..],
                &["image/*", "text/csv"][..],
            ),
            (&["image/*"], &["image/png", "text/csv"], &["image/png"]),
            (
                &["image/png", "video/*"],
                &["IMAGE/png", "video/mp4"],
                &["image/png", "video/mp4"],
            ),
            (&["image/png"], &["image/jpeg", "text/*"], &[]),
            (&[], &["*/*"], &[]),
            (&["*/*", "image/*"], &["image/png"], &["image/png"]),
        ] {
            let found = MediaRange::common(&ranges(one), &ranges(other));
            assert_eq!(found, ranges(common), "{one:?} {other:?}");
        }
    }

    #[test]
    fn an_invalid_range_is_refused() {
        for text in [
            "",
            "image",
            "image/",
            "*/png",
            "image/p*",
            "image/png; q=1",
            "a b/c",
            "*",
        ] {
            assert!(MediaRange::try_from(text.to_owned()).is_err(), "{text}");
        }
    }
}
