//! The document as written, with the line number of everything in it.

use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// A document that is well-formed TOML.
pub(super) struct Source<'d> {
    lines: Lines,
    root: DeTable<'d>,
}

/// Where the lines of a document end, so that it is searched once.
pub(super) struct Lines(Vec<usize>);

/// One table of it.
pub(super) struct Section<'s> {
    lines: &'s Lines,
    table: &'s DeTable<'s>,
    line: usize,
}

/// A string, or an element of a list of strings.
#[derive(Debug, Clone, Copy)]
pub(super) struct Written<'s> {
    pub(super) text: &'s str,
    pub(super) line: usize,
}

/// What is at a place in the document.
pub(super) struct Place {
    /// The keys that lead there, joined by dots.
    pub(super) path: String,
    /// What kind of value it is, in words.
    pub(super) found: &'static str,
    /// Whether it is, or is directly in, a table of an array, `[[like.this]]`.
    pub(super) in_array: bool,
}

impl Lines {
    pub(super) fn new(document: &str) -> Self {
        Self(memchr::memchr_iter(b'\n', document.as_bytes()).collect())
    }

    /// The line of this byte, counted from 1.
    pub(super) fn of(&self, offset: usize) -> usize {
        1 + self.0.partition_point(|&end| end < offset)
    }
}

impl<'d> Source<'d> {
    pub(super) fn parse(document: &'d str) -> Option<Self> {
        let root = DeTable::parse(document).ok()?.into_inner();
        let lines = Lines::new(document);
        Some(Self { lines, root })
    }

    /// The table with this name, if the value is a table.
    pub(super) fn section(&self, name: &str) -> Option<Section<'_>> {
        let (key, value) = self.root.get_key_value(name)?;
        Some(Section {
            lines: &self.lines,
            table: value.get_ref().as_table()?,
            line: self.lines.of(key.span().start),
        })
    }

    /// What is at this byte of the document.
    pub(super) fn place(&self, offset: usize) -> Option<Place> {
        place(&self.root, offset, "", false)
    }
}

impl<'s> Section<'s> {
    /// The line on which it begins.
    pub(super) fn line(&self) -> usize {
        self.line
    }

    /// The string at this key, or the strings of the list there.
    pub(super) fn texts(&self, key: &str) -> Vec<Written<'s>> {
        match self.table.get(key).map(|value| (value, value.get_ref())) {
            Some((_, DeValue::Array(items))) => {
                items.iter().filter_map(|item| self.written(item)).collect()
            }
            Some((value, _)) => self.written(value).into_iter().collect(),
            None => Vec::new(),
        }
    }

    /// The string at this key.
    pub(super) fn text(&self, key: &str) -> Option<Written<'s>> {
        self.written(self.table.get(key)?)
    }

    /// The line of the value at this key.
    pub(super) fn line_of(&self, key: &str) -> Option<usize> {
        let value = self.table.get(key)?;
        Some(self.lines.of(value.span().start))
    }

    /// The tables of the array at this key.
    pub(super) fn tables(&self, key: &str) -> Vec<Section<'s>> {
        let Some(DeValue::Array(items)) = self.table.get(key).map(Spanned::get_ref) else {
            return Vec::new();
        };
        let section = |item: &'s Spanned<DeValue<'s>>| {
            Some(Section {
                lines: self.lines,
                table: item.get_ref().as_table()?,
                line: self.lines.of(item.span().start),
            })
        };
        items.iter().filter_map(section).collect()
    }

    fn written(&self, value: &'s Spanned<DeValue<'s>>) -> Option<Written<'s>> {
        Some(Written {
            text: value.get_ref().as_str()?,
            line: self.lines.of(value.span().start),
        })
    }
}

/// A table's own span is that of its header, so all tables have to be searched.
fn place(table: &DeTable<'_>, offset: usize, above: &str, in_array: bool) -> Option<Place> {
    let mut headers = None;
    for (key, value) in table {
        let path = match above {
            "" => key.get_ref().to_string(),
            above => format!("{above}.{}", key.get_ref()),
        };
        let inside = match value.get_ref() {
            DeValue::Table(table) => place(table, offset, &path, false),
            DeValue::Array(items) => items.iter().find_map(|item| match item.get_ref() {
                DeValue::Table(table) => place(table, offset, &path, true),
                _ => at(item, offset, &path, in_array),
            }),
            _ => None,
        };
        if inside.is_some() {
            return inside;
        }
        let items = value.get_ref().as_array().into_iter().flatten();
        let of_item = || items.clone().find_map(|item| at(item, offset, &path, true));
        let here = at(value, offset, &path, in_array);
        if key.span().contains(&offset) {
            headers = Some(Place {
                path,
                found: kind(value.get_ref()),
                in_array,
            });
        } else {
            headers = of_item().or(here).or(headers);
        }
    }
    headers
}

fn at(value: &Spanned<DeValue<'_>>, offset: usize, path: &str, in_array: bool) -> Option<Place> {
    value.span().contains(&offset).then(|| Place {
        path: path.to_owned(),
        found: kind(value.get_ref()),
        in_array,
    })
}

fn kind(value: &DeValue<'_>) -> &'static str {
    match value {
        DeValue::String(_) => "a string",
        DeValue::Integer(_) | DeValue::Float(_) => "a number",
        DeValue::Boolean(_) => "true or false",
        DeValue::Datetime(_) => "a date or time",
        DeValue::Array(_) => "a list",
        DeValue::Table(_) => "a table",
    }
}

/// The line of this byte, counted from 1.
pub(super) fn line_of(document: &str, offset: usize) -> usize {
    1 + document
        .bytes()
        .take(offset)
        .filter(|&byte| byte == b'\n')
        .count()
}
