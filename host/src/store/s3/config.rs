//! The engine's configuration.

use std::time::Duration;

use super::fields::Fields;
use super::key::Prefix;

/// Where the bucket is and how it is used.
#[derive(Debug, Clone)]
pub struct Config {
    /// Its name.
    pub bucket: String,
    /// The service's URL; none for AWS.
    pub endpoint: Option<String>,
    /// None: from the environment, else `us-east-1`.
    pub region: Option<String>,
    /// Create the bucket if it does not exist.
    pub create_bucket: bool,
    /// Turn on the settings against public access of a bucket that is created.
    pub block_public_access: bool,
    /// The prefix of all object names.
    pub prefix: Prefix,
    /// Path-style addressing: the bucket is in the URL's path rather than in its host name.
    pub path_style: bool,
    /// The memory that all uploads may use together, in bytes; at least 64 MiB.
    pub memory: u64,
    /// Refuse a service that does not evaluate every condition on storing.
    pub require_conditional: bool,
    /// Clients are redirected to presigned URLs, to fetch a file's bytes from the service.
    pub redirect: bool,
    /// How long a transfer may stall before it is aborted and retried.
    pub stalled_after: Duration,
    /// How old an upload that was neither completed nor aborted must be to count as abandoned.
    pub abandoned_after: Duration,
    /// What requests say beside what they are about.
    pub fields: Fields,
}

impl Config {
    /// Where the files are stored, for the log, without secrets that a URL may contain.
    pub fn place(&self) -> String {
        let prefix = self.prefix.to_string();
        let endpoint = self.endpoint.as_deref().and_then(|url| {
            let url = url.parse::<http::Uri>().ok()?;
            let port = url
                .port()
                .map(|port| format!(":{port}"))
                .unwrap_or_default();
            Some(format!(" at {}://{}{port}", url.scheme_str()?, url.host()?))
        });
        let (bucket, prefix) = (&self.bucket, prefix.trim_matches('/'));
        format!("s3://{bucket}/{prefix}{}", endpoint.unwrap_or_default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_logged_place_has_no_secrets() {
        for (endpoint, prefix, expected) in [
            (None, "", "s3://files/"),
            (None, "a/b", "s3://files/a/b"),
            (
                Some("https://user:secret@s3.example:8443/path?key=secret"),
                "a",
                "s3://files/a at https://s3.example:8443",
            ),
        ] {
            let config = Config {
                bucket: "files".into(),
                endpoint: endpoint.map(str::to_owned),
                region: None,
                create_bucket: true,
                block_public_access: true,
                prefix: Prefix::new(prefix).expect("a prefix"),
                path_style: true,
                memory: 0,
                require_conditional: false,
                redirect: false,
                stalled_after: Duration::ZERO,
                abandoned_after: Duration::ZERO,
                fields: Fields::default(),
            };
            assert_eq!(config.place(), expected);
        }
    }
}
