//! A bucket as the service shows it, past Coffer.

use aws_sdk_s3::Client;
use aws_sdk_s3::error::DisplayErrorContext;

use crate::s3_client::client;
use crate::service::{AccessKey, REGION};

/// A bucket's name and a client for it.
pub struct Bucket {
    client: Client,
    name: String,
}

impl Bucket {
    /// By this endpoint; asks nothing yet.
    pub fn new(endpoint: &str, key: &AccessKey, name: &str) -> Self {
        Self {
            client: client(endpoint, REGION, &key.id, &key.secret),
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
