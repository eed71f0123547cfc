//! Where the bucket is, from the environment.

use coffer_adapter::platform::setting;
use coffer_port::{Error, Key};
use rusty_s3::{Bucket as Address, Credentials, UrlStyle};
use url::Url;

/// Max length of the prefix of object names, in bytes, with its slash.
const LONGEST_PREFIX: usize = 54;

/// The adapter's settings.
pub struct Settings {
    pub address: Address,
    pub credentials: Credentials,
    /// Empty, or ends in `/`.
    pub prefix: String,
    /// The service evaluates conditions on writes.
    pub conditional: bool,
}

impl Settings {
    /// Reads the environment.
    ///
    /// # Errors
    /// [`Error::Misconfigured`] with the name of the variable that is missing or invalid.
    pub fn read() -> Result<Settings, Error> {
        let needed =
            |name| setting(name).ok_or_else(|| misconfigured(format!("{name} is not set")));
        let name = needed("COFFER_S3_BUCKET")?;
        let (key, secret) = (
            needed("AWS_ACCESS_KEY_ID")?,
            needed("AWS_SECRET_ACCESS_KEY")?,
        );
        let region = setting("COFFER_S3_REGION").or_else(|| setting("AWS_REGION"));
        let region = region.unwrap_or_else(|| "us-east-1".to_owned());
        let style = match setting("COFFER_S3_PATH_STYLE").as_deref() {
            Some("true" | "1" | "yes" | "on") => UrlStyle::Path,
            _ => UrlStyle::VirtualHost,
        };
        let endpoint = setting("COFFER_S3_ENDPOINT")
            .unwrap_or_else(|| format!("https://s3.{region}.amazonaws.com"));
        let endpoint = Url::parse(&endpoint)
            .map_err(|error| misconfigured(format!("COFFER_S3_ENDPOINT: {error}")))?;
        let address = Address::new(endpoint, style, name, region).map_err(|error| {
            misconfigured(format!("COFFER_S3_ENDPOINT, COFFER_S3_BUCKET: {error}"))
        })?;
        Ok(Settings {
            address,
            credentials: match setting("AWS_SESSION_TOKEN") {
                Some(token) => Credentials::new_with_token(key, secret, token),
                None => Credentials::new(key, secret),
            },
            prefix: prefix(&setting("COFFER_S3_PREFIX").unwrap_or_default()).ok_or_else(|| {
                misconfigured("COFFER_S3_PREFIX is not a folder of up to 53 bytes")
            })?,
            conditional: conditional(setting("COFFER_S3_CONDITIONAL_WRITES").as_deref())
                .ok_or_else(|| {
                    misconfigured("COFFER_S3_CONDITIONAL_WRITES is not true or false")
                })?,
        })
    }
}

fn misconfigured(what: impl Into<String>) -> Error {
    Error::Misconfigured(what.into().into())
}

fn conditional(text: Option<&str>) -> Option<bool> {
    match text {
        None | Some("true" | "1" | "yes" | "on") => Some(true),
        Some("false" | "0" | "no" | "off") => Some(false),
        Some(_) => None,
    }
}

fn prefix(text: &str) -> Option<String> {
    if text.is_empty() {
        return Some(String::new());
    }
    let segments = text.strip_suffix('/').unwrap_or(text);
    let segments = Key::new(segments).ok()?;
    (segments.as_str().len() < LONGEST_PREFIX).then(|| format!("{segments}/"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn conditions_are_trusted_unless_told_otherwise() {
        assert_eq!(conditional(None), Some(true));
        assert_eq!(conditional(Some("false")), Some(false));
        assert_eq!(conditional(Some("best-effort")), None);
    }

    #[test]
    fn a_prefix_is_segments_with_a_slash_that_leave_room_for_every_key() {
        let (longest, too_long) = ("p".repeat(53), "p".repeat(54));
        assert_eq!(prefix("").as_deref(), Some(""));
        assert_eq!(prefix("a/ü/").as_deref(), Some("a/ü/"));
        assert_eq!(prefix(&longest), Some(format!("{longest}/")));
        for text in ["/", "/a", "a//", "..", "a\n", &too_long] {
            assert_eq!(prefix(text), None, "{text:?}");
        }
    }
}
