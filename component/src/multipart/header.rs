//! The header fields of a form and its parts.

use http::{HeaderMap, HeaderName, HeaderValue, header};
use mediatype::{MediaType, ReadParams, names};

use super::disposition::FormData;
use crate::problem::Problem;

/// The maximum number of lines in a part's header.
const MAX_LINES: usize = 32;

/// RFC 7578, 4.7.
const CONTENT_TRANSFER_ENCODING: HeaderName = HeaderName::from_static("content-transfer-encoding");

const FORM_DATA: MediaType<'static> = MediaType::new(names::MULTIPART, names::FORM_DATA);

/// The fields of a part's header that matter in a form (RFC 7578, 4.8).
pub(super) struct PartHeader {
    pub(super) disposition: FormData,
    /// As it was sent.
    pub(super) content_type: Option<Vec<u8>>,
}

impl PartHeader {
    /// Reads a part's header. A duplicate field is refused, since proxies and scanners in
    /// between may have read the other one.
    pub(super) fn parse(fields: &HeaderMap) -> Result<Self, Problem> {
        // Bytes are stored as received, so an encoding would change the file.
        let encoding = only(fields, &CONTENT_TRANSFER_ENCODING)?.unwrap_or(b"binary");
        let plain = ["binary", "8bit", "7bit"].map(str::as_bytes);
        if !plain
            .iter()
            .any(|plain| encoding.eq_ignore_ascii_case(plain))
        {
            return Err(Problem::malformed_form(
                "a part has an unsupported Content-Transfer-Encoding",
            ));
        }
        let disposition = only(fields, &header::CONTENT_DISPOSITION)?
            .ok_or_else(|| Problem::malformed_form("a part has no Content-Disposition"))?;
        Ok(Self {
            disposition: FormData::parse(disposition)?,
            content_type: only(fields, &header::CONTENT_TYPE)?.map(<[u8]>::to_vec),
        })
    }
}

/// The value of the one field of this name, if there is one.
fn only<'h>(fields: &'h HeaderMap, name: &HeaderName) -> Result<Option<&'h [u8]>, Problem> {
    let mut values = fields.get_all(name).iter();
    let value = values.next().map(HeaderValue::as_bytes);
    match values.next() {
        None => Ok(value),
        Some(_) => Err(Problem::malformed_form(&format!(
            "a part has more than one {name}"
        ))),
    }
}

/// The header lines of a part, up to the empty one that ends them.
pub(super) fn lines(block: &[u8]) -> Result<HeaderMap, Problem> {
    let unreadable = || Problem::malformed_form("a part's header is malformed");
    let mut lines = [httparse::EMPTY_HEADER; MAX_LINES];
    let Ok(httparse::Status::Complete((_, lines))) = httparse::parse_headers(block, &mut lines)
    else {
        return Err(unreadable());
    };
    let mut fields = HeaderMap::with_capacity(lines.len());
    for line in lines {
        let name = HeaderName::from_bytes(line.name.as_bytes()).map_err(|_| unreadable())?;
        let value = HeaderValue::from_bytes(line.value).map_err(|_| unreadable())?;
        fields.append(name, value);
    }
    Ok(fields)
}

/// The boundary that the Content-Type of a form names: 1 to 70 characters.
pub(super) fn boundary(content_type: &[u8]) -> Result<String, Problem> {
    let unreadable = || Problem::malformed_form("its Content-Type is malformed");
    let text = std::str::from_utf8(content_type).map_err(|_| unreadable())?;
    let media_type = MediaType::parse(text.trim_ascii()).map_err(|_| unreadable())?;
    if media_type.essence() != FORM_DATA {
        return Err(Problem::not_a_form(Some(text)));
    }
    let mut boundaries = media_type
        .params()
        .filter(|(name, _)| *name == names::BOUNDARY);
    let (Some((_, boundary)), None) = (boundaries.next(), boundaries.next()) else {
        return Err(Problem::malformed_form(
            "its Content-Type does not name exactly one boundary",
        ));
    };
    let boundary = boundary.unquoted_str();
    let printable = boundary.bytes().all(|byte| matches!(byte, b' '..=b'~'));
    if !(1..=70).contains(&boundary.len()) || !printable || boundary.ends_with(' ') {
        return Err(Problem::malformed_form("its boundary is invalid"));
    }
    Ok(boundary.into_owned())
}
