//! The header fields that an operator wants on the requests of this deployment: how objects are
//! encrypted, classed and tagged, whose the bucket must be, and who pays.
//!
//! One interceptor adds them before a request is signed, so that no request can be made without
//! them.

mod values;

use std::borrow::Cow;

use aws_sdk_s3::config::interceptors::{
    BeforeSerializationInterceptorContextRef, BeforeTransmitInterceptorContextMut,
};
use aws_sdk_s3::config::{ConfigBag, Intercept, RuntimeComponents};
use aws_sdk_s3::error::BoxError;
use aws_smithy_runtime_api::client::orchestrator::Metadata;
use aws_smithy_types::config_bag::{Storable, StoreReplace};

pub use values::{AccountId, KmsKey, StorageClass, Tag};

/// What requests say beside what they are about. Nothing by default.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Fields {
    /// How objects are encrypted; none: as the bucket does by default.
    pub encryption: Option<Encryption>,
    /// None: the service's default.
    pub storage_class: Option<StorageClass>,
    /// The tags of every object.
    pub tags: Vec<Tag>,
    /// The account that must own the bucket, else requests are refused.
    pub expected_owner: Option<AccountId>,
    /// The owner of the credentials pays for requests and transfer.
    pub requester_pays: bool,
}

/// Encryption by the service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Encryption {
    /// With keys of the service (SSE-S3).
    Aes256,
    /// With a key of KMS (SSE-KMS).
    Kms {
        /// None: the account's own for S3.
        key: Option<KmsKey>,
        /// One data key for many objects, which saves requests to KMS.
        bucket_key: bool,
    },
    /// Twice with a key of KMS (DSSE-KMS).
    DualKms {
        /// None: the account's own for S3.
        key: Option<KmsKey>,
    },
}

type Field = (&'static str, Cow<'static, str>);

impl Fields {
    /// Those of a request of this operation.
    fn of(&self, operation: &str) -> Vec<Field> {
        let mut fields = Vec::new();
        let stores = matches!(
            operation,
            "PutObject" | "CreateMultipartUpload" | "CopyObject"
        );
        if stores {
            self.stored(&mut fields);
            if !self.tags.is_empty() {
                fields.push(("x-amz-tagging", Tag::query(&self.tags).into()));
                // Otherwise a copy keeps the tags of its source.
                if operation == "CopyObject" {
                    fields.push(("x-amz-tagging-directive", "REPLACE".into()));
                }
            }
        }
        if let Some(owner) = &self.expected_owner
            && operation != "CreateBucket"
        {
            fields.push(("x-amz-expected-bucket-owner", owner.to_string().into()));
            if matches!(operation, "CopyObject" | "UploadPartCopy") {
                let source = "x-amz-source-expected-bucket-owner";
                fields.push((source, owner.to_string().into()));
            }
        }
        if self.requester_pays && is_charged(operation) {
            fields.push(("x-amz-request-payer", "requester".into()));
        }
        fields
    }

    fn stored(&self, fields: &mut Vec<Field>) {
        let encryption = "x-amz-server-side-encryption";
        let key = match &self.encryption {
            None => None,
            Some(Encryption::Aes256) => {
                fields.push((encryption, "AES256".into()));
                None
            }
            Some(Encryption::Kms { key, bucket_key }) => {
                fields.push((encryption, "aws:kms".into()));
                if *bucket_key {
                    let name = "x-amz-server-side-encryption-bucket-key-enabled";
                    fields.push((name, "true".into()));
                }
                key.as_ref()
            }
            Some(Encryption::DualKms { key }) => {
                fields.push((encryption, "aws:kms:dsse".into()));
                key.as_ref()
            }
        };
        if let Some(key) = key {
            let name = "x-amz-server-side-encryption-aws-kms-key-id";
            fields.push((name, key.to_string().into()));
        }
        if let Some(class) = &self.storage_class {
            fields.push(("x-amz-storage-class", class.to_string().into()));
        }
    }
}

/// Whether a requester can be charged for it: for objects and lists, not for a bucket's settings.
fn is_charged(operation: &str) -> bool {
    !matches!(
        operation,
        "CreateBucket" | "PutPublicAccessBlock" | "PutBucketLifecycleConfiguration"
    )
}

/// Adds them to every request of a client.
#[derive(Debug)]
pub(super) struct AddFields(pub(super) Fields);

