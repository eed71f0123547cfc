//! What is kept of a version beside its bytes, as a line of text.

use coffer_port::platform::Datetime;
use coffer_port::{Info, Listed};
use percent_encoding::{AsciiSet, CONTROLS, percent_decode_str, utf8_percent_encode};

/// What a field of a line cannot have as it is.
const ESCAPED: &AsciiSet = &CONTROLS.add(b'%');
/// What stands for the version of a key that has been removed.
const REMOVED: &str = "-";

/// One version of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    pub key: String,
    /// The name of its bytes, 32 hexadecimal digits.
    pub version: String,
    pub size: u64,
    /// Seconds and nanoseconds since 1970.
    pub modified: (u64, u32),
    pub content_type: String,
    pub uploader: Option<String>,
}

/// What became of a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    Stored(Row),
    /// With the key.
    Removed(String),
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
            modified: self.datetime(),
            content_type: self.content_type.clone(),
            uploader: self.uploader.clone(),
        }
    }

    pub fn listed(&self) -> Listed {
        Listed {
            key: self.key.clone(),
            size: self.size,
            etag: self.etag(),
            modified: self.datetime(),
        }
    }

    fn datetime(&self) -> Datetime {
        let (seconds, nanoseconds) = self.modified;
        Datetime {
            seconds,
            nanoseconds,
        }
    }

    /// Its fields with tabs between them and a line feed at the end. Keys have neither.
    pub fn line(&self) -> String {
        let (seconds, nanoseconds) = self.modified;
        let mut line = format!(
            "{}\t{}\t{}\t{seconds}.{nanoseconds:09}\t{}",
            self.key,
            self.version,
            self.size,
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
    pub fn key(&self) -> &str {
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

    /// From a line without its line feed; none where it is no such line.
    pub fn parse(line: &str) -> Option<Change> {
        let text = |field: &str| {
            percent_decode_str(field)
                .decode_utf8()
                .ok()
                .map(String::from)
        };
        let mut fields = line.split('\t');
        let key = fields.next()?.to_owned();
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
            modified: (seconds.parse().ok()?, nanoseconds.parse().ok()?),
            content_type: text(fields.next()?)?,
            uploader: match fields.next() {
                Some(uploader) => Some(text(uploader)?),
                None => None,
            },
        };
        fields.next().is_none().then_some(Change::Stored(row))
    }
}

/// The changes of some lines.
pub fn parse_all(text: &str) -> Option<Vec<Change>> {
    text.lines().map(Change::parse).collect()
}

#[cfg(test)]
pub mod tests {
    use super::*;

    pub fn row(key: &str) -> Row {
        Row {
            key: key.to_owned(),
            version: format!("{:032x}", key.len()),
            size: key.len() as u64,
            modified: (1_700_000_000, 5),
            content_type: "text/plain".to_owned(),
            uploader: None,
        }
    }

    #[test]
    fn any_text_comes_back_from_its_line() {
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
        let removed = Change::Removed("a b".to_owned());
        assert_eq!(parse_all(&removed.line()), Some(vec![removed]));
    }

    #[test]
    fn what_is_no_such_line_is_not_taken_for_one() {
        for line in [
            "",
            "key",
            "key\t-\tx",
            "key\tv\tmany\t1.0\tt",
            "key\tv\t1\t1\tt",
            "k\tv\t1\t1.0",
        ] {
            assert_eq!(Change::parse(line), None, "{line:?}");
        }
    }
}
