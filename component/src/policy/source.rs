//! The document as written, with the line number of everything in it.

use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// A document that is well-formed TOML.
pub(super) struct Source<'d> {
    document: &'d str,
    root: DeTable<'d>,
}

/// One table of it.
pub(super) struct Section<'s> {
    document: &'s str,
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
}

impl<'d> Source<'d> {
    pub(super) fn parse(document: &'d str) -> Option<Self> {
        let root = DeTable::parse(document).ok()?.into_inner();
        Some(Self { document, root })
    }

    /// The table with this name, if the value is a table.
    pub(super) fn section(&self, name: &str) -> Option<Section<'_>> {
        let (key, value) = self.root.get_key_value(name)?;
        Some(Section {
            document: self.document,
            table: value.get_ref().as_table()?,
            line: line_of(self.document, key.span().start),
        })
    }

    /// What is at this byte of the document.
    pub(super) fn place(&self, offset: usize) -> Option<Place> {
        place(&self.root, offset, "")
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
        Some(line_of(self.document, value.span().start))
    }

    fn written(&self, value: &'s Spanned<DeValue<'s>>) -> Option<Written<'s>> {
        Some(Written {
            text: value.get_ref().as_str()?,
            line: line_of(self.document, value.span().start),
        })
    }
}

/// A table's own span is that of its header, so all tables have to be searched.
fn place(table: &DeTable<'_>, offset: usize, above: &str) -> Option<Place> {
    let mut headers = None;
    for (key, value) in table {
        let path = match above {
            "" => key.get_ref().to_string(),
            above => format!("{above}.{}", key.get_ref()),
        };
        let inside = match value.get_ref() {
            DeValue::Table(table) => place(table, offset, &path),
            DeValue::Array(items) => items.iter().find_map(|item| match item.get_ref() {
                DeValue::Table(table) => place(table, offset, &path),
                _ => at(item, offset, &path),
            }),
            _ => None,
        };
        if inside.is_some() {
            return inside;
        }
        let here = at(value, offset, &path);
        if key.span().contains(&offset) || here.is_some() {
            headers = here.or(Some(Place {
                path,
                found: kind(value.get_ref()),
            }));
        }
    }
    headers
}

fn at(value: &Spanned<DeValue<'_>>, offset: usize, path: &str) -> Option<Place> {
    value.span().contains(&offset).then(|| Place {
        path: path.to_owned(),
        found: kind(value.get_ref()),
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
