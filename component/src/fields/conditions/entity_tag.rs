//! Entity tags (RFC 9110, 8.8.3).

/// An entity tag.
pub(super) struct Tag<'f> {
    pub(super) weak: bool,
    /// Including its quotes.
    pub(super) opaque: &'f [u8],
}

/// Parses one `entity-tag` (RFC 9110, 8.8.3) and returns it with what follows it.
pub(super) fn entity_tag(text: &[u8]) -> Option<(Tag<'_>, &[u8])> {
    let (weak, quoted) = match text.strip_prefix(b"W/") {
        Some(quoted) => (true, quoted),
        None => (false, text),
    };
    let inside = quoted.strip_prefix(b"\"")?;
    let end = inside
        .iter()
        .position(|byte| !matches!(byte, 0x21 | 0x23..=0x7e | 0x80..))?;
    let (opaque, rest) = quoted.split_at_checked(end + 2)?;
    opaque
        .ends_with(b"\"")
        .then_some((Tag { weak, opaque }, rest))
}
