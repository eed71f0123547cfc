//! Making one file visible: [`Publish`] decides, the requests are made here.

use coffer_adapter::platform::now;
use coffer_port::object::publish::Step;
use coffer_port::object::{Pin, Publish, Seen};
use coffer_port::{CreateOptions, Error, Info, Key, Stored};

use crate::bucket::{Bucket, Written};
use crate::copy::written;
use crate::failure::Failure;
use crate::object::Object;
use crate::run::sleep;
use crate::upload::Upload;

/// The current version, if it allows the file to be stored.
pub async fn look_and_check(
    bucket: &Bucket,
    key: &Key,
    options: &CreateOptions,
) -> Result<Seen, Error> {
    let found = bucket.look(key).await?;
    Seen::check(found.map(|object| object.info), options)
}

/// Publishes one file.
pub async fn publish(upload: &mut Upload) -> Result<Stored, Error> {
    let (options, version) = (upload.options.clone(), upload.metadata.version.clone());
    let means = upload.bucket.means(upload.parts.is_none());
    let mut publish = Publish::new(&options, version.as_deref(), &upload.seen, means);
    loop {
        match publish.step()? {
            Step::Wait(time) => sleep(time).await,
            Step::Look => {
                let found = upload.bucket.look(&upload.key).await?;
                let described = found.as_ref().map(Object::described);
                if publish.looked(described)?
                    && let Some(object) = found
                {
                    return Ok(stored(upload, written(object), publish.replaces()));
                }
            }
            Step::Send(pin) => match send(upload, &pin).await {
                Ok(written) => return Ok(stored(upload, written, publish.replaces())),
                Err(Failure::Unconfirmed(_)) => publish.unconfirmed(),
                Err(Failure::Precondition | Failure::NotFound) => publish.overtaken(),
                Err(Failure::Conflict) => publish.collided(),
                Err(Failure::NoSuchUpload) => {
                    if let Some(parts) = &mut upload.parts {
                        parts.end();
                    }
                    publish.forgotten();
                }
                Err(failure) => return Err(failure.into()),
            },
        }
    }
}

async fn send(upload: &mut Upload, pin: &Pin) -> Result<Written, Failure> {
    let Some(parts) = &mut upload.parts else {
        let (key, metadata) = (&upload.key, &upload.metadata);
        return upload.bucket.put(key, metadata, &upload.buffer, pin).await;
    };
    let etag = parts.complete(pin).await?;
    // Only readers are told the recorded time: on many services it is when the upload began.
    match (upload.bucket.head(&upload.key).await, etag) {
        (Ok(object), _) if object.version == upload.metadata.version => Ok(written(object)),
        (_, Some(etag)) => Ok(Written {
            etag,
            modified: now(),
        }),
        (_, None) => Err(Failure::Unconfirmed("completed without an ETag".to_owned())),
    }
}

fn stored(upload: &Upload, written: Written, replaced: bool) -> Stored {
    Stored {
        info: Info {
            key: upload.key.clone(),
            size: upload.size(),
            etag: written.etag,
            modified: written.modified,
            content_type: upload.options.content_type.clone(),
            uploader: upload.options.uploader.clone(),
            metadata: upload.options.metadata.clone(),
        },
        replaced,
    }
}
