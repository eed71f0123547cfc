//! The response to GetObject.

use aws_sdk_s3::primitives::{ByteStream, DateTime, DateTimeFormat, SdkBody};
use aws_smithy_runtime_api::client::interceptors::context::Error;
use aws_smithy_runtime_api::client::orchestrator::OrchestratorError;
use aws_smithy_runtime_api::http::Headers;

use super::Response;

/// An object, or a range of it.
#[derive(Debug)]
pub(in crate::store::s3) struct GetResponse {
    pub(in crate::store::s3) content_length: Option<u64>,
    pub(in crate::store::s3) content_range: Option<String>,
    pub(in crate::store::s3) content_type: Option<String>,
    pub(in crate::store::s3) etag: Option<String>,
    pub(in crate::store::s3) last_modified: Option<DateTime>,
    /// The user metadata.
    pub(in crate::store::s3) entries: Entries,
    /// The service's checksums by algorithm, and as `type` what they are of.
    pub(in crate::store::s3) checksums: Entries,
    pub(in crate::store::s3) body: ByteStream,
}

/// Header fields whose names begin alike, by the rest of their names.
#[derive(Debug, Default)]
pub(in crate::store::s3) struct Entries(Vec<(String, String)>);

impl Entries {
    /// The value of this name, which is in lower case.
    pub(in crate::store::s3) fn get(&self, name: &str) -> Option<&str> {
        let entry = self.0.iter().find(|(known, _)| known == name);
        entry.map(|(_, value)| value.as_str())
    }

    fn add(&mut self, name: &str, value: &str) -> Result<(), OrchestratorError<Error>> {
        if self.get(name).is_some() {
            return Err(OrchestratorError::other(REPEATED));
        }
        self.0.push((name.to_owned(), value.to_owned()));
        Ok(())
    }
}

/// Two values leave open which one counts.
const REPEATED: &str = "a header field that may occur only once is repeated";

fn once<T>(field: &mut Option<T>, value: T) -> Result<(), OrchestratorError<Error>> {
    match field.replace(value) {
        None => Ok(()),
        Some(_) => Err(OrchestratorError::other(REPEATED)),
    }
}

fn text(value: &[u8]) -> Result<&str, OrchestratorError<Error>> {
    std::str::from_utf8(value).map_err(OrchestratorError::other)
}

impl Response for GetResponse {
    const STREAMS: bool = true;

    fn read(fields: &Headers, body: SdkBody) -> Result<Self, OrchestratorError<Error>> {
        let mut read = GetResponse {
            content_length: None,
            content_range: None,
            content_type: None,
            etag: None,
            last_modified: None,
            entries: Entries::default(),
            checksums: Entries::default(),
            body: ByteStream::new(body),
        };
        for (name, value) in fields.iter_bytes() {
            match name {
                "content-length" => {
                    let length = text(value)?.parse().map_err(OrchestratorError::other)?;
                    once(&mut read.content_length, length)?;
                }
                "content-range" => once(&mut read.content_range, text(value)?.to_owned())?,
                "content-type" => once(&mut read.content_type, text(value)?.to_owned())?,
                "etag" => once(&mut read.etag, text(value)?.to_owned())?,
                "last-modified" if !value.is_empty() => {
                    let date = DateTime::from_str(text(value)?, DateTimeFormat::HttpDate);
                    once(
                        &mut read.last_modified,
                        date.map_err(OrchestratorError::other)?,
                    )?;
                }
                _ => {
                    if let Some(entry) = name.strip_prefix("x-amz-meta-") {
                        read.entries.add(entry, text(value)?)?;
                    } else if let Some(kind) = name.strip_prefix("x-amz-checksum-") {
                        read.checksums.add(kind, text(value)?)?;
                    }
                }
            }
        }
        Ok(read)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(fields: &[(&'static str, &'static str)]) -> Option<GetResponse> {
        let mut headers = Headers::new();
        for (name, value) in fields {
            headers.append(*name, *value);
        }
        GetResponse::read(&headers, SdkBody::empty()).ok()
    }

    #[test]
    fn what_describes_an_object_is_read() {
        let found = read(&[
            ("Content-Length", "5"),
            ("Content-Range", "bytes 0-4/10"),
            ("Content-Type", "text/plain"),
            ("ETag", "\"1\""),
            ("Last-Modified", "Sun, 06 Nov 1994 08:49:37 GMT"),
            ("x-amz-meta-Team", "web"),
            ("x-amz-checksum-crc32", "y/Q5Jg=="),
            ("x-amz-checksum-type", "FULL_OBJECT"),
            ("x-amz-request-id", "1"),
        ]);
        let found = found.expect("a response");
        assert_eq!(found.content_length, Some(5));
        assert_eq!(found.content_range.as_deref(), Some("bytes 0-4/10"));
        assert_eq!(found.content_type.as_deref(), Some("text/plain"));
        assert_eq!(found.etag.as_deref(), Some("\"1\""));
        let modified = found.last_modified.as_ref().map(DateTime::secs);
        assert_eq!(modified, Some(784_111_777));
        assert_eq!(found.entries.get("team"), Some("web"));
        assert_eq!(found.entries.get("crc32"), None);
        assert_eq!(found.checksums.get("crc32"), Some("y/Q5Jg=="));
        assert_eq!(found.checksums.get("type"), Some("FULL_OBJECT"));
    }

    #[test]
    fn a_malformed_length_or_date_is_refused() {
        for field in [
            ("Content-Length", "-1"),
            ("Content-Length", "five"),
            ("Last-Modified", "yesterday"),
        ] {
            assert!(read(&[field]).is_none(), "{field:?}");
        }
        for fields in [&[] as &[_], &[("Last-Modified", "")]] {
            assert!(read(fields).is_some(), "{fields:?}");
        }
    }

    #[test]
    fn a_field_that_is_used_is_utf8_and_not_repeated() {
        for name in [
            "ETag",
            "Content-Type",
            "x-amz-meta-a",
            "x-amz-checksum-crc32",
        ] {
            assert!(read(&[(name, "1")]).is_some(), "{name}");
            assert!(read(&[(name, "1"), (name, "1")]).is_none(), "{name}");
            let mut map = http::HeaderMap::new();
            let name = http::HeaderName::from_bytes(name.as_bytes()).expect("a name");
            let value = http::HeaderValue::from_bytes(b"\xff").expect("a value");
            map.append(name.clone(), value);
            let fields = Headers::try_from(map).expect("fields");
            assert!(
                GetResponse::read(&fields, SdkBody::empty()).is_err(),
                "{name}"
            );
        }
    }
}
