//! Objects, removed one by one or many at once.

use s3s::dto::*;
use s3s::{S3Request, s3_error};

use super::super::conditions::Conditions;
use super::super::knows::Many;
use super::{Memory, Response, done};

impl Memory {
    pub(super) fn remove(&self, req: S3Request<DeleteObjectInput>) -> Response<DeleteObjectOutput> {
        let asked = req.input;
        self.with(&asked.bucket, |bucket| {
            if let Some(id) = &asked.version_id {
                if !self.knows.forgetting {
                    return Err(s3_error!(AccessDenied));
                }
                bucket.forget(&asked.key, id);
                return done(DeleteObjectOutput::default());
            }
            Conditions::all(self.knows.delete).check(
                &req.headers,
                bucket.objects.get(&asked.key),
                asked.if_match.as_ref(),
                None,
            )?;
            let version_id = bucket.hide(&asked.key, self.knows.versions);
            done(DeleteObjectOutput {
                delete_marker: version_id.is_some().then_some(true),
                version_id,
                ..Default::default()
            })
        })
    }

    pub(super) fn remove_many(
        &self,
        req: S3Request<DeleteObjectsInput>,
    ) -> Response<DeleteObjectsOutput> {
        match self.knows.delete_many {
            Many::Removed => {}
            Many::Unknown => return Err(s3_error!(NotImplemented)),
            Many::Refused => {
                let missing = "Missing required header for this request: Content-MD5";
                return Err(s3_error!(InvalidRequest, "{missing}"));
            }
        }
        let asked = req.input;
        if asked.delete.objects.len() > 1000 {
            return Err(s3_error!(MalformedXML));
        }
        self.with(&asked.bucket, |bucket| {
            for object in &asked.delete.objects {
                bucket.hide(&object.key, self.knows.versions);
            }
            let removed = asked
                .delete
                .objects
                .into_iter()
                .map(|object| DeletedObject {
                    key: Some(object.key),
                    ..Default::default()
                });
            done(DeleteObjectsOutput {
                deleted: (asked.delete.quiet != Some(true)).then(|| removed.collect()),
                ..Default::default()
            })
        })
    }
}
