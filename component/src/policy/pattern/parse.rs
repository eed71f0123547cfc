//! How a pattern is written.

use super::{LITERAL, MAX_BYTES, MAX_SEGMENTS, Pattern, Segment};
use crate::policy::Pointer;

impl Pattern<'_> {
    /// The encoded form of a pattern.
    ///
    /// # Errors
    /// What is wrong with it, in a sentence for the author of a policy.
    pub(in crate::policy) fn parse(text: &str) -> Result<Vec<u8>, String> {
        let refused = |reason: &str| Err(format!("{:?} {reason}", shortened(text)));
        if text.is_empty() {
            return Err("it is empty; \"**\" matches every name".to_owned());
        }
        if text.len() > MAX_BYTES {
            return refused(&format!("is longer than {MAX_BYTES} bytes"));
        }
        if text.contains(char::is_control) || text.contains('\\') {
            return refused("contains a control character or a backslash, which no name does");
        }
        if let Some(name) = text.strip_prefix('/') {
            return refused(&format!(
                "begins with /, which no name does; write {:?}",
                shortened(name)
            ));
        }
        if let Some(folder) = text.strip_suffix('/') {
            return refused(&format!(
                "ends in /; for everything in the folder, write \"{}/**\"",
                shortened(folder)
            ));
        }
        let parts = split(text);
        if parts.len() > MAX_SEGMENTS {
            return refused(&format!("has more than {MAX_SEGMENTS} segments"));
        }
        let mut encoded = Vec::with_capacity(text.len() + 3 * parts.len());
        for (at, part) in parts.iter().enumerate() {
            match segment(part) {
                Ok(Segment::Many) if at + 1 == parts.len() => {
                    encode(Segment::One, &mut encoded);
                    encode(Segment::Many, &mut encoded);
                }
                Ok(segment) => encode(segment, &mut encoded),
                Err(reason) => return refused(&reason),
            }
        }
        Ok(encoded)
    }
}

/// The segments. A `/` in braces belongs to a pointer.
fn split(text: &str) -> Vec<&str> {
    let mut depth = 0_u32;
    text.split(|character| {
        match character {
            '{' => depth += 1,
            '}' => depth = depth.saturating_sub(1),
            _ => {}
        }
        character == '/' && depth == 0
    })
    .collect()
}

fn segment(text: &str) -> Result<Segment<'_>, String> {
    match text {
        "" => return Err("contains an empty segment".to_owned()),
        "." | ".." => return Err(format!("contains the segment {text}, which no name does")),
        "*" => return Ok(Segment::One),
        "**" => return Ok(Segment::Many),
        "{user}" => return Ok(Segment::User),
        _ => {}
    }
    let placeholder = text
        .strip_prefix('{')
        .and_then(|rest| rest.strip_suffix('}'));
    let is_whole = |inner: &&str| !inner.contains(['{', '}']);
    let claim = placeholder.filter(is_whole);
    if let Some(pointer) = claim.and_then(|inner| inner.strip_prefix("claim:")) {
        let pointer = Pointer::try_from(pointer.to_owned())
            .map(|_| pointer)
            .map_err(|reason| format!("has a claim that cannot be read: {reason}"))?;
        return Ok(Segment::Claim(pointer));
    }
    if text.contains(['{', '}']) {
        return Err(
            "has braces that are not a placeholder: a whole segment may be {user} or \
             {claim:POINTER}, such as {claim:/department}"
                .to_owned(),
        );
    }
    if text.contains("**") {
        return Err(
            "has ** next to other characters: it stands for whole segments, as in \
                    \"a/**/b\""
                .to_owned(),
        );
    }
    Ok(if text.contains('*') {
        Segment::Glob(text.as_bytes())
    } else {
        Segment::Literal(text.as_bytes())
    })
}

fn encode(segment: Segment<'_>, encoded: &mut Vec<u8>) {
    let (tag, text): (u8, &[u8]) = match segment {
        Segment::Literal(text) => (LITERAL, text),
        Segment::Glob(text) => (1, text),
        Segment::User => (2, b""),
        Segment::Claim(pointer) => (3, pointer.as_bytes()),
        Segment::One => (4, b""),
        Segment::Many => (5, b""),
    };
    // A pattern is shorter than that.
    let length = u16::try_from(text.len()).unwrap_or(u16::MAX);
    encoded.push(tag);
    encoded.extend_from_slice(&length.to_le_bytes());
    encoded.extend_from_slice(text);
}

/// As much as a line of an error has room for.
fn shortened(text: &str) -> String {
    if text.chars().nth(100).is_none() {
        return text.to_owned();
    }
    text.chars().take(100).chain(['…']).collect()
}
