//! A bucket as the service shows it, bypassing Coffer.

use aws_sdk_s3::Client;
use aws_sdk_s3::types::Part;

use crate::garage::AccessKey;
use crate::node::REGION;
use crate::s3_client::client;

/// A bucket's name and a client for it.
pub struct Bucket {
    client: Client,
    name: String,
}

/// A multipart upload that is neither completed nor aborted.
#[derive(Debug)]
pub struct Unfinished {
    /// The object that it would create.
    pub key: String,
    /// How many bytes its parts hold.
    pub size: u64,
}

impl Bucket {
    /// At this endpoint; sends nothing yet.
    pub fn new(endpoint: &str, key: &AccessKey, name: &str) -> Self {
        Self {
            client: client(endpoint, REGION, &key.id, &key.secret),
            name: name.to_owned(),
        }
    }

    /// Creates it.
    pub async fn create(&self) {
        let request = self.client.create_bucket().bucket(&self.name);
        request.send().await.unwrap();
    }

    /// The uploads left behind or still in progress.
    pub async fn unfinished(&self) -> Vec<Unfinished> {
        let request = self.client.list_multipart_uploads().bucket(&self.name);
        let listed = request.send().await.unwrap();
        assert_ne!(listed.is_truncated(), Some(true), "more than a page");
        let mut unfinished = Vec::new();
        for upload in listed.uploads() {
            let key = upload.key().unwrap();
            let parts = self.client.list_parts().bucket(&self.name).key(key);
            let parts = parts.upload_id(upload.upload_id().unwrap()).send().await;
            // It may have ended meanwhile.
            let Ok(parts) = parts else { continue };
            let sizes = parts.parts().iter().filter_map(Part::size);
            unfinished.push(Unfinished {
                key: key.to_owned(),
                size: sizes.sum::<i64>().try_into().unwrap(),
            });
        }
        unfinished
    }

    /// After how many days the service itself aborts multipart uploads of any key.
    pub async fn sweeps_after_days(&self) -> Option<i32> {
        let request = self.client.get_bucket_lifecycle_configuration();
        let rules = request.bucket(&self.name).send().await.unwrap();
        rules.rules().iter().find_map(|rule| {
            let everything = rule.filter().is_none_or(|filter| {
                filter.prefix().is_none_or(str::is_empty) && filter.and().is_none()
            });
            let abort = rule.abort_incomplete_multipart_upload()?;
            let enabled = rule.status().as_str() == "Enabled";
            (enabled && everything).then_some(abort.days_after_initiation())?
        })
    }
}
