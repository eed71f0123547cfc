//! The AWS SDK's client for a service under test, bypassing Coffer.

use aws_sdk_s3::Client;
use aws_sdk_s3::config::{BehaviorVersion, Config, Credentials, Region};
use aws_smithy_http_client::Builder;

/// For this endpoint, with path-style addressing; sends nothing yet.
pub fn client(endpoint: &str, region: &'static str, id: &str, secret: &str) -> Client {
    let config = Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new(region))
        .endpoint_url(endpoint)
        .force_path_style(true)
        .credentials_provider(Credentials::new(id, secret, None, None, "tests"))
        .http_client(Builder::new().build_http())
        .build();
    Client::from_conf(config)
}
