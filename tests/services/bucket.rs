//! A bucket as the service shows it, past Coffer.

use aws_sdk_s3::Client;
use aws_sdk_s3::config::{BehaviorVersion, Config, Credentials, Region};
use aws_sdk_s3::error::DisplayErrorContext;
use aws_smithy_http_client::Builder;

use crate::service::{AccessKey, REGION};

/// A bucket's name and a client for it.
pub struct Bucket {
    client: Client,
    name: String,
}

impl Bucket {
    /// By this endpoint; asks nothing yet.
    pub fn new(endpoint: &str, key: &AccessKey, name: &str) -> Self {
        let config = Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new(REGION))
            .endpoint_url(endpoint)
            .force_path_style(true)
            .credentials_provider(Credentials::new(&key.id, &key.secret, None, None, "tests"))
            .http_client(Builder::new().build_http())
            .build();
        Self {
            client: Client::from_conf(config),
            name: name.to_owned(),
        }
    }

    /// Makes it.
    pub async fn create(&self) -> Result<(), String> {
        let request = self.client.create_bucket().bucket(&self.name);
        let made = request.send().await;
        made.map(drop).map_err(|error| said(&error))
    }

    /// The objects that unfinished multipart uploads are for.
    pub async fn unfinished(&self) -> Result<Vec<String>, String> {
        let request = self.client.list_multipart_uploads().bucket(&self.name);
        let listed = request.send().await.map_err(|error| said(&error))?;
        let keys = listed.uploads().iter();
        Ok(keys
            .map(|upload| upload.key().unwrap_or_default().to_owned())
            .collect())
    }

    /// Whether there is an object of this name, and how long it is.
    pub async fn size(&self, key: &str) -> Option<i64> {
        let request = self.client.head_object().bucket(&self.name).key(key);
        request.send().await.ok()?.content_length()
    }
}

fn said(error: &(dyn std::error::Error + 'static)) -> String {
    DisplayErrorContext(error).to_string()
}
