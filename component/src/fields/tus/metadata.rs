//! `Upload-Metadata`: what a tus client says about the file.

use ct_codecs::{Base64, Base64NoPadding, Decoder};

use crate::fields::metadata;
use crate::problem::{MAX_ECHO, Problem};

/// The maximum length of the field, in bytes: room for the longest name and path and the most
/// metadata, encoded.
const MAX_BYTES: usize = 8 << 10;

/// The pairs of a key and a value, and the field as it was sent.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct UploadMetadata {
    raw: String,
    pairs: Vec<(String, String)>,
}

/// What the pairs say about the file.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Described {
    /// Its name on the client's disk, perhaps with a path.
    pub(crate) filename: Option<String>,
    /// Its path below the folder that was chosen for upload.
    pub(crate) relative_path: Option<String>,
    /// The folder to store it in.
    pub(crate) folder: Option<String>,
    /// Its media type.
    pub(crate) filetype: Option<String>,
    /// Whether it may replace an existing file.
    pub(crate) replace: bool,
    /// What is kept beside its bytes.
    pub(crate) metadata: Vec<(String, String)>,
}

impl UploadMetadata {
    /// Reads the field: keys, each with a value in Base64 after a space, separated by commas. A
    /// value may be empty.
    ///
    /// # Errors
    /// [`Problem::InvalidRequest`] for anything else, for a key that occurs twice, for a value
    /// that is not UTF-8, and for more than [`MAX_BYTES`].
    pub(super) fn parse(raw: &str) -> Result<Self, Problem> {
        if raw.len() > MAX_BYTES {
            return Err(refused(&format!("it is longer than {MAX_BYTES} bytes")));
        }
        let mut pairs: Vec<(String, String)> = Vec::new();
        let elements = raw.split(',').map(str::trim_ascii);
        for element in elements.filter(|_| !raw.is_empty()) {
            let (key, encoded) = element.split_once(' ').unwrap_or((element, ""));
            if key.is_empty() {
                return Err(refused("a key is missing"));
            }
            let shown: String = key.chars().take(MAX_ECHO).collect();
            let value = decoded(encoded)
                .ok_or_else(|| refused(&format!("the value of {shown:?} is not Base64")))?;
            let value = String::from_utf8(value)
                .map_err(|_| refused(&format!("the value of {shown:?} is not UTF-8")))?;
            if pairs.iter().any(|(known, _)| known == key) {
                return Err(refused(&format!("{shown:?} is there twice")));
            }
            pairs.push((key.to_owned(), value));
        }
        Ok(Self {
            raw: raw.to_owned(),
            pairs,
        })
    }

    /// The field as it was sent, and what it says about the file.
    ///
    /// # Errors
    /// [`Problem::InvalidRequest`] for a `replace` that is neither `true` nor `false`, and for
    /// other pairs that cannot be kept as metadata.
    pub(crate) fn described(self) -> Result<(String, Described), Problem> {
        let mut described = Described::default();
        let (mut name, mut kind) = (None, None);
        for (key, value) in self.pairs {
            match key.as_str() {
                "filename" => described.filename = some(value),
                "name" => name = some(value),
                "filetype" => described.filetype = some(value),
                "type" => kind = some(value),
                "folder" => described.folder = some(value),
                "relativePath" => described.relative_path = some(value),
                "replace" => {
                    described.replace = match value.as_str() {
                        "true" => true,
                        "false" | "" => false,
                        _ => return Err(refused("replace must be true or false")),
                    }
                }
                _ => described.metadata.push((key, value)),
            }
        }
        described.filename = described.filename.or(name);
        described.filetype = described.filetype.or(kind);
        described.metadata = metadata::checked(described.metadata)?;
        Ok((self.raw, described))
    }
}

/// The value, unless it stands for none: JavaScript clients send what is not set as text.
fn some(value: String) -> Option<String> {
    Some(value).filter(|value| !matches!(value.as_str(), "" | "null" | "undefined"))
}

fn decoded(encoded: &str) -> Option<Vec<u8>> {
    let padded = Base64::decode_to_vec(encoded, None);
    padded
        .or_else(|_| Base64NoPadding::decode_to_vec(encoded, None))
        .ok()
}

fn refused(reason: &str) -> Problem {
    Problem::InvalidRequest(format!("Upload-Metadata: {reason}"))
}
