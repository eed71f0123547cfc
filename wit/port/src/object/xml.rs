//! Names in XML: some services write characters into their answers that XML cannot carry
//! (control characters, U+FFFE and U+FFFF), and no parser accepts those. [`Lenient`]
//! replaces them before the answer is parsed, and [`restored`] puts them back into the texts
//! that come out of the parser.

use std::borrow::Cow;

/// Begins a replacement, followed by a code point of four hexadecimal digits. Replaced
/// itself wherever it occurs, so that every text comes back.
const MARK: char = '\u{fdd0}';
/// The bytes that [`MARK`], U+FFFE and U+FFFF end in, behind [`LEADS`].
const MARK_END: u8 = 0x90;
/// The first two bytes of [`MARK`] and of U+FFFE and U+FFFF.
const LEADS: [[u8; 2]; 2] = [[0xef, 0xb7], [0xef, 0xbf]];

/// Replaces what XML cannot carry in UTF-8 that comes in pieces.
#[derive(Debug, Default)]
pub struct Lenient {
    /// The first bytes of a character that may have to be replaced.
    held: Vec<u8>,
}

impl Lenient {
    /// The next piece. Up to two of its bytes come with the one behind it; a document ends
    /// in `>`, so none is missing at last.
    pub fn pass(&mut self, piece: &[u8]) -> Vec<u8> {
        let mut passed = Vec::with_capacity(piece.len() + self.held.len());
        for &byte in piece {
            self.held.push(byte);
            match *self.held.as_slice() {
                [0xef] => continue,
                [a, b] if LEADS.contains(&[a, b]) => continue,
                [0xef, 0xb7, MARK_END] => replace(&mut passed, MARK as u32),
                [0xef, 0xbf, last @ (0xbe | 0xbf)] => {
                    replace(&mut passed, 0xffc0 | u32::from(last & 0x3f));
                }
                [control] if control < 0x20 && !matches!(control, b'\t' | b'\n' | b'\r') => {
                    replace(&mut passed, u32::from(control));
                }
                _ => passed.extend_from_slice(&self.held),
            }
            self.held.clear();
        }
        passed
    }

    /// A whole document.
    #[must_use]
    pub fn document(text: &str) -> String {
        let passed = Lenient::default().pass(text.as_bytes());
        String::from_utf8_lossy(&passed).into_owned()
    }
}

fn replace(passed: &mut Vec<u8>, code: u32) {
    passed.extend_from_slice(format!("{MARK}{code:04X}").as_bytes());
}

/// A text of an answer as the service wrote it.
#[must_use]
pub fn restored(text: &str) -> Cow<'_, str> {
    if !text.contains(MARK) {
        return Cow::Borrowed(text);
    }
    let mut whole = String::with_capacity(text.len());
    let mut parts = text.split(MARK);
    whole.push_str(parts.next().unwrap_or_default());
    for part in parts {
        // Any other mark came as a character reference, which parsers accept.
        let (original, rest) = original(part).unwrap_or((MARK, part));
        whole.push(original);
        whole.push_str(rest);
    }
    Cow::Owned(whole)
}

/// The character that the digits at the beginning of a text stand for, and the rest.
fn original(part: &str) -> Option<(char, &str)> {
    let (digits, rest) = part.split_at_checked(4)?;
    let code = u32::from_str_radix(digits, 16).ok()?;
    Some((char::from_u32(code)?, rest))
}

/// Whether XML can carry a name.
#[must_use]
pub fn carries(name: &str) -> bool {
    !name.contains(|c: char| matches!(c, '\u{fffe}' | '\u{ffff}') || c.is_ascii_control())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_text_is_parsed_and_comes_back() {
        for text in [
            "",
            "<Key>a b\t\r\n</Key>",
            "\u{ffff}",
            "a\u{fffe}b\u{ffff}\u{ffff}",
            "\u{fdd0}FFFF\u{fdd0}\u{fdd1}\u{fffd}\u{ff5e}",
            "\u{1}\u{1f}\u{0}",
            "日本語 é \u{10ffff}",
        ] {
            for size in 1..=text.len().max(1) {
                let mut lenient = Lenient::default();
                let mut passed = Vec::new();
                for piece in text.as_bytes().chunks(size) {
                    passed.extend(lenient.pass(piece));
                }
                let passed = String::from_utf8(passed).expect("text");
                assert!(carries(passed.trim_matches(['\t', '\r', '\n'])) || text.contains('\t'));
                assert_eq!(restored(&passed), text, "in pieces of {size}");
            }
        }
        assert_eq!(Lenient::document("<a>\u{ffff}</a>"), "<a>\u{fdd0}FFFF</a>");
    }

    #[test]
    fn a_text_that_was_not_replaced_stays() {
        for text in ["\u{fdd0}", "\u{fdd0}zzzz", "\u{fdd0}é", "\u{fdd0}D800x"] {
            assert_eq!(restored(text), text);
        }
    }
}