impl Intercept for AddFields {
    fn name(&self) -> &'static str {
        "fields"
    }

    fn modify_before_signing(
        &self,
        context: &mut BeforeTransmitInterceptorContextMut<'_>,
        _: &RuntimeComponents,
        config: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let request = context.request_mut();
        if Presigned::is_marked(config) {
            // A client that follows a URL sends no fields of ours. The HEAD before was refused if
            // the bucket is another's.
            if self.0.requester_pays {
                let between = if request.uri().contains('?') {
                    '&'
                } else {
                    '?'
                };
                let uri = format!("{}{between}x-amz-request-payer=requester", request.uri());
                request.set_uri(uri)?;
            }
            return Ok(());
        }
        let operation = config.load::<Metadata>().map_or("", Metadata::name);
        for (name, value) in self.0.of(operation) {
            request.headers_mut().try_insert(name, value)?;
        }
        Ok(())
    }
}

/// Marks a request that is signed for a client and never sent from here.
#[derive(Debug)]
pub(super) struct Presigned;

impl Presigned {
    pub(super) fn is_marked(config: &ConfigBag) -> bool {
        config.load::<Presigned>().is_some()
    }
}

impl Storable for Presigned {
    type Storer = StoreReplace<Self>;
}

impl Intercept for Presigned {
    fn name(&self) -> &'static str {
        "presigned"
    }

    fn read_before_execution(
        &self,
        _: &BeforeSerializationInterceptorContextRef<'_>,
        config: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        config.interceptor_state().store_put(Presigned);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(fields: &Fields, operation: &str) -> String {
        let fields = fields.of(operation).into_iter();
        let lines: Vec<_> = fields
            .map(|(name, value)| format!("{}={value}", name.trim_start_matches("x-amz-")))
            .collect();
        lines.join(" ")
    }

    #[test]
    fn nothing_is_said_unless_the_operator_wants_it() {
        for operation in ["PutObject", "GetObject", "CreateBucket"] {
            assert_eq!(of(&Fields::default(), operation), "");
        }
    }

    #[test]
    fn each_operation_says_what_it_can() {
        let fields = Fields {
            encryption: Some(Encryption::Kms {
                key: Some("alias/files".parse().expect("a key")),
                bucket_key: true,
            }),
            storage_class: Some("STANDARD_IA".parse().expect("a class")),
            tags: vec!["team=web shop".parse().expect("a tag")],
            expected_owner: Some("123456789012".parse().expect("an account")),
            requester_pays: true,
        };
        let stored = "server-side-encryption=aws:kms \
            server-side-encryption-bucket-key-enabled=true \
            server-side-encryption-aws-kms-key-id=alias/files storage-class=STANDARD_IA";
        let always = "expected-bucket-owner=123456789012 request-payer=requester";
        for operation in ["PutObject", "CreateMultipartUpload"] {
            let expected = format!("{stored} tagging=team=web%20shop {always}");
            assert_eq!(of(&fields, operation), expected, "{operation}");
        }
        let copied = "expected-bucket-owner=123456789012 \
            source-expected-bucket-owner=123456789012 request-payer=requester";
        let tagged = "tagging=team=web%20shop tagging-directive=REPLACE";
        let expected = format!("{stored} {tagged} {copied}");
        assert_eq!(of(&fields, "CopyObject"), expected);
        assert_eq!(of(&fields, "UploadPartCopy"), copied);
        for operation in [
            "GetObject",
            "HeadObject",
            "UploadPart",
            "CompleteMultipartUpload",
            "DeleteObject",
            "DeleteObjects",
            "ListObjectsV2",
            "not known yet",
        ] {
            assert_eq!(of(&fields, operation), always, "{operation}");
        }
        assert_eq!(
            of(&fields, "PutBucketLifecycleConfiguration"),
            "expected-bucket-owner=123456789012"
        );
        assert_eq!(of(&fields, "CreateBucket"), "");
    }

    #[test]
    fn encryption_is_named_as_the_service_names_it() {
        for (encryption, expected) in [
            (Encryption::Aes256, "server-side-encryption=AES256"),
            (
                Encryption::Kms {
                    key: None,
                    bucket_key: false,
                },
                "server-side-encryption=aws:kms",
            ),
            (
                Encryption::DualKms { key: None },
                "server-side-encryption=aws:kms:dsse",
            ),
        ] {
            let fields = Fields {
                encryption: Some(encryption),
                ..Fields::default()
            };
            assert_eq!(of(&fields, "PutObject"), expected);
        }
    }
}
