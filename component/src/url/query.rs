//! The query of a request as typed parameters.
//!
//! Of every parameter that an operation knows, there may be one. Others are refused by a
//! list, which would ignore half of what is asked, and ignored elsewhere, where trackers and
//! caches add their own. Both `+` and `%20` are a space.

use super::cursor::Cursor;
use super::name::Name;
use super::percent;
use crate::problem::{MAX_ECHO, Problem};

/// Which page of which names `GET /v1/{area}/files` shows.
#[derive(Debug, PartialEq, Eq)]
pub struct ListQuery {
    /// Only names that start so; may end anywhere in a segment.
    pub prefix: String,
    /// Whether names with a `/` behind the prefix are shown as one folder.
    pub folders: bool,
    /// Files and folders together, 1 to 1000.
    pub limit: u32,
    /// Where the last page ended.
    pub cursor: Option<Cursor>,
}

impl ListQuery {
    /// How many entries a page has where none is asked for.
    const DEFAULT_LIMIT: u32 = 100;

    /// Reads what stands behind the `?`.
    pub fn parse(query: &str) -> Result<Self, Problem> {
        let [prefix, delimiter, limit, cursor] = parameters(
            query,
            ["prefix", "delimiter", "limit", "cursor"],
            Others::Refused,
        )?;
        let prefix = prefix.unwrap_or_default();
        if prefix.contains(char::is_control) || prefix.len() > Name::MAX_BYTES {
            return Err(invalid("no name starts with this prefix"));
        }
        let folders = match delimiter.as_deref() {
            None => false,
            Some("/") => true,
            Some(_) => return Err(invalid("the only delimiter is /")),
        };
        let limit = match limit.as_deref() {
            None => Self::DEFAULT_LIMIT,
            Some(text) => Some(text)
                .filter(|text| text.bytes().all(|digit| digit.is_ascii_digit()))
                .and_then(|text| text.parse().ok())
                .filter(|limit| (1..=1000).contains(limit))
                .ok_or_else(|| invalid("the limit is not a number from 1 to 1000"))?,
        };
        let cursor = cursor.as_deref().map(Cursor::decode).transpose()?;
        Ok(Self {
            prefix,
            folders,
            limit,
            cursor,
        })
    }
}

/// How `POST /v1/{area}/files` stores.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct FormQuery {
    /// Where the files go; none is the root.
    pub(crate) folder: Option<Name>,
    /// Whether files that exist may be replaced.
    pub(crate) replace: bool,
    /// Whether a filename's whole path counts, and not only its last component.
    pub(crate) keeps_paths: bool,
}

impl FormQuery {
    /// Reads what stands behind the `?`.
    pub(crate) fn parse(query: &str) -> Result<Self, Problem> {
        refuse_chunks(query)?;
        let [folder, replace, paths] =
            parameters(query, ["folder", "replace", "paths"], Others::Ignored)?;
        let replace = match replace.as_deref() {
            None | Some("false") => false,
            Some("true") => true,
            Some(_) => return Err(invalid("replace is neither true nor false")),
        };
        let keeps_paths = match paths.as_deref() {
            None => false,
            Some("keep") => true,
            Some(_) => return Err(invalid("paths can only be keep")),
        };
        let folder = folder.as_deref().map_or(Ok(None), parse_folder)?;
        Ok(Self {
            folder,
            replace,
            keeps_paths,
        })
    }
}

/// The folder that a parameter or a form's text field names. It may end in one
/// `/`; an empty text is the root.
pub(crate) fn parse_folder(text: &str) -> Result<Option<Name>, Problem> {
    if text.is_empty() {
        return Ok(None);
    }
    Name::new(text.strip_suffix('/').unwrap_or(text)).map(Some)
}

/// Whether `GET` is to be saved rather than shown: `Some` with the name to save
/// under, which is empty where the file's own will do.
pub(crate) fn parse_download(query: &str) -> Result<Option<String>, Problem> {
    let [download] = parameters(query, ["download"], Others::Ignored)?;
    Ok(download)
}

/// What widgets call the number of a chunk, where they send a file in several requests:
/// Dropzone, flow.js, Fine Uploader, Resumable.js.
const CHUNK_NUMBERS: [&str; 4] = [
    "dzchunkindex",
    "flowChunkNumber",
    "qqpartindex",
    "resumableChunkNumber",
];

/// Refuses an upload with a field of this name, which says that it is a chunk of a file:
/// stored as a file, the chunks would replace each other.
pub(crate) fn refuse_chunk(field: &str) -> Result<(), Problem> {
    if CHUNK_NUMBERS.contains(&field) {
        return Err(Problem::InvalidRequest(format!(
            "{field} says that this is a chunk of a file, which cannot be stored as one; \
             send the file whole, or by a resumable upload (tus) to /v1/{{area}}/uploads"
        )));
    }
    Ok(())
}

/// The same for the fields in a query.
pub(crate) fn refuse_chunks(query: &str) -> Result<(), Problem> {
    query
        .split('&')
        .map(|pair| pair.split_once('=').map_or(pair, |(name, _)| name))
        .try_for_each(refuse_chunk)
}

/// What is done about parameters that an operation does not know.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Others {
    Refused,
    /// However they are encoded.
    Ignored,
}

/// The values of the parameters of these names.
fn parameters<const N: usize>(
    query: &str,
    names: [&str; N],
    others: Others,
) -> Result<[Option<String>; N], Problem> {
    let mut values = [const { None }; N];
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        let (raw, value) = pair.split_once('=').unwrap_or((pair, ""));
        let name = decode(raw);
        let slot = name.as_ref().ok().and_then(|name| {
            let mut known = names.iter().zip(&mut values);
            known.find_map(|(known, slot)| (known == name).then_some(slot))
        });
        match slot {
            Some(slot) => {
                if slot.replace(decode(value)?).is_some() {
                    return Err(invalid(&format!("{} is there twice", name?)));
                }
            }
            None if others == Others::Ignored => {}
            None => {
                let name: String = name?.chars().take(MAX_ECHO).collect();
                let known = names.join(", ");
                return Err(invalid(&format!(
                    "there is no parameter {name:?} here, only {known}"
                )));
            }
        }
    }
    Ok(values)
}

fn decode(text: &str) -> Result<String, Problem> {
    percent::decode(&text.replace('+', " "))
        .map(std::borrow::Cow::into_owned)
        .map_err(|error| Problem::InvalidRequest(format!("the query cannot be read: {error}")))
}

fn invalid(reason: &str) -> Problem {
    Problem::InvalidRequest(reason.to_owned())
}

#[cfg(test)]
mod tests;
