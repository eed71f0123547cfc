//! Which permission a request needs, for the line that an operator reads.

use aws_sdk_s3::operation as s3;

/// The error of an operation, which tells what was asked.
pub(super) trait NeedsPermission {
    /// As policies of the service name it.
    const PERMISSION: &'static str;
    /// Whether it is about one object, which may be missing.
    const ABOUT_OBJECT: bool = true;
    /// Whether an unsuccessful response says why.
    const EXPLAINED: bool = true;
}

macro_rules! permissions {
    (about_object = $object:literal; $($error:path => $permission:literal,)*) => {
        $(impl NeedsPermission for $error {
            const PERMISSION: &'static str = $permission;
            const ABOUT_OBJECT: bool = $object;
        })*
    };
}

permissions! {
    about_object = false;
    s3::list_objects_v2::ListObjectsV2Error => "s3:ListBucket",
    s3::create_bucket::CreateBucketError => "s3:CreateBucket",
    s3::put_public_access_block::PutPublicAccessBlockError => "s3:PutBucketPublicAccessBlock",
    s3::put_bucket_lifecycle_configuration::PutBucketLifecycleConfigurationError => "s3:PutLifecycleConfiguration",
    s3::list_multipart_uploads::ListMultipartUploadsError => "s3:ListBucketMultipartUploads",
    s3::delete_objects::DeleteObjectsError => "s3:DeleteObject",
}

permissions! {
    about_object = true;
    s3::get_object::GetObjectError => "s3:GetObject",
    s3::put_object::PutObjectError => "s3:PutObject",
    s3::delete_object::DeleteObjectError => "s3:DeleteObject",
    s3::create_multipart_upload::CreateMultipartUploadError => "s3:PutObject",
    s3::upload_part::UploadPartError => "s3:PutObject",
    s3::copy_object::CopyObjectError => "s3:GetObject and s3:PutObject",
    s3::upload_part_copy::UploadPartCopyError => "s3:GetObject and s3:PutObject",
    s3::complete_multipart_upload::CompleteMultipartUploadError => "s3:PutObject",
    s3::abort_multipart_upload::AbortMultipartUploadError => "s3:AbortMultipartUpload",
}

/// The response to HEAD has no document.
impl NeedsPermission for s3::head_object::HeadObjectError {
    const PERMISSION: &'static str = "s3:GetObject";
    const EXPLAINED: bool = false;
}
