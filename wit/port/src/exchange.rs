//! Responses that the component makes itself (`wit/exchange.wit`).

/// Why a response cannot be sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidResponse {
    /// Not the status of a final response (RFC 9110, 15).
    #[error("a request cannot be answered with status {0}")]
    Status(u16),
    /// It has bytes or a length that its status does not allow.
    #[error("a response with status {0} has no content")]
    Content(u16),
    /// The stated length is not a number.
    #[error("`content-length` is not a number")]
    Length,
    /// The length is stated twice, or in addition to bytes.
    #[error("`content-length` is set twice, or on a response with bytes")]
    Lengths,
}

/// The `Content-Length` of a response with this status, these values of that field, and so many
/// bytes; none if it has none (RFC 9110, 8.6).
///
/// # Errors
/// [`InvalidResponse`].
pub fn content_length(
    status: u16,
    stated: &[impl AsRef<[u8]>],
    bytes: usize,
) -> Result<Option<u64>, InvalidResponse> {
    let is_allowed = match status {
        // RFC 9110, 8.6 and 15.4.5.
        204 => bytes == 0 && stated.is_empty(),
        304 => bytes == 0,
        200..=599 => true,
        _ => return Err(InvalidResponse::Status(status)),
    };
    if !is_allowed {
        return Err(InvalidResponse::Content(status));
    }
    match (stated, bytes) {
        ([], 0) => Ok(None),
        ([], bytes) => Ok(Some(bytes as u64)),
        ([value], 0) => number(value.as_ref()).map(Some),
        _ => Err(InvalidResponse::Lengths),
    }
}

fn number(digits: &[u8]) -> Result<u64, InvalidResponse> {
    // Rust would accept a sign.
    let digits = Some(digits).filter(|digits| digits.iter().all(u8::is_ascii_digit));
    let digits = digits.and_then(|digits| str::from_utf8(digits).ok());
    let number = digits.and_then(|digits| digits.parse().ok());
    number.ok_or(InvalidResponse::Length)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_length_is_the_platforms_unless_there_are_no_bytes() {
        use InvalidResponse::{Content, Length, Lengths, Status};
        for (status, stated, bytes, expected) in [
            (200, &[][..], 0, Ok(None)),
            (200, &[], 5, Ok(Some(5))),
            (200, &["7"], 0, Ok(Some(7))),
            (200, &["0"], 0, Ok(Some(0))),
            (200, &["5"], 5, Err(Lengths)),
            (200, &["7", "7"], 0, Err(Lengths)),
            (200, &["+7"], 0, Err(Length)),
            (200, &[""], 0, Err(Length)),
            (200, &["99999999999999999999"], 0, Err(Length)),
            (204, &[], 0, Ok(None)),
            (204, &[], 5, Err(Content(204))),
            (204, &["0"], 0, Err(Content(204))),
            (304, &["7"], 0, Ok(Some(7))),
            (304, &[], 5, Err(Content(304))),
            (599, &[], 5, Ok(Some(5))),
            (199, &[], 0, Err(Status(199))),
            (600, &[], 0, Err(Status(600))),
        ] {
            let found = content_length(status, stated, bytes);
            assert_eq!(found, expected, "{status} {stated:?} {bytes}");
        }
    }
}
