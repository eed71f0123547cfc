//! The query of a request as typed parameters.
//!
//! Each known parameter may appear once. A list refuses unknown ones, because ignoring them
//! would change what is listed; other operations ignore them, because trackers and caches
//! add their own. Both `+` and `%20` are a space.

use super::cursor::Cursor;
use super::name::Name;
use super::percent;
use super::version::Version;
use crate::problem::{MAX_ECHO, Problem};

/// Which page of which names `GET /v1/{area}/files` shows.
#[derive(Debug, PartialEq, Eq)]
pub struct ListQuery {
    /// Only names that start with this; may end anywhere in a segment.
    pub prefix: String,
    /// Whether names with a `/` after the prefix are grouped into folders.
    pub folders: bool,
    /// Files and folders together, 1 to 1000.
    pub limit: u32,
    /// Where the last page ended.
    pub cursor: Option<Cursor>,
}

impl ListQuery {
    /// How many entries a page has by default.
    const DEFAULT_LIMIT: u32 = 100;

    /// Reads what follows the `?`.
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
            Some(_) => return Err(invalid("the delimiter must be /")),
        };
        let limit = match limit.as_deref() {
            None => Self::DEFAULT_LIMIT,
            Some(text) => Some(text)
                .filter(|text| text.bytes().all(|digit| digit.is_ascii_digit()))
                .and_then(|text| text.parse().ok())
                .filter(|limit| (1..=1000).contains(limit))
                .ok_or_else(|| invalid("the limit must be a number from 1 to 1000"))?,
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
    /// Where the files go; `None` is the root.
    pub(crate) folder: Option<Name>,
    /// Whether files that exist may be replaced.
    pub(crate) replace: bool,
    /// Whether a filename keeps its whole path instead of only its last component.
    pub(crate) keeps_paths: bool,
}

impl FormQuery {
    /// Reads what follows the `?`.
    pub(crate) fn parse(query: &str) -> Result<Self, Problem> {
        refuse_chunks(query)?;
        let [folder, replace, paths] =
            parameters(query, ["folder", "replace", "paths"], Others::Ignored)?;
        let replace = flag(replace.as_deref())?;
        let keeps_paths = match paths.as_deref() {
            None => false,
            Some("keep") => true,
            Some(_) => return Err(invalid("paths must be keep")),
        };
        let folder = folder.as_deref().map_or(Ok(None), parse_folder)?;
        Ok(Self {
            folder,
            replace,
            keeps_paths,
        })
    }
}

/// What `POST /v1/{area}/uploads` of the IETF's protocol stores.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct UploadQuery {
    /// The file's name or path.
    pub(crate) name: Option<String>,
    /// Where it goes; `None` is the root.
    pub(crate) folder: Option<Name>,
    /// Whether it may replace an existing file.
    pub(crate) replace: bool,
}

impl UploadQuery {
    /// Reads what follows the `?`.
    pub(crate) fn parse(query: &str) -> Result<Self, Problem> {
        let [name, folder, replace] =
            parameters(query, ["name", "folder", "replace"], Others::Ignored)?;
        Ok(Self {
            name,
            folder: folder.as_deref().map_or(Ok(None), parse_folder)?,
            replace: flag(replace.as_deref())?,
        })
    }
}

/// The parameter `replace`.
fn flag(replace: Option<&str>) -> Result<bool, Problem> {
    match replace {
        None | Some("false") => Ok(false),
        Some("true") => Ok(true),
        Some(_) => Err(invalid("replace must be true or false")),
    }
}

/// The folder that a parameter or a form's text field names. It may end in one
/// `/`; an empty string is the root.
pub(crate) fn parse_folder(text: &str) -> Result<Option<Name>, Problem> {
    if text.is_empty() {
        return Ok(None);
    }
    Name::new(text.strip_suffix('/').unwrap_or(text)).map(Some)
}

/// What a download is to be, and of which version.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct DownloadQuery {
    /// Whether the file should be saved rather than shown: `Some` with the name to save it
    /// under, which is empty for the file's own name.
    pub(crate) save_as: Option<String>,
    /// The only version that is wanted.
    pub(crate) version: Option<Version>,
}

impl DownloadQuery {
    /// Reads what follows the `?`.
    pub(crate) fn parse(query: &str) -> Result<Self, Problem> {
        let [save_as] = parameters(query, ["download"], Others::Ignored)?;
        // A `v` of others is ignored like any unknown parameter, however it is encoded.
        let version = query
            .split('&')
            .filter_map(|pair| pair.split_once('='))
            .filter(|(name, _)| decode(name).is_ok_and(|name| name == Version::PARAMETER))
            .filter_map(|(_, value)| Version::parse(&decode(value).ok()?))
            .reduce(Version::and);
        Ok(Self { save_as, version })
    }
}

/// The field for the chunk number in upload widgets that send a file in several requests:
/// Dropzone, flow.js, Fine Uploader, Resumable.js.
const CHUNK_NUMBERS: [&str; 4] = [
    "dzchunkindex",
    "flowChunkNumber",
    "qqpartindex",
    "resumableChunkNumber",
];

/// Refuses an upload with a field that marks it as a chunk of a file: stored as files, the
/// chunks would replace each other.
pub(crate) fn refuse_chunk(field: &str) -> Result<(), Problem> {
    if CHUNK_NUMBERS.contains(&field) {
        return Err(Problem::InvalidRequest(format!(
            "{field} marks this as a chunk of a file, and chunks cannot be stored; \
             send the whole file, or use a resumable upload (tus) at /v1/{{area}}/uploads"
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

/// How parameters that an operation does not know are handled.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Others {
    Refused,
    /// Even if they are malformed.
    Ignored,
}

/// The values of the parameters with these names.
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
                    return Err(invalid(&format!("duplicate parameter {}", name?)));
                }
            }
            None if others == Others::Ignored => {}
            None => {
                let name: String = name?.chars().take(MAX_ECHO).collect();
                let known = names.join(", ");
                return Err(invalid(&format!(
                    "unknown parameter {name:?}, expected one of {known}"
                )));
            }
        }
    }
    Ok(values)
}

fn decode(text: &str) -> Result<String, Problem> {
    percent::decode(&text.replace('+', " "))
        .map(std::borrow::Cow::into_owned)
        .map_err(|error| Problem::InvalidRequest(format!("the query is malformed: {error}")))
}

fn invalid(reason: &str) -> Problem {
    Problem::InvalidRequest(reason.to_owned())
}

#[cfg(test)]
mod tests;
