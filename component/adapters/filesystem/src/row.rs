//! What is stored about a version beside its bytes, as a line of text.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use coffer_port::{Amendment, Info, Key, Listed, Metadata};
use percent_encoding::{AsciiSet, CONTROLS, percent_decode_str, utf8_percent_encode};

/// The characters to escape in a field of a line.
const ESCAPED: &AsciiSet = &CONTROLS.add(b'%');
/// Stands for the version of a key that has been removed.
const REMOVED: &str = "-";
/// Stands for the uploader before metadata if there is none; one of that name is escaped.
const NOBODY: &str = "%";

/// One version of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    pub key: Key,
    /// The name of its bytes.
    pub version: String,
    pub size: u64,
    pub modified: SystemTime,
    pub content_type: String,
    pub uploader: Option<String>,
    pub metadata: Metadata,
}

/// A change of one key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    Stored(Row),
    /// With the key.
    Removed(Key),
}

/// The entity tag of a version.
pub fn etag(version: &str) -> String {
    format!("\"{version}\"")
}

impl Row {
    pub fn etag(&self) -> String {
        etag(&self.version)
    }

    pub fn info(&self) -> Info {
        Info {
            key: self.key.clone(),
            size: self.size,
            etag: self.etag(),
            modified: self.modified,
            content_type: self.content_type.clone(),
            uploader: self.uploader.clone(),
            metadata: self.metadata.clone(),
        }
    }

    /// The same bytes with another description.
    pub fn amended(self, amendment: Amendment, modified: SystemTime) -> Row {
        let mut info = self.info();
        amendment.apply(&mut info);
        Row {
            content_type: info.content_type,
            metadata: info.metadata,
            modified,
            ..self
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
        match &self.uploader {
            Some(uploader) => {
                line.push('\t');
                line.extend(utf8_percent_encode(uploader, ESCAPED));
            }
            None if self.metadata.is_empty() => {}
            None => {
                line.push('\t');
                line.push_str(NOBODY);
            }
        }
        for (name, value) in self.metadata.iter() {
            line.push('\t');
            line.push_str(name);
            line.push('=');
            line.extend(utf8_percent_encode(value, ESCAPED));
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
        let modified = UNIX_EPOCH.checked_add(Duration::from_secs(seconds.parse().ok()?))?
            + Duration::from_nanos(u64::from(nanoseconds.parse::<u32>().ok()?));
        let content_type = text(fields.next()?)?;
        let uploader = match fields.next() {
            None | Some(NOBODY) => None,
            Some(uploader) => Some(text(uploader)?),
        };
        let pairs = fields.map(|field| {
            let (name, value) = field.split_once('=')?;
            Some((name.to_owned(), text(value)?))
        });
        let metadata = Metadata::new(pairs.collect::<Option<_>>()?).ok()?;
        Some(Change::Stored(Row {
            key,
            version,
            size,
            modified,
            content_type,
            uploader,
            metadata,
        }))
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
            metadata: Metadata::default(),
        }
    }

    pub fn metadata(pairs: &[(&str, &str)]) -> Metadata {
        let pairs = pairs.iter().map(|&(n, v)| (n.to_owned(), v.to_owned()));
        Metadata::new(pairs.collect()).expect("metadata")
    }

    #[test]
    fn any_text_survives_a_round_trip_through_a_line() {
        let none: &[(&str, &str)] = &[];
        let some = &[("a-1", "x=y\u{2028}%25"), ("b", ""), ("c", "Zoë 🦊")];
        for (content_type, uploader) in [
            ("text/plain; charset=\"ü\"", None),
            ("", Some("")),
            ("a/b", Some("%")),
            ("a\tb\nc%09", Some("auth0|5f7c\r\n%")),
        ] {
            for pairs in [none, some] {
                let change = Change::Stored(Row {
                    content_type: content_type.to_owned(),
                    uploader: uploader.map(str::to_owned),
                    metadata: metadata(pairs),
                    ..row("public/日本 %0A/x")
                });
                let line = change.line();
                assert_eq!(line.matches('\n').count(), 1, "{line:?}");
                assert_eq!(Change::parse(line.trim_end_matches('\n')), Some(change));
            }
        }
        let removed = Change::Removed(key("a b"));
        assert_eq!(parse_all(&removed.line()), Some(vec![removed]));
    }

    #[test]
    fn the_form_of_lines_on_disk_stays_what_it_is() {
        let mut row = row("k");
        let version = "0".repeat(31);
        let start = format!("k\t{version}1\t1\t1700000000.000000005\ttext/plain");
        assert_eq!(row.line(), format!("{start}\n"));
        row.metadata = metadata(&[("b", "2"), ("a", "1")]);
        assert_eq!(row.line(), format!("{start}\t%\ta=1\tb=2\n"));
        row.uploader = Some("ann".to_owned());
        assert_eq!(row.line(), format!("{start}\tann\ta=1\tb=2\n"));
        row.metadata = Metadata::default();
        assert_eq!(row.line(), format!("{start}\tann\n"));
    }

    #[test]
    fn an_amendment_changes_what_it_names_and_the_time() {
        let stored = Row {
            metadata: metadata(&[("a", "1")]),
            ..row("k")
        };
        let modified = UNIX_EPOCH + Duration::from_secs(9);
        let amendment = Amendment {
            content_type: Some("a/b".to_owned()),
            metadata: None,
        };
        let expected = Row {
            content_type: "a/b".to_owned(),
            modified,
            ..stored.clone()
        };
        assert_eq!(stored.amended(amendment, modified), expected);
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
            "k\tv\t1\t1.0\tt\tann\tpair",
            "k\tv\t1\t1.0\tt\tann\ta=1\ta=2",
            "k\tv\t1\t1.0\tt\tann\tA=1",
        ] {
            assert_eq!(Change::parse(line), None, "{line:?}");
        }
    }
}
