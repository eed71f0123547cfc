//! What the engine has to know to start.

use std::time::Duration;

use super::key::Prefix;

/// Where the bucket is and how it is used.
#[derive(Debug, Clone)]
pub struct Config {
    /// Its name.
    pub bucket: String,
    /// The service's URL; none for AWS.
    pub endpoint: Option<String>,
    /// None: as the environment says, else `us-east-1`.
    pub region: Option<String>,
    /// What the names of all objects begin with.
    pub prefix: Prefix,
    /// The bucket is in the URL's path rather than in its host name.
    pub path_style: bool,
    /// The memory that all uploads may take together, in bytes; at least 64 MiB.
    pub memory: u64,
    /// Refuse a service that does not evaluate conditions on storing.
    pub require_conditional: bool,
    /// Clients get a file's bytes from the service themselves.
    pub redirect: bool,
    /// A transfer in which no byte moves for so long is broken off, and tried again.
    pub stalled_after: Duration,
    /// When an upload that was neither ended nor dropped counts as abandoned.
    pub abandoned_after: Duration,
}

impl Config {
    /// Which bucket it is, for the log, without anything secret that a URL may hold.
    pub(super) fn place(&self) -> String {
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
    fn where_the_files_are_is_told_without_what_is_secret() {
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
                prefix: Prefix::new(prefix).expect("a prefix"),
                path_style: true,
                memory: 0,
                require_conditional: false,
                redirect: false,
                stalled_after: Duration::ZERO,
                abandoned_after: Duration::ZERO,
            };
            assert_eq!(config.place(), expected);
        }
    }
}
