//! A bucket as the service shows it, past Coffer.

use aws_sdk_s3::Client;
use aws_sdk_s3::error::DisplayErrorContext;
use aws_sdk_s3::types::{
    BucketVersioningStatus, DefaultRetention, ObjectLockConfiguration, ObjectLockEnabled,
    ObjectLockRetentionMode, ObjectLockRule, VersioningConfiguration,
};

use crate::s3_client::client;
use crate::service::{AccessKey, REGION};

/// What a bucket does with versions that are replaced or deleted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Keeps {
    /// It keeps them.
    Versions,
    /// It keeps them for a day, and nobody can remove them before.
    Locked,
}

/// What a bucket keeps of a key, by the service's IDs.
#[derive(Debug)]
pub struct Kept {
    /// Versions with bytes.
    pub versions: Vec<String>,
    /// Delete markers.
    pub markers: Vec<String>,
}

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

    /// Makes it, and has it keep versions.
    pub async fn create_that(&self, keeps: Keeps) -> Result<(), String> {
        let made = self.client.create_bucket().bucket(&self.name);
        let made = match keeps {
            Keeps::Versions => made,
            Keeps::Locked => made.object_lock_enabled_for_bucket(true),
        };
        made.send().await.map_err(|error| said(&error))?;
        if keeps == Keeps::Locked {
            return self.lock().await;
        }
        let enabled = VersioningConfiguration::builder().status(BucketVersioningStatus::Enabled);
        let request = self.client.put_bucket_versioning().bucket(&self.name);
        let request = request.versioning_configuration(enabled.build());
        request.send().await.map(drop).map_err(|error| said(&error))
    }

    async fn lock(&self) -> Result<(), String> {
        let retention = DefaultRetention::builder()
            .mode(ObjectLockRetentionMode::Governance)
            .days(1);
        let rule = ObjectLockRule::builder().default_retention(retention.build());
        let lock = ObjectLockConfiguration::builder()
            .object_lock_enabled(ObjectLockEnabled::Enabled)
            .rule(rule.build());
        let request = self.client.put_object_lock_configuration();
        let request = request
            .bucket(&self.name)
            .object_lock_configuration(lock.build());
        request.send().await.map(drop).map_err(|error| said(&error))
    }

    /// What it keeps of keys that begin like this.
    pub async fn versions(&self, prefix: &str) -> Result<Kept, String> {
        let request = self.client.list_object_versions().bucket(&self.name);
        let listed = request.prefix(prefix).send().await;
        let listed = listed.map_err(|error| said(&error))?;
        let id = |id: Option<&str>| id.unwrap_or_default().to_owned();
        let (versions, markers) = (listed.versions().iter(), listed.delete_markers().iter());
        Ok(Kept {
            versions: versions.map(|version| id(version.version_id())).collect(),
            markers: markers.map(|marker| id(marker.version_id())).collect(),
        })
    }

    /// Removes a version or a marker for good.
    pub async fn delete_version(&self, key: &str, id: &str) -> Result<(), String> {
        let request = self.client.delete_object().bucket(&self.name).key(key);
        let deleted = request.version_id(id).send().await;
        deleted.map(drop).map_err(|error| said(&error))
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
