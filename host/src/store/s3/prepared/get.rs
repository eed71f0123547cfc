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
    /// The value of the first of this name, which is in lower case.
    pub(in crate::store::s3) fn get(&self, name: &str) -> Option<&str> {
        let entry = self.0.iter().find(|(known, _)| known == name);
        entry.map(|(_, value)| value.as_str())
    }

    fn push(&mut self, name: &str, value: &str) {
        self.0.push((name.to_owned(), value.to_owned()));
    }
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
        for (name, value) in fields {
            match name {
                "content-length" => {
                    let length = value.parse().map_err(OrchestratorError::other)?;
                    read.content_length = Some(length);
                }
                "content-range" => read.content_range = Some(value.to_owned()),
                "content-type" => read.content_type = Some(value.to_owned()),
                "etag" => read.etag = Some(value.to_owned()),
                "last-modified" => {
                    let date = DateTime::from_str(value, DateTimeFormat::HttpDate);
                    read.last_modified = Some(date.map_err(OrchestratorError::other)?);
                }
                _ => {
                    if let Some(entry) = name.strip_prefix("x-amz-meta-") {
                        read.entries.push(entry, value);
                    } else if let Some(kind) = name.strip_prefix("x-amz-checksum-") {
                        read.checksums.push(kind, value);
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
    fn a_length_or_date_that_is_none_is_refused() {
        for field in [
            ("Content-Length", "-1"),
            ("Content-Length", "five"),
            ("Last-Modified", "yesterday"),
        ] {
            assert!(read(&[field]).is_none(), "{field:?}");
        }
        assert!(read(&[]).is_some());
    }
}
