//! The list of multipart uploads that were neither completed nor aborted.

use std::time::SystemTime;

use aws_sdk_s3::types::EncodingType;
use coffer_port::object::pages::Disorder;
use coffer_port::object::xml;

use super::PartsId;
use crate::store::s3::bucket::Bucket;
use crate::store::s3::failure::S3Failure;
use crate::store::s3::list::decoded;
use crate::store::s3::xml::LenientXml;

/// The first character behind those that XML cannot carry.
const BEHIND: &str = "\u{10000}";

/// An upload that was neither completed nor aborted.
pub(in crate::store::s3) struct Open {
    pub(in crate::store::s3) object: String,
    pub(in crate::store::s3) id: PartsId,
    /// Not every service is right about it.
    pub(in crate::store::s3) begun: Option<SystemTime>,
}

/// Behind which upload to start: an object's name and an upload's ID.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(in crate::store::s3) struct Marker(Option<(String, PartsId)>);

/// Some of the uploads.
pub(in crate::store::s3) struct UploadsPage {
    /// Those whose names can be read.
    pub(in crate::store::s3) uploads: Vec<Open>,
    /// Where the next begin; none if there are no more.
    pub(in crate::store::s3) next: Option<Marker>,
}

impl Bucket {
    /// Some uploads for objects whose names have this prefix, and perhaps for others.
    ///
    /// # Errors
    /// Any, and a page with nothing behind the marker although it says that there is more.
    pub(in crate::store::s3) async fn uploads_page(
        &self,
        prefix: &str,
        marker: Marker,
    ) -> Result<UploadsPage, S3Failure> {
        match self.ask_uploads(prefix, &marker, None).await {
            // OpenStack Swift fails if XML cannot carry the last name, unless it is the only one.
            Err(S3Failure::Other(_)) => self.ask_uploads(prefix, &marker, Some(1)).await,
            outcome => outcome,
        }
    }

    async fn ask_uploads(
        &self,
        prefix: &str,
        marker: &Marker,
        limit: Option<i32>,
    ) -> Result<UploadsPage, S3Failure> {
        let (object, id) = match marker.0.clone() {
            // It cannot repeat that either, so others of such a name wait for their turn.
            Some((object, _)) if !self.uploads.any_name && !xml::carries(&object) => {
                (Some(object.replace(['\u{fffe}', '\u{ffff}'], BEHIND)), None)
            }
            marker => marker.unzip(),
        };
        let answer = self
            .client
            .list_multipart_uploads()
            .bucket(&self.name)
            .prefix(prefix)
            .set_key_marker(object)
            .set_upload_id_marker(id)
            .set_max_uploads(limit)
            .set_encoding_type(self.lists.encoded.then_some(EncodingType::Url))
            .customize()
            .interceptor(LenientXml)
            .send()
            .await?;
        let encoded = answer.encoding_type() == Some(&EncodingType::Url);
        let mut uploads = Vec::new();
        for upload in answer.uploads() {
            let object = String::from_utf8(decoded(upload.key().unwrap_or_default(), encoded));
            match (object, upload.upload_id()) {
                (Ok(object), Some(id)) if !object.is_empty() => uploads.push(Open {
                    object,
                    id: id.to_owned(),
                    begun: upload
                        .initiated()
                        .and_then(|begun| SystemTime::try_from(*begun).ok()),
                }),
                _ => tracing::warn!("a multipart upload in the bucket has no readable name"),
            }
        }
        // What the service says itself is encoded at some, and not at others.
        let last = uploads
            .last()
            .map(|last| (last.object.clone(), last.id.clone()));
        let next = match answer.is_truncated {
            Some(true) if last.is_none() || last == marker.0 => {
                return Err(S3Failure::Other(Disorder::NothingNew.into()));
            }
            Some(true) => Some(Marker(last)),
            _ => None,
        };
        Ok(UploadsPage { uploads, next })
    }
}
