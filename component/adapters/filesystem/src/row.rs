//! What is stored about a version beside its bytes, as a line of text.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use coffer_port::{Info, Key, Listed, Metadata};
use percent_encoding::{AsciiSet, CONTROLS, percent_decode_str, utf8_percent_encode};

/// The characters to escape in a field of a line.
const ESCAPED: &AsciiSet = &CONTROLS.add(b'%');
/// Stands for the version of a key that has been removed.
const REMOVED: &str = "-";

/// One version of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    pub key: Key,
    /// The name of its bytes, 32 hexadecimal digits.
    pub version: String,
    pub size: u64,
    pub modified: SystemTime,
    pub content_type: String,
    pub uploader: Option<String>,
}

/// A change of one key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    Stored(Row),
    /// With the key.
    Removed(Key),
}

impl Row {
    pub fn etag(&self) -> String {
        format!("\"{}\"", self.version)
    }

    pub fn info(&self) -> Info {
        Info {
            key: self.key.clone(),
            size: self.size,
            etag: self.etag(),
            modified: self.modified,
            content_type: self.content_type.clone(),
            uploader: self.uploader.clone(),
            metadata: Metadata::default(),
        }
    }

    pub fn listed(&self) -> Listed {
        Listed {
            key: self.key.clone(),
            size: self.size,
            etag: self.etag(),
            modified: self.modified,
        }
    }

    /// Its fields, separated by tabs, with a line feed at the end. Keys contain neither.
    pub fn line(&self) -> String {
        let since = self.modified.duration_since(UNIX_EPOCH).unwrap_or_default();
        let mut line = format!(
            "{}\t{}\t{}\t{}.{:09}\t{}",
            self.key,
            self.version,
            self.size,
            since.as_secs(),
            since.subsec_nanos(),
            utf8_percent_encode(&self.content_type, ESCAPED),
        );
        if let Some(uploader) = &self.uploader {
            line.push('\t');
            line.extend(utf8_percent_encode(uploader, ESCAPED));
        }
        line.push('\n');
        line
    }
}

impl Change {
    pub fn key(&self) -> &Key {
        match self {
            Change::Stored(row) => &row.key,
            Change::Removed(key) => key,
        }
    }

    pub fn line(&self) -> String {
        match self {
            Change::Stored(row) => row.line(),
            Change::Removed(key) => format!("{key}\t{REMOVED}\n"),
        }
    }

    /// Parses a line without its line feed; none if it is malformed.
    pub fn parse(line: &str) -> Option<Change> {
        let text = |field: &str| {
            percent_decode_str(field)
                .decode_utf8()
                .ok()
                .map(String::from)
        };
        let mut fields = line.split('\t');
        let key = Key::new(fields.next()?).ok()?;
        let version = fields.next()?.to_owned();
        if version == REMOVED {
            return fields.next().is_none().then_some(Change::Removed(key));
        }
        let size = fields.next()?.parse().ok()?;
        let (seconds, nanoseconds) = fields.next()?.split_once('.')?;
        let row = Row {
            key,
            version,
            size,
            modified: UNIX_EPOCH.checked_add(Duration::from_secs(seconds.parse().ok()?))?
                + Duration::from_nanos(u64::from(nanoseconds.parse::<u32>().ok()?)),
            content_type: text(fields.next()?)?,
            uploader: match fields.next() {
                Some(uploader) => Some(text(uploader)?),
                None => None,
            },
        };
        fields.next().is_none().then_some(Change::Stored(row))
    }
}

/// Parses the changes in several lines.
pub fn parse_all(text: &str) -> Option<Vec<Change>> {
    text.lines().map(Change::parse).collect()
}

#[cfg(test)]
pub mod tests {
    use super::*;

    pub fn key(text: &str) -> Key {
        Key::new(text).expect("a key")
    }

    pub fn row(text: &str) -> Row {
        Row {
            key: key(text),
            version: format!("{:032x}", text.len()),
            size: text.len() as u64,
            modified: UNIX_EPOCH + Duration::new(1_700_000_000, 5),
            content_type: "text/plain".to_owned(),
            uploader: None,
        }
    }

    #[test]
    fn any_text_survives_a_round_trip_through_a_line() {
        for (content_type, uploader) in [
            ("text/plain; charset=\"ü\"", None),
            ("", Some("")),
            ("a\tb\nc%09", Some("auth0|5f7c\r\n%")),
        ] {
            let change = Change::Stored(Row {
                content_type: content_type.to_owned(),
                uploader: uploader.map(str::to_owned),
                ..row("public/日本 %0A/x")
            });
            let line = change.line();
            assert_eq!(line.matches('\n').count(), 1, "{line:?}");
            assert_eq!(Change::parse(line.trim_end_matches('\n')), Some(change));
        }
        let removed = Change::Removed(key("a b"));
        assert_eq!(parse_all(&removed.line()), Some(vec![removed]));
    }

    #[test]
    fn any_other_line_is_refused() {
        for line in [
            "",
            "key",
            "key\t-\tx",
            "/key\tv\t1\t1.0\tt",
            "key\tv\tmany\t1.0\tt",
            "key\tv\t1\t1\tt",
            "k\tv\t1\t1.0",
        ] {
            assert_eq!(Change::parse(line), None, "{line:?}");
        }
    }
}
