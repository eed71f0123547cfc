//! What the header says of the length of a request's body.

use http::{HeaderMap, header};

/// How many bytes the client announced; hyper enforces it.
pub(crate) fn content_length(headers: &HeaderMap) -> Option<u64> {
    headers
        .get(header::CONTENT_LENGTH)?
        .to_str()
        .ok()?
        .parse()
        .ok()
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    #[test]
    fn only_a_number_is_a_length() {
        for (value, length) in [("0", Some(0)), ("7", Some(7)), ("x", None), ("-1", None)] {
            let field = (header::CONTENT_LENGTH, HeaderValue::from_static(value));
            let headers = HeaderMap::from_iter([field]);
            assert_eq!(content_length(&headers), length, "{value}");
        }
        assert_eq!(content_length(&HeaderMap::new()), None);
    }
}
