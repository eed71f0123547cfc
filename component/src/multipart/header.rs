//! What a form and its parts say about themselves in header fields.

use http::{HeaderMap, HeaderName, HeaderValue, header};
use mediatype::{MediaType, ReadParams, names};

use super::malformed;
use crate::disposition::FormData;
use crate::problem::Problem;

/// RFC 7578, 4.7.
const CONTENT_TRANSFER_ENCODING: HeaderName = HeaderName::from_static("content-transfer-encoding");

const FORM_DATA: MediaType<'static> = MediaType::new(names::MULTIPART, names::FORM_DATA);

/// What a part's header says, as far as a form's parts have anything to say
/// (RFC 7578, 4.8).
pub(super) struct Header {
    pub(super) disposition: FormData,
    /// As it stands there.
    pub(super) content_type: Option<Vec<u8>>,
}

impl Header {
    /// Reads a part's header. Of a field that is there twice multer keeps the last.
    pub(super) fn parse(fields: &HeaderMap) -> Result<Self, Problem> {
        let value = |name| fields.get(name).map(HeaderValue::as_bytes);
        // Bytes are stored as they come, so an encoding would change the file.
        let encoding = value(CONTENT_TRANSFER_ENCODING).unwrap_or(b"binary");
        let plain = ["binary", "8bit", "7bit"].map(str::as_bytes);
        if !plain
            .iter()
            .any(|plain| encoding.eq_ignore_ascii_case(plain))
        {
            return Err(malformed("a part has a Content-Transfer-Encoding"));
        }
        let disposition = value(header::CONTENT_DISPOSITION)
            .ok_or_else(|| malformed("a part has no Content-Disposition"))?;
        Ok(Self {
            disposition: FormData::parse(disposition)?,
            content_type: value(header::CONTENT_TYPE).map(<[u8]>::to_vec),
        })
    }
}

/// The boundary that the Content-Type of a form names: 1 to 70 characters.
pub(super) fn boundary(content_type: &[u8]) -> Result<String, Problem> {
    let unreadable = || malformed("its Content-Type cannot be read");
    let text = std::str::from_utf8(content_type).map_err(|_| unreadable())?;
    let media_type = MediaType::parse(text.trim_ascii()).map_err(|_| unreadable())?;
    if media_type.essence() != FORM_DATA {
        return Err(Problem::UnsupportedMediaType);
    }
    let mut boundaries = media_type
        .params()
        .filter(|(name, _)| *name == names::BOUNDARY);
    let (Some((_, boundary)), None) = (boundaries.next(), boundaries.next()) else {
        return Err(malformed("its Content-Type does not name one boundary"));
    };
    let boundary = boundary.unquoted_str();
    let printable = boundary.bytes().all(|byte| matches!(byte, b' '..=b'~'));
    if !(1..=70).contains(&boundary.len()) || !printable || boundary.ends_with(' ') {
        return Err(malformed("its boundary is not one"));
    }
    Ok(boundary.into_owned())
}
